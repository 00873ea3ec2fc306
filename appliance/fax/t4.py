"""Reads a page's image as it comes over the line: MH and MR (T.4), MMR (T.6).

Octets are as the modem gives them: the first bit on the line is the lowest of its octet. A row is packed the way TIFF has it: eight picture elements an
octet, the leftmost highest, 1 is black, zeros behind the last.

MH and MR lines stand between EOLs, and no line holds an EOL's eleven zeros. So a line that does not come out at exactly the width is damaged: the row above is
repeated in its place, it is marked, and reading goes on behind the next EOL. In MR the lines that build on a damaged one are damaged too. MMR has no EOLs:
what stands behind damage cannot be known and is not shown. Uncompressed mode is damage: we never announce it. Nothing that comes in raises an error.

Where noise hits an EOL beyond knowing, the lines on both sides of it become one damaged row. It counts for as many lines as its bits would make of the size
that the lines around it have, so that a burst that swallowed half a page is not taken for a line or two.
"""

from __future__ import annotations

from bisect import bisect
from enum import Enum
from typing import Final

from appliance.fax.t4_lines import TAIL, Changes, one_dimensional, pack, two_dimensional, unframed
from appliance.fax.t4_tables import EOL, EOL_ZEROS, RTC

MOST_ROWS: Final = 20_000  # of a page: 1.3 m at 391 lines an inch; more is no page, and memory has an end
_PIECE: Final = 4096  # octets looked at in one go
_LONGEST_LINE: Final = 8  # bits for each picture element; MMR's worst is 12 for two
_WRONG_BITS: Final = 2  # an EOL with so many wrong bits is still taken for one, where a whole line ends just before it
_RETURN: Final = 3  # EOLs in a row: only the end of a page has them, even if noise hit the others of the six
_GOES_ON: Final = 2  # whole lines behind such an end: noise made it, of a line's fill
_NEAR: Final = 16  # whole lines on each side of a damaged row that tell how long a line is there
_SETTLING: Final = 1000  # bits before the first EOL that are no line: what a modem makes of a carrier's beginning

_REVERSED: Final = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


class Coding(Enum):
    """How a page's image travels."""

    MH = "one-dimensional"  # T.4 §4.1
    MR = "two-dimensional"  # T.4 §4.2
    MMR = "T.6"


def turn_octets(octets: bytes) -> bytes:
    """Octets with their bits the other way round: a modem's order to TIFF's, and back."""
    return octets.translate(_REVERSED)


class Decoder:
    """Makes rows of one page's octets, whatever pieces they come in. `finish` when no more will come."""

    def __init__(self, coding: Coding, width: int) -> None:
        """`width` in picture elements."""
        self.rows: list[bytes] = []
        #: Which rows repeat the one above, or are white, because theirs was damaged.
        self.damaged_rows: list[int] = []
        self.ended = False  # the page's own end mark (RTC, EOFB) has come; in MH and MR known once it is finished
        self.broken = False  # more came that cannot be shown: behind damage in MMR, or beyond MOST_ROWS
        self._coding = coding
        self._width = width
        self._longest = _LONGEST_LINE * width + len(EOL)  # bits
        self._bits = ""  # not yet read
        self._searched = 0  # of them, for an EOL
        self._lost = coding is not Coding.MMR  # what stands before the next EOL is no line
        self._above: Changes | None = []  # the row that a two-dimensional line builds on; None when it is damaged
        self._marks = 0  # EOLs in a row
        self._end: int | None = None  # how many rows there were before EOLs came in a row
        self._returned: int | None = None  # and before so many that it was the page's end
        self._goes_on = 0  # whole lines behind that
        self._sizes: list[int] = []  # bits of each row on the line, its EOL included
        self._unread = 0  # bits before the first EOL

    @property
    def damaged(self) -> int:
        """How many lines are damaged or lost."""
        return self._lost_ahead() + sum(self._lines_lost())

    @property
    def worst_run(self) -> int:
        """The most damaged or lost lines in a row."""
        worst, run, last = self._lost_ahead(), 0, -2
        for row, lines in zip(self.damaged_rows, self._lines_lost(), strict=True):
            run = run + lines if row == last + 1 else lines
            worst, last = max(worst, run), row
        return worst

    def add(self, octets: bytes) -> None:
        """Take what came next."""
        for start in range(0, len(octets), _PIECE):
            if self.ended or self.broken:
                return
            piece = octets[start : start + _PIECE]
            self._bits += f"{int.from_bytes(turn_octets(piece), 'big'):0{8 * len(piece)}b}"
            if self._coding is not Coding.MMR:
                self._take_framed()
            elif len(self._bits) > 2 * self._longest:
                self._take_unframed(self._longest)

    def finish(self) -> None:
        """No more octets come: read what is left. A line that breaks off is damaged; zeros and rubbish among a page's last EOLs are no lines."""
        if not (self.ended or self.broken):
            if self._coding is Coding.MMR:
                self._take_unframed(0)
            elif "1" in self._bits:
                frame = self._bits.rstrip("0")  # zeros fill the last octet; those of a code are read all the same
                self._take_frame(frame, len(frame))
        if self._coding is not Coding.MMR:
            self._cut_end()
        self._bits = ""

    def _take_framed(self) -> None:
        """MH and MR: read each line that an EOL closes."""
        bits, start, searched = self._bits, 0, self._searched
        while not (self.ended or self.broken):
            zeros = bits.find(EOL_ZEROS, searched)
            one = bits.find("1", zeros + len(EOL_ZEROS)) if zeros >= 0 else -1
            if one < 0:
                break
            self._take_frame(bits[start:zeros], one + 1 - start)
            start = searched = one + 1
        if zeros >= 0:
            self._bits, self._searched = (
                bits[start : zeros + len(EOL_ZEROS)],
                zeros - start,
            )  # of fill, eleven zeros say enough
            return
        if len(bits) - start > self._longest:  # there is no such line
            self._damage(len(bits) - len(EOL_ZEROS) - start)
            self._lost = True
            start = len(bits) - len(EOL_ZEROS)
        self._bits = bits[start:]
        self._searched = max(0, len(self._bits) - len(EOL_ZEROS) + 1)

    def _take_frame(self, bits: str, size: int) -> None:
        """What stands between two EOLs: one line, none, or several when noise hit the EOLs between them. `size` in bits, with the EOL behind it."""
        if self._lost:
            self._lost = False
            behind = _behind_hit_eol(bits) or ""
            self._pass_over(size - len(behind))
            bits, size = behind, len(behind)
        elif len(bits) <= (self._coding is Coding.MR):  # nothing but the tag
            self._mark()
            return
        while bits and not self.broken:
            changes, left = self._line(bits)
            rest = _behind_hit_eol(bits[len(bits) - left :]) if left else ""
            if changes is None and self._is_hit_mark(bits):
                self._mark()
                return
            if changes is None or rest is None:
                self._damage(size)
                return
            self._keep(changes, size - len(rest))
            bits, size = rest, len(rest)

    def _pass_over(self, size: int) -> None:
        """Bits that are no line's: of the line that was lost before them, or ahead of the first one."""
        if self.rows:
            self._sizes[-1] += size
        else:
            self._unread = size

    def _is_hit_mark(self, bits: str) -> bool:
        """Is it nothing but an EOL that noise has hit?"""
        tag = self._coding is Coding.MR
        rest = _behind_hit_eol(bits[tag:])
        return rest is not None and len(rest) <= tag

    def _line(self, bits: str) -> tuple[Changes | None, int]:
        """One line in MH or MR and how many bits stand behind it; None for one that is not whole."""
        flat, above = True, self._above
        if self._coding is Coding.MR:
            flat, bits = bits[0] == "1", bits[1:]
        line, left = int(bits + "0" * TAIL, 2), len(bits) + TAIL
        if flat:
            read = one_dimensional(line, left, self._width)
        elif above is None:
            return None, 0
        else:
            read = two_dimensional(line, left, self._width, above)
        return (None, 0) if read is None else (read[0], max(0, read[1] - TAIL))

    def _take_unframed(self, spare: int) -> None:
        """MMR: read lines while more than `spare` bits are at hand, enough for any line."""
        line, left = int(self._bits + "0" * TAIL, 2), len(self._bits) + TAIL
        while left - TAIL > spare and not self.broken:
            if line >> left - len(EOL) & (1 << len(EOL)) - 1 == 1:  # half an EOFB is no code either
                self.ended = True
                break
            read = unframed(line, left, self._width, self._above or [])
            if read is None:
                if spare or line & (1 << left) - 1:  # zeros fill the last octet
                    self._damage(0)
                    self.broken = True
                break
            self._keep(read[0], left - read[1])
            left = read[1]
        self._bits = self._bits[len(self._bits) - left + TAIL :]

    def _keep(self, changes: Changes, size: int) -> None:
        self._marks, self._end = 0, None
        if self._returned is not None:
            self._goes_on += 1
            if self._goes_on >= _GOES_ON:
                self._returned = None
        same = self.rows and changes == self._above
        self._append(self.rows[-1] if same else pack(changes, self._width), size)
        self._above = changes

    def _damage(self, size: int) -> None:
        self._marks = 0
        self.damaged_rows.append(len(self.rows))
        self._append(self.rows[-1] if self.rows else pack([], self._width), size)
        self._above = None

    def _append(self, row: bytes, size: int) -> None:
        self.rows.append(row)
        self._sizes.append(size)
        self.broken = self.broken or len(self.rows) >= MOST_ROWS

    def _mark(self) -> None:
        """An EOL follows an EOL: the page's end begins, or a line was lost."""
        marks, end = self._marks + 1, len(self.rows) if self._end is None else self._end
        if self.rows:
            self._damage(len(EOL))
        self._marks, self._end = marks, end
        if marks == _RETURN - 1 and self._returned is None:
            self._returned, self._goes_on = end, 0

    def _cut_end(self) -> None:
        """Take back the rows that were only a page's last EOLs, some of them hit by noise, and what came behind them."""
        end = self._end if self._returned is None else self._returned
        self.ended = self._returned is not None
        if end is not None and (self.ended or len(self.rows) - end <= RTC):
            del self.rows[end:], self._sizes[end:]
            self.damaged_rows = [row for row in self.damaged_rows if row < end]
            self.broken = len(self.rows) >= MOST_ROWS

    def _lines_lost(self) -> list[int]:
        """How many lines each damaged row stands for."""
        damaged = set(self.damaged_rows)
        whole = [row for row in range(len(self.rows)) if row not in damaged]
        return [self._lines_of(self._sizes[row], row, whole) for row in self.damaged_rows]

    def _lost_ahead(self) -> int:
        """How many lines were lost before the first that came."""
        if self._unread <= _SETTLING:
            return 0
        damaged = set(self.damaged_rows)
        return self._lines_of(self._unread, 0, [row for row in range(len(self.rows)) if row not in damaged])

    def _lines_of(self, size: int, place: int, whole: list[int]) -> int:
        """How many lines so many bits are at that row: one, unless it is longer than each whole one around it."""
        middle = bisect(whole, place)
        near = [self._sizes[row] for row in whole[max(0, middle - _NEAR) : middle + _NEAR]]
        return round(size * len(near) / sum(near)) if near and size > max(near) else 1


def _behind_hit_eol(bits: str) -> str | None:
    """What follows when `bits` start with an EOL that noise has hit; None when they do not."""
    if len(bits) < len(EOL) or (int(bits[: len(EOL)], 2) ^ 1).bit_count() > _WRONG_BITS:
        return None
    return bits[len(EOL) :]
