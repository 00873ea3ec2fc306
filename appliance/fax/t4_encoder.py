"""Writes a page's image for the line or a file: MH and MR (T.4), MMR (T.6). Rows and order of bits as in `t4`."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from appliance.fax.t4 import Coding, turn_octets
from appliance.fax.t4_lines import Changes
from appliance.fax.t4_tables import (
    BLACK,
    BLACK_MAKE_UP,
    EOFB,
    EOL,
    HORIZONTAL,
    LONG_MAKE_UP,
    LONGEST_RUN,
    MAKE_UP,
    PASS,
    RTC,
    VERTICAL,
    WHITE,
    WHITE_MAKE_UP,
)

_ONE: Final = re.compile("1")
_PIECE: Final = 1 << 15  # bits that are kept as text, a whole number of octets


class Encoder:
    """Makes octets of one page's rows."""

    def __init__(self, coding: Coding, width: int, *, every: int = 4, least: int = 0) -> None:
        """`width` in picture elements. MR: one line in `every` is one-dimensional (T.4 §4.2.1: 2 at standard resolution, 4 at fine). MH and MR: no line takes
        fewer than `least` bits, EOL included, for a receiver that needs its time."""
        self._coding = coding
        self._width = width
        self._every = every
        self._least = least
        self._count = 0
        self._above: Changes = []
        self._row = b""
        self._octets = bytearray()
        self._bits: list[str] = []
        self._held = 0  # bits in them

    def add(self, row: bytes) -> None:
        """The next row."""
        changes = self._above if row == self._row else find_changes(row, self._width)
        flat = self._coding is Coding.MH or (self._coding is Coding.MR and self._count % self._every == 0)
        line = _one_dimensional(changes, self._width) if flat else _two_dimensional(changes, self._above, self._width)
        if self._coding is not Coding.MMR:
            mark = EOL if self._coding is Coding.MH else EOL + str(int(flat))
            line = mark + line.ljust(self._least - len(mark), "0")
        self._put(line)
        self._count += 1
        self._row, self._above = row, changes

    def finish(self) -> bytes:
        """The whole page, its end mark included."""
        self._put({Coding.MH: EOL * RTC, Coding.MR: (EOL + "1") * RTC, Coding.MMR: EOFB}[self._coding])
        self._put("0" * (-self._held % 8))
        self._flush()
        return bytes(self._octets)

    def _put(self, bits: str) -> None:
        self._bits.append(bits)
        self._held += len(bits)
        if self._held >= _PIECE:
            self._flush()

    def _flush(self) -> None:
        bits = "".join(self._bits)
        whole = len(bits) // 8
        self._octets += turn_octets(int(bits[: 8 * whole] or "0", 2).to_bytes(whole, "big"))
        self._bits, self._held = [bits[8 * whole :]], len(bits) % 8


def find_changes(row: bytes, width: int) -> Changes:
    """Where a row changes its colour."""
    bits = int.from_bytes(row, "big") >> -width % 8
    return [found.start() for found in _ONE.finditer(f"{bits ^ bits >> 1:0{width}b}")]


@cache
def _run(length: int, white: bool) -> str:
    """The code of one run."""
    terminating, make_up = (
        (WHITE, (*WHITE_MAKE_UP, *LONG_MAKE_UP)) if white else (BLACK, (*BLACK_MAKE_UP, *LONG_MAKE_UP))
    )
    longest, length = divmod(length, LONGEST_RUN)
    code = LONG_MAKE_UP[-1] * longest
    if length >= MAKE_UP:
        code += make_up[length // MAKE_UP - 1]
    return code + terminating[length % MAKE_UP]


def _one_dimensional(changes: Changes, width: int) -> str:
    parts = []
    place, white = 0, True
    for change in (*changes, width):
        parts.append(_run(change - place, white))
        place, white = change, not white
    return "".join(parts)


def _two_dimensional(changes: Changes, above: Changes, width: int) -> str:
    """a0, a1, a2, b1, b2 as in T.4 §4.2.1.1; `at` and `over` are the places of a1 and b1 among the changes of their rows."""
    line = [*changes, width, width]
    reference = [*above, width, width, width]
    parts = []
    a0, at, over = -1, 0, 0
    while a0 < width:
        while reference[over] <= a0:
            over += 2
        a1, b1, b2 = line[at], reference[over], reference[over + 1]
        if b2 < a1:
            parts.append(PASS)
            a0 = b2
        elif -3 <= a1 - b1 <= 3:
            parts.append(VERTICAL[a1 - b1])
            a0, at = a1, at + 1
            over += -1 if over else 1
        else:
            white = at % 2 == 0
            a2 = line[at + 1]
            parts += (HORIZONTAL, _run(a1 - max(a0, 0), white), _run(a2 - a1, not white))
            a0, at = a2, at + 2
    return "".join(parts)
