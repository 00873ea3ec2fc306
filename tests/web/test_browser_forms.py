"""Forms in a real Chromium: Enter does what the form's own button does, and a button that is pressed twice does it once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from appliance.access import claim, people
from appliance.access.roles import Role
from appliance.access.unlock import unlock
from tests.web.browser import log_in, somebody
from tests.web.practice import NAME, PASSWORD, Practice, Served

pytestmark = pytest.mark.browser

NEW = "gravel window socket plum"


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
