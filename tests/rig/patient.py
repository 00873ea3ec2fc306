"""Patients who call the practice: SIP and RTP, real time, several at once.

with Patient("5550123", "Jane Doe").call(company) as call:
    call.wait_for_tone()
    call.say(speech("Please call me back."))
    call.press("#")
"""

from __future__ import annotations

import enum
import socket
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.rig import compare
from tests.rig.errors import CallEndedError, RefusedError
from tests.rig.exchange import EXCHANGE
from tests.rig.line import PRACTICE, PhoneCompany, Place
from tests.rig.rtp import Incoming, Outgoing
from tests.rig.sip import Dialog, Message

HOME = "127.0.0.1"
LOOK_EVERY = 0.1  # s between looks at what was heard
PATIENCE = 30.0  # s beyond what a thing should take


class State(enum.Enum):
    DIALLING = "dialling"
    ANSWERED = "answered"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody with a telephone. Without a number, somebody who withholds it."""

    number: str | None = "5550123"
    name: str = ""

    def call(
        self, company: PhoneCompany, within: float = 20.0, dialled: str = PRACTICE, straight: bool = False
    ) -> Call:
        """Calls and returns once somebody answers. Raises `RefusedError`."""
        return self.dial(company, dialled, straight).wait_answered(within)

    def dial(self, company: PhoneCompany, dialled: str = PRACTICE, straight: bool = False) -> Call:
        """Calls and lets it ring. `straight`: to the box itself, in the ATA's place, which spares the machine half the work."""
        if straight:
            call = Call(self, company.place.address, company.box_place, dialled, asserted=True)
        else:
            call = Call(self, HOME, company.place, dialled, asserted=False)
        company.on_stop.append(call.drop)
        return call


class Call:
    """One call, from dialling to hanging up; as a context manager it hangs up at the end."""

    def __init__(self, patient: Patient, home: str, place: Place, dialled: str, asserted: bool) -> None:
        self._to = (place.address, place.port)
        self._sip, self._rtp = _socket(home), _socket(home)
        port = self._rtp.getsockname()[1]
        self._dialog = Dialog(self._sip.getsockname(), self._to, port, dialled, patient.number, patient.name, asserted)
        self._sound_to: tuple[str, int] | None = None
        self._out, self._in = Outgoing(), Incoming()
        self._noticed = 0
        self._goodbye_answered = False
        self.state = State.DIALLING
        self.status = 0
        EXCHANGE.join(self, {self._sip: self._take_message, self._rtp: self._in.take})
        self._send(self._dialog.invite())

    def wait_answered(self, within: float) -> Self:
        self._wait(lambda: self.state is not State.DIALLING, within)
        if self.state is not State.ANSWERED:
            self.hang_up()
            raise RefusedError(self.status)
        return self

    def say(self, pcm: bytes) -> None:
        """Speaks: 16-bit samples, 8,000 a second. Returns when the last of it is sent; raises `CallEndedError` when the far end hangs up before."""
        self._do(lambda: self._out.say(pcm), len(pcm) / 16000)

    def press(self, keys: str, hold: float = 0.1, gap: float = 0.1) -> None:
        """Presses keys, one after the other."""
        for key in keys:
            self._do(lambda key=key: self._out.press(key, hold, gap), hold + gap)  # type: ignore[misc]  # mypy cannot infer a lambda with a default

    def wait(self, seconds: float) -> None:
        """Stays on the line in silence for that long."""
        self._do(lambda: self._out.rest(seconds), seconds)

    def hear_until(self, enough: Callable[[bytes], bool], within: float = 20.0) -> bytes:
        """Listens until what was heard since the last such listening is enough, and returns it. Raises `CallEndedError`."""
        with EXCHANGE.changed:
            start = self._noticed
        while True:
            with EXCHANGE.changed:
                pcm = self._in.pcm(start)
                before, ended = self._in.samples, self.state is not State.ANSWERED
            if enough(pcm):
                self._noticed = start + len(pcm) // 2
                return pcm
            if ended or within <= 0:
                raise CallEndedError("the far end hung up" if ended else "what was waited for was not heard in time")
            self._wait(lambda before=before: self._in.samples > before or self._over, LOOK_EVERY)  # type: ignore[misc]  # as above
            self._wait(lambda: self._over, LOOK_EVERY)
            within -= 2 * LOOK_EVERY

    def wait_for_tone(self, hertz: float = 1000.0, within: float = 20.0) -> bytes:
        """Listens until a tone of this pitch sounds; returns what was heard up to it."""
        return self.hear_until(lambda pcm: compare.has_tone(pcm, hertz), within)

    def wait_ended(self, within: float = 20.0) -> None:
        """Waits for the far end to hang up. Raises `CallEndedError` when it does not."""
        if not self._wait(lambda: self._over, within):
            raise CallEndedError("the far end did not hang up in time")

    def hang_up(self) -> None:
        """Hangs up, whatever was going on; returns when the far end knows."""
        with EXCHANGE.changed:
            state, self.state = self.state, State.ENDED
            if state is State.ANSWERED:
                self._send(self._dialog.bye())
            elif state is State.DIALLING:
                self._send(self._dialog.cancel())
        if state in {State.ANSWERED, State.DIALLING}:
            self._wait(lambda: self._goodbye_answered, 5.0)
        EXCHANGE.leave(self)

    def drop(self) -> None:
        """Is gone without a word, as when the line is cut."""
        with EXCHANGE.changed:
            if not self._over:
                self.state = State.ENDED
            EXCHANGE.leave(self)

    @property
    def heard(self) -> bytes:
        """All that was heard so far: 16-bit samples, 8,000 a second."""
        with EXCHANGE.changed:
            return self._in.pcm()

    @property
    def frames_sent(self) -> int:
        """20 ms of sound each."""
        return self._out.frames

    def tick(self) -> None:
        if self.state is State.ANSWERED and self._sound_to:
            self._rtp.sendto(self._out.packet(), self._sound_to)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()

    @property
    def _over(self) -> bool:
        return self.state in {State.REFUSED, State.ENDED}

    def _do(self, queue: Callable[[], None], seconds: float) -> None:
        with EXCHANGE.changed:
            queue()
        self._wait(lambda: self._out.done or self._over, seconds + PATIENCE)
        if not self._out.done:
            raise CallEndedError("the far end hung up" if self._over else "the line stands still")

    def _wait(self, happened: Callable[[], bool], within: float) -> bool:
        with EXCHANGE.changed:
            return EXCHANGE.changed.wait_for(happened, within)

    def _send(self, message: bytes) -> None:
        self._sip.sendto(message, self._to)

    def _take_message(self, datagram: bytes) -> None:
        message = Message.parse(datagram)
        if not self._dialog.is_of(message):
            return  # a late word for the call that had this port before
        if not message.status:
            self._send(self._dialog.reply(message))
            if message.method == "BYE":
                self.state = State.ENDED
        elif message.method == "INVITE":
            self._take_answer(message)
        elif message.method in {"BYE", "CANCEL"}:
            self._goodbye_answered = True

    def _take_answer(self, message: Message) -> None:
        if message.status < 200:
            return
        self._dialog.remember(message)
        self._send(self._dialog.ack(message))
        if self.state is not State.DIALLING:
            return  # said again, because our ACK was late
        self.status = message.status
        if message.status >= 300:
            self.state = State.REFUSED
        else:
            self._sound_to = message.sound_goes_to()
            self.state = State.ANSWERED


def _socket(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    return made
