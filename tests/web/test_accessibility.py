"""Every page of every role, looked over by axe in a real browser: WCAG 2.2 AA and good practice, light and dark, on a desk and on a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from appliance.access.roles import Role
from tests.web.browser import somebody
from tests.web.pages import addresses, fill
from tests.web.practice import Practice, Served
from tests.web.roles import PEOPLE

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS: Final = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
LANGUAGES: Final = {"light": "en-US", "dark": "es-MX"}  # longer words in one of them


@dataclass(frozen=True)
class Place:
    """A served practice with something of each kind in it."""

    practice: Practice
    served: Served
    parts: dict[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Practice(tmp_path_factory.mktemp("axe")) as practice:
        parts = fill(practice)
        for name, _ in PEOPLE.values():
            practice.agree(name)
        with Served(practice) as served:
            yield Place(practice, served, parts)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("role", Role)
def test_no_page_keeps_anybody_out(
    browser: Browser, place: Place, role: Role, size: Literal["desk", "phone"], scheme: Literal["light", "dark"]
) -> None:
    wrong: dict[str, Any] = {}
    options = {"color_scheme": scheme, "locale": LANGUAGES[scheme], "reduced_motion": "reduce", "bypass_csp": True}
    with somebody(browser, size, **options) as context:
        page = context.new_page()
        page.goto(f"{place.served.address}/login")
        found = _look(page)
        _log_in(page, place.served.address, role)
        for address in addresses(place.practice.app(), role, place.parts):
            if address.startswith("/parts/") or address in {"/login", "/pulse", "/drafts"}:
                continue
            page.goto(place.served.address + address)
            found += _look(page)
            if found:
                wrong[address] = found
            found = []
    assert wrong == {}


def _log_in(page: Page, address: str, role: Role) -> None:
    page.goto(f"{address}/login")
    name, password = PEOPLE[role]
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.locator("#password").press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def _look(page: Page) -> list[str]:
    """What is wrong: rule and place; and whether the page is wider than its screen, or anything to touch is too small for a thumb."""
    found = [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in Axe().run(page, options=OPTIONS).response["violations"]
        for node in one["nodes"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    small: list[str] = page.evaluate(SMALL)
    return found + ([f"{wide} px wider than the screen"] if wide > 0 else []) + small


SMALL: Final = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, label.tick")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".aloud, .skip") && one.getClientRects().length)
  .filter((one) => !(one.tagName === "A" && getComputedStyle(one).display === "inline"))
  .filter((one) => !(one.type === "checkbox" || one.type === "radio") || !one.closest("label"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
  .map(([one, box]) => `${one.outerHTML.slice(0, 90)} is ${Math.round(box.width)} x ${Math.round(box.height)} px`)"""
