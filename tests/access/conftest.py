"""A practice for whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.access.practice import Practice


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    return Practice.found(tmp_path)
