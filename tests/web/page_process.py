"""The page as it runs on a box: `keepline web` as a process of its own beside a real control socket, and clients good and bad."""

from __future__ import annotations

import http.client
import re
import resource
import socket
import ssl
import subprocess
import time
import urllib.parse
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from appliance.access import certificates
from appliance.control.server import Server, own_users
from tests.rig import program
from tests.rig.program import START
from tests.web.practice import NAME, PASSWORD, Practice

SETTINGS = """
[store]
folder = "{folder}"
[page]
host = "127.0.0.1"
port = {port}
names = ["localhost", "127.0.0.1"]
[control]
path = "{folder}/control.sock"
[log]
level = "debug"
"""


class PageProcess:
    """Starts on entering, ends on leaving. It may not write one octet into any file: the kernel sees to that."""

    def __init__(self, practice: Practice, port: int | None = None, files: int | None = None) -> None:
        """`files`: how many it may have open at most."""
        self._limits = ["--fsize=0", *([f"--nofile={files}:{files}"] if files else [])]
        self.port = port or practice.settings.page.port
        self.folder = practice.folder
        self.tls = certificates.ensure(self.folder, ("localhost", "127.0.0.1"), time.time())
        self.log = self.folder / f"web-{self.port}.log"
        self._practice = practice
        self._parts = ExitStack()
        self._cookie = ""

    def __enter__(self) -> Self:
        # the log is a pipe, which has no size; a file that grew would end in EFBIG
        self.process = subprocess.Popen(
            ["prlimit", *self._limits, *self.command()], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self._parts.callback(self.end)
        self.trust = ssl.create_default_context(cafile=str(self.tls.ca_pem))
        try:
            self._wait()
        except BaseException:
            self._parts.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    def command(self) -> list[str]:
        """`keepline web` with the settings of this page."""
        settings = self.folder / f"keepline-{self.port}.toml"
        settings.write_text(SETTINGS.format(folder=self.folder, port=self.port), encoding="utf-8")
        return program.command(settings, "web")

    def logged_in(self) -> bool:
        """Is somebody logged in?"""
        return self.get("/pulse")[0] == 200

    def end(self) -> tuple[int, str]:
        """Tell it to end; its exit status and what it has logged."""
        if self.process.returncode is None:
            self.process.terminate()
        assert self.process.stderr
        said = "" if self.process.stderr.closed else self.process.stderr.read()
        self.process.stderr.close()
        return self.process.wait(START), said

    def connect(self) -> socket.socket:
        """A connection on which nothing was said yet."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=START)

    def secured(self) -> ssl.SSLSocket:
        """A connection after its handshake."""
        return self.trust.wrap_socket(self.connect(), server_hostname="localhost")

    def said(self, request: str) -> ssl.SSLSocket:
        """A connection on which `request`, or the beginning of one, was said."""
        connection = self.secured()
        connection.sendall(request.replace("\n", "\r\n").encode())
        return connection

    def hello(self) -> bytes:
        """What a browser says first."""
        coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
        with suppress(ssl.SSLWantReadError):
            self.trust.wrap_bio(coming, going, server_hostname="localhost").do_handshake()
        return going.read()

    def half_open(self, hello: bytes) -> socket.socket:
        """A connection whose handshake stops in the middle of the first word."""
        connection = self.connect()
        connection.sendall(hello[: len(hello) // 2])
        return connection

    def log_in(self) -> None:
        """As Ana."""
        form = urllib.parse.urlencode({"name": NAME, "password": PASSWORD})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        answer = self.ask("POST", "/login", form, headers)
        assert answer.status == 303, answer.status
        self._cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self._practice.agree(NAME)

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        """One request on a connection of its own, its answer read."""
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.trust, timeout=START)
        try:
            connection.request(method, path, body, {"Cookie": self._cookie} | (headers or {}))
            answer = connection.getresponse()
            answer.content = answer.read()  # type: ignore[attr-defined] # read while the connection is there
            return answer
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and body at `path`, as the person who is logged in."""
        answer = self.ask("GET", path, headers=headers)
        return answer.status, answer.content  # type: ignore[attr-defined] # put there by `ask`

    @property
    def cookie(self) -> str:
        """The cookie of the person who is logged in."""
        return self._cookie

    def resident(self) -> int:
        """MB in memory, of the process and of any child."""
        found = 0
        for pid in (self.process.pid, *self.children()):
            status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
            held = re.search(r"VmRSS:\s+(\d+) kB", status)
            found += int(held[1]) if held else 0
        return found // 1000

    def children(self) -> list[int]:
        """Processes that it started."""
        return [
            int(pid)
            for pid in subprocess.run(
                ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
            ).stdout.split()
        ]

    def _wait(self) -> None:
        deadline = time.monotonic() + START
        while True:
            try:
                self.secured().close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the page did not start: {self.end()}") from None
                time.sleep(0.05)


def control_of(practice: Practice) -> Server:
    """The daemon's socket with what the practice answers, not started yet."""
    return Server(practice.folder / "control.sock", own_users("", ""), practice._answers())


def still_open(connections: list[socket.socket]) -> int:
    """How many of these the page has not closed."""
    return sum(map(_is_open, connections))


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False


def allow_many_files(count: int) -> None:
    """This process needs that many connections."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert hard >= count, f"the machine allows only {hard} open files"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def wait_for(found: Callable[[], bool], within: float = START) -> None:
    """Until it is so."""
    deadline = time.monotonic() + within
    while not found():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
