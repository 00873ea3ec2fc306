"""No client, however slow, holds a thread of the page; whatever is wrong with a request ends in an answer. No network: an ASGI server is played by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from web import requests
from web.gateway import BITE, LARGEST_BODY, PIECE, THREADS, WAITING, Gateway, environ
from web.server import CONNECTIONS

SCOPE: dict[str, Any] = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "scheme": "https",
    "path": "/login",
    "query_string": b"",
    "headers": [],
    "client": ("192.168.1.20", 50000),
    "server": ("192.168.1.5", 443),
}


class Network:
    """An ASGI server and the client behind it: says `parts`, then nothing; takes `takes` bites, then nothing."""

    def __init__(self, *parts: dict[str, Any], takes: int = 1_000_000) -> None:
        self._parts = list(parts) or [{"type": "http.request", "body": b"", "more_body": False}]
        self._takes = takes
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if not self._parts:
            await asyncio.Event().wait()
        return self._parts.pop(0)

    async def send(self, message: Any) -> None:
        if len(self.sent) > self._takes:
            await asyncio.Event().wait()
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def ended(self) -> bool:
        return self.sent[-1].get("more_body") is False


class Said:
    """An answer that notes how much of it was fetched and that it was closed."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self.fetched = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            self.fetched += 1
            yield part

    def close(self) -> None:
        self.closed = True


def page(answer: Iterable[bytes], seen: list[WSGIEnvironment] | None = None) -> WSGIApplication:
    def application(given: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if seen is not None:
            seen.append(given)
        start("200 OK", [("Content-Type", "text/plain")])
        return answer

    return application


def ask(application: WSGIApplication, network: Network, scope: dict[str, Any] | None = None, **patience: float) -> None:
    async def one() -> None:
        front = Gateway(application, **patience)
        await front(SCOPE | (scope or {}), network.receive, network.send)
        front.close()

    asyncio.run(asyncio.wait_for(one(), 60))


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize("size", [0, 1, BITE - 1, BITE, BITE + 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
@pytest.mark.parametrize("parts", [1, 3])
def test_an_answer_arrives_whole_and_in_order(size: int, parts: int) -> None:
    content = bytes(itertools.islice(itertools.cycle(range(251)), size))
    step = size // parts + 1
    network, answer = Network(), Said(content[start : start + step] for start in range(0, size, step))
    ask(page(answer), network)
    assert (network.status, network.body, network.ended) == (200, content, True)
    assert answer.closed
    assert network.headers == {b"content-type": b"text/plain", b"server": b"keepline"}
    assert max(len(message["body"]) for message in network.sent[1:]) <= BITE


def test_a_request_body_reaches_the_page_whole() -> None:
    seen: list[WSGIEnvironment] = []
    ask(page([b"ok"], seen), Network(part(b"name="), part(b"an"), part(b"a", more=False)))
    assert seen[0]["wsgi.input"].read() == b"name=ana"
    assert seen[0]["CONTENT_LENGTH"] == "8"


def test_a_body_that_trickles_is_given_up_and_never_reaches_the_page() -> None:
    seen: list[WSGIEnvironment] = []
    network = Network(part(b"na"), part(b"me"))
    ask(page([b"ok"], seen), network, body_patience=0.01)
    assert (network.status, network.headers[b"connection"], seen) == (408, b"close", [])


@pytest.mark.parametrize("claim", [str(LARGEST_BODY + 1), "9" * 30, "-1", "1e3", ""])
def test_a_body_that_claims_too_much_is_refused_unread(claim: str) -> None:
    network = Network(part(b"x"))
    ask(page([b"ok"]), network, {"headers": [(b"content-length", claim.encode())]})
    assert network.status == 413


def test_bodies_that_every_connection_sends_at_once_fit_the_memory() -> None:
    assert requests.LARGEST_BODY < LARGEST_BODY
    assert CONNECTIONS * LARGEST_BODY <= 64 << 20


def test_a_body_that_grows_too_large_is_refused() -> None:
    network = Network(*[part(bytes(LARGEST_BODY // 4)) for _ in range(5)])
    ask(page([b"ok"]), network)
    assert network.status == 413


def test_a_client_that_fetches_nothing_is_given_up_and_the_answer_closed() -> None:
    network, answer = Network(takes=3), Said(itertools.repeat(bytes(PIECE)))
    ask(page(answer), network, bite_patience=0.01)
    assert answer.closed
    assert answer.fetched <= 3  # no more was opened than could be on its way
    assert not network.ended


def test_nothing_more_is_opened_for_a_client_that_has_gone() -> None:
    gone = {"type": "http.disconnect"}
    network, answer = Network(part(b"", more=False), gone), Said(bytes(PIECE) for _ in range(1000))
    ask(page(answer), network)
    assert answer.closed
    assert answer.fetched < 5


def test_a_page_that_fails_says_500_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    def application(given: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        raise ValueError("3125550143")

    network = Network()
    ask(application, network)
    assert (network.status, network.body) == (500, b"")
    assert [record.getMessage() for record in caplog.records] == ["gateway.failed"]


def test_an_answer_that_fails_half_way_is_cut_and_closed() -> None:
    def parts() -> Iterator[bytes]:
        yield bytes(PIECE)
        raise ValueError("damaged")

    network, answer = Network(), Said(parts())
    ask(page(answer), network)
    assert answer.closed
    assert not network.ended


def test_too_many_at_once_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = [Network() for _ in range(THREADS + WAITING + 7)]

    async def all_at_once() -> None:
        asking = asyncio.Event()
        entered = 0

        def application(given: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            start("200 OK", [])
            return [b"ok"]

        front = Gateway(application)
        on_a_thread: Callable[..., Awaitable[Any]] = front._on_a_thread

        async def later(*work: Any) -> Any:
            nonlocal entered
            entered += 1
            if entered == THREADS + WAITING:
                asking.set()
            await asking.wait()
            return await on_a_thread(*work)

        monkeypatch.setattr(front, "_on_a_thread", later)
        await asyncio.gather(*(front(SCOPE, network.receive, network.send) for network in networks))
        front.close()

    asyncio.run(asyncio.wait_for(all_at_once(), 60))
    statuses = [network.status for network in networks]
    assert (statuses.count(200), statuses.count(503)) == (THREADS + WAITING, 7)
    assert {network.headers[b"retry-after"] for network in networks if network.status == 503} == {b"5"}


def test_what_is_no_request_is_let_go() -> None:
    network = Network()
    ask(page([b"ok"]), network, {"type": "websocket"})
    assert network.sent == []


def test_a_request_is_told_as_wsgi_has_it() -> None:
    headers = [
        (b"host", b"keepline.local"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"accept", b"text/html"),
        (b"accept", b"image/*"),
        (b"content-type", b"text/plain"),
        (b"content-length", b"999"),
        (b"x_forwarded_for", b"1.2.3.4"),
    ]
    given = environ(SCOPE | {"path": "/caf\u00e9", "query_string": b"page=2", "headers": headers}, b"body")
    names = ("PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
    assert [given[name] for name in names] == [
        "/caf\u00c3\u00a9",
        "page=2",
        "192.168.1.20",
        "192.168.1.5",
        "443",
        "https",
    ]
    assert {name: value for name, value in given.items() if name.startswith(("HTTP_", "CONTENT_"))} == {
        "HTTP_HOST": "keepline.local",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_ACCEPT": "text/html,image/*",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "4",
    }
