"""The list and the message as the templates show them: rows of the index joined with their opened envelopes, put in order, cut into pages, in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from appliance.messages import Envelope, Kind, Row, State
from appliance.retention.rules import DAY
from appliance.settings import Retention
from appliance.store.reader import RECOVERED
from web import words
from web.waveform import Drawing

PAGE: Final = 50  # rows
STATES: Final = {State.NEW: ("new", "New"), State.HEARD: ("heard", "Heard"), State.ERASING: ("erased", "Erased")}
KINDS: Final = {Kind.VOICEMAIL: "Voicemail", Kind.FAX: "Fax"}
SHUT: Final = "Cannot be opened"
DAMAGED: Final = "This message cannot be opened: its file was damaged or exchanged. Tell whoever looks after Keepline. The other messages are not affected."
PARTIAL: Final = "Partial: recovered after an interruption"

Opener = Callable[[Row], Envelope | None]  # None: cannot be opened


@dataclass(frozen=True, slots=True)
class Present:
    """The moment and the place for which words are chosen."""

    now: float
    zone: ZoneInfo
    retention: Retention


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the list, and what version of it the page will compare with."""

    page: int
    search: str
    version: str


@dataclass(frozen=True, slots=True)
class RowView:
    """A row as the list shows it."""

    id: str
    group: str  # "new" needs somebody; "heard"
    state: str
    state_word: str
    kind: str
    kind_word: str
    who: str
    when: str
    in_full: str
    machine: str
    length: str
    length_aloud: str
    mailbox: str
    damaged: bool
    warning: str
    row_notes: tuple[str, ...]

    @property
    def mark(self) -> str:
        """Changes when anything that is shown changes."""
        return hashlib.blake2s(repr(self).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class ListView:
    """One page of the list."""

    rows: tuple[RowView, ...]
    page: int
    pages: int
    total: int
    new: int  # of all messages
    waiting: int  # of those that were found
    search: str
    version: str
    many_mailboxes: bool


@dataclass(frozen=True, slots=True)
class MessageView:
    """The message that is open."""

    id: str
    state: str
    state_word: str
    kind: str
    who: str
    number: str
    in_full: str
    machine: str
    length: str
    seconds: float
    mailbox: str
    notes: tuple[str, ...]
    damaged: str
    fate: str
    wave: Drawing


def arrange(rows: Sequence[Row]) -> list[Row]:
    """What needs somebody first, each part newest first (as `rows` come)."""
    return sorted(rows, key=lambda row: not waits(row))


def waits(row: Row) -> bool:
    """Does it need somebody? An erased one keeps its place while it can be had back, so that nothing jumps."""
    return row.state is State.NEW or (row.state is State.ERASING and row.heard_at is None)


def fits(envelope: Envelope | None, search: str) -> bool:
    """Is `search` a part of the name, or its digits a part of the number?"""
    if envelope is None:
        return False
    digits = "".join(filter(str.isdigit, search))
    in_number = bool(digits) and digits in "".join(filter(str.isdigit, envelope.caller_number))
    return search.casefold() in words.who(envelope).casefold() or in_number


def show_page(rows: Sequence[Row], asked: Asked, opener: Opener, present: Present) -> ListView:
    """The page that was asked for (the last one when there are fewer)."""
    found = [row for row in rows if fits(opener(row), asked.search)] if asked.search else rows
    found = arrange(found)
    pages = max(1, -(-len(found) // PAGE))
    page = min(asked.page, pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return ListView(
        rows=tuple(show_row(row, opener(row), present) for row in shown),
        page=page,
        pages=pages,
        total=len(found),
        new=sum(row.state is State.NEW for row in rows),
        waiting=sum(row.state is State.NEW for row in found),
        search=asked.search,
        version=asked.version,
        many_mailboxes=len({row.stamp.mailbox for row in rows}) > 1,
    )


def show_row(row: Row, envelope: Envelope | None, present: Present) -> RowView:
    """`row` in words."""
    state, state_word = STATES[row.state]
    warning = warn(row, present)
    arrived = row.stamp.arrived_at
    return RowView(
        id=row.stamp.id,
        group="new" if waits(row) else "heard",
        state=state,
        state_word=state_word,
        kind=row.stamp.kind.value,
        kind_word=KINDS[row.stamp.kind],
        who=words.who(envelope) if envelope else SHUT,
        when=words.when(arrived, present.now, present.zone),
        in_full=words.in_full(arrived, present.zone),
        machine=words.machine(arrived, present.zone),
        length=words.length(row),
        length_aloud=words.length_aloud(row),
        mailbox=words.mailbox(row.stamp.mailbox),
        damaged=envelope is None,
        warning=warning,
        row_notes=tuple(filter(None, (PARTIAL if row.recovered else "", warning))),
    )


def show_message(row: Row, envelope: Envelope | None, levels: Drawing, present: Present) -> MessageView:
    """The open message in words."""
    state, state_word = STATES[row.state]
    return MessageView(
        id=row.stamp.id,
        state=state,
        state_word=state_word,
        kind=row.stamp.kind.value,
        who=words.who(envelope) if envelope else SHUT,
        number=words.number(envelope.caller_number) if envelope else "",
        in_full=words.in_full(row.stamp.arrived_at, present.zone),
        machine=words.machine(row.stamp.arrived_at, present.zone),
        length=words.length(row),
        seconds=round(row.duration, 2),
        mailbox=words.mailbox(row.stamp.mailbox),
        notes=_notes(row, envelope, present),
        damaged="" if envelope else DAMAGED,
        fate=fate(row, present),
        wave=levels,
    )


def warn(row: Row, present: Present) -> str:
    """A sentence when nobody has heard the message and its purge is near."""
    if row.state is not State.NEW or row.warned_at is None or row.held:
        return ""
    keep = present.retention
    due = max(row.stamp.arrived_at + keep.unheard_days * DAY, row.warned_at + keep.warning_days * DAY)
    return f"Nobody has heard it. It will be purged {words.day(due, present.now, present.zone)}."


def fate(row: Row, present: Present) -> str:
    """What will become of the message, in a sentence."""
    keep, now, zone = present.retention, present.now, present.zone
    if row.held:
        return "On hold: it stays until the hold is lifted."
    if row.state is State.ERASING:
        until = words.clock_time(row.erase_at or now, zone)
        return f"Erased. It can be had back until {until}, then it is gone."
    if row.heard_at is not None:
        due = words.day(row.heard_at + keep.heard_days * DAY, now, zone)
        return f"Purged {due}, {words.count(keep.heard_days, 'day')} after it was heard."
    return (
        f"Kept for {words.count(keep.heard_days, 'day')} after somebody has heard it; if nobody does, for {words.count(keep.unheard_days, 'day')}, "
        f"with a warning {words.count(keep.warning_days, 'day')} before."
    )


def _notes(row: Row, envelope: Envelope | None, present: Present) -> tuple[str, ...]:
    notes = []
    if row.recovered:
        notes.append(f"{PARTIAL}. The end of what was said may be missing.")
    if warning := warn(row, present):
        notes.append(warning)
    if not row.clock_trusted:
        notes.append("The box’s clock was not set when this message came: its time may be wrong.")
    told = (RECOVERED,) if row.recovered else ()
    quality = [note for note in (envelope.notes if envelope else ()) if note not in told]
    notes += [note[:1].upper() + note[1:] + "." * (not note.endswith(".")) for note in quality]
    return tuple(notes)
