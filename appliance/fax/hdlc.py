"""Finds HDLC frames in the bits of a page: with error correction a page travels in frames, and at high speed a Class 1 modem leaves them to its program.

Octets are as the modem gives them, the first bit on the line lowest. Frames need not start at an octet.
"""

from __future__ import annotations

import re
from typing import Final

from appliance.fax.frames import LONGEST, check_sequence

FLAG: Final = "01111110"
STUFFED: Final = "111110"  # after five ones the sender puts in a zero
_FLAG: Final = re.compile("0111111(?=0)")  # its last zero may be the next one's first, so it stays
_MOST_BITS: Final = LONGEST * 8 * 6 // 5 + len(FLAG)  # of one frame, stuffed
_FEWEST: Final = 4  # octets: address, control, FCF would be three, and two of FCS


class Finder:
    """Takes octets in any pieces and gives the frames that were whole, their check sequence taken off."""

    def __init__(self) -> None:
        self._bits = "0"  # as if a flag had been here

    def add(self, octets: bytes) -> list[bytes]:
        """The frames that end in `octets`."""
        self._bits += f"{int.from_bytes(octets, 'little'):0{8 * len(octets)}b}"[::-1] if octets else ""
        *closed, self._bits = _FLAG.split(self._bits)
        if len(self._bits) > _MOST_BITS:  # no frame is so long
            self._bits = self._bits[-len(FLAG) :]
        return [frame for bits in closed if (frame := _unpack(bits[1:])) is not None]


def pack(frames: list[bytes], *, flags: int = 1) -> bytes:
    """`frames` as a sender sends them, each with its check sequence and behind `flags` flags, padded with flags to whole octets."""
    bits = ""
    for frame in frames:
        whole = frame + check_sequence(frame)
        inner = f"{int.from_bytes(whole, 'little'):0{8 * len(whole)}b}"[::-1]
        bits += FLAG * flags + inner.replace("11111", STUFFED)
    bits += FLAG
    while len(bits) % 8:
        bits += "1"  # an idle line
    return int(bits[::-1], 2).to_bytes(len(bits) // 8, "little")


def _unpack(bits: str) -> bytes | None:
    """The octets between two flags, if they are a frame and arrived whole."""
    inner = bits.replace(STUFFED, "11111")
    if len(inner) % 8 or len(inner) < 8 * (_FEWEST + 1) or len(inner) > 8 * LONGEST:
        return None
    octets = int(inner[::-1], 2).to_bytes(len(inner) // 8, "little")
    return octets[:-2] if check_sequence(octets[:-2]) == octets[-2:] else None
