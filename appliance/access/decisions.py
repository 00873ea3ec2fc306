"""The practice's decisions: each feature that puts patients' words somewhere new is a switch, off until a named person has switched it on and said why.

`decisions.json` in the store's folder holds every decision that was ever made, oldest first; the last one about a switch counts. The daemon writes it, page and
command read it. Whatever cannot be read, and whatever the record does not vouch for, counts as off.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from appliance import logs
from appliance.access import people, vouching
from appliance.access.remembered import Remembered
from appliance.access.roles import Permission
from appliance.access.small_file import moment, reading
from appliance.errors import DecisionError, DecisionsDamagedError, NotForThisRoleError, StoreError, SwitchedOffError
from appliance.speech import spoken
from appliance.store.changes import Change

FILE: Final = Path("decisions.json")
LONGEST: Final = 600  # letters of a reason or a risk
COLUMNS: Final = ("at", "switch", "on", "by", "why", "risk", "clock_trusted")
_VERSION: Final = 1
_FORMULA: Final = frozenset("=+-@\t\r")  # a spreadsheet would calculate what begins with these

log = logs.get(__name__)


class Switch(StrEnum):
    """What can be switched on. A feature that puts patients' words somewhere new gets a line here and a row in `FEATURES`."""

    TAKE_MESSAGES = "take-messages"
    PASSWORD_ALONE = "password-alone"  # noqa: S105 - the word for it


@dataclass(frozen=True, slots=True)
class Feature:
    """A switch in plain words: what a person must know to decide. The risks are offered; others can be written beside them."""

    switch: Switch
    title: str
    does: str
    puts: str  # what lies where then
    risks_on: tuple[str, ...]
    risks_off: tuple[str, ...]


FEATURES: Final = (
    Feature(
        Switch.TAKE_MESSAGES,
        spoken("Downloads"),
        spoken(
            "Staff can save a voicemail as a sound file and a fax as PDF or TIFF. The command “keepline inbox export” works."
        ),
        spoken(
            "The saved file lies unsealed on the computer or telephone that saved it, and in its backups. Keepline can neither find it again nor erase it."
        ),
        (
            spoken("A file stays behind on a computer that is lost, sold or used by others."),
            spoken("A file is kept longer than the practice may keep it."),
            spoken("A file is sent on by e-mail or messenger."),
        ),
        (
            spoken("Staff take photographs of the screen instead."),
            spoken("A message that another office needs has to be read out or faxed."),
        ),
    ),
    Feature(
        Switch.PASSWORD_ALONE,
        spoken("Log-in without a second factor"),
        spoken(
            "A name and a password are enough to log in. Who has a passkey or a code generator is still asked for it."
        ),
        spoken(
            "Nothing is put anywhere. But whoever learns a password and is on the practice’s network reads every message that its owner may read."
        ),
        (
            spoken("A password that was seen, guessed or told is enough to read messages."),
            spoken("A password is used elsewhere too and becomes known there."),
        ),
        (
            spoken("Somebody who has lost telephone and key cannot log in until an admin helps."),
            spoken("Logging in takes longer."),
        ),
    ),
)
BY_SWITCH: Final = {feature.switch: feature for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to decide."""

    switch: Switch
    on: bool
    by: str  # the log-in name of a person who may
    why: str
    risk: str  # which one they take


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided. `switch` is a word: a newer Keepline may have known switches that this one does not."""

    switch: str
    on: bool
    by: str
    why: str
    risk: str
    at: float  # s since 1970, UTC
    clock_trusted: bool


def read(folder: Path) -> tuple[Decision, ...]:
    """Every decision, oldest first. `folder` is the store's. Raises `DecisionsDamagedError`."""
    try:
        if not vouching.vouches(folder, FILE):
            raise DecisionsDamagedError
        return read_file(folder)
    except FileNotFoundError:
        return ()


def read_file(folder: Path) -> tuple[Decision, ...]:
    """What stands in the file, whoever wrote it. Raises `FileNotFoundError`, `DecisionsDamagedError`."""
    with reading(DecisionsDamagedError):
        data: Any = json.loads((folder / FILE).read_bytes())
        return tuple(_decision(item) for item in data["decisions"])


def title(switch: str) -> str:
    """What a switch is called; one that is no more, by its name."""
    return next((feature.title for feature in FEATURES if feature.switch.value == switch), switch)


def last(decisions: Sequence[Decision], switch: Switch) -> Decision | None:
    """The decision about `switch` that counts; None when it was never decided about."""
    return next((item for item in reversed(decisions) if item.switch == switch), None)


def is_on(folder: Path, switch: Switch) -> bool:
    """Is it switched on? Quick: the file is read again only when it has changed."""
    return switch in _switched_on.of(folder)


def must_be_on(folder: Path, switch: Switch) -> None:
    """Raises `SwitchedOffError` when it is not."""
    if not is_on(folder, switch):
        raise SwitchedOffError(switch=switch.value)


def deciders(folder: Path) -> tuple[str, ...]:
    """Who may decide about switches, by log-in name."""
    return tuple(person.name for person in people.list_people(folder) if person.may(Permission.RUN_SWITCHES))


def is_made(folder: Path, choice: Choice) -> bool:
    """Is it the decision that counts already, by the same person and in the same words? Raises `DecisionError`, `DecisionsDamagedError`."""
    made = last(read(folder), choice.switch)
    words = check_text(choice.why), check_text(choice.risk)
    return made is not None and (made.on, made.by, made.why, made.risk) == (choice.on, choice.by, *words)


def plan(folder: Path, choice: Choice, at: float, clock_trusted: bool) -> tuple[Decision, Change]:
    """The daemon's part: the decision beside all earlier ones. One is planned and made after the other.

    Raises `DecisionError` for one without reason or risk, `NotForThisRoleError`, `DecisionsDamagedError` (then nothing is overwritten).
    """
    if not people.find_person(folder, choice.by).may(Permission.RUN_SWITCHES):
        raise NotForThisRoleError("Only an admin decides what is switched on.")
    why, risk = check_text(choice.why), check_text(choice.risk)
    decision = Decision(choice.switch.value, choice.on, choice.by, why, risk, at, clock_trusted)
    data = {"keepline": _VERSION, "decisions": [asdict(item) for item in (*read(folder), decision)]}
    return decision, Change({FILE: json.dumps(data, indent=1, ensure_ascii=False).encode() + b"\n"})


def check_text(text: str) -> str:
    """A reason or a risk as it is kept: in one line. Raises `DecisionError` when there is none, or when it is too long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if not line or len(line) > LONGEST:
        raise DecisionError
    return line


def as_csv(decisions: Sequence[Decision], zone: tzinfo) -> str:
    """For a spreadsheet and the practice's binder; times in the practice's zone."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for item in as_rows(decisions, zone):
        writer.writerow([_harmless(str(item[column])) for column in COLUMNS])
    return text.getvalue()


def as_rows(decisions: Sequence[Decision], zone: tzinfo = UTC) -> list[dict[str, object]]:
    """For a program to read; times as ISO 8601 writes them."""
    return [
        asdict(item) | {"at": datetime.fromtimestamp(item.at, zone).isoformat(timespec="seconds")} for item in decisions
    ]


def _on(folder: Path) -> frozenset[str]:
    try:
        latest = {item.switch: item.on for item in read(folder)}
    except StoreError:
        log.error("decisions.damaged")
        return frozenset()
    return frozenset(switch for switch, on in latest.items() if on)


def _decision(item: Any) -> Decision:
    words = [item[name] for name in ("switch", "by", "why", "risk")]
    flags = [item[name] for name in ("on", "clock_trusted")]
    if not all(isinstance(word, str) for word in words) or not all(isinstance(flag, bool) for flag in flags):
        raise TypeError
    switch, by, why, risk = words
    return Decision(switch, flags[0], by, why, risk, moment(item["at"]), flags[1])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in _FORMULA else cell


_switched_on: Final = Remembered(FILE, _on)
