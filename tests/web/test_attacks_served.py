"""Attacks on the page as it is served: raw words over TLS to the real server, where no browser and no framework stands between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from appliance.control.server import Server
from tests.rig.program import START
from tests.web.page_process import PageProcess, control_of
from tests.web.practice import NAME, Practice, babble

SAFE = "Sec-Fetch-Site: same-origin\r\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageProcess]:
    """One for all: none of these may hurt it. Ana is logged in, and one message is there."""
    with Practice(tmp_path_factory.mktemp("page")) as practice:
        practice.leave(babble(2), "5551234567", "Maria Lopez")
        control: Server = control_of(practice)
        control.start()
        with PageProcess(practice) as running:
            running.log_in()
            practice.agree(NAME)
            yield running
            assert running.logged_in(), "she still is, whatever was tried"
        control.stop()


def answer_to(page: PageProcess, words: str | bytes) -> bytes:
    """Everything that comes back until the server closes; where it was not asked to, until there are two seconds of nothing."""
    sent = words if isinstance(words, bytes) else words.encode("latin-1")
    with closing(page.secured()) as connection:
        connection.settimeout(START if b"Connection: close" in sent else 2)
        told = b""
        try:
            connection.sendall(sent)
            while piece := connection.recv(65_536):
                told += piece
        except (TimeoutError, OSError):
            pass
        return told


def statuses(told: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3})", told, re.MULTILINE)]


def refused(told: bytes) -> bool:
    """No answer at all, or each a refusal that shows nothing of the practice."""
    return all(status in {400, 404, 405, 408, 413, 414, 417, 421, 431, 501, 505} for status in statuses(told)) and (
        b"Maria" not in told and b"Elm Street" not in told
    )


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1\r\nHost: evil.example\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: localhost.evil.example:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "GET / HTTP/1.1\r\nHost: localhost:443\r\n",
        "GET / HTTP/1.1\r\nHost: localhost.:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: user@localhost:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: localhost:{port}@evil.example\r\n",
        "GET / HTTP/1.1\r\nHost: localhost:{port}, evil.example\r\n",
        "GET / HTTP/1.1\r\nHost: localhost:{port}/../\r\n",
        "GET / HTTP/1.1\r\nHost: 2130706433:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: 0x7f.1:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: [::ffff:127.0.0.1]:{port}\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n",
        "GET / HTTP/1.1\r\nX: no host\r\n",
        "GET / HTTP/1.0\r\nX: no host\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.example\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost:{port}\r\n",
        "GET / HTTP/1.1\r\nHost: evil.example\r\nForwarded: host=localhost:{port}\r\n",
        "GET https://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n",
        "GET http://localhost:{port}@evil.example/ HTTP/1.1\r\nHost: evil.example\r\n",
    ],
)
def test_under_a_foreign_name_not_even_somebody_with_the_cookie_is_answered(page: PageProcess, head: str) -> None:
    """A name that was rebound to this address brings its own Host; an address that is not the box's name is no better."""
    told = answer_to(page, head.format(port=page.port) + f"Cookie: {page.cookie}\r\nConnection: close\r\n\r\n")
    assert refused(told), told[:300]


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "http://evil.example:80/", "//evil.example/", "https://localhost:1/"]
)
def test_a_target_with_another_authority_never_makes_an_address_of_ours_foreign(page: PageProcess, target: str) -> None:
    """RFC 9112 §3.2.2: whichever of the two counts, nothing that comes back may point elsewhere."""
    told = answer_to(page, f"GET {target} HTTP/1.1\r\nHost: localhost:{page.port}\r\nConnection: close\r\n\r\n")
    assert not re.search(rb'(?:href|src|action|data-part)="[^"]*evil', told)
    assert not re.search(rb"(?im)^location: (?!/[^/])", told), told[:300]


@pytest.mark.parametrize(
    "request_",
    [
        "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\n12345GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: +5\r\n\r\n12345",
        "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0x5\r\n\r\n12345",
        "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "POST /login HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\n folded: header\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : {host}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nX: a\x00b\r\n\r\n",
        "GET /\x00 HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: {host}\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "G\xc9T / HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "\r\n\r\n\r\n\x16\x03\x01",
    ],
)
def test_what_two_programs_could_read_in_two_ways_is_read_in_none(page: PageProcess, request_: str) -> None:
    told = answer_to(page, request_.format(host=f"localhost:{page.port}"))
    assert b"smuggled" not in told
    assert len(statuses(told)) <= 1, told[:500]
    assert not any(status >= 500 and status not in {501, 505} for status in statuses(told)), told[:300]
    assert b"Maria" not in told


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "PUT", "DELETE", "PATCH", "X" * 500])
def test_other_methods_give_nothing_back(page: PageProcess, method: str) -> None:
    told = answer_to(
        page,
        f"{method} / HTTP/1.1\r\nHost: localhost:{page.port}\r\nCookie: {page.cookie}\r\nX-Secret: echo-me\r\n{SAFE}Connection: close\r\n\r\n",
    )
    assert b"echo-me" not in told, "TRACE would hand a script the cookie"
    assert b"Maria" not in told
    assert all(status < 500 or status == 501 for status in statuses(told)), told[:200]


def test_a_method_in_small_letters_is_judged_as_what_it_is_taken_for(page: PageProcess) -> None:
    """The server makes them capital before the page looks: a forged `post` is a forged form."""
    told = answer_to(
        page,
        f"post /logout HTTP/1.1\r\nHost: localhost:{page.port}\r\nCookie: {page.cookie}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    )
    assert statuses(told) in ([403], [400], [405], [501])
    assert page.logged_in()


@pytest.mark.parametrize(
    "path",
    [
        "/../../../etc/passwd",
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/appliance/settings.py",
        "/static//etc/passwd",
        "/.git/config",
        "/tls/ca-key.pem",
        "/messages/..%2f..%2fkeys%2fpractice.age/content",
        "/%c0%ae%c0%ae/etc/passwd",
        "/login%0d%0aSet-Cookie:%20stolen=1",
        "/login?why=%0d%0aSet-Cookie:%20stolen=1",
        "/" + "a" * 20_000,
        "/?" + "&".join(f"a{count}=1" for count in range(4000)),
    ],
)
def test_no_path_leads_out_of_the_page(page: PageProcess, path: str) -> None:
    told = answer_to(
        page,
        f"GET {path} HTTP/1.1\r\nHost: localhost:{page.port}\r\nCookie: {page.cookie}\r\nConnection: close\r\n\r\n",
    )
    head = told.partition(b"\r\n\r\n")[0].lower()
    assert b"stolen" not in head
    assert not re.search(rb"root:|PRIVATE KEY|age-encryption|\[core\]", told)
    assert all(status < 500 for status in statuses(told)), told[:200]


def test_a_thousand_headers_or_a_huge_one_are_refused_and_cost_nobody_else(page: PageProcess) -> None:
    host = f"Host: localhost:{page.port}\r\n"
    for more in (
        "".join(f"X-{count}: y\r\n" for count in range(1000)),
        f"X: {'y' * 100_000}\r\n",
        f"Cookie: {'a=b; ' * 5000}\r\n",
    ):
        told = answer_to(page, f"GET /login HTTP/1.1\r\n{host}{more}Connection: close\r\n\r\n")
        assert all(status in {200, 400, 413, 431} for status in statuses(told)), told[:200]
    assert page.logged_in()


def test_headers_that_proxies_set_change_nothing(page: PageProcess) -> None:
    """Nobody may choose their own address: delays after wrong passwords go by it."""
    told = b""
    for number in range(
        1, 10
    ):  # each time another address and name; that it waits two seconds, then four, shows on any machine
        lies = "".join(
            f"{name}: {value}\r\n"
            for name, value in (
                ("X-Forwarded-For", f"203.0.113.{number}"),
                ("X-Real-IP", f"203.0.113.{number}"),
                ("Forwarded", f"for=203.0.113.{number};proto=http;host=evil.example"),
                ("X-Forwarded-Proto", "http"),
                ("X-Forwarded-Prefix", "//evil.example"),
                ("X-Original-URL", "/messages"),
                ("X_Forwarded_For", f"203.0.113.{number}"),
            )
        )
        body = f"name=somebody{number}&password=not+the+password"
        form = (
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        )
        told = answer_to(page, f"POST /login HTTP/1.1\r\nHost: localhost:{page.port}\r\n{SAFE}{lies}{form}\r\n{body}")
        assert statuses(told) == [401]
        assert b"evil.example" not in told
        if b"Wait" in told:
            break
    assert b"Wait" in told, "they are told to wait, whatever address they claim"
