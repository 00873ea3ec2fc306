"""FastAGI: who calls, and what happens when the other end is not what it should be."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import socket
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadCallError, CallerGoneError
from appliance.voice.agi import AgiCall, caller_from
from appliance.voice.listener import Connection, Listener
from appliance.voice.recording import Caller
from tests.fakes.asterisk import ENVIRONMENT, PATIENCE

HELLO = "".join(f"{key}: {value}\n" for key, value in {**ENVIRONMENT, "agi_callerid": "5551234"}.items()).encode()
CALL = UUID(int=7)


@pytest.mark.parametrize(
    "nobody", ["unknown", "Anonymous", "P", "O", "", "withheld", "Out of Area", "Private", '"Unknown"', "<unknown>"]
)
def test_nobody_is_nobody_however_it_is_written(nobody: str) -> None:
    assert caller_from({"agi_callerid": nobody, "agi_calleridname": nobody}) == Caller()


def test_a_number_and_a_name_are_taken_as_the_line_gives_them() -> None:
    given = {"agi_callerid": "+1 (212) 555-0100", "agi_calleridname": '"Müller, Zoë"'}
    assert caller_from(given) == Caller("+1 (212) 555-0100", "Müller, Zoë")


def test_a_number_that_the_network_says_to_withhold_is_withheld() -> None:
    assert caller_from({"agi_callerid": "5551234", "agi_calleridname": "Jane", "agi_callingpres": "35"}) == Caller()
    assert caller_from({"agi_callerid": "5551234", "agi_callingpres": "3"}) == Caller("5551234")
    assert caller_from({"agi_callerid": "5551234", "agi_callingpres": "many"}) == Caller("5551234")


@given(st.text(), st.text())
def test_whatever_a_caller_is_called_it_is_printable_and_short(number: str, name: str) -> None:
    caller = caller_from({"agi_callerid": number, "agi_calleridname": name})
    assert len(caller.number) <= 32
    assert len(caller.name) <= 64
    assert (caller.number + caller.name).isprintable()


class Exchange:
    """One AGI connection: what the test writes, and how our side of it ended."""

    def __init__(self, serve: Callable[[AgiCall], None]) -> None:
        self.ends: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self.callers: queue.SimpleQueue[Caller] = queue.SimpleQueue()
        self.serve = serve
        self.listener = Listener("agi", ("127.0.0.1", 0), self._serve)
        self.listener.patience = 0.3
        self.listener.start()
        self.socket = socket.create_connection(("127.0.0.1", self.listener.port))

    def _serve(self, connection: Connection) -> None:
        try:
            call = AgiCall(connection)
            self.callers.put(call.caller)
            self.serve(call)
            self.ends.put(None)
        except Exception as error:
            self.ends.put(error)

    def write(self, octets: bytes) -> None:
        with contextlib.suppress(OSError):  # our side may have closed already, and that is what the test is about
            self.socket.sendall(octets)

    def end(self) -> Exception | None:
        return self.ends.get(timeout=PATIENCE)


ExchangeFactory = Callable[..., Exchange]


@pytest.fixture
def exchange() -> Iterator[ExchangeFactory]:
    made: list[Exchange] = []

    def make(serve: Callable[[AgiCall], None] = lambda _: None) -> Exchange:
        made.append(Exchange(serve))
        return made[-1]

    yield make
    for one in made:
        one.socket.close()
        one.listener.stop()


def test_a_call_is_answered_and_its_sound_asked_for(exchange: ExchangeFactory) -> None:
    def serve(call: AgiCall) -> None:
        call.answer()
        call.connect_audio(CALL, "127.0.0.1", 4574, lambda: True)

    asterisk = exchange(serve)
    lines = asterisk.socket.makefile("rb")
    asterisk.write(HELLO + b"\n")
    assert lines.readline() == b"ANSWER\n"
    asterisk.write(b"200 result=0\n")
    assert lines.readline() == f'EXEC AudioSocket "{CALL},127.0.0.1:4574"\n'.encode()
    asterisk.write(b"HANGUP\n200 result=0\n")  # a bare HANGUP is passed over
    assert asterisk.end() is None
    assert asterisk.callers.get(timeout=PATIENCE) == Caller("5551234")


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"\xff\xfe\x00\x80" * 100 + b"\n\n", id="binary"),
        pytest.param(b"a" * 100_000, id="a line without end"),
        pytest.param(b"agi_arg_1: x\n" * 1000, id="lines without end"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", id="a browser"),
        pytest.param(b"\n", id="no variables"),
        pytest.param(b"", id="nothing at all"),
        pytest.param(HELLO, id="no end of variables"),
    ],
)
def test_what_does_not_speak_agi_is_a_bad_call(exchange: ExchangeFactory, octets: bytes) -> None:
    other = exchange()
    other.write(octets)
    assert isinstance(other.end(), BadCallError)


def test_an_end_in_mid_variables_is_a_caller_gone(exchange: ExchangeFactory) -> None:
    other = exchange()
    other.write(HELLO)
    other.socket.shutdown(socket.SHUT_WR)
    assert isinstance(other.end(), CallerGoneError)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"200 result=-1\n", CallerGoneError),
        (b"200 result=0 (hangup)\n", CallerGoneError),
        (b"511 Command Not Permitted on a dead channel or intercept routine\n", CallerGoneError),
        (b"510 Invalid or unknown command\n", BadCallError),
        (b"520-Invalid command syntax.\n" + b"usage\n" * 1000, BadCallError),
        (b"gibberish\n", BadCallError),
        (b"\n", BadCallError),
        (b"200\n" * 2, None),
        (b"\xff" * 3000, BadCallError),
        (b"9" * 2000 + b"\n", CallerGoneError),
    ],
)
def test_every_answer_has_a_meaning(exchange: ExchangeFactory, answer: bytes, error: type[Exception] | None) -> None:
    other = exchange(lambda call: call.answer())
    other.write(HELLO + b"\n" + answer)
    assert isinstance(other.end(), error or type(None))


def test_a_command_that_is_never_answered_ends_when_the_sound_is_no_longer_alive(exchange: ExchangeFactory) -> None:
    alive = iter([True, True, False])
    other = exchange(lambda call: call.connect_audio(CALL, "127.0.0.1", 4574, lambda: next(alive, False)))
    other.write(HELLO + b"\n")
    assert isinstance(other.end(), BadCallError)


def test_pyst2_prints_nobodys_number(
    exchange: ExchangeFactory, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    other = exchange()
    other.write(HELLO + b"\n")
    other.end()
    assert "555" not in "".join((*capfd.readouterr(), caplog.text))


def test_pyst2_takes_no_signal(exchange: ExchangeFactory) -> None:
    before = os.popen(f"grep SigCgt /proc/{os.getpid()}/status").read()  # noqa: S605 - a fixed command of ours
    other = exchange()
    other.write(HELLO + b"\n")
    other.end()
    assert os.popen(f"grep SigCgt /proc/{os.getpid()}/status").read() == before  # noqa: S605 - no word of anybody else
