"""What a Class 1 modem says and is told, as octets: result lines, and data in which DLE (0x10) marks what is not data. T.31 §8.3.

Parsing only. Nothing here waits, and octets may come one at a time or all at once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

DLE: Final = 0x10
_CR: Final = 0x0D
_LF: Final = 0x0A
_NO_TEXT: Final = (
    bytes(range(0x20)) + b"\x7f"
)  # XON and XOFF of a modem at software flow control, an echo of our CAN: no part of a line
CAN: Final = b"\x18"  # any octet ends a reception before its time; this one means nothing else
END: Final = b"\x10\x03"  # DLE ETX
_LONGEST_LINE: Final = 200  # octets without an end of line: that is no result


class Result(StrEnum):
    """The lines that answer a command."""

    OK = "OK"
    CONNECT = "CONNECT"
    RING = "RING"
    NO_CARRIER = "NO CARRIER"
    ERROR = "ERROR"
    NO_DIALTONE = "NO DIALTONE"
    NO_ANSWER = "NO ANSWER"
    BUSY = "BUSY"
    OTHER_CARRIER = "+FCERROR"  # another carrier than the one we asked for, T.31 §8.3.4
    FRAMES_INSTEAD = "+FRH:3"  # the same with +FAR=1: the modem receives frames already


class Incoming:
    """What came from the modem and was not yet understood."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._returned = False  # a carriage return ended the last line: one line feed behind it belongs to it

    def add(self, octets: bytes) -> None:
        """More came."""
        self._octets += octets

    def clear(self) -> None:
        """Forget it."""
        self._octets.clear()
        self._returned = False

    def line(self) -> str | None:
        """The next line that is whole and not empty, without flow control that a modem left in it. Data that follows it is left alone."""
        while True:
            self._skip()
            end = min((at for at in map(self._octets.find, b"\r\n") if at >= 0), default=-1)
            if end < 0:
                if len(self._octets) > _LONGEST_LINE:
                    self._octets.clear()
                return None
            text = self._octets[:end].translate(None, _NO_TEXT).decode("ascii", "replace").strip()
            self._returned = self._octets[end] == _CR
            del self._octets[: end + 1]
            if text:
                return text

    def data(self) -> tuple[bytes, bool]:
        """The data that is here, and whether it has come to its end."""
        self._skip()
        found = bytearray()
        octets = self._octets
        at = 0
        while (mark := octets.find(DLE, at)) >= 0:
            found += octets[at:mark]
            if mark + 1 == len(octets):
                del octets[:mark]
                return bytes(found), False
            at = mark + 2
            match octets[mark + 1]:
                case 0x03:  # ETX
                    del octets[:at]
                    return bytes(found), True
                case 0x10:
                    found.append(DLE)
                case 0x1A:  # SUB: two octets of data in one, T.31 §8.3.1
                    found += bytes((DLE, DLE))
                case _:
                    pass  # a status of the modem's own: no data
        found += octets[at:]
        octets.clear()
        return bytes(found), False

    def _skip(self) -> None:
        """Pass over the line feed of a carriage return that was here before it."""
        if self._returned and self._octets:
            self._returned = False
            if self._octets[0] == _LF:
                del self._octets[0]


def find_result(line: str) -> Result | None:
    """The answer to a command that this line is; None for any other (an echo, a caller's number)."""
    return _RESULTS.get(line.replace(": ", ":"))


def stuff(octets: bytes) -> bytes:
    """`octets` as the modem takes them, with the mark of their end."""
    return octets.replace(b"\x10", b"\x10\x10") + END


_RESULTS: Final = {result.value: result for result in Result} | {
    "0": Result.OK,  # and so on: as a modem says it that was told V0, V.250 Table 1
    "1": Result.CONNECT,
    "2": Result.RING,
    "3": Result.NO_CARRIER,
    "4": Result.ERROR,
    "6": Result.NO_DIALTONE,
    "7": Result.BUSY,
    "8": Result.NO_ANSWER,
    "+F4": Result.OTHER_CARRIER,  # T.31 §8.4.3
}
