"""Logs are events; people are private.

`log.info("call.arrived line=%s from=%s", line, Private(number))` writes `from=(private)`. A `Private` shows how long a thing is at most, never what it is.
Nothing else in the project configures logging. Nobody who logs ever waits: a thread of its own writes, since a journal that takes nothing (a full pipe) would
otherwise stop whoever logs next, line threads among them.
"""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from traceback import extract_tb
from types import TracebackType
from typing import Final, TextIO

_FORMAT: Final = "%(levelname)s %(name)s %(message)s"  # the journal adds time, unit and process
MOST_WAITING: Final = 2_000  # lines that may wait for the journal; later ones are counted and dropped
_FLUSH: Final = 2.0  # s for the rest of them when the program ends


class Private:
    """Wraps what belongs to a person, so that no log, traceback or f-string can show it."""

    __slots__ = ("_present",)

    def __init__(self, value: object) -> None:
        self._present = bool(value)

    def __str__(self) -> str:
        return "(private)" if self._present else "(none)"

    __repr__ = __str__


def start(level: str = "info", stream: TextIO | None = None) -> None:
    """Send events of `level` and above to standard error (or `stream`), where the journal picks them up."""
    logging.basicConfig(level=level.upper(), handlers=[_Journal(stream or sys.stderr)], force=True)
    for chatty in ("apscheduler", "alembic", "sqlalchemy", "_granian", "granian.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def keep_private() -> None:
    """From here on this program says of an error that nobody caught only its type and place. Python itself would quote the error's text."""
    sys.excepthook = _uncaught
    sys.unraisablehook = lambda error: _uncaught(error.exc_type, error.exc_value, error.exc_traceback)
    threading.excepthook = _uncaught_on_a_thread
    logging.raiseExceptions = False  # a log line that does not fit its arguments would be printed with them
    if logging.lastResort:
        logging.lastResort.setFormatter(_EventFormatter(_FORMAT))


def get(name: str) -> logging.Logger:
    """The log of one module: `log = logs.get(__name__)`."""
    return logging.getLogger(name)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    get("appliance").critical("program.failed", exc_info=(kind, error or kind(), trace))


def _uncaught_on_a_thread(given: threading.ExceptHookArgs) -> None:
    if not issubclass(given.exc_type, SystemExit):
        _uncaught(given.exc_type, given.exc_value, given.exc_traceback)


class _EventFormatter(logging.Formatter):
    """Names where an exception happened and of which type it is, but never its text: a library may quote what it was given."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """As it is, but for asyncio's, which are made of representations: an exception's text, a callback's arguments."""
        if record.name == "asyncio":
            record.message = f"at {record.filename}:{record.lineno}"
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        match ei:
            case (type() as kind, BaseException() as error, _):
                steps = [
                    f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in extract_tb(error.__traceback__)
                ]
                return f"{kind.__name__} at " + " < ".join(reversed(steps))
            case _:
                return ""


class _Journal(logging.Handler):
    """Hands finished lines to a thread that writes them."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.setFormatter(_EventFormatter(_FORMAT))
        self._stream: Final = stream
        self._lines: Final[SimpleQueue[str | threading.Event]] = SimpleQueue()
        self._lost = 0
        threading.Thread(target=self._write, name="keepline-log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Never waits."""
        if self._lines.qsize() >= MOST_WAITING:
            self._lost += 1
            return
        try:
            self._lines.put(self.format(record) + "\n")
        except Exception:  # a log line never harms who logs it; what it was made of stays untold
            self._lines.put(f"ERROR {__name__} log.unreadable at {record.filename}:{record.lineno}\n")

    def flush(self) -> None:
        """Gives the journal a moment to take what was logged until now."""
        written = threading.Event()
        self._lines.put(written)
        written.wait(_FLUSH)

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            if self._lost:
                lost, self._lost = self._lost, 0
                line += f"WARNING {__name__} log.lost lines={lost}\n"
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):
                pass  # the journal has gone, and there is nobody else to tell
