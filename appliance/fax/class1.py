"""A Class 1 modem (T.31) behind a serial port: does what the protocol asks, one command at a time.

The modem is half duplex like the fax. A command is answered by a result line; CONNECT means that data flows until DLE ETX, then another result follows. How
long to wait is always given; the clock is an argument, and all waiting is the port's `read`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from appliance.errors import BadFrameError, ModemError, ModemHungError, ModemRefusedError, ModemSilentError, SerialError
from appliance.fax.at import CAN, END, Result, stuff
from appliance.fax.caller_id import CallerId, Ring
from appliance.fax.dialogue import Dialogue, Port
from appliance.fax.frames import LONGEST, Frame
from appliance.fax.profiles import AUTO, HELLO, IDENTITY, RATES, Profile, Wish, recognise
from appliance.fax.rates import Modulation, Rate
from appliance.fax.steps import Done, Garbled, Gone, Heard, Interrupted, Silent
from appliance.fax.timers import (
    ANSWERING,
    CARRIER,
    FRAME,
    GUARD,
    LONGEST_PAGE,
    REPLY,
    RESET,
    SENDING,
    SILENCE,
    TURNAROUND,
)

ALL_RATES: Final = frozenset(Rate)
ALL_MODULATIONS: Final = frozenset(Modulation)
_OFFERS: Final = (  # that a DIS has bits for, the best first, T.30 Table 2, bits 11 to 14
    ALL_MODULATIONS,
    frozenset({Modulation.V27TER, Modulation.V29}),
    frozenset({Modulation.V27TER}),
    frozenset({Modulation.V29}),
)
_FRAMES: Final = "+FRH=3"  # V.21, 300 bit/s
_QUICK: Final = 0.05  # s: a NO CARRIER that comes sooner was no wait at all
_DEAF: Final = 2  # commands in a row, with the attempts to end them, that the modem says nothing to: it hangs
_FLOW: Final = b"\x11\x13"  # XON and XOFF: some modems send one when data begins
_MOMENT: Final = 0.25  # s: for an answer that may come or not


class Rung(Enum):
    """What it took to bring a modem back, in the order in which it is tried."""

    CANCELLED = "what it was doing was ended"
    RESET = "it was reset"
    REOPENED = "its port was closed and opened again"


class Class1:
    """The modem. Its methods raise `SerialError` when the device has gone, `ModemHungError` among them when it hangs in the midst of a call."""

    def __init__(self, port: Port, clock: Callable[[], float], profile: Profile, *, distinctive: bool = False) -> None:
        """`clock` counts seconds and never goes back. `distinctive`: have it tell how the line rings, where it can."""
        self._dialogue: Final = Dialogue(port, clock)
        self._wanted: Final = profile
        self._profile = profile
        self._distinctive: Final = distinctive
        self._sends = False  # the carrier of our frames is on already
        self._hears = False  # the modem receives frames already: it met them in place of a page
        self._checks = profile.checks  # it hands over right check sequences, so a wrong one is damage
        self.lacks: tuple[Wish, ...] = ()  # what it does not do, known once it is set up
        self.rates = ALL_RATES  # that it receives at, known once it is set up

    @property
    def profile(self) -> Profile:
        """What kind of modem it is; with `AUTO` known once it is set up."""
        return self._profile

    @property
    def modulations(self) -> frozenset[Modulation]:
        """What callers can be offered, as a DIS can say it; known once it is set up."""
        has = {rate.modulation for rate in self.rates}
        return next((offer for offer in _OFFERS if offer <= has), ALL_MODULATIONS)

    @property
    def caller(self) -> CallerId:
        """Who calls, so far as it was told during this ringing."""
        return self._dialogue.caller

    def set_up(self) -> None:
        """Make it a fax modem that answers only when told, its receiver down. Raises `ModemSilentError`, `ModemRefusedError`."""
        self._sends = self._hears = False
        if not self.is_ready():
            self._cancel()
            if not self.is_ready():
                raise ModemSilentError
        self._dialogue.command("H0", REPLY)  # whoever had it before may have been killed in the midst of a call
        self._tell()

    def check_up(self) -> None:
        """See between calls that it is still as it was set up. That keeps nobody from calling, as hanging up would (iaxmodem: for 5 s). Raises as `set_up`."""
        if not (self.is_ready() or self.is_ready()):  # the first question may have met rubbish
            raise ModemSilentError
        self._tell()

    def _tell(self) -> None:
        """What it is to do and to be. Raises `ModemSilentError`, `ModemRefusedError`."""
        if self._profile is AUTO:
            self._profile = recognise(self.ask_identity())
        self._checks = self._profile.checks
        for command in self._profile.needed:
            self._insist(command)
        wishes = (*self._profile.wishes, *((self._profile.patterns,) if self._distinctive else ()))
        self.lacks = tuple(wish for wish in wishes if not self._grants(wish))
        self.rates = self._ask_rates()

    def now(self) -> float:
        """Seconds, as its clock counts them."""
        return self._dialogue.clock()

    def is_ready(self) -> bool:
        """Does it answer? 2 s at most. Ask it between calls."""
        return self._dialogue.command(HELLO, REPLY) is Result.OK

    def recover(self) -> Rung:
        """Bring back a modem that hangs, by the gentlest means that helps; what it was. `RECOVERY` seconds at most, no disk, no log.

        Raises `SerialError` when the device has gone, else what the last attempt to set it up raised.
        """
        last: ModemError | SerialError = ModemSilentError()
        for rung in Rung:
            try:
                if rung is Rung.RESET:
                    self._dialogue.command("Z", RESET)
                elif rung is Rung.REOPENED:
                    self._dialogue.port.reopen()
                    self._profile = self._wanted  # another one may have been plugged in
                self.set_up()  # which cancels first
                return rung
            except (ModemError, SerialError) as error:
                last = error
        raise last

    def ask(self, text: str, within: float = REPLY) -> tuple[Result | None, tuple[str, ...]]:
        """Give a command that may be answered by lines; its result and those lines."""
        return self._dialogue.ask(text, within)

    def ask_identity(self) -> tuple[str, ...]:
        """What it says that it is, a line each."""
        return tuple(line for question in IDENTITY for line in self._dialogue.ask(question)[1])

    def wait_ring(self, within: float) -> Ring | None:
        """The next ring that comes within so many seconds. Counting is up to the caller; who calls may be told before it, behind it or never."""
        return self._dialogue.wait_ring(within)

    def pick_up(self) -> Done | Gone:
        """Answer with CED; afterwards our carrier is on and frames must follow."""
        self._dialogue.forget_ringing()
        self._dialogue.unheard = 0
        self._sends = self._dialogue.command("A", ANSWERING) is Result.CONNECT
        return Done() if self._sends else Gone()

    def hang_up(self) -> Done:
        """Put the receiver down, whatever is going on. A modem that says nothing to it is found out by `is_ready`."""
        if self._sends:
            self._dialogue.write(END)  # else what follows would be taken for a frame
            self._dialogue.result(REPLY)
        self._sends = self._hears = False
        self._dialogue.forget_ringing()
        if self._dialogue.command("H0", REPLY) is not Result.OK:
            self._dialogue.command("H0", REPLY)  # the first one may have ended a reception, as any octet does
        return Done()

    def send_frames(self, frames: tuple[Frame, ...], *, by_caller: bool) -> Done | Gone:
        """Send frames in one go; returns when the last has left."""
        self._hears = False
        if not self._sends:
            if self._dialogue.command(f"+FRS={TURNAROUND}", SILENCE) is None:
                self._abort()  # the line is never silent: speak all the same
            if self._dialogue.command("+FTH=3", REPLY) is not Result.CONNECT:
                return Gone()
        self._sends = False
        for frame in frames:
            self._dialogue.write(stuff(frame.to_octets(by_caller=by_caller)))
            if self._dialogue.result(SENDING) is not (Result.OK if frame.final else Result.CONNECT):
                self._abort(END)
                return Gone()
        return Done()

    def listen(self, within: float, through: float = 0.0) -> Heard | Garbled | Silent | Gone:
        """One frame, if it starts within so many seconds. As long as another carrier sounds they do not count, `through` seconds at most."""
        match Result.CONNECT if self._hears else self._carrier(_FRAMES, within, through):
            case Result.CONNECT:
                self._hears = False
            case Result.ERROR:
                return Gone()
            case _:
                return Silent()
        octets = bytearray()
        ended = self._dialogue.data(octets.extend, FRAME, LONGEST)
        result = self._dialogue.result(REPLY) if ended else None
        if not ended:
            self._abort()
        if result is not Result.OK:
            return Garbled()
        try:
            return Heard(self._read_frame(bytes(octets.lstrip(_FLOW))))
        except BadFrameError:
            return Garbled()

    def _read_frame(self, octets: bytes) -> Frame:
        """The frame that the modem called good. Raises `BadFrameError`."""
        try:
            frame = Frame.from_octets(octets)
        except BadFrameError:
            if self._checks:
                raise
            return Frame.from_unchecked(octets)
        self._checks = True
        return frame

    def receive(
        self, rate: Rate, add: Callable[[bytes], None], *, short: bool, within: float = CARRIER
    ) -> Done | Interrupted | Silent | Gone:
        """What is sent at high speed, given to `add` as it comes, until its carrier ends."""
        match self._carrier(f"+FRM={rate.code(short=short)}", within):
            case Result.CONNECT:
                pass
            case Result.FRAMES_INSTEAD:
                self._hears = self._dialogue.result(REPLY) is Result.CONNECT
                return Interrupted()
            case Result.OTHER_CARRIER:
                return Interrupted()
            case Result.ERROR:
                return Gone()
            case _:
                return Silent()
        if self._dialogue.data(add, LONGEST_PAGE, LONGEST_PAGE * rate.speed / 8):
            self._dialogue.result(REPLY)  # NO CARRIER, as it should be
        else:
            self._abort()
        return Done()

    def try_sending(self, command: str, octets: bytes) -> Result | None:
        """Give a command to send with, and `octets`; the modem's last answer. For tests of a modem."""
        result = self._dialogue.command(command, REPLY)
        if result is not Result.CONNECT:
            return result
        self._dialogue.write(octets + END)
        if (result := self._dialogue.result(SENDING)) is Result.CONNECT:
            return self._dialogue.result(SENDING)  # it takes the end of nothing for the end of one frame of several
        return result

    def try_receiving(self, command: str, within: float) -> Result | None:
        """Give a command to receive with, and end that when nothing has come within so many seconds; the modem's last answer. For tests of a modem."""
        result = self._dialogue.command(command, within)
        if result in {None, Result.CONNECT}:
            self._dialogue.write(CAN)
            result = self._dialogue.result(REPLY)
            self._dialogue.forget()
        return result

    def _carrier(self, command: str, within: float, through: float = 0.0) -> Result | None:
        """Have the modem wait for a carrier. It may give up by itself, or at once when the line is dead: then once more, until the time is over."""
        until = self._dialogue.clock() + within
        last, again = until + through, self._profile.persistence
        while True:
            asked = self._dialogue.clock()
            result = self._dialogue.command(command, until - asked)
            if result is None:
                self._abort()
                return None
            if result is Result.OTHER_CARRIER and command == _FRAMES:
                until = min(self._dialogue.clock() + within, last) if through else until
            elif result is Result.OTHER_CARRIER and again:
                again -= 1
                continue  # at once: a training may have begun
            elif result not in {Result.NO_CARRIER, Result.OK}:
                return result
            if self._dialogue.clock() >= until:
                return None
            if self._dialogue.clock() - asked < _QUICK:
                self._dialogue.pause()

    def _abort(self, octets: bytes = CAN) -> None:
        """End whatever goes on: a reception any octet does. Raises `ModemHungError` when the modem says nothing to that, time and again."""
        self._hears = self._sends = False
        self._dialogue.unheard += 1
        self._dialogue.write(octets)
        self._dialogue.result(REPLY)
        self._dialogue.forget()
        if self._dialogue.unheard >= _DEAF:
            raise ModemHungError

    def _cancel(self) -> None:
        """Get back from whatever state it may be in: a reception, a transmission, half a command, a data call. 8 s at most."""
        self._hears = self._sends = False
        self._dialogue.write(CAN + END)
        self._dialogue.result(_MOMENT)
        self._dialogue.write(b"\r")
        self._dialogue.result(_MOMENT)
        if self._dialogue.command("H0", REPLY) is Result.OK:
            return
        self._dialogue.result(GUARD)
        self._dialogue.write(b"+++")  # from a data call, V.250 Annex / S12: a second of silence on both sides
        self._dialogue.result(GUARD)
        self._dialogue.command("H0", REPLY)

    def _insist(self, command: str) -> None:
        """Give a command that must be taken; once more when it met rubbish in the modem's line. Raises `ModemSilentError`, `ModemRefusedError`."""
        if self._dialogue.command(command, REPLY) is not Result.OK:
            match self._dialogue.command(command, REPLY):
                case Result.OK:
                    pass
                case None:
                    raise ModemSilentError
                case _:
                    raise ModemRefusedError

    def _grants(self, wish: Wish) -> bool:
        """Does it do that? Raises `ModemSilentError` when it fell silent over it."""
        return any(all(self._is_taken(command) for command in way) for way in wish.ways)

    def _is_taken(self, command: str) -> bool:
        result = self._dialogue.command(command, REPLY)
        if result is None and not self.is_ready():
            raise ModemSilentError
        return result is Result.OK

    def _ask_rates(self) -> frozenset[Rate]:
        """What it receives at; all there is when it does not say that in digits."""
        return read_rates(self._dialogue.ask(RATES)[1]) or ALL_RATES


def read_rates(lines: Iterable[str]) -> frozenset[Rate]:
    """The rates that a modem lists as an answer to +FRM=? or +FTM=?, in any of the ways V.250 §5.7.3.1 has for ranges of values."""
    ranges = re.findall(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", " ".join(lines))
    codes = {code for first, last in ranges for code in range(int(first), int(last or first) + 1)}
    return frozenset(rate for rate in Rate if {rate.code(short=True), rate.code(short=False)} <= codes)
