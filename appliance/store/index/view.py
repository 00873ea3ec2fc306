"""The index as a reader sees it, who needs no right to write: the page, and the `keepline` command.

SQLite's log needs a second look. While the daemon runs, its log and the log's index lie beside the file and a reader that may only read can use them. A
daemon that ended in good order took them with it; then nobody writes, and the file alone is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from appliance.errors import StoreError
from appliance.messages import Row
from appliance.notes import Note
from appliance.store.index import tables
from appliance.store.values import Progress

T = TypeVar("T")

_BUSY: Final = 5.0  # s to wait while the daemon moves its log


class View:
    """The index, read-only. Each question is a connection of its own, so that the writer's log can be emptied between them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name(f"{file.name}-wal")
        self._shared = _engine(file, "mode=ro")
        self._alone = _engine(file, "mode=ro&immutable=1")

    def list(self) -> tuple[Row, ...]:
        """Every row, newest first. Raises `StoreError` when the index cannot be read."""
        return self._ask(tables.rows)

    def row(self, id: str) -> Row:
        """The row of one message; raises `MessageNotFoundError`, `StoreError`."""
        return self._ask(lambda connection: tables.row(connection, id))

    def notes(self, message: str | None = None) -> tuple[Note, ...]:
        """The notes on one message, or all, in the order of writing. Raises `StoreError`."""
        return self._ask(lambda connection: tables.notes(connection, message))

    def removals(self) -> tuple[tuple[str, str], ...]:
        """Id and reason of what is being removed. Raises `StoreError`."""
        return self._ask(tables.removals)

    def progress(self) -> Progress:
        """How far the box has come. Raises `StoreError`."""
        return self._ask(tables.progress)

    def _ask(self, question: Callable[[Connection], T]) -> T:
        try:
            if before := self._seen_alone():
                answer = _answer(self._alone, question)
                if self._seen_alone() == before:  # no writer came while we read
                    return answer
            return _answer(self._shared, question)
        except (sa.exc.DBAPIError, OSError) as error:
            raise StoreError("The list cannot be read. Start the daemon: `systemctl start keepline`.") from error

    def _seen_alone(self) -> tuple[int, int, int] | None:
        """The file's number, size and time while no log stands beside it."""
        status = self._file.stat()
        return None if self._log.exists() else (status.st_ino, status.st_size, status.st_mtime_ns)


def _answer(engine: Engine, question: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        return question(connection)


def _engine(file: Path, how: str) -> Engine:
    name = f"file:{quote(str(file))}?{how}"
    return sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(name, timeout=_BUSY, uri=True), poolclass=NullPool
    )
