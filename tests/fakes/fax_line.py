"""Two fax scripts back to back without modems: a line with a clock of its own, that can lose, spoil and delay what is sent."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from appliance.errors import BadFrameError
from appliance.fax.capabilities import Terms
from appliance.fax.ecm import FCD, MOST_FRAMES, RCP, Again, Assembly, Missing, OutOfTurn, Part, Whole
from appliance.fax.frames import Frame, check_sequence
from appliance.fax.hdlc import Finder, pack
from appliance.fax.rates import Rate
from appliance.fax.steps import (
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
    Garbled,
    GiveUpBlock,
    HangUp,
    Heard,
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
    SendBlock,
    SendPage,
    SendTraining,
    Silent,
    Step,
    TakeBlock,
    TakePage,
    Trained,
)
from appliance.fax.t4 import Coding, Decoder
from appliance.fax.t4_encoder import Encoder
from appliance.fax.timers import CARRIER, TRAINING_CARRIER
from appliance.fax.training import is_clean, make_training
from appliance.fax.transcript import show_event, show_step

Rows = Sequence[bytes]
GAP = 0.075  # s between directions
DELAY = 0.6  # s, of a signal by way of two satellites; where answers come later than that, T.30 takes them for answers to what was said meanwhile
PREAMBLE = 1.0  # s of flags before frames: who starts to listen in the midst of them still hears the frame
MOST_STEPS = 3000  # of one call: more is a script that does not end


class Fate(Enum):
    """What becomes of a signal on its way."""

    ARRIVES = 0
    LOST = 1
    SPOILED = 2
    LATE = 3
    CUT = 4
    DOUBLED = 5
    SPLIT = 6


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that sounds on the line."""

    start: float  # s
    end: float
    octets: bytes
    rate: Rate | None = None  # None: frames, 300 bit/s


@dataclass(slots=True)
class Side:
    """One station."""

    script: Generator[Step, Event, Any]
    by_caller: bool
    now: float = 0.0
    inbox: list[Signal] = field(default_factory=list)
    step: Step | None = None
    error: Exception | None = None
    log: list[str] = field(default_factory=list)
    spoke: float = 0.0  # s: when its last frame had left

    def go_on(self, event: Event | None) -> None:
        """Let the script have `event`."""
        try:
            if event is None:
                self.step = next(self.script)
            else:
                self.log += (f"> {show_step(self.step)}" if self.step else "", f"< {show_event(event)}")
                self.step = self.script.send(event)
        except StopIteration:
            self.step = None
        except Exception as error:  # whatever it is, the test looks at it
            self.step, self.error = None, error


class FakeLine:
    """Plays a called and a calling script against each other until both have ended."""

    def __init__(
        self,
        letter: Sequence[Rows],
        fates: Sequence[Fate] = (),
        keeps: Callable[[], bool] = lambda: True,
        keeping: float = 0.0,
    ) -> None:
        """`keeping`: how many seconds it takes to keep a page."""
        self.letter = letter
        self.fates = iter(fates)
        self.keeps = keeps
        self.keeping = keeping
        self._images: dict[tuple[int, Coding], bytes] = {}  # as they travel
        self.pages: list[list[bytes]] = []  # kept
        self._coming: list[tuple[float, list[bytes], Quality]] = []  # when it will be kept
        self._assembly = Assembly(256)
        self._size = 256
        self._image = b""

    def run(self, answering: Generator[Step, Event, Any], calling: Generator[Step, Event, Any]) -> tuple[Side, Side]:
        """Both stations as they are in the end."""
        called, caller = Side(answering, by_caller=False), Side(calling, by_caller=True)
        called.go_on(None)
        caller.go_on(None)
        for _ in range(MOST_STEPS):
            waiting = [side for side in (called, caller) if side.step is not None]
            if not waiting:
                return called, caller
            waiting.sort(key=lambda side: side.now)
            for side in waiting:
                other = caller if side is called else called
                if (event := self._perform(side, other)) is not None:
                    side.go_on(event)
                    break
            else:  # both listen
                first = min(waiting, key=give_up_at)
                first.now = give_up_at(first)
                first.go_on(Silent())
        raise AssertionError("the call does not end")

    def _perform(self, side: Side, other: Side) -> Event | None:
        """Do the step that `side` asks for; None when that depends on what `other` does first."""
        match side.step:
            case PickUp():
                side.now += 3.0
            case Send(frames):
                side.now += GAP + PREAMBLE
                for frame in frames:
                    octets = frame.to_octets(by_caller=side.by_caller)
                    self._sound(side, other, octets + check_sequence(octets), None, 300)
                side.spoke = side.now
            case SendTraining(rate):
                self._sound(side, other, make_training(rate), rate, rate.speed)
            case CloseBlock(part):
                return self._close(part)
            case GiveUpBlock(part):
                self._image += self._assembly.give_up(part)
            case EndPage(terms):
                self._assembly.end_page()
                image, self._image = self._image, b""
                self._begin(side, Decoder(terms.coding, terms.dots), image)
            case SendBlock(number, block, terms, frames):
                side.now += GAP
                self._sound(side, other, self._pack(number, block, terms, frames), terms.rate, terms.rate.speed)
            case SendPage(number, terms):
                side.now += GAP
                self._sound(side, other, self._encode(number, terms), terms.rate, terms.rate.speed)
            case KeepPage(within):
                return self._keep(side, within)
            case HangUp() | None:
                pass
            case Listen() | CheckTraining() | TakePage() | TakeBlock():
                return self._hear(side, other)
        return Done()

    def _sound(self, side: Side, other: Side, octets: bytes, rate: Rate | None, speed: int) -> None:
        signal = Signal(side.now, side.now + len(octets) * 8 / speed, octets, rate)
        side.now = signal.end
        match next(self.fates, Fate.ARRIVES):
            case Fate.ARRIVES:
                other.inbox.append(signal)
            case Fate.LOST:
                pass
            case Fate.SPOILED:
                middle = len(octets) // 2
                spoiled = (
                    octets[:middle]
                    + bytes(octet ^ 0x5A for octet in octets[middle : middle + 40])
                    + octets[middle + 40 :]
                )
                other.inbox.append(replace(signal, octets=spoiled))
            case Fate.LATE:
                other.inbox.append(replace(signal, start=signal.start + DELAY, end=signal.end + DELAY))
            case Fate.CUT:
                other.inbox.append(replace(signal, octets=octets[: len(octets) // 2]))
            case Fate.SPLIT:
                half = (signal.start + signal.end) / 2
                other.inbox.append(replace(signal, end=half, octets=octets[: len(octets) // 2]))
                other.inbox.append(replace(signal, start=half, octets=octets[len(octets) // 2 :]))
            case Fate.DOUBLED:
                other.inbox.append(signal)
                other.inbox.append(replace(signal, start=signal.end, end=2 * signal.end - signal.start))

    def _hear(self, side: Side, other: Side) -> Event | None:  # noqa: PLR0911 - a table of what a listener may meet
        until = give_up_at(side)
        side.inbox = [one for one in side.inbox if one.start > side.now - PREAMBLE or (one.rate and one.end > side.now)]
        heard = [
            one  # a page sounds like noise to who waits for frames, and to who missed its start
            for one in side.inbox
            if one.start > side.now - PREAMBLE and not (isinstance(side.step, Listen) and one.rate)
        ]
        signal = min(heard, key=lambda one: one.start, default=None)
        if signal is None or signal.start > until:
            if other.step is None or other.now >= until:
                side.now = until
                return Silent()
            return None
        if not isinstance(side.step, Listen) and signal.rate is None:
            side.now = max(side.now, signal.start - PREAMBLE)
            return Interrupted(round(side.now - side.spoke, 1))
        side.inbox.remove(signal)
        side.now = max(side.now, signal.end)
        match side.step:
            case Listen():
                try:
                    return Heard(Frame.from_octets(signal.octets))
                except BadFrameError:
                    return Garbled()
            case CheckTraining(rate):
                clean = signal.rate is rate and is_clean(signal.octets, rate)
                if clean:
                    self._assembly.begin()
                return Trained(clean)
            case TakeBlock(terms):
                return self._take(terms.frame_size, signal.octets if signal.rate is terms.rate else b"")
            case TakePage(terms) if signal.rate is terms.rate:
                return self._begin(side, Decoder(terms.coding, terms.dots), signal.octets)
            case _:
                return PageCame(Quality(0, 0, 0, ended=False))

    def count_frames(self, terms: Terms) -> list[int]:
        """How many frames each page has with ECM."""
        return [-(-len(self._encode(number, terms)) // terms.frame_size) for number in range(len(self.letter))]

    def _encode(self, number: int, terms: Terms) -> bytes:
        if (number, terms.coding) not in self._images:
            encoder = Encoder(terms.coding, terms.dots)
            for row in self.letter[number]:
                encoder.add(row)
            self._images[number, terms.coding] = encoder.finish()
        return self._images[number, terms.coding]

    def _pack(self, number: int, block: int, terms: Terms, frames: frozenset[int]) -> bytes:
        """Those frames of a page's block."""
        size = terms.frame_size
        image = self._encode(number, terms)[block * MOST_FRAMES * size : (block + 1) * MOST_FRAMES * size]
        pieces = [image[start : start + size] for start in range(0, len(image), size)]
        chosen = [bytes((0xFF, 0x03, FCD, place)) + piece for place, piece in enumerate(pieces) if place in frames]
        return pack([*chosen, *[bytes((0xFF, 0x03, RCP))] * 3])

    def _take(self, size: int, octets: bytes) -> BlockCame:
        if size != self._size:
            self._size, self._assembly = size, Assembly(size)
        self._assembly.begin()
        for frame in Finder().add(octets):
            if frame[2] == FCD:
                self._assembly.take(frame[3:])
        return BlockCame()

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

    def _begin(self, side: Side, decoder: Decoder, octets: bytes) -> PageCame:
        decoder.add(octets)
        decoder.finish()
        ended = decoder.ended and not decoder.broken
        quality = Quality(len(decoder.rows), decoder.damaged, decoder.worst_run, ended)
        if quality.rows or isinstance(side.step, EndPage):
            self._coming.append((side.now + self.keeping, decoder.rows, quality))
        return PageCame(quality)

    def _keep(self, side: Side, within: float) -> Kept | NotKept | Keeping:
        ready, rows, quality = self._coming[0]
        if ready > side.now + within:
            side.now += within
            return Keeping()
        side.now = max(side.now, ready)
        del self._coming[0]
        if not self.keeps():
            return NotKept()
        self.pages.append(rows)
        return Kept(quality)


def patience(step: Step | None) -> float:
    """How long a step waits for the line."""
    match step:
        case Listen(within, _):
            return within
        case CheckTraining():
            return TRAINING_CARRIER
        case TakePage() | TakeBlock():
            return CARRIER
        case _:
            return 0.0


def give_up_at(side: Side) -> float:
    """When that is over, by its own clock: a page that sounds puts off who waits for a frame behind it."""
    until = side.now + patience(side.step)
    if isinstance(side.step, Listen):
        for carrier in sorted((one for one in side.inbox if one.rate), key=lambda one: one.start):
            if carrier.start < until and carrier.end > side.now:
                until = max(until, min(carrier.end, side.now + side.step.through) + side.step.within)
    return until
