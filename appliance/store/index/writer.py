"""The index as its only writer sees it: the daemon.

SQLite with a write-ahead log: each transaction is on the disk before it returns, what is deleted is overwritten, and `truncate_log` empties the log, in which
deleted rows would live on.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import StaticPool

from appliance.errors import NoRoomError, StoreError
from appliance.messages import Row
from appliance.notes import Note
from appliance.store.disk import Disk, create
from appliance.store.index import tables
from appliance.store.index.tables import MESSAGES, NOTES, PROGRESS, RECEIPTS, REMOVALS
from appliance.store.values import Progress, Receipt

REVISION: Final = "0003"  # the newest step in migrations/versions

_VERSIONS: Final = "alembic_version"  # Alembic's own table
_BUSY: Final = 5.0  # s to wait for a reader that recovers the log
_PRAGMAS: Final = (
    "page_size=1024",  # a change touches five pages: small ones spare the card
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "foreign_keys=ON",
    "temp_store=MEMORY",
)
_BAD: Final = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)


class Index:
    """Each change is a transaction, on the disk when it returns. Used by one thread at a time: the inbox's lock sees to it.

    Everything raises `BadStorageError` or `NoRoomError` when the disk does not take it.
    """

    def __init__(self, file: Path, disk: Disk, anchor: Callable[[], tuple[int, str]] = lambda: (0, "")) -> None:
        """`anchor` tells the record's head, which every change remembers."""
        self._file = file
        self._anchor = anchor
        self._disk = disk
        self._log = file.with_name(f"{file.name}-wal")
        self._engine = _engine(file)

    def open(self) -> None:
        """The file exists and has today's tables."""
        if not self._file.exists():
            with self._disk.writing():
                os.close(create(self._file))
            self._disk.flush_folder(self._file.parent)
        with self._errors(), self._engine.begin() as connection:
            _migrate(connection)

    def close(self) -> None:
        self._engine.dispose()

    def list(self) -> tuple[Row, ...]:
        """Every row, newest first."""
        with self._reading() as connection:
            return tables.rows(connection)

    def row(self, id: str) -> Row:
        """The row of one message; raises `MessageNotFoundError`."""
        with self._reading() as connection:
            return tables.row(connection, id)

    def progress(self) -> Progress:
        """How far the box has come."""
        with self._reading() as connection:
            return tables.progress(connection)

    def add(self, row: Row, at: float | None) -> None:
        """A new message. `at` here and below is what a trusted clock says, None when no clock can be trusted."""
        with self._changing(at) as connection:
            connection.execute(MESSAGES.insert().values(tables.columns(row)))
            _remember_sequence(connection, row.stamp.sequence)

    def notes(self) -> tuple[Note, ...]:
        """Every note."""
        with self._reading() as connection:
            return tables.notes(connection)

    def add_note(self, note: Note, at: float | None) -> None:
        """A new note on a message that is here."""
        with self._changing(at) as connection:
            connection.execute(NOTES.insert().values(tables.note_columns(note)))

    def set(self, ids: Iterable[str], at: float | None, **columns: Any) -> int:
        """Changes columns of messages; how many of them there are."""
        change = MESSAGES.update().where(MESSAGES.c.id.in_(list(ids))).values(**columns)
        with self._changing(at) as connection:
            return connection.execute(change).rowcount

    def set_once(self, id: str, at: float | None, column: str, value: float) -> int:
        """Sets one column where it is empty; how many messages of this id there are."""
        first = sa.func.coalesce(MESSAGES.c[column], value)
        return self.set([id], at, **{column: first})

    def remember_sequence(self, sequence: int) -> None:
        """No message gets a sequence up to this one."""
        with self._changing(None) as connection:
            _remember_sequence(connection, sequence)

    def begin_removal(self, id: str, reason: str) -> None:
        """From here on the message goes, also when the power does first."""
        with self._changing(None) as connection:
            connection.execute(REMOVALS.delete().where(REMOVALS.c.message_id == id))
            connection.execute(REMOVALS.insert().values(message_id=id, reason=reason))

    def removals(self) -> tuple[tuple[str, str], ...]:
        """Id and reason of what is being removed."""
        with self._reading() as connection:
            return tables.removals(connection)

    def drop_removal(self, id: str) -> None:
        """The message stays after all."""
        with self._changing(None) as connection:
            connection.execute(REMOVALS.delete().where(REMOVALS.c.message_id == id))

    def end_removal(self, receipt: Receipt, at: float | None) -> None:
        """The row goes, the receipt stays."""
        with self._changing(at) as connection:
            connection.execute(REMOVALS.delete().where(REMOVALS.c.message_id == receipt.message_id))
            connection.execute(NOTES.delete().where(NOTES.c.message_id == receipt.message_id))
            connection.execute(MESSAGES.delete().where(MESSAGES.c.id == receipt.message_id))
            connection.execute(RECEIPTS.insert().values(asdict(receipt)))

    def remember_record(self) -> None:
        """The record's head, though nothing else has changed."""
        self._disk.must_be_good()
        with self._errors(), self._engine.begin() as connection:
            connection.execute(PROGRESS.update().values(**self._head()))

    def receipts(self) -> tuple[Receipt, ...]:
        """Every receipt, oldest first."""
        with self._reading() as connection:
            return tables.receipts(connection)

    def truncate_log(self) -> bool:
        """Empties the write-ahead log, where deleted rows live on. False while a reader keeps it: ask again."""
        self._disk.must_be_good()
        with (
            self._errors(),
            closing(self._engine.raw_connection()) as connection,
        ):  # a checkpoint cannot stand in a transaction
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=0")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchall()[0][0]
            cursor.execute(f"PRAGMA busy_timeout={int(_BUSY * 1000)}")
        return not busy and self._log.stat().st_size == 0

    @contextmanager
    def _changing(self, at: float | None) -> Iterator[Connection]:
        self._disk.must_be_good()
        latest = PROGRESS.c.last_event
        event = latest if at is None else sa.case((latest < at, at), else_=latest)
        with self._errors(), self._engine.begin() as connection:
            yield connection
            connection.execute(
                PROGRESS.update().values(changes=PROGRESS.c.changes + 1, last_event=event, **self._head())
            )

    def _head(self) -> dict[str, Any]:
        sequence, hash = self._anchor()
        return {"record_sequence": sequence, "record_hash": hash} if sequence else {}

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            origin = getattr(error, "orig", error)
            code = getattr(origin, "sqlite_errorcode", 0) & 0xFF  # the primary code
            if code == sqlite3.SQLITE_FULL:
                raise NoRoomError from None
            if code in _BAD:
                raise self._disk.failed(origin) from None
            raise StoreError(f"The index refuses a change ({type(origin).__name__}).") from None


def _remember_sequence(connection: Connection, sequence: int) -> None:
    older = PROGRESS.c.last_sequence < sequence
    connection.execute(PROGRESS.update().where(older).values(last_sequence=sequence))


def _engine(file: Path) -> Engine:
    """One connection for good. SQLAlchemy begins and ends the transactions, not the driver."""
    engine = sa.create_engine("sqlite://", creator=lambda: _connect(file), poolclass=StaticPool)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()  # to the end, since a flush that failed shows only there
    return connection


def _migrate(connection: Connection) -> None:
    """Takes the tables to `REVISION`. Alembic is loaded only when there is something to do."""
    known = sa.inspect(connection).has_table(_VERSIONS)
    found = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSIONS}").scalar() if known else None  # nosec B608 # noqa: S608 - a constant
    if found == REVISION:
        return
    from alembic import command  # noqa: PLC0415 - 20 MB that a start without news does without
    from alembic.config import Config  # noqa: PLC0415 - only opening needs it, once
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    steps = Config()
    steps.set_main_option("script_location", str(Path(tables.__file__).parents[1] / "migrations").replace("%", "%%"))
    steps.attributes["connection"] = connection
    try:
        command.upgrade(steps, "head")
    except CommandError:
        raise StoreError("This index was made by a later version of Keepline. Install that version again.") from None
