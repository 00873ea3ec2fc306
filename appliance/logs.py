"""Logs are events; people are private.

`log.info("call.arrived line=%s from=%s", line, Private(number))` writes `from=(private)`. A `Private` shows how long a thing is at most, never what it is.
Nothing else in the project configures logging.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from traceback import extract_tb
from typing import Final

_FORMAT: Final = "%(levelname)s %(name)s %(message)s"  # the journal adds time, unit and process


class Private:
    """Wraps what belongs to a person, so that no log, traceback or f-string can show it."""

    __slots__ = ("_present",)

    def __init__(self, value: object) -> None:
        self._present = bool(value)

    def __str__(self) -> str:
        return "(private)" if self._present else "(none)"

    __repr__ = __str__


def start(level: str = "info") -> None:
    """Send events of `level` and above to standard error, where the journal picks them up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_EventFormatter(_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("apscheduler", "alembic", "sqlalchemy", "_granian", "granian.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def get(name: str) -> logging.Logger:
    """The log of one module: `log = logs.get(__name__)`."""
    return logging.getLogger(name)


class _EventFormatter(logging.Formatter):
    """Names where an exception happened and of which type it is, but never its text: a library may quote what it was given."""

    def formatException(self, ei: object) -> str:
        match ei:
            case (type() as kind, BaseException() as error, _):
                steps = [
                    f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in extract_tb(error.__traceback__)
                ]
                return f"{kind.__name__} at " + " < ".join(reversed(steps))
            case _:
                return ""
