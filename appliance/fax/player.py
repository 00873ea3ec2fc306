"""Performs a receiving script with a modem: the one place where protocol, image and modem meet."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Final, TypeVar

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


def play(script: Generator[Answering, Event, T], receiver: Receiver) -> T:
    """Play `script` to its end."""
    step = next(script)
    while True:
        event = receiver.perform(step)
        receiver.transcript += (f"> {show_step(step)}", f"< {show_event(event)}")
        try:
            step = script.send(event)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # typeshed types StopIteration.value as Any


@dataclass(slots=True)
class Receiver:
    """A modem that receives, and the page that is just coming."""

    modem: Class1
    keep: Callable[[Page], bool]  # puts a page where it is safe; False when it cannot
    transcript: list[str] = field(default_factory=list)
    _page: Page | None = None
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
            case KeepPage():
                return self._keep()
            case HangUp():
                return self.modem.hang_up()

    def _check_training(self, rate: Rate) -> Event:
        came = bytearray()
        most = round(4 * TRAINING * rate.speed / 8)

        def add(octets: bytes) -> None:
            came.extend(octets[: most - len(came)])

        event = self.modem.receive(rate, add, short=False, within=TRAINING_CARRIER)
        return Trained(is_clean(bytes(came), rate)) if event == Done() else event

    def _take_page(self, terms: Terms) -> Event:
        decoder = Decoder(terms.coding, terms.width.value)
        begun = False

        def add(octets: bytes) -> None:
            nonlocal begun
            image = octets if begun else octets.lstrip(_IDLE)
            begun = begun or bool(image)
            decoder.add(image)

        event = self.modem.receive(terms.rate, add, short=True)
        if event != Done():
            return event
        return self._finish(decoder, terms)

    def _finish(self, decoder: Decoder, terms: Terms) -> Event:
        decoder.finish()
        quality = Quality(len(decoder.rows), decoder.damaged, decoder.worst_run, decoder.ended and not decoder.broken)
        grid = terms.resolution
        self._page = Page(decoder.rows, terms.width.value, grid.across, grid.down, quality.damaged, quality.worst_run)
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
            case OutOfTurn():
                return BlockLost()

    def _end_page(self, terms: Terms) -> Event:
        self._assembly.end_page()
        decoder, image = Decoder(terms.coding, terms.width.value), bytes(self._image)
        self._image.clear()
        decoder.add(image)
        return self._finish(decoder, terms)

    def _keep(self) -> Event:
        page, self._page = self._page, None
        return Kept() if page is not None and self.keep(page) else NotKept()
