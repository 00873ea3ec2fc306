"""On hold in a real Chromium: with the keyboard alone, seen at once by who sits at another desk, and in the way of who erases."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from appliance.access import testimony
from appliance.messages import State
from tests.web.desk import Desk

pytestmark = pytest.mark.browser

WHY = "Her lawyer asks for it."


def put_on_hold(desk: Desk, id: str) -> None:
    """A colleague does, at another desk."""
    desk.practice.daemon.hold(id, testimony.seal(desk.practice.folder, why=WHY), "ben")


def test_with_the_keyboard_alone_a_message_is_put_on_hold_and_the_hold_is_lifted(desk: Desk) -> None:
    page, id = desk.page, desk.ids[3]
    desk.open("Maria Lopez")
    page.get_by_role("link", name="Put on hold").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Put on hold")).to_be_visible()
    why = page.get_by_label("Why?")
    why.focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Put on hold")).to_be_focused()
    page.keyboard.press("Enter")
    expect(why).to_be_focused()  # the browser itself asks for what is missing
    page.keyboard.type(WHY)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".callout-hold")).to_contain_text(WHY)
    expect(page.locator(f"#m-{id} .row-held")).to_have_text("On hold")
    assert desk.practice.services.reader.row(id).held
    page.keyboard.press("e")  # there is no such button any more
    page.get_by_role("link", name="Lift the hold").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Why?").focus()
    page.keyboard.type("It was settled.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Erase")).to_be_visible()
    expect(page.locator(".callout-hold")).to_have_count(0)
    expect(page.locator(".row-held")).to_have_count(0)
    assert desk.state(id) is State.NEW
    assert desk.complaints.heard == []


def test_a_colleagues_hold_shows_where_the_message_is_open(either: Desk) -> None:
    page, id = either.page, either.ids[3]
    either.open("Maria Lopez")
    expect(page.get_by_role("button", name="Erase")).to_be_visible()
    put_on_hold(either, id)
    expect(page.locator(".callout-hold")).to_contain_text(WHY)
    expect(page.get_by_role("button", name="Erase")).to_have_count(0)
    expect(page.locator(f"#m-{id} .row-held")).to_have_count(1)
    assert either.complaints.heard == []


def test_who_erases_what_was_put_on_hold_a_moment_ago_reads_why_not(desk: Desk) -> None:
    page, id = desk.page, desk.ids[3]
    page.route("**/pulse", lambda route: route.abort())  # this page has not heard of it yet
    desk.open("Maria Lopez")
    put_on_hold(desk, id)
    page.get_by_role("button", name="Erase").click()
    expect(page.locator(".toast")).to_contain_text("It stays until an admin lifts the hold, so it cannot be erased.")
    assert desk.practice.services.reader.row(id).erase_at is None


def test_what_a_colleague_erased_is_there_again_when_it_is_put_on_hold(desk: Desk) -> None:
    page, id = desk.page, desk.ids[1]
    desk.open("Maria Lopez")
    desk.practice.daemon.erase(id, "ben")
    expect(page.locator(f"#m-{id}")).to_contain_text("erased")
    put_on_hold(desk, id)
    expect(page.locator(f"#m-{id} .row-held")).to_have_text("On hold")
