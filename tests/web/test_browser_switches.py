"""Policy sheet and switches in a real browser: the first log-in with the keyboard alone, a decision, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.access import decisions, policy
from appliance.access.decisions import Switch
from tests.web.browser import Complaints, Size, somebody
from tests.web.desk import SIZES
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble

pytestmark = pytest.mark.browser


@pytest.fixture
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """Nothing of downloads was decided yet."""
    with Practice(tmp_path_factory.mktemp("new"), downloads=False) as made:
        yield made


def first_log_in(page: Page, address: str) -> None:
    """Nobody touches a mouse."""
    page.goto(f"{address}/login")
    page.get_by_label("Your name").fill(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/policy")


@pytest.mark.parametrize("size", SIZES)
def test_the_sheet_stands_before_everything_and_a_decision_changes_what_is_offered(
    browser: Browser, served: Served, practice: Practice, size: Size
) -> None:
    id = practice.leave(babble(2), "5551234567", "Maria Lopez")
    page = somebody(browser, size).new_page()
    complaints = Complaints(page)
    first_log_in(page, served.address)
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link")).to_have_count(0)
    page.goto(f"{served.address}/messages/{id}")
    assert page.url.endswith("/policy")
    page.get_by_role("button", name="I have read this").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.address}/")
    [agreed] = policy.acknowledgements(practice.folder)
    assert agreed.name == NAME

    page.goto(f"{served.address}/messages/{id}")
    expect(page.get_by_role("link", name="Download")).to_have_count(0)
    page.goto(f"{served.address}/switches")
    page.get_by_role("link", name="Switch on … Downloads").click()
    page.get_by_label("Why?").fill("The specialist wants the sound.")
    page.get_by_role("button", name="Switch on").click()
    mistake = page.get_by_role("alert")
    expect(mistake).to_have_text("Choose at least one risk, or write one. A decision without a risk is none.")
    expect(page.get_by_label("Why?")).to_have_value("The specialist wants the sound.")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_text("Downloads: switched on")).to_be_visible()
    assert decisions.is_on(practice.folder, Switch.TAKE_MESSAGES)
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide

    page.goto(f"{served.address}/messages/{id}")
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    assert [line for line in complaints.heard if "400" not in line] == []  # the form that lacked a risk
    page.context.close()
