"""The listener: strangers, silence and foreign addresses."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from appliance.errors import BadCallError
from appliance.voice.listener import STRANGERS, Connection, Listener, Server, from_here
from tests.fakes.asterisk import PATIENCE


class Greeter:
    """Serves whoever says a word: says it back. Counts how each connection ended."""

    def __init__(self) -> None:
        self.refused = threading.Semaphore(0)
        self.listener = Listener("greeter", ("127.0.0.1", 0), self.serve)
        self.listener.start()

    def serve(self, connection: Connection) -> None:
        try:
            word = connection.read(100)
            if word:
                connection.introduce()
                connection.socket.sendall(word)
                connection.deadline += 60
                connection.read(100)
        except BadCallError:
            self.refused.release()
            raise

    def connect(self) -> socket.socket:
        other = socket.create_connection(("127.0.0.1", self.listener.port))
        other.settimeout(PATIENCE)
        return other


@pytest.fixture
def greeter() -> Iterator[Greeter]:
    made = Greeter()
    yield made
    made.listener.stop()


def test_who_says_nothing_is_cut_at_the_deadline(greeter: Greeter) -> None:
    greeter.listener.patience = 0.1
    with greeter.connect() as other:
        assert other.recv(1) == b""
    assert greeter.refused.acquire(timeout=PATIENCE)


def test_the_oldest_stranger_goes_when_there_are_too_many_and_who_speaks_finds_a_place(greeter: Greeter) -> None:
    greeter.listener.patience = 60
    strangers = [greeter.connect() for _ in range(STRANGERS)]
    with greeter.connect() as friend:
        friend.sendall(b"hello")
        assert friend.recv(100) == b"hello"
        more = [greeter.connect() for _ in range(3 * STRANGERS)]
        for gone in strangers:
            assert gone.recv(1) == b""
        friend.sendall(b"still here")
    for other in (*strangers, *more):
        other.close()


def test_stopping_cuts_everybody_and_leaves_no_thread(greeter: Greeter) -> None:
    before = {thread for thread in threading.enumerate() if "greeter" not in thread.name}
    others = [greeter.connect() for _ in range(5)]
    others[0].sendall(b"hello")
    assert others[0].recv(100) == b"hello"
    greeter.listener.stop()
    for other in others:
        with contextlib.suppress(ConnectionResetError):  # it was still waiting to be accepted
            assert other.recv(100) == b""
        other.close()
    assert set(threading.enumerate()) <= before
    greeter.listener.stop()  # twice does no harm


def test_only_this_machine_may_connect() -> None:
    assert from_here("127.0.0.1", "127.0.0.1")
    assert from_here("127.0.0.9", "127.0.0.1")
    assert from_here("::1", "::1")
    assert from_here("192.168.1.5", "192.168.1.5")
    assert not from_here("192.168.1.6", "192.168.1.5")
    assert not from_here("192.168.1.6", "0.0.0.0")  # noqa: S104 - an address to compare, none to listen on


class Accepted:
    """A connection to the address 192.168.1.5."""

    def getsockname(self) -> tuple[str, int]:
        return "192.168.1.5", 4573


def test_the_server_lets_nobody_else_in() -> None:
    server = Server(("127.0.0.1", 0), lambda _: None)
    assert server.verify_request(Accepted(), ("192.168.1.5", 50000))
    assert not server.verify_request(Accepted(), ("192.168.1.6", 50000))
    server.server_close()
