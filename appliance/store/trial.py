"""Does a practice key open everything that is kept? Each day's key, each message to its header, each note on it; nothing of them is kept or shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from appliance.errors import MessageNotFoundError, SealError, StoreError
from appliance.messages import Row
from appliance.store.epochs import open_epoch
from appliance.store.keys import Identity
from appliance.store.reader import Opener, Reader


class Part(StrEnum):
    """What is tried."""

    DAY = "day"  # the key of a day
    MESSAGE = "message"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Tried:
    """How far a trial is; at its end, what came of it."""

    of: int  # days' keys and messages that are to be tried
    done: int = 0
    opened: Mapping[Part, int] = field(default_factory=dict)
    shut: Mapping[Part, int] = field(default_factory=dict)


def run(folder: Path, practice: Identity) -> Iterator[Tried]:
    """Try everything below the store's `folder` and say after each how far it is. Raises `StoreError` when the list cannot be read."""
    reader = Reader(folder)
    days, rows = sorted(file.stem for file in (folder / "epochs").glob("*.age")), reader.list()
    opened, shut = Counter[Part](), Counter[Part]()
    done, of = 0, len(days) + len(rows)
    yield Tried(of)
    for day in days:
        if (folder / "epochs" / f"{day}.age").exists():  # else it was destroyed with its last message meanwhile
            (opened if _opens_day(folder, day, practice) else shut)[Part.DAY] += 1
        done += 1
        yield Tried(of, done, dict(opened), dict(shut))
    with reader.opening(practice) as opener:
        for row in rows:
            for part, opens in _message(reader, opener, row):
                (opened if opens else shut)[part] += 1
            done += 1
            yield Tried(of, done, dict(opened), dict(shut))


def _opens_day(folder: Path, day: str, practice: Identity) -> bool:
    with suppress(SealError, StoreError, OSError):
        open_epoch(folder, day, practice).wipe()
        return True
    return False


def _message(reader: Reader, opener: Opener, row: Row) -> Iterator[tuple[Part, bool]]:
    """The message, and each of its notes. One that went meanwhile is nothing that stays shut."""
    try:
        with opener.open(row):
            yield Part.MESSAGE, True
    except (SealError, StoreError, OSError):
        if not _is_there(reader, row):
            return
        yield Part.MESSAGE, False
    for note in reader.notes(row):
        opens = False
        with suppress(SealError, StoreError, OSError):
            opener.open_note(row, note)
            opens = True
        yield Part.NOTE, opens


def _is_there(reader: Reader, row: Row) -> bool:
    try:
        reader.row(row.stamp.id)
    except MessageNotFoundError:
        return False
    return True
