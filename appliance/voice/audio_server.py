"""The AudioSocket server: the sound of each call, paced, on the line thread that its connection gets.

Every 20 ms one frame goes out, be it silence, and what has come in is handed to the call. Deadlines are absolute, so that no error adds up.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar
from uuid import UUID

from appliance.errors import BadCallError
from appliance.voice.audiosocket import HANGUP, TICK, Decoder, Heard, Kind
from appliance.voice.listener import Connection, Listener
from appliance.voice.player import Turns

T = TypeVar("T")

_LARGEST_READ: Final = 4_096  # octets a turn: twelve frames, so that a late turn catches up and a flood costs little
_MOST_UNSENT: Final = 16_384  # octets that may wait for the other end: one second
_LATEST: Final = 1.0  # s behind time at which catching up is given up: the machine was asleep
_FAREWELL: Final = 1.0  # s for the other end to close after us


class LiveCall(Protocol):
    """What the line thread needs of a call."""

    def turns(self) -> Turns[object]:
        """The call itself, turn by turn."""

    def over(self) -> bool:
        """Has the call been ended from elsewhere?"""

    def sound_ended(self) -> None:
        """The line thread is done with it."""


class AudioServer(Listener):
    """Listens for AudioSocket connections; `claim` knows which calls are expected."""

    def __init__(self, address: tuple[str, int], claim: Callable[[UUID], LiveCall | None]) -> None:
        super().__init__("audio", address, self._attend)
        self._claim: Final = claim

    def _attend(self, connection: Connection) -> None:
        decoder = Decoder()
        name, early = _introduction(connection, decoder)
        call = self._claim(name)
        if call is None:
            raise BadCallError("a connection asked for a call that nobody announced.")
        connection.introduce()
        line = Line(connection.socket, decoder, call.over, early)
        try:
            converse(line, call.turns())
        finally:
            call.sound_ended()
        if line.trouble is not None:
            raise line.trouble


def _introduction(connection: Connection, decoder: Decoder) -> tuple[UUID, Heard]:
    frames: Heard = ()
    while not frames:
        octets = connection.read(_LARGEST_READ)
        if not octets:
            raise BadCallError("a connection closed without a word.")
        frames = decoder.feed(octets)
    if frames[0].kind is not Kind.UUID:
        raise BadCallError("a connection did not say which call it belongs to.")
    return UUID(bytes=frames[0].payload), frames[1:]


@dataclass(slots=True)
class Line:
    """A call's socket: gives and takes frames and never waits for the other end."""

    socket: socket.socket
    decoder: Decoder
    over: Callable[[], bool]
    early: Heard = ()  # came in together with the introduction
    unsent: bytes = b""
    gone: bool = False
    trouble: BadCallError | None = None

    def send(self, frame: bytes) -> None:
        """Send `frame`; what the other end does not take yet waits for its turn."""
        if self.gone:
            return
        self.unsent += frame
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            self.gone = len(self.unsent) > _MOST_UNSENT
        except OSError:
            self.gone = True

    def receive(self) -> Heard:
        """What came in; ends with HANGUP once the other end is gone or has stopped making sense."""
        heard, self.early = self.early, ()
        try:
            heard += self.decoder.feed(self._read())
        except BadCallError as error:
            self.trouble, self.gone = error, True
        return (*heard, HANGUP) if self.gone or self.over() else heard

    def _read(self) -> bytes:
        try:
            octets = self.socket.recv(_LARGEST_READ)
        except BlockingIOError:
            return b""
        except OSError:
            octets = b""
        self.gone = self.gone or not octets
        return octets

    def close(self) -> None:
        """Hang up so that all we sent still arrives: closing with something unread would reset the connection."""
        self.send(HANGUP.to_bytes())
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            until = time.monotonic() + _FAREWELL
            while (left := until - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self.socket.recv(_LARGEST_READ):
                    return


def converse(line: Line, turns: Turns[T]) -> T:
    """Give the call its turns, 20 ms each, until it ends; what it returned."""
    line.socket.setblocking(False)
    due = time.monotonic()
    try:
        line.send(next(turns))
        while True:
            due = next_due(due, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
            line.send(turns.send(line.receive()))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # typeshed types StopIteration.value as Any
    finally:
        turns.close()
        line.close()


def next_due(due: float, now: float) -> float:
    """When the turn after the one due at `due` is: late turns are made up for, unless the machine slept."""
    return due + TICK if now - due < _LATEST else now
