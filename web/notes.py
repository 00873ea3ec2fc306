"""Notes: what people of the practice have written on a message, as its page shows them, and one more of them.

The text goes no further than this process: it is sealed here, to the key of the message's day, and the daemon gets it sealed.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from appliance import notes
from appliance.errors import (
    ControlError,
    DamagedMessageError,
    MessageNotFoundError,
    NoteOvertakenError,
    SealError,
    StoreError,
)
from appliance.messages import Row
from appliance.notes import Note, NoteStamp
from web import mailboxes, memory, words
from web.guard import session
from web.languages import gettext, number, spoken
from web.services import here

TRIES: Final = 3  # of so many people at once each gets a number
SHUT: Final = spoken(
    "This note cannot be opened: its file was damaged or exchanged. Tell whoever looks after Keepline."
)
NOT_KEPT: Final = spoken(
    "The note could not be kept, and stands here as you wrote it. Wait a minute and keep it again."
)
FULL: Final = spoken("There are %(most)s notes on this message already, and no room for more.")


@dataclass(frozen=True, slots=True)
class NoteView:
    """One note."""

    who: str
    text: str
    when: str
    machine: str
    damaged: bool = False
    doubt: bool = False  # about the time


@dataclass(frozen=True, slots=True)
class Form:
    """The form for another, as it stands: empty, or as it was sent with what is wrong."""

    draft: str  # what that is called
    token: str = field(default_factory=lambda: secrets.token_hex(16))  # the same as often as this form is sent
    text: str = field(default="", repr=False)
    mistake: str = ""
    code: int = 200
    longest: int = notes.LONGEST


@dataclass(frozen=True, slots=True)
class Written:
    """What stands under a message."""

    count: str  # "2 notes"; empty without any
    notes: tuple[NoteView, ...]
    form: Form


def under(row: Row, form: Form | None = None) -> Written:
    """The notes on a message, newest last."""
    return Written(
        words.count(row.notes, "note") if row.notes else "",
        tuple(_show(note, text) for note, text in mailboxes.notes(row)),
        form or Form(_draft(row)),
    )


def write(row: Row, typed: str, token: str) -> Form:
    """Somebody has typed this and wants it kept: the form as it stands then. Raises `MessageNotFoundError`, and what opening the message raises.

    Sent once more, with the same `token`, it is no second note: not while the first is on its way, nor when its answer came too late for who asked.
    """
    text = notes.clean(typed)
    tried = memory.of(session()).notes.get(_of_form(token, text), list[str]) if token else []
    if _is_kept(row, tried):
        return _kept(row)
    if mistake := _mistake(row, text):
        return _again(row, token, text, mistake, 400)
    for _ in range(TRIES):
        stamp = NoteStamp(row.stamp.id, row.notes + 1, session().person.name, here().clock.now())
        sealed = mailboxes.seal_note(row, stamp, text)
        tried.append(hashlib.sha256(sealed).hexdigest())
        try:
            here().control.note(stamp, sealed)
        except NoteOvertakenError:
            row = mailboxes.row(row.stamp.id)
            if _is_kept(row, tried):
                return _kept(row)
        except (MessageNotFoundError, DamagedMessageError, SealError):
            raise
        except (StoreError, ControlError):
            break
        else:
            return _kept(row)
    return _again(row, token, text, gettext(NOT_KEPT), 503)


def _kept(row: Row) -> Form:
    here().drafts.keep(session(), _draft(row), "")
    return Form(_draft(row))


def _is_kept(row: Row, tried: list[str]) -> bool:
    return bool(tried) and not mailboxes.note_digests(row).isdisjoint(tried)


def _again(row: Row, token: str, text: str, mistake: str, code: int) -> Form:
    return Form(_draft(row), token or secrets.token_hex(16), text, mistake, code)


def _of_form(token: str, text: str) -> bytes:
    """Whoever goes back and writes something else has written another note."""
    return hashlib.sha256(f"{token}\n{text}".encode("utf-8", "surrogatepass")).digest()


def _mistake(row: Row, text: str) -> str:
    if not text:
        return gettext("Write something first.")
    if len(text) > notes.LONGEST:
        return gettext("That is too long: a note has at most %(most)s letters.", most=number(notes.LONGEST))
    if row.notes >= notes.MOST:
        return gettext(FULL, most=number(notes.MOST))
    return ""


def _draft(row: Row) -> str:
    return f"/messages/{row.stamp.id}:note"


def _show(note: Note, text: str | None) -> NoteView:
    at, zone = note.stamp.at, here().zone
    return NoteView(
        words.person(note.stamp.by),
        gettext(SHUT) if text is None else text,
        words.in_full(at, zone),
        words.machine(at, zone),
        text is None,
        not note.clock_trusted,
    )
