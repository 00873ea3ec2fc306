"""The recovery sheet: the one key that opens everything without any password. It exists on paper only."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from typing import Final

from appliance.access import qr
from appliance.store import primitives

_START: Final = "AGE-SECRET-KEY-1"  # the same on every sheet
_GROUP: Final = 6  # letters that an eye takes in at once


@dataclass(frozen=True, slots=True)
class TypedBack:
    """Which two groups of a sheet somebody is to type back, to show that it is in their hands. Knows them by a digest only."""

    first: int  # the groups' numbers, as the sheet shows them
    second: int
    _digest: bytes = field(repr=False)

    def fits(self, first: str, second: str) -> bool:
        """Are these the two groups? Capital letters and spaces do not count."""
        return primitives.same(_digest(first, second), self._digest)


@dataclass(frozen=True, slots=True)
class RecoverySheet:
    """What is printed and put into the safe. Shown once, stored nowhere."""

    text: str  # AGE-SECRET-KEY-1...; `age -d -i` takes it as it is

    @property
    def words(self) -> tuple[str, ...]:
        """The text in groups of letters, which the sheet numbers from 1; put together they are the text. The first is the same on every sheet."""
        rest = self.text.removeprefix(_START)
        return (_START, *(rest[place : place + _GROUP] for place in range(0, len(rest), _GROUP)))

    def asks(self, draw: random.Random) -> TypedBack:
        """Two of the groups to type back."""
        words = self.words
        first, second = sorted(draw.sample(range(2, len(words) + 1), 2))
        return TypedBack(first, second, _digest(words[first - 1], words[second - 1]))

    def svg_qr(self) -> str:
        """The text as a QR code, an SVG element to be placed in a page."""
        return qr.svg(self.text)

    def terminal_qr(self) -> str:
        """The text as a QR code of block characters, for a terminal."""
        return qr.blocks(self.text)

    def forget(self) -> None:
        """Overwrite the text once it was shown; the sheet must not be used afterwards."""
        primitives.forget(self.text)

    def __repr__(self) -> str:
        return "RecoverySheet(secret)"


def _digest(first: str, second: str) -> bytes:
    return hashlib.sha256(" ".join("".join(group.split()).upper() for group in (first, second)).encode()).digest()
