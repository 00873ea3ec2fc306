"""The list of 1,000 messages, over TLS from the real server: how long somebody waits for it."""

from __future__ import annotations

import http.client
import ssl
import tempfile
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path

from tests.bench.figures import Figure
from tests.web.practice import NAME, PASSWORD, Practice, Served

MESSAGES = 1000
LOOKS = 200
SOUND = b"\x10\x00" * 8000  # a second


def measure() -> list[Figure]:
    """Make the messages, log in, look."""
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as folder, Practice(Path(folder)) as practice:
        for count in range(MESSAGES):
            practice.leave(SOUND, f"555{count:07}", f"Caller {count}" if count % 3 else "")
        with Served(practice) as served:
            browser, other = _Browser(served.address), _Browser(served.address)
            for one in (browser, other):
                one.post("/login", name=NAME, password=PASSWORD)
            first = _seconds(lambda: browser.get("/"))
            looks = sorted(_seconds(lambda: browser.get("/")) for _ in range(LOOKS))
            pages = sorted(_seconds(lambda page=page: browser.get(f"/?page={page}")) for page in range(2, 21))  # type: ignore[misc] # a default binds it
            search = _seconds(lambda: other.post("/search", search="caller 99") + other.get("/"))
            pulses = sorted(_seconds(lambda: browser.get("/pulse")) for _ in range(LOOKS))
    return [
        _figure(f"list of {MESSAGES:,} messages, p95 of {LOOKS} looks", looks[int(LOOKS * 0.95)], "under 100 ms"),
        _figure(f"list of {MESSAGES:,} messages, first look after log-in", first, "under 500 ms"),
        _figure("another page of that list, opened for the first time, median", pages[len(pages) // 2], "under 500 ms"),
        _figure(f"first search of all {MESSAGES:,}, by name", search, "under 2,000 ms"),
        _figure("has anything changed? p95", pulses[int(LOOKS * 0.95)], "under 20 ms"),
    ]


class _Browser:
    """One kept connection, one cookie."""

    def __init__(self, address: str) -> None:
        where = urllib.parse.urlsplit(address)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._connection = http.client.HTTPSConnection(str(where.hostname), where.port, context=context)
        self._headers = {"Origin": address, "Sec-Fetch-Site": "same-origin"}

    def get(self, path: str) -> bytes:
        return self._ask("GET", path)

    def post(self, path: str, **form: str) -> bytes:
        return self._ask("POST", path, urllib.parse.urlencode(form).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        more = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        self._connection.request(method, path, body, self._headers | more)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in {200, 303}:
            raise RuntimeError(f"{method} {path} was answered with {answer.status}")
        if cookie := answer.headers["Set-Cookie"]:
            self._headers["Cookie"] = cookie.partition(";")[0]
        return content


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _figure(name: str, seconds: float, goal: str) -> Figure:
    return Figure(name, seconds * 1000, None, "ms", goal, "lower")
