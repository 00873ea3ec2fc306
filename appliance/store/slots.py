"""What stands in a ring: slots of 16 KiB, each a line of ASCII and what it says. FORMAT.md describes every octet.

Reading is tolerant: a slot that is torn, stale or damaged is none, and what a slot says is believed only when it can be.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, BinaryIO, Final

from appliance.errors import DamagedMessageError
from appliance.messages import Kind, Stamp, stamp_from_json, to_json

SLOT: Final = 16384  # octets: one second of 16-bit sound at 8 kHz, what age adds (200) and the head of the slot
HEAD: Final = 64  # octets of a slot's head, a line of ASCII
PIECE: Final = 16000  # most octets in clear that one slot takes
BLOCK: Final = 4096  # slots are written in whole pages, so that the kernel need not read first
FIRST_PART: Final = 2
LEAST_SLOTS: Final = FIRST_PART + 2  # opening, envelope, one part, closing

_HEAD = re.compile(
    rb"keepline-ring/1 (open|head|part|page|shut|idle) ([0-9a-f]{16}) (\d{4}) (\d{5}) (\d{5}) ([0-9a-f]{8})\n"
)
NO_GENERATION: Final = "0" * 16
_ID: Final = re.compile(r"[0-9a-f]{32}")
_MOST: Final = 2**53  # no number in a ring reaches this; JSON carries whole numbers up to here


class Word(StrEnum):
    """What a slot is."""

    OPEN = "open"  # slot 0 of a ring in use
    IDLE = "idle"  # slot 0 of a ring that is not
    HEAD = "head"  # the envelope as it was at the beginning
    PART = "part"
    PAGE = "page"  # the part that ends a page of a fax
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
    parts: tuple[tuple[int, int], ...]  # slot number and octets in clear, in order; of a fax those of whole pages only
    pages: tuple[int, ...]  # parts of each whole page of a fax
    missing: int  # parts that were written and are no longer whole, those of pages that are not
    slots: int  # up to the last one of this recording

    @property
    def parts_bytes(self) -> int:
        """Octets of all parts in clear."""
        return sum(clear for _, clear in self.parts)

    @property
    def lacks_start(self) -> bool:
        """Is the first part not there?"""
        return bool(self.parts) and self.parts[0][0] != FIRST_PART


def read_slot(file: BinaryIO, number: int) -> Slot | None:
    """Slot `number` of a ring; None when it is not whole."""
    file.seek(number * SLOT)
    return parse_slot(file.read(SLOT), number)


def read_opening(file: BinaryIO) -> Opening | None:
    """Whose recording a ring holds; None when the ring is not in use or its slot 0 is damaged."""
    return _opening(read_slot(file, 0))


def read_recording(file: BinaryIO) -> Recording | None:
    """The recording in a ring; None when the ring is not in use or its slot 0 is damaged."""
    opening = read_opening(file)
    if opening is None:
        return None
    header: bytes | None = None
    closing: Closing | None = None
    parts: list[Slot] = []
    last = 0
    for slot in _slots_of(file, opening.generation):
        last = slot.number
        match slot.word:
            case Word.HEAD:
                header = slot.payload
            case Word.PART | Word.PAGE:
                parts.append(replace(slot, payload=b""))
            case Word.SHUT:
                closing = _closing(slot)
            case Word.OPEN | Word.IDLE:
                pass  # only slot 0 is one; elsewhere it means nothing
    if opening.stamp.kind is Kind.FAX:
        return _fax(Recording(opening, header, closing, (), (), 0, last + 1), parts)
    missing = parts[-1].number - FIRST_PART + 1 - len(parts) if parts else 0
    return Recording(opening, header, closing, _places(parts), (), missing, last + 1)


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


def opening_payload(opening: Opening) -> bytes:
    """What stands in slot 0 of a ring in use."""
    facts = {"stamp": to_json(opening.stamp), "clock_trusted": opening.clock_trusted, "epoch": opening.epoch}
    return _json_line(facts) + opening.sealed_key


def closing_payload(closing: Closing) -> bytes:
    """What stands behind the last part."""
    facts = {"content_bytes": closing.content_bytes, "duration": closing.duration, "pages": closing.pages}
    return _json_line(facts) + closing.sealed_header


def idle(sequence: int) -> bytes:
    """Slot 0 of a ring that is not in use; `sequence` is the highest it has seen."""
    return Slot(Word.IDLE, NO_GENERATION, 0, 0, _json_line({"sequence": sequence})).to_bytes()


def _fax(recording: Recording, written: list[Slot]) -> Recording:
    """A page counts when all of it is there. Behind the last one may stand a piece of another, which was on its way when the power went."""
    kept: list[Slot] = []
    pages: list[int] = []
    page: list[Slot] = []
    begin = FIRST_PART
    for slot in written:
        page.append(slot)
        if slot.word is Word.PAGE:
            if len(page) == slot.number - begin + 1:
                kept += page
                pages.append(len(page))
            begin, page = slot.number + 1, []
    missing = begin - FIRST_PART - len(kept)
    used = recording.slots if recording.closing or missing else begin
    return replace(recording, parts=_places(kept), pages=tuple(pages), missing=missing, slots=used)


def _places(parts: list[Slot]) -> tuple[tuple[int, int], ...]:
    return tuple((slot.number, slot.clear_bytes) for slot in parts)


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
