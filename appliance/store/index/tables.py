"""The tables of the index, and how their rows become values. Times are seconds since 1970, UTC.

A message's state is not stored: it follows from when it was heard and erased.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from appliance.errors import MessageNotFoundError
from appliance.messages import Kind, Row, Stamp, State
from appliance.notes import Note, NoteStamp
from appliance.store.values import Extent, Progress, Receipt

FILE_NAME: Final = "index.sqlite"

TABLES: Final = sa.MetaData()
MESSAGES: Final = sa.Table(
    "messages",
    TABLES,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("mailbox", sa.String(64), nullable=False),
    sa.Column("arrived_at", sa.Double, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False, unique=True),
    sa.Column("clock_trusted", sa.Boolean, nullable=False),
    sa.Column("epoch", sa.String(64), nullable=False),
    sa.Column("content_bytes", sa.BigInteger, nullable=False),
    sa.Column("sealed_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("duration", sa.Double, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("recovered", sa.Boolean, nullable=False),
    sa.Column("heard_at", sa.Double),
    sa.Column("heard_trusted", sa.Boolean, nullable=False),
    sa.Column("erase_at", sa.Double),
    sa.Column("warned_at", sa.Double),
    sa.Column("held", sa.Boolean, nullable=False),
)
NOTES: Final = sa.Table(
    "notes",
    TABLES,
    sa.Column("message_id", sa.String(32), sa.ForeignKey("messages.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),  # of this message
    sa.Column("written_by", sa.String(32), nullable=False),
    sa.Column("written_at", sa.Double, nullable=False),
    sa.Column("clock_trusted", sa.Boolean, nullable=False),
    sa.Column("sealed_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
RECEIPTS: Final = sa.Table(
    "receipts",
    TABLES,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("message_id", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("extent", sa.String(16), nullable=False),
    sa.Column("epoch_destroyed", sa.Boolean, nullable=False),
)
REMOVALS: Final = sa.Table(  # what is being removed: a power cut in the middle must not bring it back
    "removals",
    TABLES,
    sa.Column("message_id", sa.String(32), sa.ForeignKey("messages.id"), primary_key=True),
    sa.Column("reason", sa.String(200), nullable=False),
)
PROGRESS: Final = sa.Table(  # one row
    "progress",
    TABLES,
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("last_sequence", sa.BigInteger, nullable=False),
    sa.Column("changes", sa.BigInteger, nullable=False),  # grows with every transaction
    sa.Column("last_event", sa.Double, nullable=False),  # latest time that a trusted clock gave, s since 1970
    sa.Column("record_sequence", sa.BigInteger, nullable=False, server_default="0"),  # the record's head
    sa.Column("record_hash", sa.String(64), nullable=False, server_default=""),
)


_WRITTEN: Final = (  # the last number, not their count: a row that somebody took out in the middle makes no number free
    sa.select(sa.func.coalesce(sa.func.max(NOTES.c.number), 0))
    .where(NOTES.c.message_id == MESSAGES.c.id)
    .scalar_subquery()
    .label("notes")
)


def rows(connection: Connection) -> tuple[Row, ...]:
    """Every message, newest first."""
    every = sa.select(MESSAGES, _WRITTEN).order_by(MESSAGES.c.sequence.desc())
    return tuple(_row(found) for found in connection.execute(every))


def row(connection: Connection, id: str) -> Row:
    """One message; raises `MessageNotFoundError`."""
    found = connection.execute(sa.select(MESSAGES, _WRITTEN).where(MESSAGES.c.id == id)).first()
    if found is None:
        raise MessageNotFoundError
    return _row(found)


def columns(row: Row) -> dict[str, Any]:
    """A message as what its columns hold."""
    flat = asdict(row)
    stamp: dict[str, Any] = flat.pop("stamp")
    del flat["state"], flat["notes"]
    return stamp | flat


def notes(connection: Connection, message: str | None = None) -> tuple[Note, ...]:
    """The notes on one message, or all, in the order of writing."""
    wanted = sa.select(NOTES).order_by(NOTES.c.message_id, NOTES.c.number)
    found = connection.execute(wanted if message is None else wanted.where(NOTES.c.message_id == message))
    return tuple(
        Note(
            NoteStamp(one.message_id, one.number, one.written_by, one.written_at),
            one.clock_trusted,
            one.sealed_bytes,
            one.sha256,
        )
        for one in found
    )


def note_columns(note: Note) -> dict[str, Any]:
    """A note as what its columns hold."""
    stamp = note.stamp
    return {
        "message_id": stamp.message,
        "number": stamp.number,
        "written_by": stamp.by,
        "written_at": stamp.at,
        "clock_trusted": note.clock_trusted,
        "sealed_bytes": note.sealed_bytes,
        "sha256": note.sha256,
    }


def receipts(connection: Connection) -> tuple[Receipt, ...]:
    """Every receipt, oldest first."""
    found = connection.execute(sa.select(RECEIPTS).order_by(RECEIPTS.c.number))
    return tuple(
        Receipt(one.message_id, Kind(one.kind), one.at, one.reason, Extent(one.extent), one.epoch_destroyed)
        for one in found
    )


def removals(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Id and reason of what is being removed."""
    found = connection.execute(sa.select(REMOVALS.c.message_id, REMOVALS.c.reason))
    return tuple((row.message_id, row.reason) for row in found)


def progress(connection: Connection) -> Progress:
    """How far the box has come."""
    found = connection.execute(sa.select(PROGRESS)).one()
    return Progress(found.last_sequence, found.changes, found.last_event, found.record_sequence, found.record_hash)


def _row(found: sa.Row[Any]) -> Row:
    return Row(
        stamp=Stamp(found.id, Kind(found.kind), found.mailbox, found.arrived_at, found.sequence),
        clock_trusted=found.clock_trusted,
        state=_state(found),
        epoch=found.epoch,
        content_bytes=found.content_bytes,
        sealed_bytes=found.sealed_bytes,
        sha256=found.sha256,
        duration=found.duration,
        pages=found.pages,
        recovered=found.recovered,
        heard_at=found.heard_at,
        heard_trusted=found.heard_trusted,
        erase_at=found.erase_at,
        warned_at=found.warned_at,
        held=found.held,
        notes=found.notes,
    )


def _state(found: sa.Row[Any]) -> State:
    if found.erase_at is not None:
        return State.ERASING
    return State.NEW if found.heard_at is None else State.HEARD
