"""Somebody at a screen of a served practice, with four messages waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect

from appliance.messages import State
from tests.web.browser import Complaints, Size, live, log_in, somebody
from tests.web.practice import NAME, PASSWORD, Practice, Served

CALLERS = (
    ("5551110001", "Harborview Pharmacy"),
    ("5551110002", "Samuel Okafor"),
    ("", ""),
    ("5551234567", "Maria Lopez"),
)
IN_TIME = 2  # pulses: the page asks each 1.2 s, and one question may have been on its way
SIZES: tuple[Size, ...] = ("desk", "phone")


@dataclass
class Desk:
    """Somebody logged in at a served practice with four messages, the newest from Maria Lopez."""

    practice: Practice
    page: Page
    address: str
    ids: list[str]
    complaints: Complaints
    asked: list[str] = field(default_factory=list)  # paths, in the order in which the browser asked for them

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(urlsplit(request.url).path))

    def mark(self) -> int:
        """A place in `asked`: now."""
        self.page.evaluate("0")  # by its answer we have heard of all that was asked before
        return len(self.asked)

    def pulses(self, since: int, path: str) -> int:
        """How often the page asked for news since then until it knew, and asked for `path`."""
        asked = self.asked[since:]
        return asked[: asked.index(path)].count("/pulse") if path in asked else 0  # it knew already

    @property
    def rows(self) -> list[str]:
        return [row.inner_text().split("\n")[0] for row in self.page.locator(".row-who").all()]

    def open(self, who: str) -> None:
        self.page.locator("#rows .row > a", has_text=who).click()
        expect(self.page.get_by_role("heading", level=2, name=who, exact=True)).to_be_visible()

    def state(self, id: str) -> State:
        return self.practice.services.reader.row(id).state

    def audio(self, expression: str) -> float:
        return float(self.page.evaluate(f"document.querySelector('audio').{expression}"))

    def wait_until(self, expression: str) -> None:
        self.page.wait_for_function(f"() => {{ const audio = document.querySelector('audio'); return {expression}; }}")


def enter(browser: Browser, served: Served, practice: Practice, ids: list[str], size: Size) -> Iterator[Desk]:
    context: BrowserContext = somebody(browser, size)
    page = context.new_page()
    complaints = Complaints(page)
    log_in(page, served.address, NAME, PASSWORD)
    live(page)
    yield Desk(practice, page, served.address, ids, complaints)
    context.close()
