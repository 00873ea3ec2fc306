"""The ring journal: what is being recorded, sealed and on the disk second by second.

A ring is a file of slots, written once with zeros and from then on in place, so that a flush moves no file-system bookkeeping. Slot 0 says whose recording it
is and holds the key made for it, sealed to the epoch; slot 1 its envelope, the others its parts, each sealed to that key. One flush a part.
"""

from __future__ import annotations

import os
from pathlib import Path

from appliance.errors import NoRoomError
from appliance.messages import Kind
from appliance.store import slots
from appliance.store.disk import Disk, write_all, write_at
from appliance.store.slots import BLOCK, FIRST_PART, LEAST_SLOTS, NO_GENERATION, SLOT, Closing, Opening, Slot, Word


def file_of(folder: Path, number: int, kind: Kind = Kind.VOICEMAIL) -> Path:
    """Where a ring lies below the store's `folder`."""
    return folder / "journal" / (f"fax-{number}.ring" if kind is Kind.FAX else f"{number}.ring")


def rings(folder: Path) -> tuple[Path, ...]:
    """Every ring below the store's `folder`."""
    return tuple(sorted((folder / "journal").glob("*.ring")))


def openings(folder: Path) -> tuple[Opening, ...]:
    """Whose recordings the rings below the store's `folder` hold now."""
    found = []
    for file in rings(folder):
        with file.open("rb") as ring:
            if opening := slots.read_opening(ring):
                found.append(opening)
    return tuple(found)


def release(file: Path, sequence: int, disk: Disk) -> None:
    """Overwrites slot 0 of the ring in `file`: nothing in it opens for anybody from here on."""
    with disk.writing():
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        with disk.writing():
            write_at(descriptor, slots.idle(sequence), 0)
        disk.flush(descriptor, os.fdatasync)
    finally:
        os.close(descriptor)


def slots_for(parts: int) -> int:
    """Slots that a ring needs for this many parts: seconds of sound, or pieces of `PIECE` octets of pages."""
    return parts + LEAST_SLOTS  # one more than the least: the last second is seldom whole


class Ring:
    """One ring on its way: at most one recording at a time, used by one thread."""

    def __init__(self, file: Path, length: int, disk: Disk) -> None:
        """`length` in slots: see `slots_for`."""
        if length < LEAST_SLOTS:
            raise ValueError(f"a ring has at least {LEAST_SLOTS} slots")
        self.file = file
        self.length = length
        self._disk = disk
        self._descriptor = -1
        self._generation = NO_GENERATION
        self._next = FIRST_PART

    @property
    def size(self) -> int:
        """Octets of the whole file."""
        return self.length * SLOT

    def prepare(self) -> None:
        """The ring exists, every octet of it on the disk, and is open. Raises `NoRoomError`, `BadStorageError`."""
        if self._descriptor >= 0:
            return
        if not self.file.is_file() or self.file.stat().st_size != self.size:
            self._write_zeros()
        with self._disk.writing():
            self._descriptor = os.open(self.file, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)

    def close(self) -> None:
        """Nothing more is written."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def begin(self, opening: Opening, sealed_header: bytes) -> None:
        """The ring is `opening`'s from here on. Raises `NoRoomError`, `BadStorageError`."""
        self._generation, self._next = opening.generation, FIRST_PART
        first = self._slot(Word.OPEN, 0, slots.opening_payload(opening))
        if len(first) > BLOCK:
            raise ValueError("the opening is too long to be overwritten in one go")
        self._write((0, first), (1, self._slot(Word.HEAD, 1, sealed_header)))

    def append(self, pieces: list[tuple[bytes, int]], last: Word = Word.PART) -> None:
        """Adds pieces (sealed, and their octets in clear) with one flush, the last of them as `last`.

        Raises `NoRoomError` when the ring is full, `BadStorageError`.
        """
        if self._next + len(pieces) > self.length - 1:  # the last slot is the closing's
            raise NoRoomError("This message is longer than its ring journal. It ends here.")
        words = (Word.PART,) * (len(pieces) - 1) + (last,)
        written = [
            (number, self._slot(word, number, sealed, clear))
            for number, (word, (sealed, clear)) in enumerate(zip(words, pieces, strict=True), self._next)
        ]
        self._write(*written)
        self._next += len(pieces)

    def shut(self, closing: Closing) -> None:
        """The recording is whole: what the row will say is on the disk before there is a row."""
        self._write((self._next, self._slot(Word.SHUT, self._next, slots.closing_payload(closing))))

    def free(self, sequence: int) -> None:
        """Slot 0 is overwritten: nothing in this ring opens for anybody from here on."""
        self._write((0, slots.idle(sequence)))

    def _slot(self, word: Word, number: int, payload: bytes, clear: int = 0) -> bytes:
        return Slot(word, self._generation, number, clear, payload).to_bytes()

    def _write(self, *written: tuple[int, bytes]) -> None:
        with self._disk.writing():
            for number, data in written:
                write_at(self._descriptor, data, number * SLOT)
        self._disk.flush(self._descriptor, os.fdatasync)

    def _write_zeros(self) -> None:
        """Zeros are written, not reserved: blocks that only are reserved cost bookkeeping when they are first used."""
        zeros = bytes(SLOT)
        with self._disk.replacing(self.file) as descriptor:
            for _ in range(self.length):
                write_all(descriptor, zeros)
