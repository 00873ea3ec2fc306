"""A practice for whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.access.box import Box
from tests.access.practice import Practice


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    return Practice.found(tmp_path)


@pytest.fixture
def box(practice: Practice) -> Iterator[Box]:
    """Three days with a message each."""
    with Box(practice.folder) as made:
        for _ in range(3):
            made.leave()
        yield made
