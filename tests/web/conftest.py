"""A practice with a page, and somebody who is logged in: without a screen, or in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.web.browser import chromium
from tests.web.desk import CALLERS, SIZES, Desk, enter
from tests.web.practice import Practice, Served, babble
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all; each test has cookies of its own."""
    with chromium() as started:
        yield started


@pytest.fixture
def served(practice: Practice) -> Iterator[Served]:
    """The practice's page on a port."""
    with Served(practice) as server:
        yield server


@pytest.fixture
def ids(practice: Practice) -> list[str]:
    """Four messages, oldest first."""
    return [
        practice.leave(babble(6, seed), *caller, at=practice.clock.now() - 3600 + 60 * seed)
        for seed, caller in enumerate(CALLERS)
    ]


@pytest.fixture
def desk(browser: Browser, served: Served, practice: Practice, ids: list[str]) -> Iterator[Desk]:
    """At 1280 px."""
    yield from enter(browser, served, practice, ids, "desk")


@pytest.fixture
def phone(browser: Browser, served: Served, practice: Practice, ids: list[str]) -> Iterator[Desk]:
    """At 390 px."""
    yield from enter(browser, served, practice, ids, "phone")


@pytest.fixture(params=SIZES)
def either(
    request: pytest.FixtureRequest, browser: Browser, served: Served, practice: Practice, ids: list[str]
) -> Iterator[Desk]:
    """Both, one after the other."""
    yield from enter(browser, served, practice, ids, request.param)
