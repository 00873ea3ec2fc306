"""The codes of the fax codings as data. Sources: ITU-T T.4 tables 2 (terminating codes), 3a and 3b (make-up codes) and 4 (two-dimensional codes); T.6 §2.2.

A code is written as the text of its bits, the one that goes first on the line standing first.
"""

from __future__ import annotations

from typing import Final

#: T.4 table 2: the code of a run of 0, 1, 2 ... 63 white picture elements.
WHITE: Final = tuple(
    """
00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 101011
0100111 0001100 0001000 0010111 0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 00011010
00011011 00010010 00010011 00010100 00010101 00010110 00010111 00101000 00101001 00101010 00101011 00101100 00101101
00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 01011000 01011001 01011010
01011011 01001010 01001011 00110010 00110011 00110100
""".split()  # noqa: SIM905 - as the Recommendation prints them
)

#: T.4 table 2: the code of a run of 0, 1, 2 ... 63 black picture elements.
BLACK: Final = tuple(
    """
0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000 0000010111
0000011000 0000001000 00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 00000011000 000011001010
000011001011 000011001100 000011001101 000001101000 000001101001 000001101010 000001101011 000011010010 000011010011
000011010100 000011010101 000011010110 000011010111 000001101100 000001101101 000011011010 000011011011 000001010100
000001010101 000001010110 000001010111 000001100100 000001100101 000001010010 000001010011 000000100100 000000110111
000000111000 000000100111 000000101000 000001011000 000001011001 000000101011 000000101100 000001011010 000001100110
000001100111
""".split()  # noqa: SIM905 - as the Recommendation prints them
)

#: T.4 table 3a: the make-up code of 64, 128, 192 ... 1728 white picture elements; a terminating code follows.
WHITE_MAKE_UP: Final = tuple(
    """
11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010
011010011 011010100 011010101 011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001
010011010 011000 010011011
""".split()  # noqa: SIM905 - as the Recommendation prints them
)

#: T.4 table 3a: the make-up code of 64, 128, 192 ... 1728 black picture elements.
BLACK_MAKE_UP: Final = tuple(
    """
0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101
0000001001010 0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 0000001110101
0000001110110 0000001110111 0000001010010 0000001010011 0000001010100 0000001010101 0000001011010 0000001011011
0000001100100 0000001100101
""".split()  # noqa: SIM905 - as the Recommendation prints them
)

#: T.4 table 3b: the make-up code of 1792, 1856 ... 2560 picture elements of either colour. A longer run repeats the last.
LONG_MAKE_UP: Final = tuple(
    """
00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 000000010111
000000011100 000000011101 000000011110 000000011111
""".split()  # noqa: SIM905 - as the Recommendation prints them
)

MAKE_UP: Final = 64  # picture elements between one make-up code and the next
LONGEST_RUN: Final = 2560  # picture elements that one make-up code can stand for

PASS: Final = "0001"  # noqa: S105 - T.4 table 4: b2 stands before a1
HORIZONTAL: Final = "001"
#: T.4 table 4: where a1 lies, seen from b1 (picture elements to the right).
VERTICAL: Final = {
    0: "1",
    1: "011",
    2: "000011",
    3: "0000011",
    -1: "010",
    -2: "000010",
    -3: "0000010",
}

EOL: Final = "000000000001"  # T.4 §4.1.2: end of line; more zeros may stand before it (fill)
EOL_ZEROS: Final = "00000000000"  # eleven in a row: no line holds them
RTC: Final = 6  # EOLs in a row that end a page, T.4 §4.1.4
EOFB: Final = EOL + EOL  # T.6 §2.4.1.1: ends a page in MMR

LONGEST_CODE: Final = 13  # bits of the longest code of a run
LONGEST_MODE: Final = 7  # bits of the longest code of table 4


def runs(white: bool) -> dict[str, int]:
    """Every code of one colour's runs, terminating and make-up."""
    terminating, make_up = (WHITE, WHITE_MAKE_UP) if white else (BLACK, BLACK_MAKE_UP)
    codes = {code: run for run, code in enumerate(terminating)}
    codes |= {code: MAKE_UP * times for times, code in enumerate((*make_up, *LONG_MAKE_UP), 1)}
    return codes


def by_bits(codes: dict[str, int], bits: int) -> tuple[int, ...]:
    """A table to look the next `bits` bits up in: value times 16 plus the length of the code, 0 where no code starts so.

    Values may be negative: `entry >> 4` and `entry & 15` bring both back.
    """
    table = [0] * (1 << bits)
    for code, value in codes.items():
        first = int(code.ljust(bits, "0"), 2)
        for place in range(first, first + (1 << bits - len(code))):
            table[place] = value << 4 | len(code)
    return tuple(table)
