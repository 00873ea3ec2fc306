"""Chromium, driven as a person would: two sizes of screen, log-in, and a watch over everything the browser complains about."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

EXECUTABLE: Final = "/usr/bin/chromium"
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=user-gesture-required",
)
PATIENCE: Final = 60_000  # ms on a busy machine
expect.set_options(timeout=PATIENCE)
DESK: Final = {"width": 1280, "height": 800}
PHONE: Final = {"width": 390, "height": 844}

UNTRUSTED: Final = "An SSL certificate error occurred when fetching the script."  # what `trusted.js` finds out, in a browser that looks away

Size = Literal["desk", "phone"]


@contextmanager
def chromium(trusted: Path | None = None) -> Iterator[Browser]:
    """A browser that leaves nothing behind. `trusted`: a certificate that it believes, as after the box's CA was installed; passkeys want that."""
    trust = [f"--ignore-certificate-errors-spki-list={_key_of(trusted)}"] if trusted else []
    with tempfile.TemporaryDirectory() as pulse, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=EXECUTABLE,
            args=[*ARGUMENTS, *trust],
            headless=True,
            env={**os.environ, "PULSE_RUNTIME_PATH": pulse},  # PulseAudio's part of it makes a folder
        )
        try:
            yield browser
        finally:
            browser.close()


def _key_of(certificate: Path) -> str:
    """The digest of its public key, as browsers pin it (RFC 7469 §2.4)."""
    key = subprocess.run(
        ["openssl", "x509", "-in", str(certificate), "-noout", "-pubkey"], capture_output=True, check=True
    )
    octets = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "der"], input=key.stdout, capture_output=True, check=True
    )
    return base64.b64encode(hashlib.sha256(octets.stdout).digest()).decode()


def somebody(browser: Browser, size: Size = "desk", **options: Any) -> BrowserContext:
    """A person's browser: nobody's cookies yet. `options` as playwright's `new_context` takes them."""
    screen: dict[str, Any] = (
        {"viewport": PHONE, "is_mobile": True, "has_touch": True} if size == "phone" else {"viewport": DESK}
    )
    context = browser.new_context(**({"ignore_https_errors": True} | screen | options))
    context.set_default_timeout(PATIENCE)
    return context


class Complaints:
    """Everything a page's browser complained about: console errors and warnings, refusals of the content security policy, failed scripts, answers of 500."""

    def __init__(self, page: Page) -> None:
        self.heard: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(f"script: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and message.text != UNTRUSTED:
            self.heard.append(f"{message.type}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.heard.append(f"{response.status}: {response.url}")


def log_in(page: Page, address: str, name: str, password: str) -> None:
    """Through the log-in page, and past the policy sheet, to whatever comes first."""
    page.goto(f"{address}/login")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: "/login" not in url)
    if page.url.endswith("/policy"):
        page.get_by_role("button", name="I have read this").click()
        page.wait_for_url(lambda url: not url.endswith("/policy"))


def live(page: Page) -> None:
    """Until the page's scripts work; keys pressed before would be lost."""
    page.wait_for_selector("body[data-live]")
