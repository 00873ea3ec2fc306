"""The one way from a view to a message: whatever lies in a mailbox that this person may not open is not there.

No other module of the page reads rows or opens messages; `tests/web/test_mailboxes.py` keeps it so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from appliance.errors import DamagedMessageError, MessageNotFoundError, SealError
from appliance.messages import Row
from appliance.notes import Note, NoteStamp
from appliance.store.reader import Opener, OpenMessage
from web import requests
from web.guard import session
from web.services import here


def rows() -> list[Row]:
    """Every message of this person's mailboxes, newest first."""
    person = session().person
    return [row for row in here().rows.list() if person.may_open(row.stamp.mailbox)]


def row(id: str) -> Row:
    """One message, by the id in a request. Raises `MessageNotFoundError`, which tells nobody whether another mailbox has it."""
    found = here().reader.row(requests.message_id(id))
    _must_be_open(found)
    return found


def open_message(of: Row) -> OpenMessage:
    """The message of a row, opened with this session's key; raises what `Reader.open` does."""
    _must_be_open(of)
    return here().reader.open(of, session().practice)


def notes(of: Row) -> tuple[tuple[Note, str | None], ...]:
    """What was written on a message, in the order of writing; None for a text that cannot be opened."""
    _must_be_open(of)
    written = here().reader.notes(of)
    if not written:
        return ()
    with here().reader.opening(session().practice) as opener:
        return tuple((note, _text(opener, of, note)) for note in written)


def note_digests(of: Row) -> frozenset[str]:
    """SHA-256 of each sealed note on a message: no two are alike, whatever their words."""
    if not session().person.may_open(of.stamp.mailbox):
        raise MessageNotFoundError
    return frozenset(note.sha256 for note in here().reader.notes(of))


def seal_note(of: Row, stamp: NoteStamp, text: str) -> bytes:
    """A new note, sealed as the message of the row is. Raises `DamagedMessageError`, `SealError` when that cannot be opened."""
    _must_be_open(of)
    with here().reader.opening(session().practice) as opener:
        return opener.seal_note(of, stamp, text)


@contextmanager
def opening() -> Iterator[Callable[[Row], OpenMessage]]:
    """`open_message` for a pass over many rows: each day's key is opened once, when the first row needs it, and wiped at the end of the `with`."""
    with ExitStack() as ends:
        opener: Opener | None = None

        def open_one(of: Row) -> OpenMessage:
            nonlocal opener
            _must_be_open(of)
            if opener is None:
                opener = ends.enter_context(here().reader.opening(session().practice))
            return opener.open(of)

        yield open_one


def _must_be_open(of: Row) -> None:
    """Raises `MessageNotFoundError` for what lies in a mailbox that this person may not open."""
    if not session().person.may_open(of.stamp.mailbox):
        raise MessageNotFoundError


def _text(opener: Opener, of: Row, note: Note) -> str | None:
    try:
        return opener.open_note(of, note)
    except (DamagedMessageError, SealError):
        return None


def version() -> str:
    """Differs whenever any list does."""
    return here().reader.version()
