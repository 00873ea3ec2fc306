"""Reads one line of a page's image: its codes to the places where it changes its colour, and those to a packed row.

Bits are a whole number, the one that comes first highest, with TAIL zeros behind those at hand: no code is all zeros, so no reading ever runs beyond them.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import xor
from typing import Final

from appliance.fax.t4_tables import (
    HORIZONTAL,
    LONGEST_CODE,
    LONGEST_MODE,
    MAKE_UP,
    PASS,
    VERTICAL,
    by_bits,
    runs,
)

TAIL: Final = 2 * LONGEST_CODE  # bits
_USUAL_LINE: Final = 1024  # bits; most lines have fewer

_PASS: Final = 4  # these two stand in the table beside the seven distances of table 4
_HORIZONTAL: Final = 5
_MODES: Final = by_bits(
    {PASS: _PASS, HORIZONTAL: _HORIZONTAL} | {code: far for far, code in VERTICAL.items()}, LONGEST_MODE
)
_MODE_BITS: Final = (1 << LONGEST_MODE) - 1
_WHITE: Final = by_bits(runs(white=True), LONGEST_CODE)
_BLACK: Final = by_bits(runs(white=False), LONGEST_CODE)
_CODE_BITS: Final = (1 << LONGEST_CODE) - 1

#: Where a row turns black, white, black ...: rising, so the first is where black starts. The width may stand at the end.
Changes = list[int]


def pack(changes: Changes, width: int) -> bytes:
    """A row of its changes."""
    masks = _masks(width)
    return reduce(xor, map(masks.__getitem__, changes), 0).to_bytes((width + 7) // 8, "big")


@cache
def _masks(width: int) -> tuple[int, ...]:
    """For each place the row that is black from there to its end."""
    return tuple((1 << width - place) - 1 << -width % 8 for place in range(width + 1))


def one_dimensional(line: int, left: int, width: int) -> tuple[Changes, int] | None:
    """Read one line from the upper end of the `left` bits in `line`; what is left behind it. None when it is damaged."""
    changes: Changes = []
    place = 0
    table, other = _WHITE, _BLACK
    while place < width:
        run = MAKE_UP
        while run >= MAKE_UP:
            entry = table[line >> left - LONGEST_CODE & _CODE_BITS]
            if not entry:
                return None
            left -= entry & 15
            run = entry >> 4
            place += run
        if changes and changes[-1] == place:  # a run of none: the one before goes on
            changes.pop()
        else:
            changes.append(place)
        table, other = other, table
    return (changes, left) if place == width else None


def two_dimensional(line: int, left: int, width: int, above: Changes) -> tuple[Changes, int] | None:
    """The same for a line that builds on the one above. a0, b1, b2 as in T.4 §4.2.1.1; `at` is the place of b1 among the changes above."""
    changes: Changes = []
    reference = [*above, width, width, width, width]
    a0, at, black = -1, 0, False
    while a0 < width:
        while reference[at] <= a0:
            at += 2
        entry = _MODES[line >> left - LONGEST_MODE & _MODE_BITS]
        if not entry:
            return None
        left -= entry & 15
        mode = entry >> 4
        if mode == _PASS:
            a0 = reference[at + 1]
            continue
        if mode == _HORIZONTAL:
            first, left = _run(_BLACK if black else _WHITE, line, left)
            second, left = _run(_WHITE if black else _BLACK, line, left)
            ends: tuple[int, ...] = (max(a0, 0) + first, max(a0, 0) + first + second)
            if not left:
                return None
        else:
            ends = (reference[at] + mode,)
            black = not black
            at += -1 if at else 1
        if ends[0] < a0 or ends[0] < 0 or ends[-1] > width:
            return None
        for end in ends:
            if changes and changes[-1] == end:
                changes.pop()
            else:
                changes.append(end)
        a0 = ends[-1]
    return changes, left


def unframed(line: int, left: int, width: int, above: Changes) -> tuple[Changes, int] | None:
    """The same where nothing says how long the line is: first in the next few bits, since large numbers are slow, then in all there are."""
    for span in (min(_USUAL_LINE, left - TAIL), left - TAIL):
        bits = (line >> left - span & (1 << span) - 1) << TAIL
        read = two_dimensional(bits, span + TAIL, width, above)
        if read is not None and read[1] >= TAIL:
            return read[0], left - span + read[1] - TAIL
    return None


def _run(table: tuple[int, ...], line: int, left: int) -> tuple[int, int]:
    """The length of one run and what is left behind it; nothing is left when it is no run."""
    whole = 0
    run = MAKE_UP
    while run >= MAKE_UP:
        entry = table[line >> left - LONGEST_CODE & _CODE_BITS] if left >= LONGEST_CODE else 0
        if not entry:
            return 0, 0
        left -= entry & 15
        run = entry >> 4
        whole += run
    return whole, left
