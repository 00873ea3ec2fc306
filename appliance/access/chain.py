"""The record's lines, and how each holds to the one before: no file, no clock, no key here.

A line is one JSON object. Its `hash` is over all that stands in it, the hash of the line before included, and the box has signed that hash. So no line can be
changed, taken out, put in or moved without all behind it, and nobody but the box can write one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from appliance.deeds import Act, Deed
from appliance.errors import RecordError
from appliance.store import primitives
from appliance.store.primitives import SigningKey

BEGINNING: Final = "0" * 64  # what the first line has for the hash of the line before
_SIGNED: Final = b"keepline record 1 "  # before the hash: a signature of the box means this and nothing else


@dataclass(frozen=True, slots=True)
class Head:
    """How far the record has come: the last line's number and hash."""

    sequence: int = 0
    hash: str = BEGINNING

    @property
    def short(self) -> str:
        """For a person to compare or write down."""
        return " ".join(self.hash[start : start + 4] for start in range(0, 16, 4))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the record."""

    sequence: int  # 1, 2, 3 ...
    at: float  # s since 1970, UTC
    trusted: bool  # was the clock?
    deed: Deed
    previous: str  # hash of the line before, hexadecimal
    hash: str
    signature: str  # Ed25519, base64

    @property
    def head(self) -> Head:
        """The record's head when this line is its last."""
        return Head(self.sequence, self.hash)

    def to_bytes(self) -> bytes:
        """As it stands in the file, ended by a line feed."""
        ends = {"hash": self.hash, "signature": self.signature}
        return _json(_said(self.sequence, self.at, self.trusted, self.deed, self.previous) | ends) + b"\n"

    @classmethod
    def from_bytes(cls, octets: bytes) -> Self:
        """The line in `octets`; raises `RecordError` for what is none. Whether it is true, `verify` tells."""
        try:
            data = json.loads(octets)
            deed = Deed(
                Act(data["act"]),
                str(data["by"]),
                str(data["subject"]),
                {str(name): str(value) for name, value in data["detail"].items()},
                base64.b64decode(data["sealed"], validate=True),
            )
            ends = str(data["previous"]), str(data["hash"]), str(data["signature"])
            return cls(int(data["sequence"]), float(data["at"]), bool(data["trusted"]), deed, *ends)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, binascii.Error):
            raise RecordError("That is no line of the record.") from None


def add(before: Head, at: float, trusted: bool, deed: Deed, key: SigningKey) -> Line:
    """The line for `deed` behind `before`, signed."""
    sequence = before.sequence + 1
    hash = _hash(_said(sequence, at, trusted, deed, before.hash))
    signature = base64.b64encode(key.sign(_SIGNED + hash.encode("ascii"))).decode("ascii")
    return Line(sequence, at, trusted, deed, before.hash, hash, signature)


class Break(StrEnum):
    """What can be wrong with the record, in words for a person."""

    UNREADABLE = "is no line of the record: the file was damaged or changed"
    CHANGED = "was changed after it was written"
    FORGED = "was not signed by this box"
    GAP = "does not follow the line before: lines are missing or were moved"
    CUT = "is missing: the record once went as far as this, and was cut back or exchanged for an older one"
    OTHER = "is not the line that was there once: the record was exchanged"
    TOLD = "tells that the box itself found the record cut back or exchanged at this place"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong at one place."""

    sequence: int  # of the line, counted on where it is unreadable
    trouble: Break

    @property
    def sentence(self) -> str:
        """For a person."""
        return f"Line {self.sequence} {self.trouble.value}."


@dataclass(slots=True)
class Verdict:
    """What came of a verification."""

    lines: int = 0
    first: int = 0  # sequence of the oldest line
    head: Head = field(default_factory=Head)
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Is nothing wrong?"""
        return not self.flaws


def verify(lines: Iterable[bytes], point: bytes, anchors: Iterable[Head] = ()) -> Verdict:
    """Are `lines` the whole record that the box with the public half `point` wrote, and does it hold every one of `anchors`?

    Older lines may have gone, if a line of the record says so (`Act.SHORTENED`).
    """
    verdict, before, unread = Verdict(), Head(), 0
    wanted = {anchor.sequence: anchor.hash for anchor in anchors if anchor.sequence}
    start: Head | None = None  # what the oldest line follows
    gone: set[Head] = {Head()}
    for octets in lines:
        verdict.lines += 1
        try:
            line = Line.from_bytes(octets)
        except RecordError:
            unread += 1
            verdict.flaws.append(Flaw(before.sequence + unread, Break.UNREADABLE))
            continue
        if start is None and not unread:
            start = before = Head(line.sequence - 1, line.previous)
            verdict.first = line.sequence
        verdict.flaws.extend(_flaws(line, octets, before, point))
        if wanted.pop(line.sequence, line.hash) != line.hash:
            verdict.flaws.append(Flaw(line.sequence, Break.OTHER))
        if line.deed.act is Act.SHORTENED:
            gone.add(Head(_whole(line.deed.detail.get("last")), line.deed.detail.get("hash", "")))
        if line.deed.act is Act.STARTED and "broken" in line.deed.detail:
            verdict.flaws.append(Flaw(line.sequence, Break.TOLD))
        before, unread = line.head, 0
    verdict.head = before
    if start is not None and start not in gone:
        verdict.flaws.insert(0, Flaw(start.sequence + 1, Break.GAP))
    last = before.sequence + unread  # what cannot be read at the end is damaged, and not missing
    verdict.flaws.extend(Flaw(sequence, Break.CUT) for sequence in sorted(wanted) if sequence > last)
    return verdict


def is_signed(line: Line, point: bytes) -> bool:
    """Did the box with the public half `point` write this line, as it stands? Where in the record is another question."""
    fits = _hash(_said(line.sequence, line.at, line.trusted, line.deed, line.previous)) == line.hash
    return fits and _is_signed(line, point)


def _flaws(line: Line, octets: bytes, before: Head, point: bytes) -> Iterable[Flaw]:
    if (line.sequence, line.previous) != (before.sequence + 1, before.hash):
        yield Flaw(line.sequence, Break.GAP)
    if not _stands_as_written(line, octets) and (
        _hash(_said(line.sequence, line.at, line.trusted, line.deed, line.previous)) != line.hash
    ):
        yield Flaw(line.sequence, Break.CHANGED)
    elif not _is_signed(line, point):
        yield Flaw(line.sequence, Break.FORGED)


def _stands_as_written(line: Line, octets: bytes) -> bool:
    """The hash is right over these very octets, and nothing but hash and signature follows them: no need to put the line together again."""
    ends = f',"hash":"{line.hash}","signature":"{line.signature}"}}'.encode(errors="replace")
    said = octets.removesuffix(ends)
    return len(said) < len(octets) and hashlib.sha256(said + b"}").hexdigest() == line.hash


def _is_signed(line: Line, point: bytes) -> bool:
    try:
        signature = base64.b64decode(line.signature, validate=True)
        return primitives.is_signed(point, _SIGNED + line.hash.encode("ascii"), signature)
    except ValueError:  # not even base64, or no ASCII
        return False


def _said(sequence: int, at: float, trusted: bool, deed: Deed, previous: str) -> dict[str, Any]:
    """Everything of a line that its hash is over, in this order."""
    return {
        "sequence": sequence,
        "at": at,
        "trusted": trusted,
        "act": deed.act.value,
        "by": deed.by,
        "subject": deed.subject,
        "detail": deed.detail,
        "sealed": base64.b64encode(deed.sealed).decode("ascii"),
        "previous": previous,
    }


def _hash(said: dict[str, Any]) -> str:
    return hashlib.sha256(_json(said)).hexdigest()


def _json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else -1
