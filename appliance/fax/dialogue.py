"""Speaking with a modem: commands and their answers, data, and what it says by itself when the line rings. Every wait has an end.

The clock is an argument, and all waiting is the port's `read`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from appliance.fax.at import Incoming, Result, find_result
from appliance.fax.caller_id import Bell, CallerId, Ring, tells_of_call
from appliance.fax.timers import REPLY, RINGING, STALLED

_MOST_RINGS: Final = 8  # that are kept while nobody waits for any


class Port(Protocol):
    """A serial port as `appliance.serial_port` opens it."""

    def read(self) -> bytes:
        """What has come in; nothing after a moment without an octet."""

    def pending(self) -> bytes:
        """What has come in already; never waits."""

    def write(self, octets: bytes) -> None:
        """Sends them."""

    def reopen(self) -> None:
        """Closes it and opens what is there now under its name."""


class Dialogue:
    """With one modem. Its methods raise `SerialError` when the device has gone."""

    def __init__(self, port: Port, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        self.port: Final = port
        self.clock: Final = clock
        self.unheard = 0  # attempts to end something that the modem said nothing to, since it last answered
        self._incoming: Final = Incoming()
        self._bell: Final = Bell()
        self._rings: Final[deque[Ring]] = deque(maxlen=_MOST_RINGS)  # that came while something else was waited for
        self._rang_at = 0.0  # s: when the line last rang or told who calls

    @property
    def caller(self) -> CallerId:
        """Who calls, so far as it was told during this ringing."""
        return self._bell.caller

    def write(self, octets: bytes) -> None:
        """Sends them as they are."""
        self.port.write(octets)

    def pause(self) -> None:
        """A moment, or until something comes."""
        self._incoming.add(self.port.read())

    def forget(self) -> None:
        """What came and was not yet understood is of no use."""
        self._incoming.clear()

    def command(self, text: str, within: float, tell: Callable[[str], None] | None = None) -> Result | None:
        """Give a command; its answer, or None when none came in time. `tell` is given lines before the answer."""
        self._incoming.add(self.port.pending())
        self._take_lines()  # of an earlier command: none answers this one
        self._incoming.clear()
        self.port.write(f"AT{text}\r".encode("ascii"))
        return self.result(within, tell)

    def result(self, within: float, tell: Callable[[str], None] | None = None) -> Result | None:
        """The next result line; a RING in the midst of things, and what else is said, is passed on to the bell."""
        until = self.clock() + within
        while True:
            while (line := self._incoming.line()) is not None:
                result = find_result(line)
                if tell is not None and (line.isdigit() or not (result or tells_of_call(line))):
                    tell(line)  # "3" is an answer to +FTH=?
                elif result is None or result is Result.RING:
                    self._take_line(line)
                else:
                    self.unheard = 0
                    return result
            if self.clock() >= until:
                return None
            self._incoming.add(self.port.read())

    def _take_lines(self) -> None:
        while (line := self._incoming.line()) is not None:
            self._take_line(line)

    def _take_line(self, line: str) -> None:
        """A line that answers nothing: it may tell who calls."""
        ring = self._bell.hear("RING" if find_result(line) is Result.RING else line)
        if ring is not None:
            self._rings.append(ring)
        if ring is not None or tells_of_call(line):
            self._rang_at = self.clock()

    def forget_ringing(self) -> None:
        """Whoever rang has been answered or has given up."""
        self._bell.forget()
        self._rings.clear()

    def ask(self, text: str, within: float = REPLY) -> tuple[Result | None, tuple[str, ...]]:
        """Give a command that may be answered by lines; its result and those lines."""
        lines: list[str] = []
        result = self.command(text, within, lines.append)
        return result, tuple(line for line in lines if line != f"AT{text}")  # its echo

    def wait_ring(self, within: float) -> Ring | None:
        """The next ring that comes within so many seconds. Counting is up to the caller; who calls may be told before it, behind it or never."""
        until = self.clock() + within
        while True:
            self._take_lines()
            if self._rings:
                return self._rings.popleft()
            now = self.clock()
            if now - self._rang_at > RINGING:
                self._bell.forget()
            if now >= until:
                return None
            self._incoming.add(self.port.read())

    def data(self, add: Callable[[bytes], None], longest: float, most: float) -> bool:
        """Pass on data until its end. False when it never came: too long, too much, or nothing for too long."""
        start = latest = self.clock()
        taken = 0
        while True:
            data, ended = self._incoming.data()
            if data:
                add(data)
                taken += len(data)
            if ended:
                return True
            now = self.clock()
            if taken > most or now - start > longest or now - latest > STALLED:
                return False
            if came := self.port.read():
                self._incoming.add(came)
                latest = now
