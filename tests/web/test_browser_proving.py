"""The question whether it is really you, in a real browser: what was typed before arrives all the same."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from appliance.access import people
from appliance.access.roles import Role
from tests.web.browser import Complaints, Size, log_in, somebody
from tests.web.desk import SIZES
from tests.web.practice import NAME, PASSWORD, Practice, Served
from web.proving import LASTS

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", SIZES)
def test_after_the_password_the_change_that_was_typed_is_made(
    browser: Browser, served: Served, practice: Practice, size: Size
) -> None:
    practice.add_staff()
    practice.agree(NAME)
    context = somebody(browser, size)
    page = context.new_page()
    complaints = Complaints(page)
    log_in(page, served.address, NAME, PASSWORD)
    page.goto(f"{served.address}/people/sam")
    practice.clock.advance(LASTS)
    page.get_by_role("radio", name="Auditor").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type("no such password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is not your password")
    page.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Sam is changed")).to_be_visible()
    assert people.find_person(practice.folder, "sam").role is Role.AUDITOR
    assert [one for one in complaints.heard if "401" not in one] == []
    context.close()
