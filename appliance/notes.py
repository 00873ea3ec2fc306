"""A note: what somebody of the practice wrote on a message. Its words, how long it may be, and the form of what is sealed.

A note is never changed: who thinks otherwise writes another. What tells a patient's business is its text, and that exists only sealed.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any, Final

from appliance.errors import DamagedMessageError

LONGEST: Final = 4_000  # letters: two pages
MOST: Final = 200  # notes on one message
LARGEST: Final = (
    4 * LONGEST + 1_024
)  # octets of a sealed note: UTF-8 takes four for a letter at most; the rest is age's, and the first line

_VERSION: Final = 1
_CONTROLS: Final = frozenset({"Cc", "Cs"})  # Unicode's categories: control characters, halves of pairs
_TURNS: Final = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
)  # would turn round or break the words beside them


@dataclass(frozen=True, slots=True)
class NoteStamp:
    """What makes one note itself; repeated inside the sealed payload and compared with the row when it is opened."""

    message: str  # its id
    number: int  # 1, 2, 3 ... of this message, in the order of writing, never used twice
    by: str  # log-in name of who wrote it
    at: float  # s since 1970, UTC


@dataclass(frozen=True, slots=True)
class Note:
    """A note as its row in the index has it: all that the box knows of it without anybody's key."""

    stamp: NoteStamp
    clock_trusted: bool  # was `at` taken from a clock that could be trusted?
    sealed_bytes: int  # length of the sealed file
    sha256: str  # of the sealed file, hexadecimal


def clean(text: str) -> str:
    """A text as it is kept: plain, in lines, without spaces at their ends and without empty lines around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join("".join(filter(_is_plain, line)).rstrip() for line in lines).strip()


def to_bytes(stamp: NoteStamp, text: str) -> bytes:
    """What is sealed: one line of JSON that says whose note it is, then the text. FORMAT.md describes it."""
    line = json.dumps({"keepline": _VERSION, "note": asdict(stamp)}, ensure_ascii=True, separators=(",", ":"))
    return f"{line}\n{text}\n".encode()


def from_bytes(payload: bytes, stamp: NoteStamp) -> str:
    """The text in `payload`; raises `DamagedMessageError` when it is not the note of that `stamp`."""
    line, _, text = payload.partition(b"\n")
    try:
        data: Any = json.loads(line)
        if data["keepline"] != _VERSION or data["note"] != asdict(stamp):
            raise ValueError("another note")
        return text.decode().removesuffix("\n")
    except (KeyError, TypeError, ValueError, RecursionError):
        raise DamagedMessageError from None  # the cause may quote what it could not read


def _is_plain(sign: str) -> bool:
    return unicodedata.category(sign) not in _CONTROLS and sign not in _TURNS
