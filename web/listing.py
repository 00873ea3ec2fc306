"""The list and the message as the templates show them: rows of the index joined with their opened envelopes, put in order, cut into pages, in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.messages import Envelope, Kind, Row, State
from appliance.store.reader import RECOVERED
from web import quality, words
from web.fates import Present, fate, warn
from web.holds import HoldView
from web.languages import gettext, spoken
from web.notes import Written
from web.seen import Sight
from web.sheets import FaxView
from web.waveform import Drawing

PAGE: Final = 50  # rows
STATES: Final = {State.NEW: "new", State.HEARD: "heard", State.ERASING: "erased"}
KINDS: Final = {Kind.VOICEMAIL: spoken("Voicemail"), Kind.FAX: spoken("Fax")}
SHUT: Final = spoken("Cannot be opened")
DAMAGED: Final = spoken(
    "This message cannot be opened: its file was damaged or exchanged. Tell whoever looks after Keepline. The other messages are not affected."
)
PARTIAL: Final = spoken("Partial: recovered after an interruption")
MISSING: Final = {
    Kind.VOICEMAIL: spoken("Partial: recovered after an interruption. The end of what was said may be missing."),
    Kind.FAX: spoken("Partial: recovered after an interruption. Pages that were still coming in may be missing."),
}
MARKS: Final = {Kind.VOICEMAIL: spoken("Mark as heard"), Kind.FAX: spoken("Mark as read")}
DONE: Final = {
    frozenset({Kind.VOICEMAIL}): spoken("Heard"),
    frozenset({Kind.FAX}): spoken("Read"),
    frozenset({Kind.VOICEMAIL, Kind.FAX}): spoken("Heard and read"),
}

Opener = Callable[[Row], Envelope | None]  # None: cannot be opened


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
    claimed: bool  # `who` is only what the sending machine calls itself
    when: str
    in_full: str
    machine: str
    length: str
    length_aloud: str
    mailbox: str
    damaged: bool
    held: bool
    warning: str
    row_notes: tuple[str, ...]
    written: str  # "2 notes"; empty without any

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
    done: str  # heading of what needs nobody: "Heard", "Read", "Heard and read"


@dataclass(frozen=True, slots=True)
class MessageView:
    """The message that is open."""

    id: str
    state: str
    state_word: str
    kind: str
    opened: str  # "Mark as heard", "Mark as read"
    who: str
    claimed: bool
    own_name: str  # of the sending machine
    number: str
    in_full: str
    machine: str
    length: str
    seconds: float
    mailbox: str
    notes: tuple[str, ...]
    damaged: str
    fate: str
    wave: Drawing | None
    fax: FaxView | None
    seen: tuple[Sight, ...]  # who did what with it, newest first
    written: Written | None = None
    hold: HoldView | None = None


def arrange(rows: Sequence[Row]) -> list[Row]:
    """What needs somebody first, each part newest first (as `rows` come)."""
    return sorted(rows, key=lambda row: not waits(row))


def waits(row: Row) -> bool:
    """Does it need somebody? An erased one keeps its place while it can be had back, so that nothing jumps."""
    return row.state is State.NEW or (row.state is State.ERASING and row.heard_at is None)


def fits(envelope: Envelope | None, search: str) -> bool:
    """Is `search` a part of a name, or its digits a part of a number?"""
    if envelope is None:
        return False
    digits = _digits(search)
    in_number = bool(digits) and any(digits in _digits(one) for one in (envelope.caller_number, envelope.sender_id))
    return in_number or any(
        search.casefold() in name.casefold() for name in (words.who(envelope), words.own_name(envelope))
    )


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
        done=_done({row.stamp.kind for row in shown if not waits(row)}),
    )


def show_row(row: Row, envelope: Envelope | None, present: Present) -> RowView:
    """`row` in words."""
    kind, warning, arrived = row.stamp.kind, warn(row, present), row.stamp.arrived_at
    marks = quality.short(envelope.notes) if envelope and kind is Kind.FAX else ()
    return RowView(
        id=row.stamp.id,
        group="new" if waits(row) else "heard",
        state=STATES[row.state],
        state_word=state_word(row),
        kind=kind.value,
        kind_word=gettext(KINDS[kind]),
        who=words.who(envelope, kind) if envelope else gettext(SHUT),
        claimed=envelope is not None and words.is_claim(envelope),
        when=words.when(arrived, present.now, present.zone),
        in_full=words.in_full(arrived, present.zone),
        machine=words.machine(arrived, present.zone),
        length=words.length(row),
        length_aloud=words.length_aloud(row),
        mailbox=words.mailbox(row.stamp.mailbox),
        damaged=envelope is None,
        held=row.held,
        warning=warning,
        row_notes=tuple(filter(None, (gettext(PARTIAL) if row.recovered else "", *marks, warning))),
        written=words.count(row.notes, "note") if row.notes else "",
    )


def show_message(
    row: Row,
    envelope: Envelope | None,
    content: Drawing | FaxView,
    present: Present,
    seen: tuple[Sight, ...] = (),
) -> MessageView:
    """The open message in words."""
    kind = row.stamp.kind
    return MessageView(
        id=row.stamp.id,
        state=STATES[row.state],
        state_word=state_word(row),
        kind=kind.value,
        opened=gettext(MARKS[kind]),
        who=words.who(envelope, kind) if envelope else gettext(SHUT),
        claimed=envelope is not None and words.is_claim(envelope),
        own_name=words.own_name(envelope) if envelope else "",
        number=words.number(envelope.caller_number) if envelope else "",
        in_full=words.in_full(row.stamp.arrived_at, present.zone),
        machine=words.machine(row.stamp.arrived_at, present.zone),
        length=words.length(row),
        seconds=round(row.duration, 2),
        mailbox=words.mailbox(row.stamp.mailbox),
        notes=_notes(row, envelope, present),
        damaged="" if envelope else gettext(DAMAGED),
        fate=fate(row, present),
        wave=content if isinstance(content, Drawing) else None,
        fax=content if isinstance(content, FaxView) else None,
        seen=seen,
    )


def state_word(row: Row) -> str:
    """Where it stands, in a word that fits its kind: "New", "Heard", "Read", "Erased"."""
    return gettext(words.STATES[row.stamp.kind][row.state])


def _notes(row: Row, envelope: Envelope | None, present: Present) -> tuple[str, ...]:
    notes = []
    if row.recovered:
        notes.append(gettext(MISSING[row.stamp.kind]))
    if warning := warn(row, present):
        notes.append(warning)
    if not row.clock_trusted:
        notes.append(gettext("The box’s clock was not set when this message came: its time may be wrong."))
    told = (RECOVERED,) if row.recovered else ()
    marks = [note for note in (envelope.notes if envelope else ()) if note not in told]
    return (*notes, *quality.in_full(marks))


def _done(kinds: set[Kind]) -> str:
    """A heading for messages of these kinds that need nobody."""
    return gettext(DONE[frozenset(kinds)]) if kinds else ""


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
