"""The words everybody shares: what a message is, who left it, and where it stands.

A *message* is a voicemail or a fax that arrived. A `Row` is what may be known of it in clear: an opaque id, a kind, times, sizes and a state. Everything
that could tell a patient's business (numbers, names, sound, pages) is in its `Envelope` or its content, and both exist only sealed.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from appliance.errors import DamagedMessageError


class Kind(StrEnum):
    """What arrived."""

    VOICEMAIL = "voicemail"
    FAX = "fax"


class State(StrEnum):
    """Where a message stands between arriving and being gone."""

    NEW = "new"
    HEARD = "heard"
    ERASING = "erasing"  # somebody erased it; until `Row.erase_at` it can be had back


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes one message itself; repeated inside the sealed payload and compared with the row when it is opened."""

    id: str  # 32 hexadecimal digits, random
    kind: Kind
    mailbox: str
    arrived_at: float  # s since 1970, UTC
    sequence: int  # 1, 2, 3 ... in order of arrival, never used twice


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message besides its content. Sealed like the content; never logged, never in a row."""

    caller_number: str = ""  # as the line gave it, "" when withheld or unknown
    caller_name: str = ""
    duration: float = 0.0  # s of sound; 0 for a fax
    pages: int = 0  # pages of a fax; 0 for a voicemail
    sender_id: str = ""  # what the sending fax machine calls itself (TSI): set by its owner, so a hint and no proof
    notes: tuple[str, ...] = ()  # quality marks in plain words: "page 2: 3 damaged lines", "partial: ..."

    def __repr__(self) -> str:
        return "Envelope(sealed)"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the index: all that the box may know of a message without anybody's key."""

    stamp: Stamp
    clock_trusted: bool  # was `arrived_at` taken from a clock that could be trusted?
    state: State
    epoch: str  # name of the epoch key it is sealed to, such as "000012-9f3c21aa"
    content_bytes: int  # length of the content in clear (a WAV or a TIFF file)
    sealed_bytes: int  # length of the sealed file
    sha256: str  # of the sealed file, hexadecimal
    duration: float  # s of sound; 0 for a fax
    pages: int
    recovered: bool  # put together from the ring journal after a power cut
    heard_at: float | None = None
    heard_trusted: bool = True  # was `heard_at` taken from a clock that could be trusted?
    erase_at: float | None = None  # when an erased message can no longer be had back
    warned_at: float | None = None  # when staff were first told that it is old and unheard
    held: bool = False
    notes: int = 0  # how many people have written on it


def to_json(value: Stamp | Envelope | Row) -> dict[str, Any]:
    """`value` as what JSON can carry. Only for the sealed payload and for the socket between our own processes."""
    return asdict(value)


def stamp_from_json(data: Any) -> Stamp:
    """The stamp in `data`; raises `DamagedMessageError` when it is not one."""
    try:
        return Stamp(
            id=_text(data["id"]),
            kind=Kind(data["kind"]),
            mailbox=_text(data["mailbox"]),
            arrived_at=_number(data["arrived_at"]),
            sequence=int(_number(data["sequence"])),
        )
    except (KeyError, TypeError, ValueError):
        raise DamagedMessageError from None  # the cause may quote what it could not read


def envelope_from_json(data: Any) -> Envelope:
    """The envelope in `data`; unknown fields of later versions are passed over. Raises `DamagedMessageError`."""
    try:
        known = {field.name: data[field.name] for field in fields(Envelope) if field.name in data}
        return Envelope(
            caller_number=_text(known.get("caller_number", "")),
            caller_name=_text(known.get("caller_name", "")),
            duration=_number(known.get("duration", 0.0)),
            pages=int(_number(known.get("pages", 0))),
            sender_id=_text(known.get("sender_id", "")),
            notes=tuple(_text(note) for note in known.get("notes", ())),
        )
    except (KeyError, TypeError, ValueError):
        raise DamagedMessageError from None  # the cause may quote what it could not read


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of every sealed payload: format version, stamp and envelope. FORMAT.md describes it."""

    stamp: Stamp
    envelope: Envelope

    VERSION = 1

    def to_bytes(self) -> bytes:
        """One line of UTF-8 JSON, ended by a line feed."""
        line = {"keepline": self.VERSION, "stamp": to_json(self.stamp), "envelope": to_json(self.envelope)}
        return json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_bytes(cls, line: bytes) -> Self:
        """The header in `line`; raises `DamagedMessageError`."""
        try:
            data = json.loads(line)
            if data["keepline"] != cls.VERSION:
                raise ValueError("version")
            stamp, envelope = data["stamp"], data["envelope"]
        except (KeyError, TypeError, ValueError, RecursionError):
            raise DamagedMessageError from None  # the cause may quote what it could not read
        return cls(stamp_from_json(stamp), envelope_from_json(envelope))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("number expected")
    return value
