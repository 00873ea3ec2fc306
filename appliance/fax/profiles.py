"""What differs from modem to modem, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Wish:
    """Something a modem should do and can do without. Commands stand without their `AT`; the first one that is taken is enough."""

    what: str
    commands: tuple[str, ...]
    without: str  # what is then missing, for a person


@dataclass(frozen=True, slots=True)
class Quirk:
    """What a kind of modem does that others do not, and who says so."""

    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of modem. Commands stand without their `AT`."""

    name: str
    title: str
    needed: tuple[str, ...] = ("S0=0", "+FCLASS=1")
    wishes: tuple[Wish, ...] = ()
    answers: tuple[
        str, ...
    ] = ()  # to I0, I3, +FMI? and +FMM?: a part of any line of them, in capitals, tells this kind
    usb: tuple[str, ...] = ()  # vendor:product
    quirks: tuple[Quirk, ...] = ()
    speed: int = 115200  # bit/s on the serial side
    hardware_flow: bool = True  # RTS and CTS


HELLO: Final = "E0V1Q0"  # no echo, answers in words: what every modem is told before anything else, V.250 §6.2
IDENTITY: Final = ("I0", "I3", "+FMI?", "+FMM?")  # questions whose answers tell what kind a modem is

ADAPTS: Final = Wish(
    "adaptive reception", ("+FAR=1",), "a wrong carrier is only reported, not followed (T.31 §8.5.1): turns take longer"
)
CALLER_ID: Final = Wish("caller id", ("+VCID=1", "#CID=1"), "callers' numbers are not shown")

GENERIC: Final = Profile("generic", "Class 1 fax modem", wishes=(ADAPTS, CALLER_ID))
AUTO: Final = Profile("auto", "whatever it says it is", wishes=GENERIC.wishes)  # is asked when it is set up
SOFT: Final = Profile(
    "soft", "spandsp's soft modem, iaxmodem among them", wishes=GENERIC.wishes, answers=("SPANDSP", "SOFT-SWITCH.ORG")
)

PROFILES: Final = {profile.name: profile for profile in (AUTO, GENERIC, SOFT)}


def recognise(answers: Iterable[str]) -> Profile:
    """The kind of modem that says this of itself; `GENERIC` when it is none we know."""
    said = [answer.upper() for answer in answers]
    for profile in PROFILES.values():
        if any(word in answer for word in profile.answers for answer in said):
            return profile
    return GENERIC
