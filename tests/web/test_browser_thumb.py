"""A receptionist's whole day on a telephone, with one thumb: everything is reached, large enough to be hit, and never wider than the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

from appliance.messages import Envelope, State
from tests.web.browser import PHONE, Complaints, live, somebody
from tests.web.faxes import leave_fax, letter
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble

pytestmark = pytest.mark.browser

SMALLEST: Final = 44  # CSS px each way (WCAG 2.2, 2.5.5): what a thumb hits without looking twice
READABLE: Final = 16  # CSS px; into a field with smaller letters a telephone zooms by itself
STEPS: Final = 10  # of a finger that moves


@dataclass
class Thumb:
    """One, on a telephone. Whatever it touches must be large enough, and nothing makes the page wider than the screen."""

    page: Page
    devtools: CDPSession

    def tap(self, place: Locator) -> None:
        """Swipe there if need be, and touch it."""
        expect(place).to_be_enabled()
        self.page.wait_for_load_state()
        place.scroll_into_view_if_needed()
        box = place.bounding_box()
        assert box is not None
        said = place.evaluate("it => it.outerHTML.slice(0, 120)")
        assert min(box["width"], box["height"]) >= SMALLEST, f"{box}: {said}"
        self.look()
        place.tap()

    def press(self, name: str) -> None:
        """The button or link called so."""
        page = self.page
        self.tap(page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True)))

    def write(self, label: str, text: str) -> None:
        """Into a field, with the telephone's keyboard."""
        field = self.page.get_by_label(label, exact=True)
        self.tap(field)
        expect(field).to_be_focused()
        assert field.evaluate("it => parseFloat(getComputedStyle(it).fontSize)") >= READABLE, label
        self.page.keyboard.insert_text(text)

    def open(self, who: str) -> None:
        """A row of the list."""
        self.tap(self.page.locator("#rows .row > a", has_text=who))
        expect(self.page.get_by_role("heading", level=2, name=who, exact=True)).to_be_visible()
        expect(self.page.locator("#list")).to_be_hidden()

    def back(self) -> None:
        """To the list."""
        self.tap(self.page.locator(".message .back"))
        expect(self.page.get_by_role("heading", level=1, name="Messages")).to_be_visible()

    def swipe_up(self) -> None:
        """Further down the page."""
        before = self.page.evaluate("scrollY")
        self.drag((195, 750), (195, 250))
        self.page.wait_for_function("before => scrollY > before", arg=before)
        self.look()

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Down, along, and up."""
        for step in range(STEPS + 1):
            at = [round(a + (b - a) * step / STEPS) for a, b in zip(start, end, strict=True)]
            touch: dict[str, Any] = {"type": "touchMove" if step else "touchStart"}
            self.devtools.send("Input.dispatchTouchEvent", touch | {"touchPoints": [{"x": at[0], "y": at[1]}]})
        self.devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def look(self) -> None:
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], self.page.url


def test_a_whole_day_with_a_thumb(browser: Browser, practice: Practice, served: Served) -> None:
    now = practice.clock.now()
    for number in range(12):
        practice.hear(practice.leave(babble(0.2, number), at=now - 90_000 + number))
    ids = [
        practice.leave(babble(6), "5551110002", "Samuel Okafor", at=now - 300),
        leave_fax(
            practice, [letter(1), letter(2), letter(3)], Envelope(caller_name="Westside Orthodontics"), at=now - 200
        ),
        practice.leave(babble(6), "5551234567", "Maria Lopez", at=now - 100),
    ]
    with somebody(browser, "phone") as context:
        page = context.new_page()
        complaints, thumb = Complaints(page), Thumb(page, context.new_cdp_session(page))
        log_in(thumb, served)
        hear_the_newest_and_leave_it_for_somebody(thumb)
        erase_and_have_it_back(thumb)
        search(thumb)
        read_the_fax(thumb)
        look_at_the_box_and_log_off(thumb)
        assert complaints.heard == []
    found = practice.services.reader
    assert [found.row(id).state for id in ids] == [State.NEW, State.HEARD, State.NEW]


def log_in(thumb: Thumb, served: Served) -> None:
    page = thumb.page
    page.goto(f"{served.address}/login")
    thumb.write("Your name", NAME.capitalize() + " ")  # as a telephone's keyboard helps
    thumb.write("Password", PASSWORD)
    thumb.press("Log in")
    page.wait_for_url(lambda url: url.endswith("/policy"))
    thumb.swipe_up()
    thumb.press("I have read this and will keep to it")
    page.wait_for_url(f"{served.address}/")
    live(page)


def hear_the_newest_and_leave_it_for_somebody(thumb: Thumb) -> None:
    page = thumb.page
    thumb.open("Maria Lopez")
    thumb.press("Play")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.3")
    bar = page.get_by_label("Place in the message")
    box = bar.bounding_box()
    assert box is not None
    assert box["height"] >= SMALLEST
    bar.tap(position={"x": 0.7 * box["width"], "y": box["height"] / 2})
    page.wait_for_function("() => document.querySelector('audio').currentTime > 4")
    thumb.press("Pause")
    page.wait_for_function("() => document.querySelector('audio').paused")
    thumb.press("10 seconds back")
    page.wait_for_function("() => document.querySelector('audio').currentTime < 1")
    thumb.press("Play")
    page.wait_for_function("() => document.querySelector('audio').ended")
    expect(page.locator("[data-message]")).to_have_attribute("data-state", "heard")  # by itself, once it was
    thumb.press("Mark as new")
    expect(page.locator("[data-message]")).to_have_attribute("data-state", "new")
    thumb.back()
    expect(page.locator("#rows .row").first).to_contain_text("Maria Lopez")


def erase_and_have_it_back(thumb: Thumb) -> None:
    page = thumb.page
    thumb.open("Samuel Okafor")
    thumb.press("Erase")
    expect(page.get_by_role("heading", level=1, name="Messages")).to_be_visible()
    expect(page.locator("#toast")).to_contain_text("Erased: Samuel Okafor")
    thumb.tap(page.locator("#toast").get_by_role("button", name="Undo"))
    expect(page.locator("#toast")).to_be_empty()
    expect(page.locator("#rows .row", has_text="Samuel Okafor")).to_contain_text("New")


def search(thumb: Thumb) -> None:
    page = thumb.page
    thumb.write("Search by name or number", "westside")
    expect(page.locator("#rows .row")).to_have_count(1)
    thumb.open("Westside Orthodontics")
    thumb.back()
    expect(page.locator("#rows .row")).to_have_count(1)
    thumb.press("Show all")
    expect(page.locator("#rows .row")).to_have_count(15)


def read_the_fax(thumb: Thumb) -> None:
    page = thumb.page
    thumb.open("Westside Orthodontics")
    expect(page.locator("[data-message]")).to_have_attribute("data-state", "heard")  # once it was looked at
    choice = page.locator(".fax-jump select")
    while choice.input_value() == "1":
        thumb.swipe_up()
    bar = page.locator(".fax-bar")
    assert bar.bounding_box()["y"] >= 0  # type: ignore[index]  # it stays in reach
    larger = page.get_by_role("button", name="Larger")
    thumb.tap(larger)
    thumb.tap(larger)
    sheets = page.locator(".sheets")
    before = sheets.evaluate("it => it.scrollLeft")
    sheet = page.locator(f"#page-{choice.input_value()}").bounding_box()
    assert sheet is not None
    middle = round(
        (max(sheet["y"], 0) + min(sheet["y"] + sheet["height"], PHONE["height"])) / 2
    )  # of what is seen of it
    thumb.drag((320, middle), (120, middle))
    page.wait_for_function("before => document.querySelector('.sheets').scrollLeft > before", arg=before)
    thumb.press("Fit to the width")
    looked_at = choice.input_value()
    thumb.press("Turn all pages right")
    expect(page.locator(".sheet[data-mark='90']")).to_have_count(3)
    expect(choice).to_have_value(looked_at)
    thumb.press(f"Turn page {looked_at} left")
    expect(page.locator(f"#page-{looked_at}")).to_have_attribute("data-mark", "0")
    thumb.tap(choice)
    choice.select_option("1")
    expect(page.locator("#page-1")).to_be_in_viewport()
    thumb.back()


def look_at_the_box_and_log_off(thumb: Thumb) -> None:
    page = thumb.page
    thumb.press("Status")
    page.wait_for_url(lambda url: url.endswith("/status"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    thumb.swipe_up()
    thumb.press("Messages")
    page.wait_for_url(lambda url: url.endswith("/"))
    live(page)
    thumb.press("Log off")
    page.wait_for_url(lambda url: "/login" in url)
    expect(page.get_by_text("You are logged off.")).to_be_visible()
