"""The ring journal: what is being recorded, sealed and on the disk second by second.

A ring is a file of slots, written once with zeros and from then on in place, so that a flush moves no file-system bookkeeping. Slot 0 says whose recording it
is and holds the key made for it, sealed to the epoch; slot 1 its envelope, the others its parts, each sealed to that key. FORMAT.md describes every octet.

Reading is tolerant: a slot that is torn, stale or damaged is none. Writing is one flush a part.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final

from appliance.errors import DamagedMessageError, NoRoomError
from appliance.messages import Stamp, stamp_from_json, to_json
from appliance.store.disk import Disk, create, write_all, write_at

SLOT: Final = 16384  # octets: one second of 16-bit sound at 8 kHz, what age adds (200) and the head of the slot
HEAD: Final = 64  # octets of a slot's head, a line of ASCII
PIECE: Final = 16000  # most octets in clear that one slot takes
BLOCK: Final = 4096  # slots are written in whole pages, so that the kernel need not read first
FIRST_PART: Final = 2
LEAST_SLOTS: Final = FIRST_PART + 2  # opening, envelope, one part, closing

_HEAD = re.compile(
    rb"keepline-ring/1 (open|head|part|shut|idle) ([0-9a-f]{16}) (\d{4}) (\d{5}) (\d{5}) ([0-9a-f]{8})\n"
)
_NO_GENERATION: Final = "0" * 16
_ID: Final = re.compile(r"[0-9a-f]{32}")
_MOST: Final = 2**53  # no number in a ring reaches this; JSON carries whole numbers up to here


class Word(StrEnum):
    """What a slot is."""

    OPEN = "open"  # slot 0 of a ring in use
    IDLE = "idle"  # slot 0 of a ring that is not
    HEAD = "head"  # the envelope as it was at the beginning
    PART = "part"
    SHUT = "shut"  # behind the last part: the message is whole


@dataclass(frozen=True, slots=True)
class Opening:
    """Slot 0 of a ring in use: whose recording this is, and its key, sealed to the epoch."""

    stamp: Stamp
    clock_trusted: bool
    epoch: str
    generation: str  # 16 hexadecimal digits, random: tells this recording's slots from older ones
    sealed_key: bytes


@dataclass(frozen=True, slots=True)
class Closing:
    """The slot behind the last part: what the row says, and the final envelope, sealed to the recording's key."""

    content_bytes: int
    duration: float
    pages: int
    sealed_header: bytes


@dataclass(frozen=True, slots=True)
class Slot:
    """One whole slot."""

    word: Word
    generation: str
    number: int
    clear_bytes: int  # length in clear of what is sealed in a part
    payload: bytes

    def to_bytes(self) -> bytes:
        """Head and payload, filled up with zeros to a whole number of pages."""
        line = f"keepline-ring/1 {self.word} {self.generation} {self.number:04} {len(self.payload):05} {self.clear_bytes:05} "
        check = zlib.crc32(self.payload, zlib.crc32(line.encode()))
        data = f"{line}{check:08x}\n".encode() + self.payload
        if len(data) > SLOT:
            raise ValueError("this does not fit a slot")
        return data.ljust(-len(data) % BLOCK + len(data), b"\0")


def parse_slot(data: bytes, number: int) -> Slot | None:
    """The slot that stands at place `number` and starts `data`; None when it is torn, empty or another's."""
    head = _HEAD.fullmatch(data[:HEAD])
    if head is None or int(head[3]) != number:
        return None
    payload = data[HEAD : HEAD + int(head[4])]
    if len(payload) != int(head[4]) or zlib.crc32(payload, zlib.crc32(data[: HEAD - 9])) != int(head[6], 16):
        return None
    return Slot(Word(head[1].decode()), head[2].decode(), number, int(head[5]), payload)


@dataclass(frozen=True, slots=True)
class Recording:
    """What a ring in use holds. Its parts are named by their slots and read one at a time."""

    opening: Opening
    sealed_header: bytes | None  # the envelope as it was at the beginning
    closing: Closing | None
    parts: tuple[tuple[int, int], ...]  # slot number and octets in clear, in order
    slots: int  # up to the last one of this recording

    @property
    def parts_bytes(self) -> int:
        """Octets of all parts in clear."""
        return sum(clear for _, clear in self.parts)

    @property
    def missing(self) -> int:
        """Parts that were written and are no longer whole."""
        return self.parts[-1][0] - FIRST_PART + 1 - len(self.parts) if self.parts else 0


def read_slot(file: BinaryIO, number: int) -> Slot | None:
    """Slot `number` of a ring; None when it is not whole."""
    file.seek(number * SLOT)
    return parse_slot(file.read(SLOT), number)


def read_recording(file: BinaryIO) -> Recording | None:
    """The recording in a ring; None when the ring is not in use or its slot 0 is damaged."""
    opening = _opening(read_slot(file, 0))
    if opening is None:
        return None
    header: bytes | None = None
    closing: Closing | None = None
    parts: list[tuple[int, int]] = []
    last = 0
    for slot in _slots_of(file, opening.generation):
        last = slot.number
        match slot.word:
            case Word.HEAD:
                header = slot.payload
            case Word.PART:
                parts.append((slot.number, slot.clear_bytes))
            case Word.SHUT:
                closing = _closing(slot)
            case Word.OPEN | Word.IDLE:
                pass  # only slot 0 is one; elsewhere it means nothing
    return Recording(opening, header, closing, tuple(parts), last + 1)


def release(file: Path, sequence: int, disk: Disk) -> None:
    """Overwrites slot 0 of the ring in `file`: nothing in it opens for anybody from here on."""
    with disk.writing():
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        with disk.writing():
            write_at(descriptor, _idle(sequence), 0)
        disk.flush(descriptor, os.fdatasync)
    finally:
        os.close(descriptor)


def slots_for(parts: int) -> int:
    """Slots that a ring needs for this many parts: seconds of sound, or pieces of `PIECE` octets of pages."""
    return parts + LEAST_SLOTS  # one more than the least: the last second is seldom whole


def last_sequence(file: BinaryIO) -> int:
    """The highest sequence this ring remembers; 0 when none."""
    slot = read_slot(file, 0)
    if opening := _opening(slot):
        return opening.stamp.sequence
    if slot is None or slot.word is not Word.IDLE:
        return 0
    try:
        return int(_numbers(_line(slot)[0], "sequence")["sequence"])
    except DamagedMessageError:
        return 0


class Ring:
    """One ring on its way: at most one recording at a time, used by one thread."""

    def __init__(self, file: Path, slots: int, disk: Disk) -> None:
        if slots < LEAST_SLOTS:
            raise ValueError(f"a ring has at least {LEAST_SLOTS} slots")
        self.file = file
        self.slots = slots
        self._disk = disk
        self._descriptor = -1
        self._generation = _NO_GENERATION
        self._next = FIRST_PART

    @property
    def size(self) -> int:
        """Octets of the whole file."""
        return self.slots * SLOT

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
        facts = {"stamp": to_json(opening.stamp), "clock_trusted": opening.clock_trusted, "epoch": opening.epoch}
        first = self._slot(Word.OPEN, 0, _json_line(facts) + opening.sealed_key)
        if len(first) > BLOCK:
            raise ValueError("the opening is too long to be overwritten in one go")
        self._write((0, first), (1, self._slot(Word.HEAD, 1, sealed_header)))

    def append(self, pieces: list[tuple[bytes, int]]) -> None:
        """Adds pieces (sealed, and their octets in clear) with one flush. Raises `NoRoomError` when the ring is full, `BadStorageError`."""
        if self._next + len(pieces) > self.slots - 1:  # the last slot is the closing's
            raise NoRoomError("This message is longer than its ring journal. It ends here.")
        slots = [
            (number, self._slot(Word.PART, number, sealed, clear))
            for number, (sealed, clear) in enumerate(pieces, self._next)
        ]
        self._write(*slots)
        self._next += len(pieces)

    def shut(self, closing: Closing) -> None:
        """The recording is whole: what the row will say is on the disk before there is a row."""
        facts = {"content_bytes": closing.content_bytes, "duration": closing.duration, "pages": closing.pages}
        self._write((self._next, self._slot(Word.SHUT, self._next, _json_line(facts) + closing.sealed_header)))

    def free(self, sequence: int) -> None:
        """Slot 0 is overwritten: nothing in this ring opens for anybody from here on."""
        self._write((0, _idle(sequence)))

    def _slot(self, word: Word, number: int, payload: bytes, clear: int = 0) -> bytes:
        return Slot(word, self._generation, number, clear, payload).to_bytes()

    def _write(self, *slots: tuple[int, bytes]) -> None:
        with self._disk.writing():
            for number, data in slots:
                write_at(self._descriptor, data, number * SLOT)
        self._disk.flush(self._descriptor, os.fdatasync)

    def _write_zeros(self) -> None:
        """Zeros are written, not reserved: blocks that only are reserved cost bookkeeping when they are first used."""
        temporary = self.file.with_name(f".{self.file.name}.tmp")
        zeros = bytes(SLOT)
        with self._disk.writing():
            descriptor = create(temporary)
        try:
            with self._disk.writing():
                for _ in range(self.slots):
                    write_all(descriptor, zeros)
            self._disk.flush(descriptor)
        finally:
            os.close(descriptor)
        with self._disk.writing():
            temporary.rename(self.file)
        self._disk.flush_folder(self.file.parent)


def _idle(sequence: int) -> bytes:
    return Slot(Word.IDLE, _NO_GENERATION, 0, 0, _json_line({"sequence": sequence})).to_bytes()


def _slots_of(file: BinaryIO, generation: str) -> Iterator[Slot]:
    size = file.seek(0, os.SEEK_END)
    for number in range(1, -(-size // SLOT)):
        slot = read_slot(file, number)
        if slot is not None and slot.generation == generation:
            yield slot


def _opening(slot: Slot | None) -> Opening | None:
    if slot is None or slot.word is not Word.OPEN:
        return None
    try:
        facts, sealed_key = _line(slot)
        trusted, epoch = facts["clock_trusted"], facts["epoch"]
        if not isinstance(trusted, bool) or not isinstance(epoch, str):
            return None
        stamp = stamp_from_json(facts["stamp"])
        if not _ID.fullmatch(stamp.id) or not 0 < stamp.sequence < _MOST:
            return None
        return Opening(stamp, trusted, epoch, slot.generation, sealed_key)
    except (DamagedMessageError, KeyError):
        return None


def _closing(slot: Slot) -> Closing | None:
    try:
        facts, sealed_header = _line(slot)
        numbers = _numbers(facts, "content_bytes", "duration", "pages")
        return Closing(int(numbers["content_bytes"]), numbers["duration"], int(numbers["pages"]), sealed_header)
    except DamagedMessageError:
        return None


def _line(slot: Slot) -> tuple[dict[str, Any], bytes]:
    """The JSON line that starts a payload, and what stands behind it."""
    line, _, rest = slot.payload.partition(b"\n")
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        raise DamagedMessageError from None
    if not isinstance(facts, dict):
        raise DamagedMessageError
    return facts, rest


def _numbers(facts: dict[str, Any], *names: str) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name in names:
        value = facts.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST:
            raise DamagedMessageError
        numbers[name] = value
    return numbers


def _json_line(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, separators=(",", ":")).encode() + b"\n"
