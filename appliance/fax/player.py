"""Performs a receiving script with a modem: the one place where protocol, image and modem meet."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

from appliance.errors import SerialError
from appliance.fax.capabilities import Terms
from appliance.fax.class1 import Class1
from appliance.fax.ecm import FCD, Again, Assembly, Missing, OutOfTurn, Part, Whole
from appliance.fax.hdlc import Finder
from appliance.fax.rates import Rate
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
    Keeping,
    KeepPage,
    Kept,
    Listen,
    NotKept,
    PageCame,
    PickUp,
    Quality,
    Send,
    TakeBlock,
    TakePage,
    Trained,
)
from appliance.fax.t4 import Decoder
from appliance.fax.tiff import Page
from appliance.fax.timers import TRAINING, TRAINING_CARRIER
from appliance.fax.training import is_clean
from appliance.fax.transcript import show_event, show_step

_IDLE: Final = b"\xff"  # what a modem sends at high speed until its program has something to say

T = TypeVar("T")

#: A page whose image is in: reads it, which takes a while with error correction.
Image = Callable[[], tuple[Page, Quality]]


class Keeper(Protocol):
    """Puts pages where they are safe, beside the call."""

    def begin(self, image: Image) -> None:
        """Begin to keep a page; returns at once."""

    def outcome(self, within: float) -> Kept | NotKept | Keeping:
        """What came of the oldest page begun, within so many seconds."""


def play(script: Generator[Answering, Event, T], receiver: Receiver) -> T:
    """Play `script` to its end. Raises `FaxError`, and `SerialError` when the modem has gone."""
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
    except SerialError as error:
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
    _image: bytearray = field(default_factory=bytearray)  # of a page that comes in blocks

    def perform(self, step: Answering) -> Event:  # noqa: PLR0911 - one line a step: a table
        """Do one step; what came of it."""
        match step:
            case PickUp():
                return self.modem.pick_up()
            case Send(frames):
                return self.modem.send_frames(frames, by_caller=False)
            case Listen(within):
                return self.modem.listen(within)
            case CheckTraining(rate):
                return self._check_training(rate)
            case TakePage(terms):
                return self._take_page(terms)
            case TakeBlock(terms, short):
                return self._take_block(terms, short)
            case CloseBlock(part):
                return self._close(part)
            case GiveUpBlock(part):
                self._image += self._assembly.give_up(part)
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
        return Trained(is_clean(bytes(came), rate)) if event == Done() else event

    def _take_page(self, terms: Terms) -> Event:
        decoder = Decoder(terms.coding, terms.dots)
        begun = False

        def add(octets: bytes) -> None:
            nonlocal begun
            image = octets if begun else octets.lstrip(_IDLE)
            begun = begun or bool(image)
            decoder.add(image)

        begin = self.modem.now()
        event = self.modem.receive(terms.rate, add, short=True)
        if event == Interrupted():
            return Interrupted(round(self.modem.now() - begin, 1))
        if event != Done():
            return event
        page, quality = _finish(decoder, terms)
        if page.rows:
            self.keeper.begin(lambda: (page, quality))
        return PageCame(quality)

    def _take_block(self, terms: Terms, short: bool) -> Event:
        if terms.frame_size != self._size:
            self._size, self._assembly = terms.frame_size, Assembly(terms.frame_size)
        finder, begun = Finder(), False

        def add(octets: bytes) -> None:
            nonlocal begun
            if not begun:
                begun = True
                self._assembly.begin()
            for frame in finder.add(octets):
                if frame[2] == FCD:
                    self._assembly.take(frame[3:])

        event = self.modem.receive(terms.rate, add, short=short)
        return BlockCame() if event == Done() else event

    def _close(self, part: Part) -> Event:
        match self._assembly.close(part):
            case Whole(octets):
                self._image += octets
                return BlockWhole()
            case Missing(_, bitmap):
                return BlockMisses(bitmap)
            case Again():
                return BlockAgain()
            case OutOfTurn():  # pragma: no branch - mypy sees that every kind is named
                return BlockLost()

    def _end_page(self, terms: Terms) -> Event:
        self._assembly.end_page()
        self.keeper.begin(partial(_read, bytes(self._image), terms))
        self._image.clear()
        return Done()


def _read(image: bytes, terms: Terms) -> tuple[Page, Quality]:
    """A whole page's image."""
    decoder = Decoder(terms.coding, terms.dots)
    decoder.add(image)
    return _finish(decoder, terms)


def _finish(decoder: Decoder, terms: Terms) -> tuple[Page, Quality]:
    """The page, when all of it has been given to `decoder`."""
    decoder.finish()
    quality = Quality(len(decoder.rows), decoder.damaged, decoder.worst_run, decoder.ended and not decoder.broken)
    grid = terms.resolution
    page = Page(decoder.rows, terms.dots, grid.across, grid.down, quality.damaged, quality.worst_run)
    return page, quality
