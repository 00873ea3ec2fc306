"""Who calls, and how it rings: what a modem says while the line rings, taken in line by line.

Forms differ from modem to modem and from network to network (with and without spaces, with and without a name, as words or as hexadecimal octets), and a
line may come garbled. Whatever comes, nothing here fails: what cannot be read is not there. Parsing only; nothing here waits or counts rings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

_LONGEST_NUMBER: Final = 32  # E.164 has 15 digits; the rest is for signs and carriers' prefixes
_LONGEST_NAME: Final = 64  # Bellcore allows 15 letters, some networks more
_PAUSE: Final = 1.5  # s without ringing that end a pattern: within one they are 0.2 to 0.4, between two 3 or more


class Presence(StrEnum):
    """What the network says of the caller's number."""

    UNTOLD = "untold"  # nothing
    GIVEN = "given"
    WITHHELD = "withheld"  # the caller does not want it shown
    UNAVAILABLE = "unavailable"  # the network does not have it


class RingKind(StrEnum):
    """How it rings, where the modem tells: several numbers on one line ring differently. Telcordia GR-506-CORE's patterns, in seconds on and off."""

    UNTOLD = "untold"
    SINGLE = "single"  # 2.0, 4.0: the line's own number
    DOUBLE = "double"  # 0.8, 0.4, 0.8, 4.0
    SHORT_SHORT_LONG = "short-short-long"  # 0.4, 0.2, 0.4, 0.2, 0.8, 4.0
    SHORT_LONG_SHORT = "short-long-short"  # 0.3, 0.2, 1.0, 0.2, 0.3, 4.0
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Moment:
    """When the network says that the call came, by its own clock. It has no year."""

    month: int
    day: int
    hour: int
    minute: int


@dataclass(frozen=True, slots=True, repr=False)
class CallerId:
    """Who calls, so far as it was said. Its representation says nothing: it can stand in any log."""

    number: str = ""  # digits and + * #
    name: str = ""
    presence: Presence = Presence.UNTOLD  # of the number
    at: Moment | None = None

    def __repr__(self) -> str:
        return "CallerId(private)"


@dataclass(frozen=True, slots=True)
class Ring:
    """The line rang once more. `caller` and `kind` are what is known by then: many networks tell after the first ring."""

    caller: CallerId = CallerId()
    kind: RingKind = RingKind.UNTOLD


class Bell:
    """Puts together what is said during one call's ringing."""

    def __init__(self) -> None:
        self.caller = CallerId()
        self._kind = RingKind.UNTOLD
        self._bursts: list[float] = []  # s
        self._date = self._time = ""

    def forget(self) -> None:
        """The ringing is over; what comes next is another call."""
        self.caller, self._kind = CallerId(), RingKind.UNTOLD
        self._bursts = []
        self._date = self._time = ""

    def hear(self, line: str) -> Ring | None:
        """Take in one line of the modem's; a ring when it says that."""
        text = line.strip().upper()
        if ring := _RING.fullmatch(text):
            self._kind = _KINDS.get(ring[1]) or _classify(self._bursts) or self._kind
            self._bursts.clear()
            return Ring(self.caller, self._kind)
        if burst := _BURST.fullmatch(text):
            self._time_burst(burst[1] == "ON", int(burst[2]) / 10)
        elif _HEXADECIMAL.fullmatch(text):
            self._take_message(text)
        else:
            fields = _TAG.split(line)  # what stands before the first tag, then tag and value in turn
            for tag, value in zip(fields[1::2], fields[2::2], strict=True):
                self._take(tag.upper(), value.strip())
        return None

    def _time_burst(self, rings: bool, seconds: float) -> None:
        if rings:
            self._bursts = [*self._bursts[-5:], seconds]
        elif seconds > _PAUSE:
            self._bursts.clear()

    def _take(self, tag: str, value: str) -> None:
        match tag:
            case "DATE":
                self._date = value
                self._set_moment()
            case "TIME":
                self._time = value.replace(":", "")
                self._set_moment()
            case "NAME":
                self._set_name(value)
            case "MESG":
                self._take_message(value.upper())
            case "NMBR" | "DDN_NMBR" | "ANID":  # ANID: as spandsp calls it
                self._set_number(value)
            case _:
                pass  # which number was called

    def _set_moment(self) -> None:
        if (moment := _moment(self._date[-4:] + self._time[:4])) is not None:
            self.caller = replace(self.caller, at=moment)

    def _set_name(self, value: str) -> None:
        letters = "".join(letter for letter in value if letter.isprintable() and letter != "\ufffd")
        name = " ".join(letters.split())[:_LONGEST_NAME]
        if _why_absent(name) is None:
            self.caller = replace(self.caller, name=name)

    def _set_number(self, value: str) -> None:
        number = "".join(sign for sign in value if sign in "0123456789+*#")[:_LONGEST_NUMBER]
        presence = _why_absent(value) or (Presence.GIVEN if number else Presence.UNAVAILABLE)
        if presence is Presence.GIVEN:
            self.caller = replace(self.caller, number=number, presence=presence)
        elif not self.caller.number and presence is not Presence.UNTOLD:
            self.caller = replace(self.caller, presence=presence)

    def _take_message(self, text: str) -> None:
        """A whole message of the network's (ETSI EN 300 659-3, Telcordia GR-30-CORE), or one item of it, in hexadecimal digits."""
        try:
            octets = bytes.fromhex(text)
        except ValueError:
            return
        if len(octets) < 3 or len(octets) < octets[1] + 2:
            return
        kind, body, check = octets[0], octets[2 : 2 + octets[1]], octets[2 + octets[1] :]
        if check and sum(octets[: 3 + octets[1]]) % 256 != 0:
            return
        if kind == _MULTIPLE:
            while len(body) >= 2:
                self._take_item(body[0], body[2 : 2 + body[1]])
                body = body[2 + body[1] :]
        elif kind == _SINGLE and len(body) > 8:
            self._take_item(0x01, body[:8])
            self._take_item(0x02, body[8:])
        else:
            self._take_item(kind, body)

    def _take_item(self, kind: int, octets: bytes) -> None:
        text = octets.decode("ascii", "replace")
        match kind:
            case 0x01:
                self._take("DATE", text[:4])
                self._take("TIME", text[4:])
            case 0x02 | 0x03 | 0x04:  # the number, as to be dialled, or why there is none
                self._set_number(text)
            case 0x07:
                self._set_name(text)
            case _:
                pass  # why there is no name, kind of call, waiting messages: nothing for a fax


def tells_of_call(line: str) -> bool:
    """Is this line about a ring or a caller?"""
    text = line.strip().upper()
    return any(form.fullmatch(text) for form in (_RING, _BURST, _HEXADECIMAL)) or bool(_TAG.search(line))


_MULTIPLE: Final = 0x80  # message of several items
_SINGLE: Final = 0x04  # message of date, time and number

_RING: Final = re.compile(r"RING(?: *([A-D1-4]))?")
_BURST: Final = re.compile(r"DR(ON|OF) *= *([0-9]{1,4})")  # +VDR's reports, in tenths of a second: rings, is silent
_HEXADECIMAL: Final = re.compile(r"(?:04|80)(?:[0-9A-F]{2}){8,}")
_TAG: Final = re.compile(r"\b(DATE|TIME|NAME|NMBR|DDN_NMBR|ANID|MESG|NDID|CDID|USER|PASS)\s*[=:]", re.IGNORECASE)

#: Letters as U.S. Robotics counts patterns, digits as Rockwell and Conexant do (-SDR).
_KINDS: Final = {
    "A": RingKind.SINGLE,
    "B": RingKind.DOUBLE,
    "C": RingKind.SHORT_SHORT_LONG,
    "D": RingKind.SHORT_LONG_SHORT,
    "1": RingKind.SINGLE,
    "2": RingKind.DOUBLE,
    "3": RingKind.SHORT_SHORT_LONG,
    "4": RingKind.SHORT_LONG_SHORT,
}

#: What stands in a number's or name's place when there is none.
_ABSENT: Final = {
    "": Presence.UNTOLD,
    "<NONE>": Presence.UNTOLD,  # iaxmodem
    "P": Presence.WITHHELD,
    "PRIVATE": Presence.WITHHELD,
    "WITHHELD": Presence.WITHHELD,
    "ANONYMOUS": Presence.WITHHELD,
    "BLOCKED": Presence.WITHHELD,
    "RESTRICTED": Presence.WITHHELD,
    "O": Presence.UNAVAILABLE,
    "OUT OF AREA": Presence.UNAVAILABLE,
    "UNAVAILABLE": Presence.UNAVAILABLE,
    "UNAVAIL": Presence.UNAVAILABLE,
    "UNKNOWN": Presence.UNAVAILABLE,
}
_WHAT: Final = {"NUMBER", "NAME", "CALLER"}  # is private, unknown and so on


def _why_absent(value: str) -> Presence | None:
    """What stands in a number's or name's place, in any of the ways networks write it; None for a number or name."""
    words = re.split(r"[-_\s]+", value.strip().upper())
    told = [word for word in words if word not in _WHAT] or words
    return _ABSENT.get(" ".join(told))


def _classify(bursts: list[float]) -> RingKind | None:
    """The pattern that these bursts (s) make."""
    match bursts:
        case []:
            return None
        case [_]:
            return RingKind.SINGLE
        case [_, _]:
            return RingKind.DOUBLE
        case [first, second, third] if third > max(first, second):
            return RingKind.SHORT_SHORT_LONG
        case [first, second, third] if second > max(first, third):
            return RingKind.SHORT_LONG_SHORT
        case _:
            return RingKind.OTHER


def _moment(digits: str) -> Moment | None:
    """MMDDHHMM."""
    if not re.fullmatch(r"[0-9]{8}", digits):
        return None
    month, day, hour, minute = (int(digits[at : at + 2]) for at in range(0, 8, 2))
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
        return None
    return Moment(month, day, hour, minute)
