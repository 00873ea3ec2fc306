"""A TCP listener for Asterisk, which silent, flooding and foreign connections cannot exhaust.

One thread a connection. Only this machine may connect. A connection is a stranger until it has said who it is: strangers have a deadline, and when there are
too many of them the oldest has to go, so that a real call, which speaks at once, always finds a place.
"""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from appliance import logs
from appliance.errors import BadCallError, CallerGoneError

log = logs.get(__name__)

STRANGERS: Final = 32  # connections that have not said who they are
INTRODUCTION: Final = 3.0  # s to do so; Asterisk takes 1 ms
_WAIT: Final = 5.0  # s for threads to end when the listener stops


class Connection:
    """One accepted connection: reads with a deadline, never blocks for ever."""

    def __init__(self, line: socket.socket, patience: float, introduced: Callable[[Connection], None]) -> None:
        self.socket: Final = line
        self.deadline = time.monotonic() + patience
        self._introduced: Final = introduced

    def introduce(self) -> None:
        """It said who it is: no longer a stranger."""
        self._introduced(self)

    def read(self, most: int) -> bytes:
        """Whatever has come, at most `most` octets; nothing means that the other end has closed. Raises `BadCallError` at the deadline, `OSError`."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise BadCallError("a connection said nothing in time.")
        self.socket.settimeout(left)
        try:
            return self.socket.recv(most)
        except TimeoutError:
            raise BadCallError("a connection said nothing in time.") from None

    def cut(self) -> None:
        """End it from another thread: whoever reads from it sees its end."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended already


class Listener:
    """Accepts connections on `address` and serves each with `serve` on a thread of its own, until `stop`."""

    patience = INTRODUCTION  # s for a stranger

    def __init__(self, name: str, address: tuple[str, int], serve: Callable[[Connection], None]) -> None:
        self.name: Final = name
        self._address: Final = address
        self._serve: Final = serve
        self._lock: Final = threading.Lock()  # guards the two below, for moments
        self._strangers: dict[Connection, None] = {}  # oldest first
        self._threads: dict[Connection, threading.Thread] = {}
        self._server: Server | None = None
        self._accepting: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            return self._address[1]
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Bind and accept. Raises `OSError`."""
        self._server = server = Server(self._address, self._accept)
        self._accepting = threading.Thread(
            target=server.serve_forever, args=(0.2,), name=f"keepline-{self.name}", daemon=True
        )
        self._accepting.start()

    def stop(self) -> None:
        """Accept no more, cut what is still open and wait for its threads."""
        if self._server is None or self._accepting is None:
            return
        self._server.shutdown()
        self._accepting.join()
        self._server.server_close()
        self._server = None
        with self._lock:
            threads = dict(self._threads)
        for connection in threads:
            connection.cut()
        until = time.monotonic() + _WAIT
        for thread in threads.values():
            thread.join(max(0.0, until - time.monotonic()))

    def _accept(self, line: socket.socket) -> None:
        connection = Connection(line, self.patience, self._no_stranger)
        thread = threading.Thread(target=self._converse, args=(connection,), name=f"keepline-{self.name}", daemon=True)
        with self._lock:
            self._threads[connection] = thread
            self._strangers[connection] = None
            oldest = next(iter(self._strangers)) if len(self._strangers) > STRANGERS else None
            if oldest is not None:
                del self._strangers[oldest]
        if oldest is not None:
            oldest.cut()
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            self._forget(connection)
            raise

    def _converse(self, connection: Connection) -> None:
        try:
            self._serve(connection)
        except BadCallError as error:
            log.warning("%s.refused %s", self.name, error)
        except CallerGoneError:
            log.info("%s.gone", self.name)
        except OSError as error:
            log.info("%s.lost %s", self.name, type(error).__name__)
        except Exception:
            log.exception("%s.failed", self.name)
        finally:
            self._forget(connection)
            connection.cut()
            connection.socket.close()

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            self._strangers.pop(connection, None)
            del self._threads[connection]

    def _no_stranger(self, connection: Connection) -> None:
        with self._lock:
            self._strangers.pop(connection, None)


def from_here(peer: str, own: str) -> bool:
    """Is the address `peer`, which connected to our address `own`, this machine?"""
    return peer == own or ipaddress.ip_address(peer).is_loopback


class Server(socketserver.TCPServer):
    """Listens, and lets nobody in but this machine."""

    allow_reuse_address = True
    request_queue_size = 128  # thirty calls may come in one moment

    def __init__(self, address: tuple[str, int], accept: Callable[[socket.socket], None]) -> None:
        self._accept: Final = accept
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, socketserver.BaseRequestHandler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """May it come in?"""
        return from_here(client_address[0], request.getsockname()[0])

    def process_request(self, request: Any, client_address: Any) -> None:
        """It has come in."""
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._accept(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Instead of socketserver's traceback on standard error."""
        log.exception("connection.failed")
