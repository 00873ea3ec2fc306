"""How the box is, in words for a person: facts in, a `Status` out. What is not good says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.clock import Trust
from appliance.control.values import Fault, Lamp, Level, Light, Part, Status
from appliance.messages import Row, State

LITTLE_ROOM: Final = 0.10  # of the disk
NO_ROOM: Final = 0.02


@dataclass(frozen=True, slots=True)
class Facts:
    """What the daemon knows of itself at one moment."""

    now: float  # s since 1970, UTC
    trust: Trust
    asterisk_answers: bool
    calls: int
    storage_good: bool
    free_bytes: int
    disk_bytes: int
    rows: tuple[Row, ...]
    founded: bool  # has the practice its keys?
    next_purge: float | None
    last_fault: Fault | None
    panel_fault: str | None = None  # what is wrong with lamps and button, and what to do


def level(facts: Facts) -> Level:
    """The worst of all parts."""
    return max((part.level for part in parts(facts)), key=list(Level).index)


def status(facts: Facts, lamps: dict[Lamp, Light]) -> Status:
    """All of it, as the page and the console show it."""
    return Status(
        now=facts.now,
        parts=parts(facts),
        calls=facts.calls,
        new_messages=new_messages(facts.rows),
        next_purge=facts.next_purge,
        last_fault=facts.last_fault,
        lamps=lamps,
    )


def new_messages(rows: Sequence[Row]) -> int:
    """How many messages nobody has heard."""
    return sum(row.state is State.NEW for row in rows)


def parts(facts: Facts) -> tuple[Part, ...]:
    """Each part of the box with its sentence."""
    panel = (Part("Panel", Level.ATTENTION, facts.panel_fault),) if facts.panel_fault else ()
    return (_line(facts), _messages(facts), _disk(facts), _clock(facts), *panel)


def _line(facts: Facts) -> Part:
    if not facts.asterisk_answers:
        return Part(
            "Line",
            Level.FAULT,
            "Calls cannot be answered: the telephone part (Asterisk) does not run. It starts again by itself; if this stays for five minutes, "
            "switch the box off and on.",
        )
    if not facts.founded:
        return Part(
            "Line",
            Level.FAULT,
            "No message can be sealed yet, so callers are told to call again. Make the first person: keepline people add NAME.",
        )
    if facts.calls:
        callers = "One caller is" if facts.calls == 1 else f"{facts.calls} callers are"
        return Part("Line", Level.GOOD, f"{callers} on the line now.")
    return Part("Line", Level.GOOD, "Ready to answer.")


def _messages(facts: Facts) -> Part:
    old = sum(row.state is State.NEW and row.warned_at is not None for row in facts.rows)
    if old:
        what = "One message has" if old == 1 else f"{old} messages have"
        return Part(
            "Messages",
            Level.ATTENTION,
            f"{what} waited long and will be purged soon. Hear what is marked in the list, or it will be gone.",
        )
    new = new_messages(facts.rows)
    count = "No new message." if not new else "One new message." if new == 1 else f"{new} new messages."
    return Part("Messages", Level.GOOD, count)


def _disk(facts: Facts) -> Part:
    if not facts.storage_good:
        return Part(
            "Disk",
            Level.FAULT,
            "The memory card refused to keep what was written, so no message is taken. Put in a new card and restore the backup.",
        )
    free = facts.free_bytes / facts.disk_bytes if facts.disk_bytes else 0.0
    if free < NO_ROOM:
        return Part(
            "Disk", Level.FAULT, "The disk is full, so no message is taken. Erase messages that are no longer needed."
        )
    if free < LITTLE_ROOM:
        return Part(
            "Disk", Level.ATTENTION, f"Only {free:.0%} of the disk is free. Erase messages that are no longer needed."
        )
    return Part("Disk", Level.GOOD, f"{free:.0%} free.")


def _clock(facts: Facts) -> Part:
    if facts.trust is Trust.TRUSTED:
        return Part("Clock", Level.GOOD, "Right.")
    return Part(
        "Clock",
        Level.ATTENTION,
        f"The clock cannot be trusted ({facts.trust.value}). Messages are taken and marked, and nothing is purged. "
        "Connect the box to a network that has the time (NTP, UDP port 123).",
    )
