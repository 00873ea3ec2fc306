"""A Class 1 modem (T.31) behind a serial port: does what the protocol asks, one command at a time.

The modem is half duplex like the fax. A command is answered by a result line; CONNECT means that data flows until DLE ETX, then another result follows. How
long to wait is always given; the clock is an argument, and all waiting is the port's `read`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from appliance.errors import BadFrameError, ModemRefusedError, ModemSilentError
from appliance.fax.at import CAN, Incoming, Result, stuff
from appliance.fax.frames import LONGEST, Frame
from appliance.fax.profiles import Profile
from appliance.fax.rates import Rate
from appliance.fax.steps import Done, Garbled, Gone, Heard, Interrupted, Silent
from appliance.fax.timers import ANSWERING, CARRIER, FRAME, LONGEST_PAGE, REPLY, SENDING, SILENCE, STALLED, TURNAROUND

_FRAMES: Final = "+FRH=3"  # V.21, 300 bit/s
_QUICK: Final = 0.05  # s: a NO CARRIER that comes sooner was no wait at all


class Port(Protocol):
    """A serial port as `appliance.serial_port` opens it."""

    def read(self) -> bytes:
        """What has come in; nothing after a moment without an octet."""

    def write(self, octets: bytes) -> None:
        """Sends them."""


class Class1:
    """The modem. Its methods raise `SerialError` when the device has gone."""

    def __init__(self, port: Port, clock: Callable[[], float], profile: Profile) -> None:
        """`clock` counts seconds and never goes back."""
        self._port: Final = port
        self._clock: Final = clock
        self._profile: Final = profile
        self._incoming: Final = Incoming()
        self._sends = False  # the carrier of our frames is on already
        self._hears = False  # the modem receives frames already: it met them in place of a page

    def set_up(self) -> None:
        """Make it a fax modem that answers only when told. Raises `ModemSilentError`, `ModemRefusedError`."""
        for command in self._profile.needed:
            result = self._command(command, REPLY) or self._command(
                command, REPLY
            )  # the first may have met rubbish in the modem's line
            if result is None:
                raise ModemSilentError
            if result is not Result.OK:
                raise ModemRefusedError
        for command in self._profile.wished:
            self._command(command, REPLY)

    def rings(self, within: float) -> bool:
        """Does the line ring?"""
        return self._result(within, awaited=Result.RING) is not None

    def pick_up(self) -> Done | Gone:
        """Answer with CED; afterwards our carrier is on and frames must follow."""
        self._sends = self._command("A", ANSWERING) is Result.CONNECT
        return Done() if self._sends else Gone()

    def hang_up(self) -> Done:
        """Put the receiver down, whatever is going on. A modem that says nothing to it is found out by the next command."""
        self._sends = self._hears = False
        if self._command("H0", REPLY) is None:
            self._command("H0", REPLY)  # the first one may have ended a reception, as any octet does
        return Done()

    def send_frames(self, frames: tuple[Frame, ...], *, by_caller: bool) -> Done | Gone:
        """Send frames in one go; returns when the last has left."""
        self._hears = False
        if not self._sends:
            if self._command(f"+FRS={TURNAROUND}", SILENCE) is None:
                self._abort()  # the line is never silent: speak all the same
            if self._command("+FTH=3", REPLY) is not Result.CONNECT:
                return Gone()
        self._sends = False
        for frame in frames:
            self._port.write(stuff(frame.to_octets(by_caller=by_caller)))
            if self._result(SENDING) is not (Result.OK if frame.final else Result.CONNECT):
                self._abort()
                return Gone()
        return Done()

    def listen(self, within: float) -> Heard | Garbled | Silent | Gone:
        """One frame, if it starts within so many seconds."""
        match Result.CONNECT if self._hears else self._carrier(_FRAMES, within):
            case Result.CONNECT:
                self._hears = False
            case Result.ERROR:
                return Gone()
            case _:
                return Silent()
        octets = bytearray()
        ended = self._data(octets.extend, FRAME, LONGEST)
        result = self._result(REPLY) if ended else None
        if not ended:
            self._abort()
        if result is not Result.OK:
            return Garbled()
        try:
            return Heard(Frame.from_octets(bytes(octets)))
        except BadFrameError:
            return Garbled()

    def receive(
        self, rate: Rate, add: Callable[[bytes], None], *, short: bool, within: float = CARRIER
    ) -> Done | Interrupted | Silent | Gone:
        """What is sent at high speed, given to `add` as it comes, until its carrier ends."""
        match self._carrier(f"+FRM={rate.code(short=short)}", within):
            case Result.CONNECT:
                pass
            case Result.FRAMES_INSTEAD:
                self._hears = self._result(REPLY) is Result.CONNECT
                return Interrupted()
            case Result.OTHER_CARRIER:
                return Interrupted()
            case Result.ERROR:
                return Gone()
            case _:
                return Silent()
        if self._data(add, LONGEST_PAGE, LONGEST_PAGE * rate.speed / 8):
            self._result(REPLY)  # NO CARRIER, as it should be
        else:
            self._abort()
        return Done()

    def _carrier(self, command: str, within: float) -> Result | None:
        """Have the modem wait for a carrier. It may give up by itself, or at once when the line is dead: then once more, until the time is over."""
        until = self._clock() + within
        while True:
            asked = self._clock()
            result = self._command(command, until - asked)
            if result is None:
                self._abort()
                return None
            if result not in {Result.NO_CARRIER, Result.OK} and not (
                command == _FRAMES and result is Result.OTHER_CARRIER
            ):
                return result
            if self._clock() >= until:
                return None
            if self._clock() - asked < _QUICK:
                self._incoming.add(self._port.read())  # a pause

    def _command(self, text: str, within: float) -> Result | None:
        """Give a command; its answer, or None when none came in time."""
        self._incoming.clear()
        self._port.write(f"AT{text}\r".encode("ascii"))
        return self._result(within)

    def _result(self, within: float, awaited: Result | None = None) -> Result | None:
        """The next result line; one that is not `awaited`, or a RING in the midst of things, is passed over."""
        until = self._clock() + within
        while True:
            while (result := self._incoming.result()) is not None:
                if result is awaited or (awaited is None and result is not Result.RING):
                    return result
            if self._clock() >= until:
                return None
            self._incoming.add(self._port.read())

    def _data(self, add: Callable[[bytes], None], longest: float, most: float) -> bool:
        """Pass on data until its end. False when it never came: too long, too much, or nothing for too long."""
        start = latest = self._clock()
        taken = 0
        while True:
            data, ended = self._incoming.data()
            if data:
                add(data)
                taken += len(data)
            if ended:
                return True
            now = self._clock()
            if taken > most or now - start > longest or now - latest > STALLED:
                return False
            if came := self._port.read():
                self._incoming.add(came)
                latest = now

    def _abort(self) -> None:
        """End whatever reception goes on: any octet does."""
        self._hears = self._sends = False
        self._port.write(CAN)
        self._result(REPLY)
        self._incoming.clear()
