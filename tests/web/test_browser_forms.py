"""Forms in a real Chromium: Enter does what the form's own button does, and a button that is pressed twice does it once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from appliance.access import claim, people
from appliance.access.roles import Role
from appliance.access.unlock import unlock
from appliance.control.values import Verb
from tests.web.browser import live, log_in, somebody
from tests.web.desk import Desk
from tests.web.practice import NAME, PASSWORD, Practice, Served

pytestmark = pytest.mark.browser

NEW = "gravel window socket plum"
WHY = "Her lawyer asks for it."


@pytest.mark.parametrize("field", ["Name for logging in", "Password"])
def test_enter_adds_the_person_with_the_password_that_was_typed(
    browser: Browser, served: Served, practice: Practice, field: str
) -> None:
    with somebody(browser) as context:
        page = context.new_page()
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/add-person")
        page.get_by_label("Name for logging in").fill("otto")
        page.get_by_role("radio", name="Admin").check()
        page.get_by_label("Password").fill(NEW)
        page.get_by_label(field).press("Enter")
        page.wait_for_url(f"{served.address}/people")
    assert people.find_person(practice.folder, "otto").role is Role.ADMIN
    unlock(practice.folder, "otto", NEW).wipe()


def test_enter_gives_the_new_password_and_a_button_of_its_own_draws_other_words(
    browser: Browser, served: Served, practice: Practice
) -> None:
    practice.add_staff()
    with somebody(browser) as context:
        page = context.new_page()
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/people/sam/password")
        field = page.get_by_label("Password")
        offered = field.input_value()
        field.press("Tab")
        expect(page.get_by_role("button", name="Other words")).to_be_focused()
        page.keyboard.press("Enter")
        expect(field).not_to_have_value(offered)
        field.fill(NEW)
        field.press("Enter")
        page.wait_for_url(f"{served.address}/people")
    unlock(practice.folder, "sam", NEW).wipe()


def test_enter_names_the_first_admin(browser: Browser, tmp_path: Path) -> None:
    with Practice(tmp_path, founded=False) as box, Served(box) as served, somebody(browser) as context:
        page = context.new_page()
        page.goto(f"{served.address}/claim")
        page.locator("#code").fill(claim.show(box.folder))
        page.keyboard.press("Enter")
        page.get_by_label("Your name for logging in").fill("ana")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator(".paper-number").first).to_be_visible()


class Slow:
    """The daemon answers one question only when it is let."""

    def __init__(self, practice: Practice, verb: Verb) -> None:
        self.let = threading.Event()
        self.asked = threading.Semaphore(0)
        answer = practice.daemon.answers[verb]

        def wait(given: Any) -> Any:
            self.asked.release()
            assert self.let.wait(60)
            return answer(given)

        practice.daemon.answers[verb] = wait

    def after(self, times: int) -> None:
        """Once so many have asked, everybody gets an answer."""
        for _ in range(times):
            assert self.asked.acquire(timeout=60)
        self.let.set()


def test_who_presses_twice_keeps_one_note(desk: Desk) -> None:
    desk.open("Maria Lopez")
    slow, page = Slow(desk.practice, Verb.NOTE), desk.page
    since = desk.mark()
    page.get_by_label("New note").fill(WHY)
    page.get_by_role("button", name="Keep the note").dblclick(no_wait_after=True)
    desk.mark()
    slow.after(1)
    expect(page.locator(".jotting-text")).to_have_text([WHY])
    expect(page.get_by_label("New note")).to_have_value("")
    assert desk.asked[since:].count(f"/messages/{desk.ids[3]}/notes") == 1
    page.get_by_label("New note").fill(WHY)
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".jotting-text")).to_have_text([WHY, WHY])  # who means it writes it once more
    assert desk.complaints.heard == []


@pytest.mark.parametrize("verb", [Verb.HOLD, Verb.DECIDE])
def test_who_presses_twice_sends_a_form_once(desk: Desk, verb: Verb) -> None:
    page, id = desk.page, desk.ids[3]
    where = f"/messages/{id}/hold" if verb is Verb.HOLD else "/switches/take-messages"
    name = "Put on hold" if verb is Verb.HOLD else "Switch off"
    page.goto(desk.address + where)
    live(page)
    slow = Slow(desk.practice, verb)
    page.get_by_label("Why?").fill(WHY)
    if verb is Verb.DECIDE:
        page.get_by_role("checkbox").first.check()
    since = desk.mark()
    button = page.get_by_role("button", name=name)
    button.evaluate("button => new Promise((go) => { button.click(); setTimeout(() => go(button.click()), 100); })")
    slow.after(1)
    page.wait_for_url(lambda url: not url.endswith(where))
    assert desk.asked[since:].count(where) == 1
    assert WHY in page.content()
    assert desk.complaints.heard == []


def test_a_form_that_was_gone_back_to_is_sent_again(desk: Desk) -> None:
    page = desk.page
    page.goto(f"{desk.address}/switches/take-messages")
    live(page)
    page.get_by_label("Why?").fill(WHY)
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.go_back()
    live(page)
    page.get_by_label("Why?").fill(WHY)
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Downloads: switched off")).to_be_visible()
