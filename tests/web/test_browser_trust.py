"""HTTPS without warnings in a real Chromium: one that trusts the box's CA, one where somebody clicked the warning away, and one that was told to look away."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.web.browser import ARGUMENTS, EXECUTABLE, Complaints, somebody
from tests.web.practice import Served
from web.guard import DAY, TRUSTS, YEAR

pytestmark = pytest.mark.browser


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's home with an empty list of authorities of its own."""
    folder = tmp_path_factory.mktemp("home")
    authorities(folder).mkdir(parents=True)
    certutil(folder, "-N", "--empty-password")
    return folder


def authorities(home: Path) -> Path:
    return home / ".pki" / "nssdb"


def certutil(home: Path, *what: str) -> None:
    subprocess.run(["certutil", "-d", f"sql:{authorities(home)}", *what], check=True, capture_output=True)


@pytest.fixture
def at_home(browser: Browser, home: Path) -> Iterator[Browser]:
    """A Chromium that looks into that list, and checks every certificate."""
    started = browser.browser_type.launch(
        executable_path=EXECUTABLE, args=[*ARGUMENTS], env={**os.environ, "HOME": str(home)}
    )
    yield started
    started.close()


def insists_for(page: Page, address: str) -> int:
    answer = page.goto(f"{address}/login")
    assert answer is not None
    return int(answer.headers["strict-transport-security"].removeprefix("max-age="))


def shown_trust(context: BrowserContext) -> bool:
    return any(cookie.get("name") == TRUSTS for cookie in context.cookies())


def workers(page: Page) -> int:
    return int(page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length"))


def test_a_browser_that_was_given_what_the_page_hands_out_trusts_and_insists_for_a_year(
    browser: Browser, served: Served, home: Path, at_home: Browser, tmp_path: Path
) -> None:
    stranger = somebody(browser).new_page()
    stranger.goto(f"{served.address}/trust")
    with stranger.expect_download() as fetched:
        stranger.locator("details[open] a.button").click()
    file = tmp_path / "keepline.pem"
    fetched.value.save_as(file)
    certutil(home, "-A", "-t", "C,,", "-n", "Keepline", "-i", str(file))

    context = at_home.new_context()
    page = context.new_page()
    complaints = Complaints(page)
    with page.expect_response("**/trusted"):
        assert insists_for(page, served.address) == DAY
    expect(page.get_by_text("Does your browser warn about this page?")).to_be_hidden()
    assert workers(page) == 0
    assert shown_trust(context)
    assert insists_for(page, served.address) == YEAR
    page.goto(f"{served.address}/trust")
    expect(page.get_by_text("This browser trusts the box already.")).to_be_visible()
    assert complaints.heard == []
    context.close()
    stranger.context.close()


def test_a_warning_that_was_clicked_away_is_no_trust(served: Served, at_home: Browser) -> None:
    context = at_home.new_context()
    page = context.new_page()
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(f"{served.address}/login")
    page.locator("#details-button").click()
    page.locator("#proceed-link").click()
    expect(page.get_by_text("Does your browser warn about this page?")).to_be_visible()
    page.get_by_role("link", name="Let this device trust the box").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Let this device trust the box")
    expect(page.get_by_text("This browser trusts the box already.")).to_be_hidden()
    assert insists_for(page, served.address) == DAY
    assert not shown_trust(context)
    context.close()


def test_a_browser_that_looks_away_is_no_trust_either(browser: Browser, served: Served) -> None:
    context = somebody(browser)
    page = context.new_page()
    page.goto(f"{served.address}/trust")
    page.wait_for_timeout(500)
    assert insists_for(page, served.address) == DAY
    assert not shown_trust(context)
    context.close()
