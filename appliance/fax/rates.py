"""How fast a page travels: every rate of a Group 3 fax as one row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class Modulation(StrEnum):
    """Ways to carry a page over the line."""

    V27TER = "V.27ter"
    V29 = "V.29"
    V17 = "V.17"


@dataclass(frozen=True, slots=True)
class _Row:
    modulation: Modulation
    speed: int  # bit/s
    bits: tuple[int, int, int, int]  # bits 11 to 14 of a DCS, T.30 Table 2
    long: int  # what AT+FRM and AT+FTM call it, T.31 Table 3
    short: int  # the same with short training, which only V.17 has


class Rate(Enum):
    """The rates, fastest first: a caller falls back down this list."""

    V17_14400 = _Row(Modulation.V17, 14400, (0, 0, 0, 1), 145, 146)
    V17_12000 = _Row(Modulation.V17, 12000, (0, 1, 0, 1), 121, 122)
    V17_9600 = _Row(Modulation.V17, 9600, (1, 0, 0, 1), 97, 98)
    V29_9600 = _Row(Modulation.V29, 9600, (1, 0, 0, 0), 96, 96)
    V17_7200 = _Row(Modulation.V17, 7200, (1, 1, 0, 1), 73, 74)
    V29_7200 = _Row(Modulation.V29, 7200, (1, 1, 0, 0), 72, 72)
    V27TER_4800 = _Row(Modulation.V27TER, 4800, (0, 1, 0, 0), 48, 48)
    V27TER_2400 = _Row(Modulation.V27TER, 2400, (0, 0, 0, 0), 24, 24)

    @property
    def modulation(self) -> Modulation:
        """How it is carried."""
        row: _Row = self.value
        return row.modulation

    @property
    def speed(self) -> int:
        """In bit/s."""
        row: _Row = self.value
        return row.speed

    @property
    def bits(self) -> tuple[int, ...]:
        """How a DCS says it."""
        row: _Row = self.value
        return row.bits

    def code(self, *, short: bool) -> int:
        """How the modem's commands call it."""
        row: _Row = self.value
        return row.short if short else row.long

    def __str__(self) -> str:
        return f"{self.modulation.value}/{self.speed}"
