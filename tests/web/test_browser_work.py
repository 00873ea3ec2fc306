"""Long work of the box in a real Chromium: how far it is renews itself, takes nobody's place on the page away, and ends where its outcome stands."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from appliance.access.chain import Verdict
from tests.web.browser import log_in, somebody
from tests.web.practice import NAME, PASSWORD, Practice, Served

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = somebody(browser, "desk")
    yield context.new_page()
    context.close()


def test_a_record_that_is_verified_tells_how_far_it_is_until_it_is(
    practice: Practice, served: Served, page: Page
) -> None:
    goes_on = threading.Event()

    def tell(_: Verdict) -> None:
        assert goes_on.wait(120)

    log_in(page, served.address, NAME, PASSWORD)
    practice.services.verifying.run(tell)
    try:
        page.goto(f"{served.address}/record/verify")
        back = page.get_by_role("link", name="Back to the record")
        back.focus()
        for _ in range(2):
            with page.expect_response(lambda answer: answer.url.endswith("/parts/verifying")) as renewed:
                pass
            assert renewed.value.ok
        expect(back).to_be_focused()
        assert Axe().run(page).response["violations"] == []
    finally:
        goes_on.set()
    page.wait_for_url(lambda address: address.endswith("/record"))
    expect(page.get_by_text("none changed, none missing")).to_be_visible()
