"""Performs a receiving script with a modem: the one place where protocol, image and modem meet."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from appliance.errors import LineStoppedError, SerialError
from appliance.fax.capabilities import Terms
from appliance.fax.class1 import Class1
from appliance.fax.ecm import FCD, Again, Assembly, Missing, OutOfTurn, Part, Whole
from appliance.fax.hdlc import Finder
from appliance.fax.rates import Rate
from appliance.fax.reading import Draft, Keeper, finish, start
from appliance.fax.steps import (
    Answering,
    BlockAgain,
    BlockCame,
    BlockLost,
    BlockMisses,
    BlockWhole,
    CheckTraining,
    CloseBlock,
    Done,
    EndPage,
    Event,
    GiveUpBlock,
    HangUp,
    Interrupted,
    KeepPage,
    Listen,
    PageCame,
    PickUp,
    Send,
    TakeBlock,
    TakePage,
    Trained,
)
from appliance.fax.timers import TRAINING, TRAINING_CARRIER
from appliance.fax.training import is_clean
from appliance.fax.transcript import show_event, show_step

_IDLE: Final = b"\xff"  # what a modem sends at high speed until its program has something to say

T = TypeVar("T")


def play(script: Generator[Answering, Event, T], receiver: Receiver) -> T:
    """Play `script` to its end. Raises `FaxError`, and `SerialError` when the modem has gone. The port may raise `LineStoppedError` to end the call."""
    step = next(script)
    try:
        while True:
            step = _do(step, script, receiver)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]  # typeshed types StopIteration.value as Any


def _do(step: Answering, script: Generator[Answering, Event, T], receiver: Receiver) -> Answering:
    """Perform a step; the next one."""
    try:
        event = receiver.perform(step)
    except (SerialError, LineStoppedError) as error:
        receiver.transcript.append(f"> {show_step(step)}")
        return script.throw(error)
    receiver.transcript += (f"> {show_step(step)}", f"< {show_event(event)}")
    return script.send(event)


@dataclass(slots=True)
class Receiver:
    """A modem that receives, and the page that is just coming."""

    modem: Class1
    keeper: Keeper
    transcript: list[str] = field(default_factory=list)
    _assembly: Assembly = field(default_factory=lambda: Assembly(256))
    _size: int = 256  # octets in its frames
    _draft: Draft | None = None  # of a page that comes in blocks
    _terms: Terms = field(default_factory=Terms)  # of the last of them
    _spoke: float | None = None  # s, by the modem's clock: when our last frame had left

    def perform(self, step: Answering) -> Event:  # noqa: PLR0911 - one line a step: a table
        """Do one step; what came of it."""
        match step:
            case PickUp():
                return self.modem.pick_up()
            case Send(frames):
                event = self.modem.send_frames(frames, by_caller=False)
                self._spoke = self.modem.now()
                return event
            case Listen(within, through):
                return self.modem.listen(within, through)
            case CheckTraining(rate):
                return self._check_training(rate)
            case TakePage(terms):
                return self._take_page(terms)
            case TakeBlock(terms, short):
                return self._take_block(terms, short)
            case CloseBlock(part):
                return self._close(part)
            case GiveUpBlock(part):
                self._draft_on(self._terms).add(self._assembly.give_up(part))
                return Done()
            case EndPage(terms):
                return self._end_page(terms)
            case KeepPage(within):
                return self.keeper.outcome(within)
            case HangUp():  # pragma: no branch - mypy sees that every kind is named
                return self.modem.hang_up()

    def _check_training(self, rate: Rate) -> Event:
        came = bytearray()
        most = round(4 * TRAINING * rate.speed / 8)

        def add(octets: bytes) -> None:
            came.extend(octets[: most - len(came)])

        event = self.modem.receive(rate, add, short=False, within=TRAINING_CARRIER)
        if event != Done():
            return event
        if clean := is_clean(bytes(came), rate):
            self._assembly.begin()
        return Trained(clean)

    def _take_page(self, terms: Terms) -> Event:
        decoder = start(terms)
        begun = False

        def add(octets: bytes) -> None:
            nonlocal begun
            image = octets if begun else octets.lstrip(_IDLE)
            begun = begun or bool(image)
            decoder.add(image)

        since = self.modem.now() if self._spoke is None else self._spoke
        event = self.modem.receive(terms.rate, add, short=True)
        if event == Interrupted():
            return Interrupted(round(self.modem.now() - since, 1))
        if event != Done():
            return event
        page, quality = finish(decoder, terms)
        if page.rows:
            self.keeper.begin(lambda: (page, quality))
        return PageCame(quality)

    def _take_block(self, terms: Terms, short: bool) -> Event:
        if terms.frame_size != self._size:
            self._size, self._assembly = terms.frame_size, Assembly(terms.frame_size)
        self._terms = terms
        draft, finder, begun = self._draft_on(terms), Finder(), False

        def add(octets: bytes) -> None:
            nonlocal begun
            if not begun:
                begun = True
                self._assembly.begin()
            for frame in finder.add(octets):
                if frame[2] == FCD:
                    self._assembly.take(frame[3:])
            draft.read_ahead(self._assembly.ahead())

        event = self.modem.receive(terms.rate, add, short=short)
        return BlockCame() if event == Done() else event

    def _close(self, part: Part) -> Event:
        match self._assembly.close(part):
            case Whole(octets):
                self._draft_on(self._terms).add(octets)
                return BlockWhole()
            case Missing(_, bitmap):
                return BlockMisses(bitmap)
            case Again():
                return BlockAgain()
            case OutOfTurn():  # pragma: no branch - mypy sees that every kind is named
                return BlockLost()

    def _end_page(self, terms: Terms) -> Event:
        self._assembly.end_page()
        self._draft_on(terms).finish()
        self._draft = None
        return Done()

    def _draft_on(self, terms: Terms) -> Draft:
        """What there is of the page that comes in blocks. What was only read ahead, on other terms, is forgotten."""
        if self._draft is None or (self._draft.is_empty and not terms.same_image(self._draft.terms)):
            self._draft = Draft(terms, self.keeper)
        return self._draft
