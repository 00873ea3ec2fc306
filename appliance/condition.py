"""How the box is, in words for a person: facts in, a `Status` out. What is not good says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.clock import Trust
from appliance.control.values import Fault, Lamp, Level, Light, Part, RecordState, Status
from appliance.messages import Row, State
from appliance.speech import spoken

LITTLE_ROOM: Final = 0.10  # of the disk
NO_ROOM: Final = 0.02
LINE_READY: Final = spoken("Ready to answer.")
FAX_READY: Final = spoken("Ready to receive.")


class Modem(StrEnum):
    """How the fax modem is."""

    STARTING = "starting"
    READY = "ready"
    ABSENT = "absent"  # its serial port is not there or cannot be used
    SILENT = "silent"  # it answers nothing, or nothing that makes sense
    WRONG = "wrong"  # it refuses what every Class 1 modem knows


class Refusal(StrEnum):
    """Why no fax is answered."""

    BAD_STORAGE = "bad-storage"
    NO_ROOM = "no-room"
    NOT_FOUNDED = "not-founded"
    NO_RECORD_KEY = "no-record-key"


@dataclass(frozen=True, slots=True)
class FaxFacts:
    """What the daemon knows of its fax line."""

    modem: Modem
    page: int = 0  # that is just coming, counted from 1; 0 when no fax is
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of the last comparison of store and record."""

    messages: int
    lines: int  # of the record
    found: int  # things that do not fit
    first: str = ""  # the first of them, in words


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
    fax: FaxFacts | None = None  # None: there is no fax line
    record: RecordState | None = None
    audit: Audit | None = None  # None: not compared since the start
    names_callers: bool = True  # has the record the key that names are sealed to?

    @property
    def calls_in_progress(self) -> int:
        """On all lines."""
        return self.calls + bool(self.fax and self.fax.page)


def level(facts: Facts) -> Level:
    """The worst of all parts."""
    return max((part.level for part in parts(facts)), key=list(Level).index)


def status(facts: Facts, lamps: dict[Lamp, Light]) -> Status:
    """All of it, as the page and the console show it."""
    return Status(
        now=facts.now,
        parts=parts(facts),
        calls=facts.calls_in_progress,
        new_messages=new_messages(facts.rows),
        next_purge=facts.next_purge,
        last_fault=facts.last_fault,
        lamps=lamps,
        record=facts.record,
    )


def new_messages(rows: Sequence[Row]) -> int:
    """How many messages nobody has heard."""
    return sum(row.state is State.NEW for row in rows)


def parts(facts: Facts) -> tuple[Part, ...]:
    """Each part of the box with its sentence."""
    panel = (Part("Panel", Level.ATTENTION, facts.panel_fault),) if facts.panel_fault else ()
    fax = (_fax(facts.fax),) if facts.fax else ()
    record = (_record(facts.audit),) if facts.audit else ()
    return (_line(facts), *fax, _messages(facts), _disk(facts), *record, _clock(facts), *panel)


def _line(facts: Facts) -> Part:
    if not facts.asterisk_answers:
        return Part(
            "Line",
            Level.FAULT,
            spoken(
                "Calls cannot be answered: the telephone part (Asterisk) does not run. It starts again by itself; if this stays for five minutes, "
                "switch the box off and on."
            ),
        )
    if not facts.names_callers:
        return Part("Line", Level.FAULT, _NO_RECORD_KEY)
    if not facts.founded:
        return Part(
            "Line",
            Level.FAULT,
            spoken(
                "No message can be sealed yet, so callers are told to call again. `keepline claim` shows the code, and the page leads on."
            ),
        )
    if facts.calls == 1:
        return Part("Line", Level.GOOD, spoken("One caller is on the line now."))
    if facts.calls:
        return Part("Line", Level.GOOD, spoken("%(count)s callers are on the line now."), {"count": str(facts.calls)})
    return Part("Line", Level.GOOD, LINE_READY)


def _fax(fax: FaxFacts) -> Part:
    """A fax that arrives is told of whatever else is wrong: it goes on."""
    if fax.page:
        return Part("Fax", Level.GOOD, spoken("Receiving page %(page)s."), {"page": str(fax.page)})
    if fax.modem in _MODEM:
        return Part("Fax", Level.FAULT, _MODEM[fax.modem])
    if fax.refusal:
        return Part("Fax", Level.FAULT, _REFUSALS[fax.refusal])
    if fax.modem is Modem.STARTING:
        return Part("Fax", Level.GOOD, spoken("Looking for the fax modem."))
    return Part("Fax", Level.GOOD, FAX_READY)


def _messages(facts: Facts) -> Part:
    old = sum(row.state is State.NEW and row.warned_at is not None for row in facts.rows)
    if old:
        return Part("Messages", Level.ATTENTION, _ONE_WAITS if old == 1 else _MANY_WAIT, {"count": str(old)})
    new = new_messages(facts.rows)
    text = (
        spoken("%(count)s new messages.")
        if new > 1
        else spoken("One new message.")
        if new
        else spoken("No new message.")
    )
    return Part("Messages", Level.GOOD, text, {"count": str(new)})


def _disk(facts: Facts) -> Part:
    if not facts.storage_good:
        return Part("Disk", Level.FAULT, _BAD_DISK)
    free = facts.free_bytes / facts.disk_bytes if facts.disk_bytes else 0.0
    share = {"share": f"{free:.0%}"}
    if free < NO_ROOM:
        return Part("Disk", Level.FAULT, _FULL_DISK)
    if free < LITTLE_ROOM:
        return Part("Disk", Level.ATTENTION, _LITTLE_DISK, share)
    return Part("Disk", Level.GOOD, spoken("%(share)s free."), share)


def _record(audit: Audit) -> Part:
    if not audit.found:
        return Part("Record", Level.GOOD, _FITS)
    return Part("Record", Level.FAULT, _DOES_NOT_FIT, {"count": str(audit.found), "first": audit.first})


def _clock(facts: Facts) -> Part:
    if facts.trust is Trust.TRUSTED:
        return Part("Clock", Level.GOOD, spoken("Right."))
    return Part("Clock", Level.ATTENTION, _CLOCK[facts.trust])


_ONE_WAITS: Final = spoken(
    "One message has waited long and will be purged soon. Open what is marked in the list, or it will be gone."
)
_MANY_WAIT: Final = spoken(
    "%(count)s messages have waited long and will be purged soon. Open what is marked in the list, or it will be gone."
)
_BAD_DISK: Final = spoken(
    "The memory card refused to keep what was written, so no message is taken. Put in a new card and restore the backup."
)
_FULL_DISK: Final = spoken("The disk is full, so no message is taken. Erase messages that are no longer needed.")
_LITTLE_DISK: Final = spoken("Only %(share)s of the disk is free. Erase messages that are no longer needed.")
_FITS: Final = spoken("Whole. All messages are as they were kept.")
_DOES_NOT_FIT: Final = spoken(
    "Store and record do not fit together (%(count)s): %(first)s Somebody may have meddled with the memory card. Change nothing; have "
    "“keepline store check” run by whoever looks after Keepline."
)
_CLOCK: Final = {
    Trust.NOT_SYNCHRONISED: spoken(
        "The clock cannot be trusted (not synchronised since the box started). Messages are taken and marked, and nothing is purged. "
        "Connect the box to a network that has the time (NTP, UDP port 123)."
    ),
    Trust.BEFORE_LAST_EVENT: spoken(
        "The clock cannot be trusted (earlier than the last recorded event). Messages are taken and marked, and nothing is purged. "
        "Connect the box to a network that has the time (NTP, UDP port 123)."
    ),
    Trust.JUMPED: spoken(
        "The clock cannot be trusted (stepped while the box was running). Messages are taken and marked, and nothing is purged. "
        "Connect the box to a network that has the time (NTP, UDP port 123)."
    ),
}
_NO_RECORD_KEY: Final = spoken(
    "The record cannot name callers: keys/record.pub is missing or damaged. So callers are told to call again. "
    "At the box `keepline keys mend --as NAME` makes it anew."
)
_REFUSALS: Final = {
    Refusal.BAD_STORAGE: spoken(
        "Faxes are not answered, so that senders try again later: the memory card refused to keep what was written. "
        "Put in a new card and restore the backup."
    ),
    Refusal.NO_ROOM: spoken(
        "Faxes are not answered, so that senders try again later: there is no room for another one. Erase messages that are no longer needed."
    ),
    Refusal.NOT_FOUNDED: spoken(
        "Faxes are not answered, so that senders try again later: nothing can be sealed yet. `keepline claim` shows the code, and the page leads on."
    ),
    Refusal.NO_RECORD_KEY: spoken(
        "Faxes are not answered, so that senders try again later: keys/record.pub is missing or damaged. "
        "At the box `keepline keys mend --as NAME` makes it anew."
    ),
}
_MODEM: Final = {
    Modem.ABSENT: spoken(
        "The fax modem is not there. Check its cable at both ends; once it is plugged in it is found by itself."
    ),
    Modem.SILENT: spoken("The fax modem does not answer. Unplug it, wait ten seconds, plug it in again."),
    Modem.WRONG: spoken(
        "The modem is none that Keepline can use for faxes (Class 1). hardware/README.md lists some that are."
    ),
}
