"""Attacks on every route that there is: the application's own table says which, so that a new one is attacked from its first day."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from appliance.messages import Envelope
from tests.web.faxes import leave_fax, letter
from tests.web.practice import PASSWORD, Practice, babble
from tests.web.roles import Question, add_everybody, offered, questions
from tests.web.staff import OWN, Staff
from web import guard

FORGED: tuple[dict[str, str], ...] = (  # what another site's page, or a sandboxed frame, can make a browser send
    {},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://localhost:1"},
    {"Origin": "https://localhost.evil.example"},
    {"Referer": "OWN/"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "SAME-ORIGIN, cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "OWN"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"X-HTTP-Method-Override": "POST"},
)
OWN_COOKIES = frozenset({"/trusted"})  # says that this browser trusts the box, and nothing of anybody
NASTY = (  # for every part of an address that a browser fills in
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fetc%252fpasswd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "%00",
    "a%00.png",
    "%0d%0aSet-Cookie:%20stolen=1",
    "%E5%98%8D%E5%98%8ASet-Cookie:%20stolen=1",
    "<script>alert(1)</script>",
    "'%20OR%20'1'='1",
    "'; DROP TABLE messages; --",
    "{{7*7}}",
    "${7*7}",
    "%ff%fe",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp",
    "9" * 400,
    "-1",
    "0",
    "1e9",
    "\N{SUPERSCRIPT TWO}",
    "a" * 5000,
    ".",
    "..",
    "CON",
    "index.db",
    "ca-key.pem",
)
METHODS = (
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "MKCOL",
    "POST",
    "\N{LATIN SMALL LETTER E WITH ACUTE}",
)
DOORS = {"/login", "/logout", "/language"}  # may set a cookie
FORMLESS = {
    "/login/passkey/question",
    "/record/verify",
    "/record/record.csv",
    "/record/record.json",
}  # whatever is sent is not looked at
OUT = {"/logout", "/lock"}  # and end the session


@pytest.fixture
def app(practice: Practice) -> Flask:
    add_everybody(practice)
    return practice.app()


@pytest.fixture
def boss(practice: Practice, app: Flask) -> Staff:
    """Ana, an admin: whoever attacks her browser attacks everything."""
    return Staff(practice, app).log_in()


@pytest.fixture
def voicemail(practice: Practice) -> str:
    return practice.leave(babble(1), "5551234567", "Maria Lopez", at=practice.clock.now() - 60)


def parts(id: str) -> dict[str, str]:
    """What stands in addresses of things that are there."""
    return {"id": id, "name": "sam", "number": "1", "version": "x", "language": "en"}


def asked(app: Flask) -> Iterator[Question]:
    yield from (question for question in questions(app) if question.method != "HEAD")


def state_of(folder: Path) -> str:
    """Everything that the box keeps, in a word. What SQLite keeps beside the index changes by being read."""
    kept = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.endswith(("-shm", "-wal"))]
    return hashlib.sha256(b"".join(str(file).encode() + file.read_bytes() for file in kept)).hexdigest()


def test_no_form_of_another_site_does_anything(practice: Practice, app: Flask, boss: Staff, voicemail: str) -> None:
    practice.clock.wall += 1
    before = state_of(practice.folder)
    for question in asked(app):
        if question.method != "POST":
            continue
        for headers in FORGED:
            sent = {name: value.replace("OWN", boss.base) for name, value in headers.items()}
            answer = boss.ask("POST", question.path(**parts(voicemail)), headers=sent, data={"name": "sam"})
            assert answer.status_code == 403, f"{question.rule} {headers}"
            assert "Set-Cookie" not in answer.headers
    assert state_of(practice.folder) == before


def test_nothing_is_done_by_a_get_whatever_is_claimed_about_it(
    practice: Practice, app: Flask, boss: Staff, voicemail: str
) -> None:
    """An image's address, a link: what SameSite cookies and the checks on forms do not stop."""
    rows = practice.inbox.list()
    for question in asked(app):
        if question.method == "GET":
            path = question.path(**parts(voicemail))
            boss.get(path, X_HTTP_Method_Override="POST")
            boss.get(f"{path}?_method=POST&heard=yes&name=sam")
    assert practice.inbox.list() == rows
    assert boss.get("/people").status_code == 200  # nobody was logged off, or removed


def test_every_answer_of_every_route_is_dressed_and_kept_nowhere(
    app: Flask, practice: Practice, voicemail: str
) -> None:
    """For somebody who is logged in, for a stranger, for a wrong method, for a refused form: no frame, no cache, no cookie but at the door."""
    boss, stranger = Staff(practice, app).log_in(), Staff(practice, app)
    for question in questions(app):
        if question.rule in DOORS:
            continue
        path = question.path(**parts(voicemail))
        answers = [who.ask(question.method, path, headers=sent) for who in (boss, stranger) for sent in (OWN, {})]
        answers += [boss.ask("PUT", path, headers=OWN), boss.ask("OPTIONS", path)]
        for answer in answers:
            found = answer.headers
            where = f"{question.method} {question.rule}: {answer.status_code}"
            for name, value in guard.HEADERS.items():
                if name not in {"Content-Security-Policy", "Strict-Transport-Security"}:
                    assert found[name] == value, where
            assert found["Content-Security-Policy"].startswith("default-src 'none'; "), where
            assert "unsafe" not in found["Content-Security-Policy"], where
            assert re.match(r"max-age=\d{5,}$", found["Strict-Transport-Security"]), where
            assert found["Cache-Control"] == "no-store", where
            assert "Set-Cookie" not in found or question.rule in OWN_COOKIES, where
            assert "Access-Control-Allow-Origin" not in found, where
            assert answer.status_code < 500, where


def test_only_pages_may_be_pages(app: Flask, boss: Staff, voicemail: str) -> None:
    """Whatever holds what a caller sent is never taken for a page: its kind is said, and the browser may not guess."""
    kinds = {
        "text/html",
        "text/plain",
        "text/css",
        "text/csv",
        "text/javascript",
        "image/svg+xml",
        "image/png",
        "application/json",
    }
    kinds |= {"audio/wav", "image/tiff", "application/pdf", "application/vnd.cyclonedx+json", "application/zip"}
    for question in asked(app):
        answer = boss.ask(question.method, question.path(**parts(voicemail)), headers=OWN)
        assert answer.mimetype in kinds or answer.status_code in {204, 303}, f"{question.rule}: {answer.mimetype}"


def test_no_part_of_an_address_leads_anywhere_else(app: Flask, boss: Staff, voicemail: str) -> None:
    for question, nasty in itertools.product(asked(app), NASTY):
        for part in re.findall(r"<(?:[a-z]+:)?([a-z_]+)>", question.rule):
            given = parts(voicemail) | {part: nasty if "%" in nasty else quote(nasty, safe="/")}
            answer = boss.ask(question.method, question.path(**given), headers=OWN)
            where = f"{question.method} {question.rule} with {part}={nasty[:40]}"
            assert answer.status_code in {400, 401, 403, 404, 405, 303, 308, 410, 422}, f"{where}: {answer.status_code}"
            assert "stolen" not in str(answer.headers), where
            assert "Location" not in answer.headers or answer.headers["Location"].startswith("/"), where
            assert "//" not in answer.headers.get("Location", ""), where
            told = answer.get_data()
            assert b"root:" not in told, where
            assert b"<script>alert" not in told, where
            assert b"PRIVATE KEY" not in told, where


def test_no_query_breaks_a_page_or_comes_back(app: Flask, boss: Staff, voicemail: str) -> None:
    names = ("page", "why", "width", "turn", "next", "act", "who", "since", "day")
    for question, nasty in itertools.product(asked(app), NASTY):
        if question.method == "GET":
            query = "&".join(f"{name}={nasty}" for name in names)
            answer = boss.get(f"{question.path(**parts(voicemail))}?{query}")
            where = f"{question.rule} {nasty}"
            assert answer.status_code < 500, where
            assert b"<script>alert" not in answer.get_data(), where
            assert "stolen" not in str(answer.headers), where


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_a_route_does_not_know_does_nothing(
    practice: Practice, app: Flask, boss: Staff, voicemail: str, method: str
) -> None:
    rows = practice.inbox.list()
    known: dict[str, set[str]] = {}
    for question in questions(app):
        known.setdefault(question.rule, set()).add(question.method)
    for question in asked(app):
        if method not in known[question.rule]:
            answer = boss.ask(method, question.path(**parts(voicemail)), headers=OWN)
            assert answer.status_code in {404, 405}, f"{method} {question.rule}: {answer.status_code}"
    assert practice.inbox.list() == rows


@pytest.mark.parametrize(
    "asked_for",
    [
        "bytes=0-" + "9" * 400,
        "bytes=" + ",".join(f"{at}-{at + 1}" for at in range(2000)),
        "bytes=0-,0-,0-,0-",
        "bytes=-" + "9" * 18,
        "bytes=-0",
        "bytes=-1-5",
        "bytes=5-1",
        "bytes=99999999999-",
        "bytes=0x10-0x20",
        "bytes=\N{ARABIC-INDIC DIGIT ONE}-2",
        "bytes=1-2;q=1",
        "octets=0-1",
        "bytes",
        "=",
        "bytes=0-0\tbytes=1-1",
    ],
)
def test_no_range_gets_more_than_there_is_nor_the_same_twice(
    practice: Practice, boss: Staff, voicemail: str, asked_for: str
) -> None:
    fax = leave_fax(practice, [letter(1)], Envelope(sender_id="Lab"))
    for path in (f"/messages/{voicemail}/content", f"/messages/{fax}/fax.tiff"):
        whole = boss.ask("GET", path).get_data()
        answer = boss.ask("GET", path, headers={"Range": asked_for.encode("utf-8").decode("latin-1")})
        assert answer.status_code in {200, 206, 416}, path
        told = answer.get_data()
        assert len(told) <= len(whole)
        assert answer.status_code == 416 or told in whole
        assert "multipart" not in (answer.mimetype or "")


@pytest.mark.parametrize("size", [8 * 1024 + 1, 100_000])
def test_no_form_takes_more_than_a_form_holds(app: Flask, boss: Staff, voicemail: str, size: int) -> None:
    for question in asked(app):
        if question.method == "POST" and question.rule not in OUT | {"/policy/text/<language>"}:
            path, form = question.path(**parts(voicemail)), {"name": "x" * size, "why": "x" * size}
            answer = boss.ask("POST", path, headers=OWN, data=form)
            if answer.status_code not in {413, 204, 303, 400, 401, 403, 404, 405}:
                assert question.rule in FORMLESS, f"{question.rule}: {answer.status_code}"
            assert b"x" * 2000 not in answer.get_data(), question.rule


def test_a_thousand_fields_or_files_are_no_form(app: Flask, boss: Staff, voicemail: str) -> None:
    many = "&".join(f"f{number}=1" for number in range(1000))
    part = "--b\r\nContent-Disposition: form-data; name=f; filename=../../x\r\n\r\nx\r\n"
    for question in asked(app):
        if question.method == "POST" and question.rule not in OUT:
            path = question.path(**parts(voicemail))
            for kind, body in (
                ("application/x-www-form-urlencoded", many),
                ("multipart/form-data; boundary=b", part * 60 + "--b--\r\n"),
                ("multipart/form-data; boundary=", "x"),
                ("multipart/form-data; boundary=b", "--b\r\n" + "A: b\r\n" * 500),
                ("application/json", '{"name": {"$ne": ""}}'),
                ("text/xml", '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'),
            ):
                answer = boss.ask("POST", path, headers=OWN, data=body, content_type=kind)
                assert answer.status_code < 500, f"{question.rule} {kind}: {answer.status_code}"
                assert b"root:" not in answer.get_data()


def test_no_address_on_any_page_tells_anything_private(
    practice: Practice, app: Flask, boss: Staff, voicemail: str
) -> None:
    leave_fax(practice, [letter(1)], Envelope(caller_number="5559876543", sender_id="RIVERSIDE LAB"))
    boss.post("/search", search="Lopez")
    seen = list(offered(app, boss))
    assert len({path for _, path, _ in seen}) > 15
    told = re.compile(r"5551234567|5559876543|1234567|maria|lopez|riverside|lantern", re.IGNORECASE)
    assert PASSWORD.startswith("lantern")
    for page, path, _ in seen:
        assert not told.search(path), f"{path} on {page}"


def test_a_stranger_hears_no_name_of_the_practice_and_no_version(app: Flask, practice: Practice) -> None:
    stranger = Staff(practice, app)
    for question in asked(app):
        answer = stranger.ask(question.method, question.path(), headers=OWN)
        told = answer.get_data(as_text=True) + str(answer.headers) if not question.rule.startswith("/static") else ""
        assert not re.search(r"werkzeug|flask|granian|python/|traceback", told, re.IGNORECASE), question.rule


@pytest.mark.parametrize(
    "nasty",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/login\r\nSet-Cookie: stolen=1",
    ],
)
def test_the_way_back_never_leads_to_another_site(boss: Staff, nasty: str) -> None:
    """A form that says where to go on: only to a page of this box."""
    for field in ("back", "next", "then", "to", "return"):
        answer = boss.ask("POST", "/language", headers=OWN, data={"language": "es", field: nasty})
        target = answer.headers.get("Location", "/")
        assert re.match(r"/(?![/\\\s])[^\r\n]*$", target), f"{field}={nasty}: {target}"
        assert "stolen" not in str(answer.headers)
