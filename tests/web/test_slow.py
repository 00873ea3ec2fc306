"""A thousand messages, and a network that crawls: the list comes in parts, and the page is of use before its scripts and pictures have come."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.messages import Envelope
from tests.web.browser import log_in, somebody
from tests.web.faxes import leave_fax, letter
from tests.web.pages import LONG_NAME
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble
from tests.web.staff import Staff
from web import listing

THOUSAND = 1000


def test_a_thousand_messages_come_in_pages_of_fifty(practice: Practice, ana: Staff) -> None:
    now = practice.clock.now()
    sound = babble(0.1)
    for number in range(THOUSAND):
        practice.leave(sound, "5551234567", f"Caller {number}", at=now - THOUSAND + number)
    first = ana.get("/").text
    assert first.count('class="row ') == listing.PAGE
    assert f"Page 1 of {THOUSAND // listing.PAGE}" in first
    assert "Caller 999" in first
    assert len(first) < 200_000
    last = ana.get(f"/?page={THOUSAND // listing.PAGE}").text
    assert "Caller 0<" in last
    ana.post("/search", search="Caller 77")
    assert ana.get("/").text.count('class="row ') == 11  # 77 and 770 to 779


@pytest.fixture
def slow(browser: Browser, practice: Practice, served: Served) -> Any:
    """Ana, on a network of 50 kB/s that needs 400 ms for each answer."""
    with somebody(browser) as context:
        page = context.new_page()
        practice.agree(NAME)
        log_in(page, served.address, NAME, PASSWORD)
        throttle(page)
        yield page


def throttle(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    how = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    session.send("Network.emulateNetworkConditions", how)


def test_a_slow_network_shows_words_before_pictures_and_scripts(slow: Page, practice: Practice, served: Served) -> None:
    fax = leave_fax(practice, [letter(1), letter(2)], Envelope(caller_name=LONG_NAME))
    slow.route("**/*.js", lambda route: None)  # scripts never come
    slow.route("**/*.png*", lambda route: None)  # nor pictures
    slow.goto(f"{served.address}/messages/{fax}", wait_until="commit")
    expect(slow.get_by_role("heading", level=2, name=LONG_NAME)).to_be_visible()
    expect(slow.get_by_role("button", name="Mark as read")).to_be_visible()
    box = slow.locator("#page-1 img").bounding_box()
    assert box is not None
    assert box["height"] > box["width"]  # the place is kept, so that nothing jumps when it comes


def test_times_are_the_practices_wherever_browser_and_server_are(
    browser: Browser, practice: Practice, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    practice.leave(babble(1), "5551234567", "Maria Lopez", at=datetime(2025, 11, 21, 15, 42, tzinfo=UTC).timestamp())
    practice.agree(NAME)
    with somebody(browser, timezone_id="Europe/Berlin", locale="es-MX") as context:
        page = context.new_page()
        page.goto(f"{served.address}/login")
        page.locator("#name").fill(NAME)
        page.locator("#password").fill(PASSWORD)
        page.locator("#password").press("Enter")
        page.wait_for_url(f"{served.address}/")
        when = page.locator(".row-when")
        expect(when).to_have_text("10:42")  # in New York
        expect(when).to_have_attribute("title", "Viernes 21 de noviembre de 2025, 10:42")
        expect(when).to_have_attribute("datetime", "2025-11-21T10:42:00-05:00")
    monkeypatch.undo()
    time.tzset()
