"""The record as people look at it: lines found by who, what, which message and when, newest first; and what is exported. Needs no key but for sealed words."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final

from appliance.access import segments, testimony
from appliance.access.chain import Break, Flaw, Line
from appliance.deeds import Act
from appliance.errors import RecordError
from appliance.store.keys import Identity

COLUMNS: Final = ("sequence", "at", "clock_trusted", "act", "by", "subject", "detail", "sealed", "hash")
DAMAGED: Final = "damaged"  # for `act`, where there is none to tell
_ID: Final = 32  # letters of a message's id
_FAR_BACK: Final = 50_000  # lines: a year of a busy practice
_FORMULA: Final = frozenset("=+-@\t\r")  # a spreadsheet would calculate what begins with these


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are wanted; what is empty leaves none out, but for `by`, where "" is the box itself."""

    by: str | None = None
    acts: frozenset[Act] = frozenset()
    subject: str = ""  # its beginning
    since: float | None = None  # s since 1970, included
    until: float | None = None  # s since 1970, left out

    def takes(self, line: Line) -> bool:
        """Is this line wanted?"""
        deed = line.deed
        return (
            (self.by is None or deed.by == self.by)
            and (not self.acts or deed.act in self.acts)
            and deed.subject.startswith(self.subject)
            and (self.since is None or line.at >= self.since)
            and (self.until is None or line.at < self.until)
        )

    def _may_take(self, octets: bytes) -> bool:
        """A quick look, before a line is taken apart."""
        return (self.by is None or f'"by":"{self.by}"'.encode() in octets) and (
            not self.subject or f'"subject":"{self.subject}'.encode() in octets
        )


def newest(folder: Path, wanted: Filter, before: int = 0) -> Iterator[Line]:
    """The lines that are wanted, newest first, of those in front of number `before` (0: of all).

    Lines that cannot be read are left out: `chain.verify` tells of them.
    """
    for octets in segments.read_backwards(folder):
        if not wanted._may_take(octets):
            continue
        try:
            line = Line.from_bytes(octets)
        except RecordError:
            continue
        if (not before or line.sequence < before) and wanted.takes(line):
            yield line


def of_message(folder: Path, id: str) -> list[Line]:
    """What the record tells of one message, newest first, back to the line that it was kept."""
    found = []
    for line in newest(folder, Filter(subject=id)):
        found.append(line)
        if line.deed.act is Act.KEPT:
            break
    return found


def kept(folder: Path, ids: set[str]) -> dict[str, Line]:
    """The lines that messages of these ids were kept, as far as they are not too far back."""
    left, found = {id for id in ids if len(id) == _ID}, dict[str, Line]()
    for octets in itertools.islice(segments.read_backwards(folder), _FAR_BACK):
        if not left:
            break
        if b'"act":"kept"' in octets and any(id.encode() in octets for id in left):
            with suppress(RecordError):
                line = Line.from_bytes(octets)
                left.discard(line.deed.subject)
                found[line.deed.subject] = line
    return found


def opened(line: Line, key: Identity | None) -> dict[str, str]:
    """The sealed words of a line for whoever holds the record's key; nothing for others."""
    return testimony.open_sealed(line.deed.sealed, key) if key and line.deed.sealed else {}


def in_order(octets: Iterable[bytes]) -> Iterator[Line | Flaw]:
    """Lines as `segments.read` gives them, oldest first; in the place of one that cannot be understood stands what is wrong."""
    last = 0
    for each in octets:
        try:
            line: Line | Flaw = Line.from_bytes(each)
        except RecordError:
            line = Flaw(last + 1, Break.UNREADABLE)
        last = line.sequence
        yield line


def as_rows(lines: Iterable[Line | Flaw], key: Identity | None = None, zone: tzinfo = UTC) -> Iterator[dict[str, Any]]:
    """For a program to read; times as ISO 8601 writes them. `sealed` is what `key` opens, else whether there is something."""
    for line in lines:
        if isinstance(line, Flaw):
            yield _damaged(line)
            continue
        deed = line.deed
        yield {
            "sequence": line.sequence,
            "at": _moment(line.at, zone),
            "clock_trusted": line.trusted,
            "act": deed.act.value,
            "by": deed.by,
            "subject": deed.subject,
            "detail": deed.detail,
            "sealed": opened(line, key) if key else bool(deed.sealed),
            "hash": line.hash,
        }


def _damaged(flaw: Flaw) -> dict[str, Any]:
    told = {"sequence": flaw.sequence, "clock_trusted": False, "act": DAMAGED, "sealed": False}
    return dict.fromkeys(COLUMNS, "") | told | {"detail": {"trouble": flaw.trouble.value}}


def _moment(at: float, zone: tzinfo) -> str:
    try:
        return datetime.fromtimestamp(at, zone).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):  # of a line that was changed; `chain.verify` tells of it
        return ""


def as_csv(lines: Iterable[Line | Flaw], key: Identity | None, zone: tzinfo) -> str:
    """For a spreadsheet; times in the practice's zone."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in as_rows(lines, key, zone):
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        value = "; ".join(f"{name}: {word}" for name, word in value.items())
    if isinstance(value, bool):
        value = "yes" if value else "no"
    text = str(value)
    return f"'{text}" if text[:1] in _FORMULA else text
