"""A call's socket: frames out, frames in, and never a wait for the other end."""

from __future__ import annotations

import socket
from collections.abc import Generator, Iterator

import pytest

from appliance.voice.audio_server import Line, converse, next_due
from appliance.voice.audiosocket import HANGUP, SILENCE, TICK, Decoder, Frame, Heard, Kind
from tests.fakes.asterisk import PATIENCE

SOUND = Frame(Kind.SOUND, bytes(320))


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(PATIENCE)
    with ours, theirs:
        yield ours, theirs


def line_on(ours: socket.socket, over: bool = False, early: Heard = ()) -> Line:
    return Line(ours, Decoder(), lambda: over, early)


def test_what_came_with_the_introduction_comes_first(ends: tuple[socket.socket, socket.socket]) -> None:
    line = line_on(ends[0], early=(Frame(Kind.KEY, b"1"),))
    ends[1].sendall(Frame(Kind.KEY, b"2").to_bytes())
    assert line.receive() == (Frame(Kind.KEY, b"1"), Frame(Kind.KEY, b"2"))
    assert line.receive() == ()


def test_an_end_of_the_connection_is_a_hang_up_after_what_came_before_it(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    line = line_on(ends[0])
    ends[1].sendall(SOUND.to_bytes())
    ends[1].close()
    assert line.receive() == (SOUND,)
    assert line.receive() == (HANGUP,)


def test_nonsense_is_a_hang_up_after_what_made_sense(ends: tuple[socket.socket, socket.socket]) -> None:
    line = line_on(ends[0])
    ends[1].sendall(SOUND.to_bytes() + b"\x03\x00\x00")
    assert line.receive() == (SOUND,)
    assert line.receive() == (HANGUP,)
    assert line.trouble is not None


def test_a_call_that_is_over_elsewhere_is_hung_up(ends: tuple[socket.socket, socket.socket]) -> None:
    assert line_on(ends[0], over=True).receive() == (HANGUP,)


def test_a_flood_is_taken_in_small_bites(ends: tuple[socket.socket, socket.socket]) -> None:
    line = line_on(ends[0])
    ends[1].sendall(Frame(Kind.KEY, b"1").to_bytes() * 10_000)
    assert len(line.receive()) <= 1024


def test_who_does_not_listen_holds_nobody_up_and_is_given_up(ends: tuple[socket.socket, socket.socket]) -> None:
    line = line_on(ends[0])
    for _ in range(5_000):
        line.send(SILENCE)
    assert line.gone
    assert len(line.unsent) < 20_000
    assert line.receive() == (HANGUP,)


def test_frames_stay_whole_when_the_other_end_takes_them_in_pieces(ends: tuple[socket.socket, socket.socket]) -> None:
    line, decoder = line_on(ends[0]), Decoder()
    ends[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1024)
    sent = [Frame(Kind.SOUND, count.to_bytes(2, "big") * 160).to_bytes() for count in range(300)]
    heard: list[Frame] = []
    for octets in sent:
        line.send(octets)
        heard += decoder.feed(ends[1].recv(300))
    while len(heard) < len(sent):
        line.send(b"")
        heard += decoder.feed(ends[1].recv(300))
    assert [frame.to_bytes() for frame in heard] == sent


def test_all_that_was_said_arrives_before_the_line_closes(ends: tuple[socket.socket, socket.socket]) -> None:
    def talk() -> Generator[bytes, Heard, str]:
        for _ in range(3):
            yield SILENCE
        return "done"

    ends[1].sendall(SOUND.to_bytes() * 50)  # unread at the end: closing at once would reset the connection
    ends[1].shutdown(socket.SHUT_WR)
    line = Line(ends[0], Decoder(), lambda: False)
    assert converse(line, talk()) == "done"
    ends[0].close()
    octets = b""
    while received := ends[1].recv(4096):
        octets += received
    assert octets == SILENCE * 3 + HANGUP.to_bytes()


def test_turns_keep_the_beat_and_make_up_for_a_late_one_but_not_for_a_sleep() -> None:
    assert next_due(10.0, 10.001) == 10.0 + TICK
    assert next_due(10.0, 10.5) == 10.0 + TICK
    assert next_due(10.0, 99.0) == 99.0
