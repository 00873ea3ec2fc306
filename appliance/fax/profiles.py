"""What differs from modem to modem, as data: how each kind is known, what it is told, and what is known of it. Commands stand without their `AT`.

None of the hardware kinds has been on a desk here: each entry says where it comes from. `keepline modem test` finds out what a modem really does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

HELLO: Final = "E0V1Q0"  # no echo, answers in words: what every modem is told before anything else, V.250 §6.2
IDENTITY: Final = ("I0", "I3", "+FMI?", "+FMM?")  # questions whose answers tell what kind a modem is
RATES: Final = "+FRM=?"  # which rates it receives at, T.31 §8.2


@dataclass(frozen=True, slots=True)
class Wish:
    """Something a modem should do and can do without. Each way is a few commands; the first way that is taken is enough."""

    what: str
    ways: tuple[tuple[str, ...], ...]
    without: str  # what it means when it does not, for a person


@dataclass(frozen=True, slots=True)
class Quirk:
    """What a kind of modem does that others do not, and who says so."""

    what: str
    source: str


ADAPTS: Final = Wish(
    "adaptive reception",
    (("+FAR=1",),),
    "a caller who sends something else than expected is found out, but not followed at once (T.31 §8.5.1)",
)
NAMES_CALLERS: Final = Wish("caller id", (("+VCID=1",), ("#CID=1",)), "callers' numbers are not known")
HOLDS_BACK: Final = Wish(
    "flow control by RTS and CTS",
    (("+IFC=2,2",), ("&K3",), ("\\Q3",)),  # V.250; Rockwell and what came from it; Microcom
    "octets may be lost when this machine is busy",
)
LETS_GO: Final = Wish(
    "hanging up when the port is closed",
    (("&D2",),),
    "a line may stay taken when Keepline ends in the midst of a call",
)
TELLS_PATTERNS: Final = Wish(
    "distinctive ring",
    (("+VDR=1,6",),),  # never 1,0: with it some send no RING at all; 0.6 s is longer than any pause within a pattern
    "numbers on one line that ring differently cannot be told apart",
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of modem."""

    name: str  # as the settings say it
    title: str
    needed: tuple[str, ...] = ("S0=0", "+FCLASS=1")  # in this order, after `HELLO`
    wishes: tuple[Wish, ...] = (HOLDS_BACK, ADAPTS, NAMES_CALLERS, LETS_GO)
    patterns: Wish = TELLS_PATTERNS  # asked for only where it is wanted: it changes how a ring is reported
    answers: tuple[str, ...] = ()  # to `IDENTITY`: regular expressions, each for a whole line in capitals
    usb: tuple[str, ...] = ()  # vendor:product
    quirks: tuple[Quirk, ...] = ()
    speed: int = 115200  # bit/s on the serial side
    persistence: int = (
        2  # times that +FRM is said again to +FCERROR: some are quick to say it (HylaFAX, Class1RMPersistence: 2 or 3)
    )
    checks: bool = False  # it is known to hand over frames with a right check sequence; else its first right one tells (HylaFAX, Class1ValidateV21Frames)
    hardware_flow: bool = True


AUTO: Final = Profile("auto", "whatever the modem says it is")
GENERIC: Final = Profile("generic", "a Class 1 fax modem")

USR5637: Final = Profile(
    "usr5637",
    "U.S. Robotics 5637",
    needed=("S0=0", "+FCLASS=1", "&H1&I0&R2"),
    wishes=(ADAPTS, NAMES_CALLERS, LETS_GO),
    answers=(r"5601", r"U\.? ?S\.? ?ROBOTICS.*"),
    usb=("0baf:0303",),
    quirks=(
        Quirk(
            "goes to software flow control by itself when it enters fax mode, and is told RTS and CTS again after that",
            "U.S. Robotics, fax information for programmers (3453C reference, appendix); HylaFAX, config/usr-rts",
        ),
        Quirk(
            "may stop telling callers' numbers until it is unplugged and plugged in again; its newest firmware is needed",
            "owners' reports: emxsys/callattendant issues 139 and 147, thess/callattendant issue 26",
        ),
        Quirk("names itself 5601 like older models, which are set up alike", "HylaFAX, config/usr-rts"),
    ),
)

CONEXANT: Final = Profile(
    "conexant",
    "Conexant CX930xx (StarTech USB56KEMH2, Zoom 3095, Trendnet TFM-561U and others)",
    needed=("S0=0", "+FCLASS=1", "&K3"),
    wishes=(
        ADAPTS,
        Wish(
            NAMES_CALLERS.what,
            (("+VCID=1",), ("-SCID=1;+VCID=1",), ("!4886=00", "+VCID=1"), ("#CID=1",)),
            NAMES_CALLERS.without,
        ),
        LETS_GO,
    ),
    patterns=Wish(TELLS_PATTERNS.what, (("-SDR=7",), ("+VDR=1,6",)), TELLS_PATTERNS.without),
    answers=(r"56000", r"CX9\d{4}.*", r".*CONEXANT.*"),
    usb=("0572:1329", "0572:1321", "0572:1324", "0572:1328", "0572:1340", "0572:1349", "0803:3095"),
    quirks=(
        Quirk("speaks Class 1 only, no Class 2", "owner's log: AT0myks/pycallblock issue 3"),
        Quirk(
            "adaptive reception is documented for Class 1.0 only, so some refuse it",
            "Conexant, AT commands reference 100722A, table 4-1",
        ),
        Quirk(
            "caller id may be switched off by its country setting; AT!4886=00 switches it on where numbers come by Bell FSK (North America)",
            "thess/callattendant, README",
        ),
        Quirk("one is said to hang at +FRM=96 until it is reset", "an owner's report"),
        Quirk("with +VDR=1,0 it says no RING at all", "Conexant, AT commands reference 102752B, +VDR"),
    ),
)

MULTITECH: Final = Profile(
    "multitech",
    "MultiTech MT9234",
    wishes=(
        Wish(HOLDS_BACK.what, (("&K3",), ("&E4",)), HOLDS_BACK.without),
        ADAPTS,
        NAMES_CALLERS,
        LETS_GO,
    ),
    answers=(r".*MT9234.*", r".*MULTI-?TECH.*"),
    usb=("06e0:f114", "06e0:f115", "06e0:0319"),
    quirks=(
        Quirk(
            "on USB it needs firmware that the kernel loads into it (mts_mt9234mu.fw or mts_mt9234zba.fw); without the file it stays dead",
            "Linux, drivers/usb/serial/ti_usb_3410_5052.c",
        ),
        Quirk("its own default for flow control is RTS and CTS", "MultiTech, AT commands reference S000434"),
    ),
)

SOFT: Final = Profile(
    "soft",
    "spandsp's soft modem (iaxmodem, T.31 pair)",
    wishes=(ADAPTS, NAMES_CALLERS),
    answers=(r"SPANDSP", r"WWW\.SOFT-SWITCH\.ORG"),
    quirks=(
        Quirk("is busy for callers for 5 s after ATH and ATZ (iaxmodem)", "measured"),
        Quirk("tells who calls before the first RING; +VCID=1 must have been said by then", "measured"),
        Quirk(
            "does nothing off the hook as long as no call is on (iaxmodem): `modem test --line` fails with it",
            "measured",
        ),
        Quirk("any octet while it answers ends that, and the call stays up (iaxmodem)", "measured"),
    ),
    hardware_flow=False,  # a pseudo-terminal has no lines
    checks=True,
)

PROFILES: Final = {profile.name: profile for profile in (AUTO, GENERIC, USR5637, CONEXANT, MULTITECH, SOFT)}


def recognise(answers: Iterable[str]) -> Profile:
    """The kind of modem that says this of itself, a line each; `GENERIC` when it is none we know."""
    said = [answer.strip().upper() for answer in answers]
    for profile in PROFILES.values():
        if any(re.fullmatch(pattern, line) for pattern in profile.answers for line in said):
            return profile
    return GENERIC


def recognise_usb(product: str) -> Profile | None:
    """The kind of modem that has this USB identity, `vendor:product` in hexadecimal; None when it is none we know."""
    return next((profile for profile in PROFILES.values() if product.lower() in profile.usb), None)
