"""Error correction: puts a page together from numbered frames and says which are missing. T.30 Annex A; no I/O here.

A page travels in blocks (partial pages) of up to 256 frames. After each block the sender says which it was and how many frames it had (PPS); we answer with
the map of those that are missing (PPR) until none is, and only then confirm. Frames count only with a right check sequence, which the modem has looked at.
Octets that are missing are never shown: what stands behind them is given up with them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

FCD: Final = (
    0x06  # facsimile coded data, 0110 0000 as sent: T.4 Annex A §A.3.1; the frame's number and its octets follow
)
RCP: Final = 0x86  # return to control for partial page, 0110 0001 as sent: three of them end a block
MOST_FRAMES: Final = 256  # in a block
SIZES: Final = (64, 256)  # octets in a frame; DCS bit 28 says which
_COUNTED: Final = 256  # pages and blocks are numbered modulo this


@dataclass(frozen=True, slots=True)
class Part:
    """Which block a PPS or EOR speaks of."""

    page: int  # counted from 0, modulo 256
    block: int  # of this page, counted from 0, modulo 256
    frames: int  # that it has, 1 to 256

    @classmethod
    def from_info(cls, info: bytes) -> Part | None:
        """Of what follows the second control field of a PPS: page, block, frames less one (T.30 §A.4.3). None when it is too short."""
        return cls(info[0], info[1], info[2] + 1) if len(info) >= 3 else None

    def to_info(self) -> bytes:
        """As a PPS carries it."""
        return bytes((self.page % _COUNTED, self.block % _COUNTED, self.frames - 1))


@dataclass(frozen=True, slots=True)
class Whole:
    """Every frame of the block is here: confirm it. Shown without its octets, which are somebody's page."""

    octets: bytes

    def __repr__(self) -> str:
        return f"Whole({len(self.octets)} octets)"


@dataclass(frozen=True, slots=True)
class Missing:
    """Some frames are not here: ask for them."""

    frames: int  # how many
    bitmap: bytes  # of the PPR: 256 bits, frame 0 the lowest of the first octet, 1 for a frame that is not here or never was

    def __repr__(self) -> str:
        return f"Missing({self.frames} frames)"


@dataclass(frozen=True, slots=True)
class Again:
    """This block was confirmed before and the sender has not heard it: confirm it again, add nothing."""


@dataclass(frozen=True, slots=True)
class OutOfTurn:
    """The sender speaks of a block that does not follow the last one: something was lost that cannot be asked for."""


Verdict = Whole | Missing | Again | OutOfTurn


class Assembly:
    """Puts one call's pages together, block by block. Holds one block at most, 64 KiB."""

    def __init__(self, size: int) -> None:
        """`size`: octets in a frame, one of SIZES."""
        self._size = size
        self._frames: dict[int, bytes] = {}
        self._sought: Part | None = None  # the block of which frames are missing, with all that it has
        self._last: Part | None = None  # the block that was confirmed last
        self._page: int | None = None  # the page that goes on
        self._next = 0  # its next block
        self._fresh = False  # an image was sent since then
        self._gap = False  # octets of this page are missing for good
        self._told = 0  # frames of this block that `ahead` has told

    def begin(self) -> None:
        """An image signal is there, or must come, as a training was accepted. So the PPS after it is not about the block before, even if every frame is lost
        and the numbers are the same."""
        self._fresh = True

    def take(self, info: bytes) -> None:
        """What a good FCD frame carries after its control field: its number and its octets. A frame of a wrong length is as good as missing."""
        if 2 <= len(info) <= 1 + self._size:
            self._frames[info[0]] = bytes(info[1:])
            self._fresh = True

    def ahead(self) -> bytes:
        """What has newly come of this block before the first frame that is missing, to be looked at beforehand: it may still turn out to be a block that is
        sent once more. A frame that is short waits until the sender says that it is the last."""
        octets = bytearray()
        while len(frame := self._frames.get(self._told, b"")) == self._size and not self._gap:
            octets += frame
            self._told += 1
        return bytes(octets)

    def close(self, part: Part) -> Verdict:
        """The sender says that `part` is complete."""
        if self._is_again(part):
            self._clear()
            return Again()
        if not self._follows(part):
            return OutOfTurn()
        count = self._count_all(part)
        missing = [number for number in range(count) if not self._has(number, count)]
        if missing:
            self._sought = replace(part, frames=count)
            return Missing(len(missing), self._bitmap(count))
        octets = b"" if self._gap else b"".join(self._frames[number] for number in range(count))
        self._done(part)
        return Whole(octets)

    def give_up(self, part: Part) -> bytes:
        """The sender stops repeating (EOR): the octets before the first that is missing. What comes behind them on this page cannot be placed, so blocks that
        still come are `Whole` with no octets."""
        octets = bytearray()
        if not self._gap and not self._is_again(part) and self._follows(part):
            count = self._count_all(part)
            for number in range(count):
                if not self._has(number, count):
                    break
                octets += self._frames[number]
        self._done(part)
        self._last = None  # it was not confirmed, and never is
        self._gap = True
        return bytes(octets)

    def end_page(self) -> None:
        """The page was its last block's; the next one starts at block 0 of another page."""
        self._page, self._gap = None, False

    def _is_again(self, part: Part) -> bool:
        """Is it the last block once more? Some senders count their pages anew after each EOM, so a new page may bear the numbers of the one before."""
        new_page = self._fresh and self._page is None and part.block == 0
        return part == self._last and not new_page

    def _count_all(self, part: Part) -> int:
        """The frames of the block. A PPS behind frames that were sent again may count only those, as HylaFAX's does."""
        if self._sought and (self._sought.page, self._sought.block) == (part.page, part.block):
            return max(part.frames, self._sought.frames)
        return part.frames

    def _follows(self, part: Part) -> bool:
        """Is it the block that comes next? Its page's number is compared within a page only."""
        if self._page is None:
            return part.block == 0
        return (part.page, part.block) == (self._page, self._next)

    def _has(self, number: int, frames: int) -> bool:
        """Only a block's last frame may be short: a short one before it would move all that follows."""
        return number in self._frames and (len(self._frames[number]) == self._size or number == frames - 1)

    def _bitmap(self, frames: int) -> bytes:
        held = sum(1 << number for number in range(frames) if self._has(number, frames))
        return ((1 << MOST_FRAMES) - 1 ^ held).to_bytes(MOST_FRAMES // 8, "little")

    def _done(self, part: Part) -> None:
        self._clear()
        self._sought = None
        self._last, self._page, self._next = part, part.page, (part.block + 1) % _COUNTED

    def _clear(self) -> None:
        self._frames.clear()
        self._fresh, self._told = False, 0
