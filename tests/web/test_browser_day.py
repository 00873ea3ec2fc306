"""A receptionist's whole day with the keyboard alone: no mouse, the focus always seen, nothing that holds it fast."""

from __future__ import annotations

import itertools
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.messages import Envelope, State
from tests.web.browser import Complaints, live, somebody
from tests.web.faxes import leave_fax, letter
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble
from web import listing

pytestmark = pytest.mark.browser

FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || one.tabIndex < 0) return "nowhere";
  const shown = (place) => {
    const style = getComputedStyle(place);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  };
  return shown(one) || shown(one.parentElement) ? "seen" : `hidden: ${one.outerHTML.slice(0, 120)}`;
}"""
MOST_STOPS = 400  # of the tab key on any page


@dataclass
class Hands:
    """Both on the keyboard. After each key whatever has the focus must show it."""

    page: Page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.look()

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.look()

    def tab_to(self, role: str, name: str) -> None:
        """The tab key until that has the focus."""
        for _ in range(MOST_STOPS):
            self.press("Tab")
            if self.page.evaluate(
                "([role, name]) => { const one = document.activeElement;"
                " return one.matches(role) && (one.getAttribute('aria-label') ?? one.innerText).trim().startsWith(name) }",
                [role, name],
            ):
                return
        raise AssertionError(f"{name} is never reached")

    def move_to(self, who: str, key: str) -> None:
        """j or k until that message is open."""
        for _ in range(5):
            self.press(key)
            row = self.page.evaluate("document.activeElement.querySelector('.row-who')?.innerText")
            expect(self.page.locator("#message-who")).to_have_text(row)
            if row == who:
                return
        raise AssertionError(f"{who} is never reached")

    def go(self, key: str, to: str) -> None:
        """A key that leads to another page, whose address holds `to`."""
        self.page.keyboard.press(key)
        self.page.wait_for_url(lambda url: to in url)

    def log_in(self, practice: Practice, served: Served) -> None:
        """Name, tab, password, Enter."""
        practice.agree(NAME)
        self.page.goto(f"{served.address}/login")
        self.type(NAME)
        self.press("Tab")
        self.type(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{served.address}/")

    def look(self) -> None:
        seen = self.page.evaluate(FOCUS)
        assert not seen.startswith("hidden"), seen


def test_a_whole_day_with_the_keyboard_alone(browser: Browser, practice: Practice, served: Served) -> None:
    now = practice.clock.now()
    for number in range(listing.PAGE):
        practice.hear(practice.leave(babble(0.2, number), at=now - 90_000 + number))
    ids = [
        practice.leave(babble(6), "5551110002", "Samuel Okafor", at=now - 300),
        leave_fax(practice, [letter(1), letter(2)], Envelope(caller_name="Westside Orthodontics"), at=now - 200),
        practice.leave(babble(6), "5551234567", "Maria Lopez", at=now - 100),
    ]
    with somebody(browser) as context:
        page = context.new_page()
        complaints, hands = Complaints(page), Hands(page)
        hands.log_in(practice, served)
        live(page)
        hear_the_newest(hands)
        read_the_fax(hands)
        erase_the_oldest_and_have_it_back(hands)
        search(hands)
        page_through_and_log_off(hands)
        assert complaints.heard == []
    found = practice.services.reader
    assert [found.row(id).state for id in ids] == [State.NEW, State.HEARD, State.HEARD]


def hear_the_newest(hands: Hands) -> None:
    page = hands.page
    hands.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    hands.press("j")
    expect(page.get_by_role("heading", level=2, name="Maria Lopez")).to_be_visible()
    hands.press(" ")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.5")
    hands.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('audio').ended")
    expect(page.locator("[data-message]")).to_have_attribute("data-state", "heard")  # by itself, once it was
    hands.press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('audio').currentTime < 4")
    for state in ("new", "heard"):
        hands.press("h")
        expect(page.locator("[data-message]")).to_have_attribute("data-state", state)


def read_the_fax(hands: Hands) -> None:
    page = hands.page
    hands.move_to("Westside Orthodontics", "k")
    hands.press("+", "+", "0", "r", "l", "ArrowRight", " ")
    expect(page.locator("#message .fax-jump select")).to_have_value("2")
    expect(page.locator("[data-message]")).to_have_attribute("data-state", "heard")


def erase_the_oldest_and_have_it_back(hands: Hands) -> None:
    page = hands.page
    hands.move_to("Samuel Okafor", "k")
    hands.press("e")
    expect(page.locator("#toast")).to_contain_text("Erased: Samuel Okafor")
    hands.press("u")
    expect(page.locator("#toast")).to_be_empty()
    expect(page.locator("#message")).to_be_focused()  # it is open again


def search(hands: Hands) -> None:
    page = hands.page
    hands.press("/")
    hands.type("westside")
    expect(page.locator("#rows .row")).to_have_count(1)
    hands.press("Escape")
    expect(page.locator("#rows .row")).to_have_count(listing.PAGE)
    hands.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    hands.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def page_through_and_log_off(hands: Hands) -> None:
    page = hands.page
    hands.tab_to("a", "Older")
    hands.go("Enter", "page=2")
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    live(page)
    hands.tab_to("button", "Log off")
    hands.go("Enter", "/login")
    expect(page.get_by_text("You are logged off.")).to_be_visible()


def stays(page: Page, times: int = 1) -> AbstractContextManager[object]:
    """What is done in it tells the box so many times that somebody is there; at its end the box has heard it."""
    told = itertools.count(1)
    return page.expect_event("requestfinished", lambda request: request.url.endswith("/stay") and next(told) == times)


def test_the_warning_before_a_log_off_is_answered_with_a_key_and_the_focus_goes_back(
    browser: Browser, practice: Practice, served: Served
) -> None:
    practice.leave(babble(1), "5551234567", "Maria Lopez")
    with somebody(browser) as context:
        page = context.new_page()
        hands = Hands(page)
        hands.log_in(practice, served)
        live(page)
        with stays(page):
            hands.press("j")
        row = page.locator("#rows .row > a")
        expect(row).to_be_focused()
        practice.clock.advance(practice.idle - 40)
        warning = page.get_by_role("alertdialog")
        expect(warning).to_be_visible()
        expect(page.get_by_role("button", name="Stay logged in")).to_be_focused()
        hands.look()
        with stays(page, 2):  # the key, and the button that it presses
            hands.press("Enter")
        expect(warning).to_be_hidden()
        expect(row).to_be_focused()
        practice.clock.advance(practice.idle - 40)
        expect(warning).to_be_visible()
        assert practice.sessions._kept


def test_whoever_types_is_not_disturbed_by_the_warning(browser: Browser, practice: Practice, served: Served) -> None:
    with somebody(browser) as context:
        page = context.new_page()
        hands = Hands(page)
        hands.log_in(practice, served)
        page.goto(f"{served.address}/switches/take-messages")
        live(page)
        why = page.get_by_label("Why?")
        why.focus()
        with stays(page):
            hands.type("The lab")
        practice.clock.advance(practice.idle - 40)
        expect(page.get_by_role("alertdialog")).to_be_visible()
        hands.type(" asks")
        expect(why).to_have_value("The lab asks")
        expect(page.get_by_role("alertdialog")).to_be_hidden()


def test_nothing_on_a_page_holds_the_focus_fast(browser: Browser, practice: Practice, served: Served) -> None:
    practice.leave(babble(1), "5551234567", "Maria Lopez")
    with somebody(browser) as context:
        page = context.new_page()
        hands = Hands(page)
        hands.log_in(practice, served)
        for path in ("/", "/status", "/switches", "/people", "/fax-calls", "/policy"):
            page.goto(served.address + path)
            hands.press("Tab")
            first, stops = page.evaluate("document.activeElement.outerHTML"), 0
            while stops < MOST_STOPS:
                hands.press("Tab")
                stops += 1
                if page.evaluate("document.activeElement === document.body || document.activeElement.outerHTML") in {
                    True,
                    first,
                }:
                    break
            assert 3 < stops < MOST_STOPS, path
