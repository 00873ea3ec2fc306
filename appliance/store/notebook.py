"""The notes on messages, on the daemon's side: one sealed file each, and a row. The daemon cannot read one: whoever writes it has sealed it to the key of the
message's day, so it opens as long as the message does and goes with it.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.deeds import Act
from appliance.errors import (
    DamagedMessageError,
    MessageNotFoundError,
    NoRoomError,
    NoteOvertakenError,
    NoteRefusedError,
    StoreError,
)
from appliance.notes import LARGEST, MOST, Note, NoteStamp
from appliance.store import age_header, telling, vault
from appliance.store.disk import Disk
from appliance.store.ground import MARGIN, Ground

FOLDER: Final = "notes"
_NAME: Final = re.compile(r"([0-9a-f]{32})-([0-9]{3,6})")  # the message's id, the note's number
_SLOWEST: Final = 60.0  # s from the writing to the keeping of a note; more means that two clocks are at odds

log = logs.get(__name__)


class Notebook:
    """Who puts notes away. Used by any thread; takes the inbox's lock."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def add(self, stamp: NoteStamp, sealed: bytes) -> None:
        """A note is kept: on the disk, on record and in the index when this returns.

        Raises `MessageNotFoundError`, `NoteOvertakenError` when this is not the next number, `NoteRefusedError`, `NoRoomError`, `BadStorageError`.
        """
        ground = self._ground
        with ground.lock:
            ground.disk.must_be_good()
            now, at = ground.now()
            self._must_fit(stamp, sealed, now)
            if ground.room() < MARGIN:
                raise NoRoomError
            file = file_of(ground.folder, stamp.message, stamp.number)
            ground.disk.replace(file, sealed)
            note = Note(stamp, at is not None, len(sealed), hashlib.sha256(sealed).hexdigest())
            try:
                ground.witness.write(telling.noted(note))
            except StoreError:
                with suppress(StoreError):
                    ground.disk.unlink(file)
                raise
            ground.index.add_note(note, at)
        ground.on_change()

    def take_up(self) -> None:
        """What a power cut left: a note that stands in the record gets its row; what does not was never promised to anybody, and goes."""
        ground = self._ground
        known = {(note.stamp.message, note.stamp.number) for note in ground.index.notes()}
        for file in files(ground.folder):
            place = place_of(file)
            if place is None or place in known:
                continue
            with suppress(MessageNotFoundError):  # of a message that is not here: `keepline store check` tells
                self._take_up(file, *place)

    def _take_up(self, file: Path, message: str, number: int) -> None:
        ground = self._ground
        row = ground.index.row(message)
        with ground.disk.writing():  # reading may be what shows that the disk fails
            kept = vault.measure(file)
        told = (telling.note_of(deed) for deed in ground.witness.told(Act.NOTED, message))
        note = next((note for note in told if note and (note.stamp.number, note.sha256) == (number, kept.sha256)), None)
        if note is not None:
            ground.index.add_note(note, None)
            log.warning("store.note_recovered")
        elif number > row.notes:
            ground.disk.unlink(file)
            log.warning("store.note_unfinished")

    def _must_fit(self, stamp: NoteStamp, sealed: bytes, now: float) -> None:
        written = self._ground.index.row(stamp.message).notes
        if stamp.number != written + 1:
            raise NoteOvertakenError
        if written >= MOST:
            raise NoteRefusedError(f"There are {MOST} notes on this message already, and no room for more.")
        if not stamp.by or abs(now - stamp.at) > _SLOWEST:
            raise NoteRefusedError
        if not age_header.is_sealed(sealed, LARGEST):
            raise NoteRefusedError


def file_of(folder: Path, message: str, number: int) -> Path:
    """Where a note lies below the store's `folder`. An id or number that is none raises `DamagedMessageError`."""
    name = f"{message}-{number:03}"
    if not _NAME.fullmatch(name):
        raise DamagedMessageError
    return folder / FOLDER / f"{name}.age"


def place_of(file: Path) -> tuple[str, int] | None:
    """Message and number of a note's file; None for a file that is none."""
    found = _NAME.fullmatch(file.stem)
    return (found[1], int(found[2])) if found and file.suffix == ".age" else None


def files(folder: Path) -> tuple[Path, ...]:
    """Everything among the notes below the store's `folder` but what is being written."""
    found = sorted((folder / FOLDER).glob("*"))  # none where a store is older than its first note
    return tuple(file for file in found if not (file.name.startswith(".") and file.suffix == ".tmp"))


def remove(folder: Path, disk: Disk, message: str) -> None:
    """The notes on a message are gone. They may be gone already."""
    going = [file for file in files(folder) if file.stem.startswith(f"{message}-")]
    for file in going:
        with disk.writing():
            file.unlink(missing_ok=True)
    if going:
        disk.flush_folder(folder / FOLDER)
