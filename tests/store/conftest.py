"""Fixtures of the store's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.boxes import Box, box_in


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box with an empty inbox."""
    with box_in(tmp_path / "store") as made:
        yield made
