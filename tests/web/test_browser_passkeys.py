"""Passkeys in a real Chromium with an authenticator of its own (CDP's WebAuthn domain), against the page's real server."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, expect

from appliance.access import certificates, factors
from tests import planned
from tests.web.browser import Complaints, Size, chromium, somebody
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble
from web.proving import LASTS

pytestmark = pytest.mark.browser

HERE = {"protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal"}
ABLE = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}


@dataclass
class Device:
    """A browser with an authenticator."""

    page: Page
    cdp: CDPSession
    id: str
    address: str
    complaints: Complaints

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def type_password(self) -> None:
        self.page.goto(f"{self.address}/login")
        self.page.get_by_label("Your name").fill(NAME)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in", exact=True).click()

    def leave(self) -> None:
        """Log off; the authenticator stays."""
        self.page.get_by_role("button", name="Log off").click()
        expect(self.page.get_by_text("You are logged off.")).to_be_visible()

    def enrol(self) -> None:
        """First log-in with a passkey, to the list."""
        self.type_password()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Set up your second factor")
        self.page.get_by_role("link", name="A passkey").click()
        self.page.get_by_label("What do you call it?").fill("Front desk")
        self.page.get_by_role("button", name="Make a passkey").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Your printed codes")
        expect(self.page.locator(".codes li")).to_have_count(10)
        self.page.get_by_role("link", name="I have kept them").click()
        expect(self.page.get_by_text("Maria Lopez").first).to_be_visible()


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with Practice(tmp_path_factory.mktemp("passkeys"), password_alone=False) as made:
        made.agree(NAME)
        made.leave(babble(1), name="Maria Lopez")
        yield made


@pytest.fixture(scope="module")
def served(practice: Practice) -> Iterator[Served]:
    with Served(practice) as server:
        yield server


@pytest.fixture(scope="module")
def browser(practice: Practice, served: Served) -> Iterator[Browser]:
    with chromium(trusted=certificates.files(practice.folder).chain_pem) as started:
        yield started


@pytest.fixture(autouse=True)
def _nothing_yet(practice: Practice) -> None:
    planned.erase_factors(practice.folder, NAME)
    practice.clock.advance(1000)  # what was guessed before is forgiven


@contextmanager
def device(browser: Browser, served: Served, *, prf: bool, size: Size = "desk", **more: Any) -> Iterator[Device]:
    context = somebody(browser, size, ignore_https_errors=False)
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable", {"enableUI": False})
    id = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": HERE | ABLE | {"hasPrf": prf} | more})[
        "authenticatorId"
    ]
    yield Device(page, cdp, str(id), served.address, Complaints(page))
    context.close()


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_with_prf_a_passkey_alone_logs_in_by_two_touches(
    browser: Browser, served: Served, practice: Practice, size: Size
) -> None:
    with device(browser, served, prf=True, size=size) as ana:
        ana.enrol()
        (kept,) = factors.read(practice.folder, NAME).passkeys
        assert (kept.opens, kept.name, kept.host) == (True, "Front desk", "localhost")
        (made,) = ana.credentials()
        assert made["isResidentCredential"]
        assert made["rpId"] == "localhost"
        ana.leave()
        ana.page.goto(ana.address)
        ana.page.get_by_role(
            "button", name="Log in with a passkey"
        ).click()  # the authenticator's own touch is given by CDP
        expect(ana.page.get_by_text("Maria Lopez").first).to_be_visible()
        assert ana.complaints.heard == []


def test_without_prf_it_proves_who_is_there_after_the_password(
    browser: Browser, served: Served, practice: Practice
) -> None:
    with device(browser, served, prf=False) as ana:
        ana.enrol()
        assert not factors.read(practice.folder, NAME).passkeys[0].opens
        ana.leave()
        ana.type_password()
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("One more step, Ana")
        ana.page.get_by_role("button", name="Use your passkey").click()
        expect(ana.page.get_by_text("Maria Lopez").first).to_be_visible()


def test_without_prf_a_passkey_alone_leads_to_the_password_with_the_name_filled_in(
    browser: Browser, served: Served
) -> None:
    with device(browser, served, prf=False) as ana:
        ana.enrol()
        ana.leave()
        ana.page.goto(ana.address)
        ana.page.get_by_role("button", name="Log in with a passkey").click()
        expect(ana.page.get_by_text("cannot open your key by itself")).to_be_visible()
        expect(ana.page.get_by_label("Your name")).to_have_value("ana")
        ana.page.goto(f"{ana.address}/status")
        expect(ana.page.get_by_label("Password")).to_be_visible()


def test_who_does_not_verify_is_not_let_in_and_told_in_words(browser: Browser, served: Served) -> None:
    with device(browser, served, prf=True) as ana:
        ana.enrol()
        ana.leave()
        ana.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": ana.id, "isUserVerified": False})
        ana.page.goto(ana.address)
        ana.page.get_by_role("button", name="Log in with a passkey").click()
        expect(ana.page.locator(".passkey .mistake")).to_contain_text("The passkey was not used")
        expect(ana.page.get_by_role("button", name="Log in with a passkey")).to_be_enabled()


def test_a_passkey_that_was_removed_lets_nobody_in(browser: Browser, served: Served, practice: Practice) -> None:
    with device(browser, served, prf=True) as ana:
        ana.enrol()
        page = ana.page
        page.get_by_role("link", name=re.compile("Ana")).first.click()
        expect(page.get_by_text("Logs you in without a password.")).to_be_visible()
        page.get_by_role("link", name="Change …").click()
        page.get_by_role("button", name="Use your passkey instead").click()
        page.get_by_role("button", name="Remove Front desk").click()
        expect(page.get_by_text("Front desk")).to_be_hidden()
        assert not list((practice.folder / factors.FOLDER / NAME).glob("[0-9a-f]*[0-9a-f].age"))
        ana.leave()
        page.goto(ana.address)
        page.get_by_role("button", name="Log in with a passkey").click()
        expect(page.get_by_text("That passkey was not accepted")).to_be_visible()


def test_a_second_passkey_and_an_app_from_my_account(browser: Browser, served: Served, practice: Practice) -> None:
    with device(browser, served, prf=True) as ana:
        ana.enrol()
        page = ana.page
        page.goto(f"{ana.address}/account/confirm")
        page.get_by_label("Your password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_role("button", name="Make a passkey").click()
        expect(page.get_by_text("This device has a passkey for you already.")).to_be_visible()
        page.get_by_role("link", name="Back").click()
        page.get_by_role("link", name="Set up an app").click()
        link = page.locator("a[href^=otpauth]").get_attribute("href") or ""
        app = pyotp.parse_uri(link)
        assert isinstance(app, pyotp.TOTP)
        page.get_by_label("Type the six digits").fill(app.at(practice.clock.now()))
        page.get_by_role("button", name="Set up").click()
        expect(page.get_by_text("An app on your telephone").first).to_be_visible()
        assert factors.read(practice.folder, NAME).app


def test_one_touch_says_once_more_who_one_is_before_people_are_changed(
    browser: Browser, served: Served, practice: Practice
) -> None:
    with device(browser, served, prf=True) as ana:
        ana.enrol()
        practice.clock.advance(LASTS)
        ana.page.goto(f"{ana.address}/add-person")
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Is it you?")
        ana.page.get_by_role("button", name="Use your passkey instead").click()
        expect(ana.page.get_by_role("heading", level=1)).to_have_text("Add a person")
        assert ana.page.url == f"{ana.address}/add-person"


def test_the_square_on_the_screen_says_what_the_letters_say(
    browser: Browser, served: Served, practice: Practice
) -> None:
    with device(browser, served, prf=True) as ana:
        ana.type_password()
        ana.page.get_by_role("link", name="An app on your telephone").click()
        link = ana.page.locator("a[href^=otpauth]").get_attribute("href") or ""
        picture = Image.open(io.BytesIO(ana.page.locator(".square").screenshot())).convert("L")
        code = segno.make(link, error="q", micro=False)
        assert dots(picture, len(code.matrix)) == [[bool(dot) for dot in row] for row in code.matrix]


def dots(picture: Image.Image, size: int) -> list[list[bool]]:
    """The square in a picture as a camera sees it: which of its `size` times `size` dots are dark. Around it all is light."""
    left, top, right, bottom = picture.point(lambda light: 255 * (light < 128)).getbbox() or (0, 0, 0, 0)
    across, down = (right - left) / size, (bottom - top) / size
    return [
        [int(picture.getpixel((left + (x + 0.5) * across, top + (y + 0.5) * down))) < 128 for x in range(size)]  # type: ignore[arg-type] # one channel
        for y in range(size)
    ]


def test_without_scripts_the_page_says_what_passkeys_need_and_codes_work(
    browser: Browser, served: Served, practice: Practice
) -> None:
    context = somebody(browser, java_script_enabled=False, ignore_https_errors=False)
    page = context.new_page()
    page.goto(served.address)
    assert "Passkeys need scripts" in page.content()
    expect(page.get_by_role("button", name="Log in with a passkey")).to_be_hidden()
    page.get_by_label("Your name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("link", name="An app on your telephone").click()
    app = pyotp.parse_uri(page.locator("a[href^=otpauth]").get_attribute("href") or "")
    assert isinstance(app, pyotp.TOTP)
    page.get_by_label("Type the six digits").fill(app.at(practice.clock.now()))
    page.get_by_role("button", name="Set up").click()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Maria Lopez").first).to_be_visible()
    context.close()


def test_what_the_passkey_derives_is_in_no_file(browser: Browser, served: Served, practice: Practice) -> None:
    sent: list[str] = []
    with device(browser, served, prf=True) as ana:
        ana.page.on(
            "request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None
        )
        ana.enrol()
    derived = [found[1] for body in sent if (found := re.search(r"derived=([A-Za-z0-9_-]{43})", body))]
    assert derived
    raw = base64.urlsafe_b64decode(derived[0] + "=")
    for file in (file for file in practice.folder.rglob("*") if file.is_file()):
        content = file.read_bytes()
        assert derived[0].encode() not in content
        assert raw not in content
    assert "prf" not in json.dumps([body for body in sent if "answer" in body]).replace("derived", "")
