"""What a technician can ask, as a table, and what the box answers, in plain words of at most 79 columns. Nothing here opens a port."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from appliance.access.roles import MAY, Permission, Role
from appliance.control.values import Fingerprint, Level, Status

WIDTH: Final = 79  # a terminal of 80 columns breaks the line after the 80th by itself, and some do it twice


@dataclass(frozen=True, slots=True)
class Answer:
    """Asks the daemon how the box is and tells it so."""

    tell: Callable[[Status, ZoneInfo], str]


class Question(StrEnum):
    """What is not said in the box's status, and asked for by itself."""

    FINGERPRINT = "fingerprint"


@dataclass(frozen=True, slots=True)
class Show:
    """Asks the daemon that and shows it."""

    question: Question


@dataclass(frozen=True, slots=True)
class Claim:
    """Asks the daemon for the code that claims a new box."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Has the daemon end every session of the page."""


@dataclass(frozen=True, slots=True)
class Help:
    """Lists the commands."""


@dataclass(frozen=True, slots=True)
class Quit:
    """Ends the session."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such command; `hint` says what to type instead."""

    hint: str


Act = Answer | Claim | Lock | Show | Help | Quit


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the console."""

    word: str
    help: str
    act: Act
    permission: Permission  # of the technician, who alone works here
    also: tuple[str, ...] = ()  # other words for it


def find(line: str) -> Act | Unknown:
    """What the technician means by `line`: a command, or enough of its beginning to tell it from the others. A blank line is none."""
    first, *rest = line.lower().split()
    allowed = [item for item in COMMANDS if item.permission in MAY[Role.TECHNICIAN]]
    meant = [item for item in allowed if first in (item.word, *item.also)] or [
        item for item in allowed if item.word.startswith(first)
    ]
    match meant:
        case [command] if rest:
            return Unknown(f'"{command.word}" stands alone: type "{command.word}" and Enter.')
        case [command]:
            return command.act
        case [] if near := difflib.get_close_matches(first, [item.word for item in COMMANDS], n=1, cutoff=0.5):
            return Unknown(f'There is no "{first}". Did you mean "{near[0]}"?')
        case []:
            return Unknown(f'There is no "{first}". "help" lists what there is.')
        case several:
            return Unknown(f'"{first}" may be {" or ".join(item.word for item in several)}. Type more of it.')


def tell_status(status: Status, zone: ZoneInfo) -> str:
    """The whole box."""
    name = max((len(part.name) for part in status.parts), default=0)
    lines = [f"Keepline, {_time(status.now, zone)} ({zone.key})", ""]
    lines += [_fold(f"  {part.name:<{name}}  {_LEVELS[part.level]}  ", part.sentence) for part in status.parts]
    lamps = ", ".join(f"{lamp} {light}" for lamp, light in status.lamps.items())
    lines += ["", f"  Calls in progress  {status.calls}", f"  New messages       {status.new_messages}"]
    lines += [f"  Next purge         {_purge(status, zone)}", f"  Lamps              {lamps}"]
    fault = f"{_time(status.last_fault.at, zone)}: {status.last_fault.sentence}" if status.last_fault else "none"
    return "\n".join([*lines, _fold("  Last fault         ", fault)])


def tell_lines(status: Status, zone: ZoneInfo) -> str:
    """The telephone line and the fax line."""
    told = [
        _fold(f"{part.name}: {part.level}. ", part.sentence) for part in status.parts if part.name in {"Line", "Fax"}
    ]
    return "\n".join([*told, f"Calls in progress: {status.calls}"])


def tell_fingerprint(found: Fingerprint) -> str:
    """What somebody at a computer compares with what the page says."""
    head = "Fingerprint of the certificate that browsers are to trust (SHA-256):"
    lines = "\n".join(f"  {line}" for line in found.lines())
    more = _fold("", "The page shows the same under /trust. Where Windows asks, it shows the short one (SHA-1):")
    return f"{head}\n\n{lines}\n\n{more}\n\n  {found.short()}"


def tell_help() -> str:
    """Every command with what it tells."""
    longest = max(len(item.word) for item in COMMANDS)
    return "\n".join([*(f"  {item.word:<{longest}}  {item.help}" for item in COMMANDS), "", _HELP_TAIL])


def plain(text: str) -> str:
    """`text` as any terminal can show it: printable ASCII in lines of at most `WIDTH` columns."""
    return "\n".join(_lines(text))


COMMANDS: Final = (
    Command(
        "status",
        "how the box is: lines, disk, clock, purge, lamps, last fault",
        Answer(tell_status),
        Permission.SEE_BOX,
    ),
    Command("lines", "telephone line, fax line, and the calls on them", Answer(tell_lines), Permission.SEE_BOX),
    Command("claim", "the code with which a new box is claimed on its page", Claim(), Permission.TEND_BOX),
    Command(
        "fingerprint",
        "of the page's certificate, to compare before trusting it",
        Show(Question.FINGERPRINT),
        Permission.SEE_BOX,
    ),
    Command("lock", "end every session of the page, as the lock button does", Lock(), Permission.LOCK_PAGE),
    Command("help", "this list", Help(), Permission.SEE_BOX, ("?",)),
    Command("quit", "log off", Quit(), Permission.SEE_BOX, ("exit", "logout", "bye")),
)
_HELP_TAIL: Final = "The beginning of a word is enough: st for status."
_LEVELS: Final = {Level.GOOD: "good     ", Level.ATTENTION: "ATTENTION", Level.FAULT: "FAULT    "}


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        shown = "".join(sign if " " <= sign <= "~" else "?" for sign in line)
        yield from textwrap.wrap(shown, WIDTH, break_on_hyphens=False) or [""]


def _fold(head: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)


def _purge(status: Status, zone: ZoneInfo) -> str:
    return "none while the clock cannot be trusted" if status.next_purge is None else _time(status.next_purge, zone)


def _time(moment: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(moment, zone):%a %d %b %Y, %H:%M}"
