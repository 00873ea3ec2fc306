"""Deny by default: nobody gets anything that its route does not allow, whatever is sent."""

from __future__ import annotations

import logging
import re
import tempfile
from typing import Any

import pytest
from flask import Flask

from tests.web.practice import TECHNICIAN, TECHNICIAN_PASSWORD, Practice, babble
from tests.web.roles import PUBLIC
from tests.web.staff import OWN, Staff
from web import guard
from web.guard import UndeclaredRouteError

SOME_ID = "0" * 32


def requests_of(app: Flask) -> list[tuple[str, str, str]]:
    """Rule, method and an address for everything that can be asked."""
    return [
        (rule.rule, method, re.sub(r"<[a-z:]+>", SOME_ID, rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or set())
        if method != "OPTIONS"
    ]


def test_a_route_that_does_not_say_who_may_use_it_stops_the_page_from_being_made(practice: Practice) -> None:
    app = Flask("forgetful")
    app.add_url_rule("/secret", view_func=lambda: "everything")
    with pytest.raises(UndeclaredRouteError, match="/secret"):
        guard.stand_before(app, practice.settings.page, ())


def test_without_a_session_nothing_but_the_door_opens(practice: Practice) -> None:
    stranger = Staff(practice)
    for rule, method, path in requests_of(practice.app()):
        answer = stranger.ask(method, path, headers=OWN)
        if rule in PUBLIC:
            continue
        if method == "GET":
            assert (answer.status_code, answer.headers["Location"]) == (303, "/login"), rule
        else:
            assert answer.status_code == 401, f"{method} {rule}"


def test_a_technician_sees_how_the_box_is_and_never_a_message(practice: Practice) -> None:
    practice.add_technician()
    id = practice.leave(babble(1), "5551234567", "Maria Lopez")
    toni = Staff(practice).log_in(TECHNICIAN, TECHNICIAN_PASSWORD)
    assert toni.get(f"/messages/{id}").status_code == 403
    page = toni.get("/status")
    assert page.status_code == 200
    assert "Messages</span>" not in page.text
    assert toni.pulse()["list"] == ""


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "localhost:1", "keepline.local", "127.0.0.1.evil.example", "10.0.0.1", ""]
)
def test_a_foreign_name_is_misdirected(practice: Practice, host: str) -> None:
    answer = Staff(practice).ask("GET", "/login", headers={"Host": host})
    assert answer.status_code in {400, 421}
    assert "Elm Street" not in answer.text


def test_each_name_of_the_box_is_answered(practice: Practice) -> None:
    port = practice.settings.page.port
    for name in ("localhost", "LOCALHOST", "127.0.0.1"):
        assert Staff(practice).ask("GET", "/login", base_url=f"https://{name}:{port}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "OWN"},
        {"Origin": "http://OWN"},
    ],
)
def test_another_site_can_do_nothing(practice: Practice, ana: Staff, headers: dict[str, str]) -> None:
    id = practice.leave(babble(1))
    sent = {
        name: value.replace("http://OWN", ana.base.replace("https", "http")).replace("OWN", ana.base)
        for name, value in headers.items()
    }
    assert ana.ask("POST", f"/messages/{id}/erase", headers=sent).status_code == 403
    assert practice.inbox.list()[0].state == "new"


def test_an_older_browser_is_known_by_its_origin(practice: Practice, ana: Staff) -> None:
    id = practice.leave(babble(1))
    assert ana.ask("POST", f"/messages/{id}/erase", headers={"Origin": ana.base}).status_code == 303


def test_another_site_can_show_nothing_but_may_link_here(practice: Practice, ana: Staff) -> None:
    id = practice.leave(babble(1))
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert ana.ask("GET", f"/messages/{id}/content", headers=foreign).status_code == 403
    assert (
        ana.ask("GET", "/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code == 200
    )


@pytest.mark.parametrize("path", ["/login", "/", "/status", "/pulse", "/nowhere", "/messages/zzz", "/parts/list"])
def test_every_answer_is_dressed(ana: Staff, path: str) -> None:
    headers = ana.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=86400"
    assert "microphone=()" in headers["Permissions-Policy"]


def test_the_cookie_goes_nowhere_else(practice: Practice) -> None:
    answer = Staff(practice).post("/login", name="ana", password="lantern copper river seven")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-keepline=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_too_much_is_refused_and_never_spooled(ana: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", refuse)
    assert ana.post("/search", search="x" * 20_000).status_code == 413
    upload = (
        b'--b\r\nContent-Disposition: form-data; name="search"; filename="x"\r\n\r\n' + b"x" * 6000 + b"\r\n--b--\r\n"
    )
    answer = ana.ask("POST", "/search", headers=OWN, data=upload, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 303


def test_no_address_and_no_log_line_tells_who_called(
    practice: Practice, ana: Staff, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    id = practice.leave(babble(1), "5551234567", "Maria Lopez")
    pages = [
        ana.get(path)
        for path in ("/", f"/messages/{id}", f"/messages/{id}/content", f"/messages/{id}/wave.svg", "/status", "/pulse")
    ]
    pages += [ana.post("/search", search="Maria"), ana.post(f"/messages/{id}/erase"), ana.get("/")]
    addresses = [
        address
        for page in pages
        if page.mimetype == "text/html"
        for address in re.findall(r'(?:href|src|action|data-part)="([^"]*)"', page.text)
    ]
    addresses += [page.headers.get("Location", "") for page in pages]
    assert len(addresses) > 20
    for told in (*addresses, caplog.text):
        assert not re.search(r"5551234567|1234567|Maria|Lopez|\(555\)", told)
