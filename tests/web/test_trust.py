"""The page that helps a device to trust the box, as anybody on the network sees it."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from appliance.access import certificates
from appliance.access.certificates import Ca
from tests.web.practice import Practice
from tests.web.staff import Staff
from web import trust
from web.trust import GUIDES, System

AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36": System.WINDOWS,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15": System.MAC,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1": System.IOS,
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36": System.ANDROID,
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": System.FIREFOX,
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36": System.LINUX,
    "": System.WINDOWS,
}


@pytest.fixture
def ca(practice: Practice) -> Ca:
    return certificates.ensure(practice.folder, practice.settings.page.names, time.time()).ca()


@pytest.fixture
def anybody(practice: Practice, ca: Ca) -> Staff:
    return Staff(practice)


@pytest.mark.parametrize(("agent", "system"), AGENTS.items())
def test_the_section_of_the_system_that_asks_stands_first_and_open(anybody: Staff, agent: str, system: System) -> None:
    page = anybody.get("/trust", User_Agent=agent).text
    titles = [str(guide.title) for guide in GUIDES if guide.system is system]
    first = page.split("<details", 2)[1]
    assert " open>" in first
    assert f"<h2>{titles[0]}</h2>" in first
    assert page.count(" open>") == 1
    assert page.count("<details") == len(System) == len(GUIDES)


def test_the_fingerprint_stands_there_as_the_console_tells_it(anybody: Staff, ca: Ca) -> None:
    page = anybody.get("/trust").text
    for line in (*ca.fingerprint().lines(), ca.fingerprint().short()):
        assert f"<code>{line}</code>" in page
    assert "keepline fingerprint" in page


def test_everything_it_needs_can_be_fetched_by_anybody(anybody: Staff, ca: Ca) -> None:
    der = anybody.get("/trust/keepline.crt")
    assert der.mimetype == "application/x-x509-ca-cert"
    assert hashlib.sha256(der.data).hexdigest().upper() == ca.fingerprint().sha256
    assert anybody.get("/trust/keepline.pem").data == ca.pem
    profile = anybody.get("/trust/keepline.mobileconfig")
    assert profile.mimetype == "application/x-apple-aspen-config"
    assert b"Elm Street Dental" in profile.data
    commands = anybody.get("/trust/keepline-trust.cmd")
    assert commands.headers["Content-Disposition"] == 'attachment; filename="keepline-trust.cmd"'
    assert b"certutil -user -addstore Root" in commands.data


def test_no_key_of_the_ca_leaves_the_box(anybody: Staff, practice: Practice) -> None:
    key = (practice.folder / "tls" / "ca-key.pem").read_bytes()
    for rule in ("/trust", "/trust/keepline.crt", "/trust/keepline.pem", "/trust/keepline.mobileconfig"):
        answer = anybody.get(rule).data
        assert b"PRIVATE KEY" not in answer
        assert key.split(b"\n")[1] not in answer
    assert anybody.get("/trust/ca-key.pem").status_code == 404


def test_it_says_which_address_to_use(practice: Practice, anybody: Staff) -> None:
    object.__setattr__(practice.settings.page, "names", ("keepline.local", "192.168.1.5", "localhost", "127.0.0.1"))
    port = practice.settings.page.port
    page = anybody.get("/trust").text
    assert f'href="https://keepline.local:{port}"' in page
    assert f'href="https://192.168.1.5:{port}"' in page
    assert f'href="https://127.0.0.1:{port}"' not in page


def test_the_browser_is_told_to_insist_for_a_day_until_it_has_shown_that_it_trusts(anybody: Staff) -> None:
    before = anybody.get("/login")
    assert before.headers["Strict-Transport-Security"] == "max-age=86400"
    assert "Let this device trust the box" in before.text
    answer = anybody.post("/trusted")
    assert answer.status_code == 204
    cookie = answer.headers["Set-Cookie"]
    for part in ("__Host-trusts=yes", "Max-Age=31536000", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert part in cookie
    after = anybody.get("/login")
    assert after.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Let this device trust the box" not in after.text


def test_no_other_site_makes_a_browser_insist(anybody: Staff) -> None:
    refused = anybody.ask(
        "POST", "/trusted", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    )
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers


def test_without_a_certificate_the_page_says_so(practice: Practice) -> None:
    answer = Staff(practice).get("/trust")
    assert answer.status_code >= 400
    assert "Traceback" not in answer.text


def test_every_picture_that_a_step_names_is_drawn() -> None:
    drawn = Path(trust.__file__).with_name("templates").joinpath("trust_pictures.html").read_text(encoding="utf-8")
    for guide in GUIDES:
        for step in guide.steps:
            assert not step.picture or f'name == "{step.picture}"' in drawn
