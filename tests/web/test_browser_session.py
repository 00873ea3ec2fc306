"""Sessions, trouble and a browser without scripts, in a real Chromium: at a desk and on a telephone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from appliance.messages import State
from tests.web.browser import Size, log_in, somebody
from tests.web.desk import IN_TIME, SIZES, Desk
from tests.web.practice import NAME, PASSWORD, Practice, Served

pytestmark = pytest.mark.browser


def test_the_end_of_a_session_is_announced_and_a_key_keeps_it(desk: Desk) -> None:
    desk.practice.clock.advance(550)
    ending = desk.page.locator("#ending")
    expect(ending).to_be_visible()
    expect(ending).to_contain_text("You will be logged off in")
    desk.page.keyboard.press("Shift")
    expect(ending).to_be_hidden()
    desk.practice.clock.advance(550)
    expect(ending).to_be_visible()
    desk.page.get_by_role("button", name="Stay logged in").click()
    expect(ending).to_be_hidden()


def test_nobody_there_means_logged_off_and_nothing_left_to_see(either: Desk) -> None:
    with either.page.expect_response("**/stay"):
        either.open("Maria Lopez")
    either.practice.clock.advance(599)
    expect(either.page.locator("#ending")).to_be_visible()
    either.practice.clock.advance(2)
    expect(either.page.get_by_text("nobody used the page for a while")).to_be_visible()
    assert "Maria" not in either.page.content()
    either.page.go_back()
    expect(either.page.get_by_label("Password")).to_be_visible()
    assert "Maria" not in either.page.content()


def test_the_lock_button_is_felt_at_once(either: Desk) -> None:
    either.practice.sessions.close_all()
    since = either.mark()
    expect(either.page.get_by_text("Somebody pressed the lock button")).to_be_visible()
    assert either.pulses(since, "/login") <= IN_TIME


def test_logging_off(either: Desk) -> None:
    either.page.get_by_role("button", name="Log off").click()
    expect(either.page.get_by_text("You are logged off.")).to_be_visible()
    either.page.goto(either.address)
    expect(either.page.get_by_label("Password")).to_be_visible()


def test_the_status_page_keeps_itself_fresh(either: Desk) -> None:
    either.page.get_by_role("link", name="Status").click()
    expect(either.page.get_by_role("heading", level=1)).to_have_text("All is well.")
    either.practice.facts = {"asterisk_answers": False}
    either.practice.clock.advance(2)
    expect(either.page.get_by_role("heading", level=1)).to_have_text("Something does not work.")
    expect(either.page.locator("#strip")).to_contain_text("Calls cannot be answered")
    assert either.complaints.heard == []


def test_a_daemon_that_is_silent_is_told_in_words(desk: Desk) -> None:
    desk.open("Maria Lopez")
    desk.practice.daemon.silent = True
    desk.page.get_by_role("button", name="Erase").click()
    expect(desk.page.locator(".toast")).to_contain_text("Nothing was changed.")
    assert desk.state(desk.ids[3]) is State.NEW


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_works_without_scripts(
    browser: Browser, served: Served, practice: Practice, ids: list[str], size: Size
) -> None:
    context = somebody(browser, size, java_script_enabled=False)
    page = context.new_page()
    log_in(page, served.address, NAME, PASSWORD)
    page.locator("#rows .row > a", has_text="Maria Lopez").click()
    expect(page.locator("audio[controls]")).to_be_visible()
    page.get_by_role("button", name="Mark as heard").click()
    expect(page.get_by_role("button", name="Mark as new")).to_be_visible()
    page.get_by_role("button", name="Erase").click()
    expect(page.locator(".toast")).to_contain_text("Erased: Maria Lopez")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Erase")).to_be_visible()
    page.goto(served.address)
    page.get_by_label("Search by name or number").fill("okafor")
    page.get_by_label("Search by name or number").press("Enter")
    expect(page.locator(".row-who")).to_have_text(["Samuel Okafor"])
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All is well.")
    page.get_by_role("button", name="Log off").click()
    expect(page.get_by_text("You are logged off.")).to_be_visible()
    context.close()


def test_the_browser_keeps_nothing_on_its_disk(
    browser: Browser, served: Served, ids: list[str], tmp_path: Path
) -> None:
    context = somebody(browser)
    page = context.new_page()
    log_in(page, served.address, NAME, PASSWORD)
    page.goto(f"{served.address}/messages/{ids[3]}")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("document.cookie") == ""
    context.close()
