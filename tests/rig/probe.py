"""The least that can take a call in the daemon's place: FastAGI and AudioSocket in a few lines, so that the rig is tested on its own."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from tests.rig.line import PhoneCompany

HANG_UP, UUID, DIGIT, SOUND = 0x00, 0x01, 0x03, 0x10  # kinds of AudioSocket frames
FRAME = 320  # octets in 20 ms


class Probe:
    """Answers, says `greeting`, hangs up then if it `ends_calls`, otherwise keeps what it hears until the caller hangs up."""

    def __init__(self, greeting: bytes = b"", ends_calls: bool = False) -> None:
        self.greeting = greeting
        self.ends_calls = ends_calls
        self.calls: list[dict[str, str]] = []  # the AGI variables of each call
        self.heard: dict[str, bytearray] = {}  # by caller's number
        self.keys = ""
        self.hung_up = threading.Event()
        self._callers: dict[str, str] = {}
        self._agi = _Server(self._take_call)
        self._audio = _Server(self._take_sound)

    @property
    def port(self) -> int:
        return self._agi.port

    def __enter__(self) -> Self:
        for server in (self._agi, self._audio):
            threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in (self._agi, self._audio):
            server.shutdown()
            server.server_close()

    def _take_call(self, connection: socket.socket) -> None:
        with connection.makefile("rw", encoding="utf-8", newline="\n") as agi:
            call = dict(line.strip("\n").split(": ", 1) for line in iter(agi.readline, "\n"))
            self.calls.append(call)
            name = str(uuid.uuid4())
            self._callers[name] = call["agi_callerid"]
            for command in ("ANSWER", f"EXEC AudioSocket {name},127.0.0.1:{self._audio.port}"):
                agi.write(command + "\n")
                agi.flush()
                agi.readline()

    def _take_sound(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as frames, contextlib.suppress(ConnectionResetError):
            while len(head := frames.read(3)) == 3:
                kind, size = struct.unpack(">BH", head)
                content = frames.read(size)
                if kind == UUID:
                    heard = self.heard.setdefault(self._callers[str(uuid.UUID(bytes=content))], bytearray())
                    threading.Thread(target=self._greet, args=(connection,)).start()
                elif kind == SOUND:
                    heard += content
                elif kind == DIGIT:
                    self.keys += content.decode()
        self.hung_up.set()

    def _greet(self, connection: socket.socket) -> None:
        due = time.monotonic()
        with contextlib.suppress(OSError):  # the caller may hang up while we speak
            for start in range(0, len(self.greeting), FRAME):
                part = self.greeting[start : start + FRAME].ljust(FRAME, b"\0")
                connection.sendall(struct.pack(">BH", SOUND, FRAME) + part)
                due += 0.02
                time.sleep(max(0.0, due - time.monotonic()))
            if self.ends_calls:
                connection.sendall(struct.pack(">BH", HANG_UP, 0))


@contextmanager
def answered_by(probe: Probe, company: PhoneCompany) -> Iterator[Probe]:
    """The box's calls go to this probe."""
    with probe:
        company.hand_calls_to("127.0.0.1", probe.port)
        yield probe


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128  # or thirty callers at once wait a second for TCP to ask again
    block_on_close = False

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self._serve = serve
        self.port: int = self.socket.getsockname()[1]

    def finish_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._serve(request)
