"""A practice with a page, and somebody who is logged in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.practice import Practice
from tests.web.staff import Staff


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """Elm Street Dental, with nothing in the inbox."""
    with Practice(tmp_path) as made:
        yield made


@pytest.fixture
def ana(practice: Practice) -> Staff:
    """Ana of the front desk, logged in."""
    return Staff(practice).log_in()
