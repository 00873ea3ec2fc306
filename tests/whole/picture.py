"""Draws the README's picture: the page as it is after three real calls and a real fax. `python -m tests.whole.picture .readme/page.png`."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page

from tests.rig.appliance import NAME, PASSWORD, Appliance
from tests.rig.try_it import CALLERS, place_call, send_fax
from tests.web.browser import DESK, PHONE, chromium, log_in, somebody


def main(folder: Path) -> None:
    """A picture at each width, light and dark, into `folder`."""
    with Appliance(fax_line=True) as appliance, chromium() as browser:
        for caller in CALLERS:
            place_call(appliance, *caller)
        send_fax(appliance)
        appliance.wait_for_messages(len(CALLERS) + 1)
        for name, size in (("page", DESK), ("phone", PHONE)):
            for scheme in ("light", "dark"):
                context = somebody(browser, "desk", viewport=size, color_scheme=scheme, device_scale_factor=1)
                page = context.new_page()
                log_in(page, appliance.address, NAME, PASSWORD)
                page.screenshot(path=folder / f"{name}-list-{scheme}.png")
                _open_fax(page)
                page.screenshot(path=folder / f"{name}-fax-{scheme}.png")
                page.goto(appliance.address)
                _open_newest(page)
                page.screenshot(path=folder / f"{name}-{scheme}.png")
                page.goto(appliance.address + "/status")
                page.screenshot(path=folder / f"{name}-status-{scheme}.png")
                context.close()


def _open_fax(page: Page) -> None:
    page.locator("#rows .row-fax > a").first.click()
    page.wait_for_timeout(800)  # the page is drawn


def _open_newest(page: Page) -> None:
    page.locator("#rows .row:not(.row-fax) > a").nth(1).click()
    page.locator(".wave-seek").wait_for()
    page.wait_for_timeout(800)  # the waveform is drawn


if __name__ == "__main__":
    main(Path(sys.argv[1]))
