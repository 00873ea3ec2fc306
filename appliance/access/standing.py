"""How a message stands by the record: the lines about it, put together, and whether its row says the same. What a row says and no line does, destroys nothing.

Reads the record as far back as the line that the message was kept. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from appliance.access import chain, segments
from appliance.access.chain import Line
from appliance.deeds import Act, Deed
from appliance.errors import RecordError
from appliance.messages import Row, State
from appliance.store import telling

AGAIN: Final = "said_at"  # of a line that is said once more because its file goes: when it was said first
_LATE: Final = 60.0  # s by which a clock may have been set back between a line and its row
_SUBJECT: Final = b'"subject":"'
_STATE: Final = frozenset(
    {Act.MARKED, Act.ERASED, Act.UNERASED, Act.HELD, Act.RELEASED, Act.WARNED}
)  # lines that change how a message stands


class WrongState(StrEnum):
    """What can be wrong with how a row says that its message stands, in words for a person, after the place."""

    HEARD = "counts as heard in the list, and no line of the record says so: mark it as new"
    NOT_HEARD = "was heard by the record, and is new in the list: mark it again, or it is kept for longer"
    HEARD_EARLIER = "was heard earlier by the list than by the record: mark it as new, or it goes too early"
    ERASED = "was erased by the list, and no line of the record says so: have it back"
    NOT_ERASED = "was erased by the record, and not by the list: erase it again"
    NOT_HELD = "is on hold by the record, and not in the list: put it on hold again, or somebody may erase it"
    HELD = (
        "is on hold in the list, and no line of the record says so: lift the hold, or lift it and put it on hold again"
    )


@dataclass(slots=True)
class _Stand:
    """What the lines come to."""

    heard: list[Line] = field(default_factory=list)  # since it was new
    warned: list[Line] = field(default_factory=list)  # since the last hold
    erased: bool = False
    held: bool = False


@dataclass(slots=True)
class Standing:
    """The lines about one message that is here."""

    kept: dict[str, str] = field(default_factory=dict)  # its facts; empty while no line says that it was kept
    lines: list[Line] = field(default_factory=list)
    undone: set[int] = field(default_factory=set)  # numbers of lines whose deed failed

    def hear(self, line: Line) -> None:
        """One line about it."""
        deed = line.deed
        if deed.act is Act.KEPT:
            self.kept = deed.detail
        elif deed.act is Act.FAILED and deed.detail.get("line", "").isdecimal():
            self.undone.add(int(deed.detail["line"]))
        elif deed.act in _STATE:
            self.lines.append(line)

    def differing(self, row: Row) -> tuple[str, ...]:
        """Which facts of the row are others than when it was kept, by their names. A line of before may not hold all of them."""
        facts = telling.known(row)
        return tuple(name for name, value in facts.items() if self.kept.get(name, value) != value)

    def wrongs(self, row: Row) -> Iterator[WrongState]:
        """What is wrong with how `row` says that the message stands."""
        stand = self._stand()
        heard, erased = row.heard_at is not None, row.erase_at is not None
        found_so = self.kept.get("how") == telling.FOUND  # older than the record: what it was then, no line says
        if heard and not stand.heard and not found_so:
            yield WrongState.HEARD
        elif stand.heard and not heard:
            yield WrongState.NOT_HEARD
        elif row.heard_at is not None and row.heard_trusted and row.heard_at < _first(stand.heard) - _LATE:
            yield WrongState.HEARD_EARLIER
        if erased != stand.erased and not (erased and found_so):
            yield WrongState.ERASED if erased else WrongState.NOT_ERASED
        if row.held != stand.held:
            yield WrongState.HELD if row.held else WrongState.NOT_HELD

    def bears_out(self, row: Row) -> bool:
        """May the message go because `row` says what it says? Whatever a person erased may."""
        stand, wrongs = self._stand(), set(self.wrongs(row))
        if row.state is State.ERASING:
            return not wrongs & {WrongState.ERASED, WrongState.HELD, WrongState.NOT_HELD}
        if not self.kept or wrongs or self.differing(row):
            return False
        if row.state is State.HEARD:
            return True
        return bool(stand.warned) and row.warned_at is not None and row.warned_at >= _first(stand.warned[-1:]) - _LATE

    def _stand(self) -> _Stand:
        stand = _Stand()
        for line in sorted(self.lines, key=lambda line: line.sequence):  # an old one that was written again is no news
            if line.sequence in self.undone:
                continue
            match line.deed.act, line.deed.detail.get("as", ""):
                case Act.MARKED, "heard":
                    stand.heard.append(line)
                case Act.MARKED, _:
                    stand.heard.clear()
                case Act.WARNED, _:
                    stand.warned.append(line)
                case Act.ERASED, _:
                    stand.erased = True
                case Act.UNERASED, _:
                    stand.erased = False
                case Act.HELD, _:
                    stand.held, stand.erased = True, False
                case Act.RELEASED, _:
                    stand.held = False
                    stand.warned.clear()
                case _:
                    pass
        return stand


def tells(deed: Deed) -> bool:
    """Does such a line tell how a message stands? A deed that failed may have been another one."""
    return deed.act in _STATE or deed.act is Act.KEPT or (deed.act is Act.FAILED and deed.detail.get("what") in _STATE)


def read(folder: Path, ids: Iterable[str]) -> dict[str, Standing]:
    """How these messages stand, by what the box itself signed. Raises `RecordError`."""
    found = {id: Standing() for id in ids}
    left, point = {id.encode() for id in found}, segments.public_key(folder)
    lines = []
    for octets in segments.read_backwards(folder):
        if not left:
            break
        if (subject := _subject(octets)) not in left:
            continue
        with suppress(RecordError):
            line = Line.from_bytes(octets)
            if not chain.is_signed(line, point):
                continue
            if line.deed.act is Act.REMOVED or (line.deed.act is Act.KEPT and AGAIN not in line.deed.detail):
                left.discard(subject)
            lines.append(line)
    for line in reversed(lines):
        if line.deed.act is not Act.REMOVED:
            found[line.deed.subject].hear(line)
    return found


def borne_out(folder: Path, rows: Iterable[Row]) -> frozenset[str]:
    """Ids of those that may go because their rows say what they say. Raises `RecordError`."""
    known = {row.stamp.id: row for row in rows}
    told = read(folder, known) if known else {}
    return frozenset(id for id, row in known.items() if told[id].bears_out(row))


def is_needed(rows: Iterable[Row]) -> Callable[[Line], bool]:
    """Which lines about messages that are here must not go with the file they stand in."""
    here = {row.stamp.id: row for row in rows}

    def needed(line: Line) -> bool:
        row, deed = here.get(line.deed.subject), line.deed
        if row is None:
            return False
        match deed.act:
            case Act.KEPT | Act.NOTED:
                return True
            case Act.HELD:
                return row.held
            case Act.MARKED:
                return row.heard_at is not None and deed.detail.get("as") == "heard"
            case _:
                return False

    return needed


def _first(lines: list[Line]) -> float:
    """When the first of them was said; long ago where no clock could be trusted, or there is none."""
    if not lines or not lines[0].trusted:
        return 0.0
    return float(lines[0].deed.detail.get(AGAIN, lines[0].at))


def _subject(octets: bytes) -> bytes:
    start = octets.find(_SUBJECT) + len(_SUBJECT)
    return octets[start : octets.find(b'"', start)]
