"""The daemon's side of the control socket: who may ask for what, told by the kernel, answered one line at a time."""

from __future__ import annotations

import json
import os
import queue
import socket
import socketserver
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance import logs
from appliance.control.values import MAY_ASK, Event, Peer, Verb, pack
from appliance.errors import AccessError, ControlError, KeeplineError

log = logs.get(__name__)

LONGEST_LINE: Final = 64 * 1024  # octets
MOST_CONNECTIONS: Final = 64
MOST_OF_ONE: Final = (
    20  # of one user, so that none keeps the others out; the page's threads and its subscription are 17
)
PATIENCE: Final = 10.0  # s for a whole request to come, or for an answer to be taken
HEARTBEAT: Final = 5.0  # s between the empty lines that tell a subscriber's absence

Answer = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Users:
    """The users that speak to the daemon, as uids."""

    owner: int
    page: int
    console: int

    def peers(self, uid: int) -> frozenset[Peer]:
        """Every part that `uid` plays; root and the daemon's own user play the owner."""
        parts = {Peer.PAGE: self.page, Peer.CONSOLE: self.console, Peer.OWNER: self.owner}
        return frozenset(peer for peer, user in parts.items() if uid == user or (uid == 0 and peer is Peer.OWNER))


class Server:
    """Serves `answers` (a function for each verb) at `path` until stopped."""

    def __init__(self, path: Path, users: Users, answers: Mapping[Verb, Answer]) -> None:
        self._path = path
        self._users = users
        self._answers = answers
        self._subscribers: set[queue.SimpleQueue[Event | None]] = set()
        self._lock = threading.Lock()
        self._server: _UnixServer | None = None

    def start(self) -> None:
        """Bind the socket and answer in the background. A stale socket of an earlier run is replaced."""
        self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = _UnixServer(str(self._path), self._serve)
        self._path.chmod(0o660)  # who may ask what is decided by the peer's credentials, not by the file
        threading.Thread(target=self._server.serve_forever, name="control", daemon=True).start()

    def stop(self) -> None:
        """Stop answering, end every subscription and take the socket away."""
        if self._server is None:
            return
        with self._lock:
            for subscriber in self._subscribers:
                subscriber.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)

    def publish(self, event: Event) -> None:
        """Tell every subscriber. Never blocks."""
        with self._lock:
            for subscriber in self._subscribers:
                subscriber.put(event)

    def _serve(self, connection: socket.socket) -> None:
        parts = self._users.peers(_peer_uid(connection))
        for line in _lines(connection):
            try:
                verb, arguments = _parse(line)
                if not MAY_ASK[verb] & parts:
                    log.warning("control.refused verb=%s", verb)
                    raise AccessError
                if verb is Verb.SUBSCRIBE:
                    self._stream(connection)
                    return
                _send(connection, {"ok": pack(self._answers[verb](arguments))})
            except KeeplineError as error:
                _send(connection, {"error": {"kind": type(error).__name__, "message": str(error)}})
            except (KeyError, TypeError, ValueError):
                _send(
                    connection,
                    {"error": {"kind": "ControlError", "message": f"{verb} was asked with wrong arguments."}},
                )

    def _stream(self, connection: socket.socket) -> None:
        events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        with self._lock:
            self._subscribers.add(events)
        try:
            _send(connection, {"ok": None})
            while True:
                try:
                    event = events.get(timeout=HEARTBEAT)
                except queue.Empty:
                    connection.sendall(b"\n")
                    continue
                if event is None:
                    return
                _send(connection, {"event": event.value})
        finally:
            with self._lock:
                self._subscribers.discard(events)


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """A thread a connection, so many at most, none of them able to disturb another."""

    request_queue_size = 128  # who comes while as many wait is not kept waiting but refused (EAGAIN)
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: str, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._lock = threading.Lock()
        self._present: Counter[int] = Counter()  # connections of each user
        super().__init__(path, socketserver.BaseRequestHandler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        uid = _peer_uid(request)
        with self._lock:
            if self._present.total() >= MOST_CONNECTIONS or self._present[uid] >= MOST_OF_ONE:
                return False
            self._present[uid] += 1
            return True

    def process_request(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the system gives no more threads
            self._leave(request)
            raise

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            self._serve(request)
        except OSError:
            pass  # the peer has gone or says nothing
        finally:
            self._leave(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.exception("control.failed")

    def _leave(self, request: socket.socket) -> None:
        with self._lock:
            self._present[_peer_uid(request)] -= 1


def _peer_uid(connection: socket.socket) -> int:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    return int(uid)


def _lines(connection: socket.socket) -> Iterator[bytes]:
    """What comes in, line by line; the last one without an end when it is too long or cut short. Raises `OSError`, for a line that takes too long as well."""
    rest = b""
    while True:
        until = time.monotonic() + PATIENCE
        while b"\n" not in rest and len(rest) <= LONGEST_LINE:
            connection.settimeout(max(0.001, until - time.monotonic()))
            part = connection.recv(4096)
            if not part or time.monotonic() > until:
                break
            rest += part
        line, end, rest = rest.partition(b"\n")
        connection.settimeout(PATIENCE)
        if line or end:
            yield line + end
        if not end:
            return


def _parse(line: bytes) -> tuple[Verb, Mapping[str, Any]]:
    if len(line) > LONGEST_LINE or not line.endswith(b"\n"):
        raise ControlError("a request was too long or cut short.")
    try:
        request = json.loads(line)
        verb, arguments = Verb(request["verb"]), request.get("arguments", {})
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError):
        raise ControlError("a request is one JSON object a line, with a known verb.") from None
    if not isinstance(arguments, dict):
        raise ControlError("arguments are a JSON object.")
    return verb, arguments


def _send(connection: socket.socket, message: Any) -> None:
    connection.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")


def own_users(page: str, console: str) -> Users:
    """The users named in the settings; a name left empty is the daemon's own user. Raises `ControlError` for an unknown one."""
    import pwd  # noqa: PLC0415 - only the daemon looks users up

    def uid(name: str) -> int:
        if not name:
            return os.geteuid()
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            raise ControlError(f'there is no user "{name}"; `install.sh install` makes it.') from None

    return Users(owner=os.geteuid(), page=uid(page), console=uid(console))
