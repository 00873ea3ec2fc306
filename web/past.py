"""What the record still tells of people and keys, for their pages: only its newest part is looked through."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from appliance.access import segments
from appliance.access.chain import Line
from appliance.deeds import Act
from appliance.errors import RecordError

NEWEST: Final = 20_000  # lines that are looked through: some months


def last_log_ins(folder: Path) -> dict[str, float]:
    """When each person logged in last, by name; who is not in it did not for a long time, or never."""
    found: dict[str, float] = {}
    for line in _lines(folder, Act.LOGGED_IN):
        found.setdefault(line.deed.by, line.at)
    return found


def sheet_made(folder: Path) -> float | None:
    """When the recovery sheet that is in force was made; None when the record no longer tells."""
    exchanged: float | None = None
    for line in _lines(folder, Act.CLAIMED, Act.ROTATED, Act.ROTATION_BEGUN):
        match line.deed.act:
            case Act.CLAIMED:
                return line.at
            case Act.ROTATED:
                exchanged = line.at
            case Act.ROTATION_BEGUN if exchanged is not None:
                if line.deed.detail.get("new-sheet") == "yes":
                    return line.at
                exchanged = None
            case _:
                pass
    return None


def sheet_is_coming(folder: Path) -> bool:
    """Was a new recovery sheet printed for the exchange that is under way? Yes when the record does not tell: whoever types it in will be told."""
    begun = next(_lines(folder, Act.ROTATION_BEGUN), None)
    return begun is None or begun.deed.detail.get("new-sheet") == "yes"


def _lines(folder: Path, *acts: Act) -> Iterator[Line]:
    marks = tuple(f'"{act.value}"'.encode() for act in acts)
    try:
        for octets in islice(segments.read_backwards(folder), NEWEST):
            if any(mark in octets for mark in marks):
                line = Line.from_bytes(octets)
                if line.deed.act in acts:
                    yield line
    except (RecordError, OSError):
        return  # the auditor's page says so; here the fact is left out
