"""The record against index, vault and papers: whatever was swapped, put back, slipped in, taken out or set back to an earlier day is found and named. So is
what cannot be read of the small files beside them.

Needs nobody's key and writes nothing. Messages may come and go meanwhile: only what is wrong before and after is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from appliance.access import audit_notes, chain, damage, mending, papers, segments, standing
from appliance.access.chain import Head, Line, Verdict
from appliance.access.papers import Said
from appliance.access.standing import Standing
from appliance.deeds import Act
from appliance.errors import RecordError
from appliance.messages import Row
from appliance.store import epochs, exchange, journal, telling, vault
from appliance.store.index.tables import FILE_NAME
from appliance.store.index.view import View
from appliance.store.values import Progress, Trouble

NAMES: Final = {  # the facts of a message, in words
    "kind": "its kind",
    "mailbox": "its mailbox",
    "arrived_at": "its time",
    "number": "its number",
    "epoch": "its key",
    "bytes": "its length",
    "sha256": "its file’s SHA-256",
    "clock_trusted": "whether the clock was right",
    "content": "the length of its content",
    "duration": "how long it is",
    "pages": "its pages",
    "recovered": "whether it was put together after a power cut",
}


class Wrong(StrEnum):
    """What a comparison with the record can find, in words for a person, after the place."""

    FLAW = "the record itself is not whole"
    SLIPPED_IN = "stands in the list, and no line of the record knows of it: it was slipped in"
    TAKEN_OUT = "was kept and never removed, and is no longer in the list: it was taken out"
    OTHER_ROW = "stands in the list with other facts than when it was kept"
    SWAPPED = "is the file of another message"
    PUT_BACK = "is the file of a message that was removed: it was put back"
    STANDS_AGAIN = "was removed, and is in the list again: it was put back"
    LIES_AGAIN = "was removed, and its file lies in the vault again: it was put back"
    GOING = "is being removed by the list, and no line of the record lets it go: that was slipped in"
    KEY_EXCHANGED = "is not the key that the box made for these messages: it was exchanged"
    LOST = "is missing or damaged. Whoever opens the practice key makes it anew, at the box: `keepline keys mend --as NAME`"
    OLD_INDEX = "is older than the record: it was set back to an earlier state"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something that does not fit."""

    place: str  # a file below the store's folder, a message's id, a line of the record
    words: str

    @property
    def sentence(self) -> str:
        """For a person."""
        return f"{self.place} {self.words}."

    @property
    def kind(self) -> str:
        """For a log: "message", "record", or the folder it lies in, and nobody's name."""
        match self.place.split():
            case ["Message", _]:
                return "message"
            case ["Note", *_]:
                return "note"
            case ["The", "record:"]:
                return "record"
            case _:
                folders = Path(self.place).parts[:-1]
                return "/".join(folders[:2]) or self.place  # below these a folder has a person's name


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a comparison."""

    verdict: Verdict
    messages: int
    found: tuple[Discrepancy, ...]
    papers: Said

    @property
    def good(self) -> bool:
        """Does everything fit?"""
        return not self.found


@dataclass(slots=True)
class _Told:
    """What the record tells of the store."""

    kept: dict[str, dict[str, str]] = field(default_factory=dict)  # facts of what was kept and not removed, by id
    removed: dict[str, str] = field(default_factory=dict)  # SHA-256 of what was, by id
    keys: dict[str, str] = field(default_factory=dict)  # SHA-256 of epochs' files, by name
    notes: audit_notes.ToldNotes = field(default_factory=audit_notes.ToldNotes)
    standings: dict[str, Standing] = field(default_factory=dict)  # of what was kept and not removed, by id
    given_up: set[str] = field(default_factory=set)  # epochs that were damaged and left out of an exchange
    changes: int = 0  # of the index, at the last look
    papers: Said = field(default_factory=Said)

    def standing(self, id: str) -> Standing:
        return self.standings.get(id, Standing())

    def hear(self, line: Line, point: bytes) -> None:
        deed = line.deed
        self.notes.hear(deed)
        self.papers.hear(line, point)
        if standing.tells(deed):
            self.standings.setdefault(deed.subject, Standing()).hear(line)
        match deed.act:
            case Act.KEPT:
                self.kept[deed.subject] = deed.detail
            case Act.REMOVED:
                self.removed[deed.subject] = self.kept.pop(deed.subject, {}).get("sha256", "")
                self.standings.pop(deed.subject, None)
            case Act.EPOCH_MADE:
                self.keys[deed.subject] = deed.detail.get("sha256", "")
            case Act.EPOCH_DESTROYED if deed.detail.get("how") == exchange.GIVEN_UP:
                self.given_up.add(deed.subject)
            case Act.STARTED | Act.STOPPED | Act.CHECKED if deed.detail.get("changes", "").isdecimal():
                self.changes = max(self.changes, int(deed.detail["changes"]))
            case _:
                pass


def compare(folder: Path, head: Head | None = None) -> Report:
    """The store below `folder` against its record. `head` is what the daemon says the record's head is. Raises `StoreError` where nothing can be read."""
    view = View(folder / FILE_NAME)
    before, notes, progress, going = view.list(), view.notes(), view.progress(), view.removals()
    verdict, told = _read(folder, progress, head)
    found = [
        Discrepancy("The record:", f"{Wrong.FLAW}: {flaw.sentence[0].lower()}{flaw.sentence[1:-1]}")
        for flaw in verdict.flaws
    ]
    suspects = [*_suspects(folder, before, told), *_going(before, going, told)]
    noted = list(audit_notes.suspects(folder, notes, told.notes))
    arriving = {
        opening.stamp.id for opening in journal.openings(folder)
    }  # before the rows: it has the one or the other
    after = {row.stamp.id for row in view.list()}
    same = {row.stamp.id for row in before if row.stamp.id in after}
    gone = {row.stamp.id for row in before} ^ after
    for id, discrepancy in suspects:
        if id in same or (id not in gone and id not in arriving):
            found.append(discrepancy)
    coming = audit_notes.places(view.notes()) - audit_notes.places(notes)  # while we looked
    found.extend(
        Discrepancy(name, words) for place, name, words in noted if place not in coming and place[0] not in gone
    )
    found.extend(Discrepancy(str(file), Wrong.LOST) for file in mending.missing(folder))
    found.extend(_old_index(view.progress(), told, arriving))
    found.extend(Discrepancy(item.place, item.words) for item in damage.find(folder))
    named = {item.place for item in found}  # with what is to be done
    amiss = papers.differences(folder, told.papers)
    found.extend(Discrepancy(place, words) for place, words in amiss if place not in named)
    return Report(verdict, len(before), tuple(found), told.papers)


def compare_surely(folder: Path, head: Callable[[], Head | None], wait: Callable[[], object]) -> Report:
    """What is wrong now and still is after `wait`: a message that goes in this very moment is for a blink neither there nor gone."""
    first = compare(folder, head())
    if first.good:
        return first
    wait()
    second = compare(folder, head())
    return replace(second, found=tuple(item for item in second.found if item in first.found))


def _read(folder: Path, progress: Progress, head: Head | None) -> tuple[Verdict, _Told]:
    told, point = _Told(), segments.public_key(folder)

    def listen() -> Iterator[bytes]:
        for octets in segments.read(folder):
            with suppress(RecordError):  # `verify` tells of it
                told.hear(Line.from_bytes(octets), point)
            yield octets

    anchors = [Head(progress.record_sequence, progress.record_hash), *([head] if head else [])]
    return chain.verify(listen(), point, anchors), told


def _suspects(folder: Path, rows: tuple[Row, ...], told: _Told) -> Iterator[tuple[str, Discrepancy]]:
    by_hash = {facts["sha256"]: id for id, facts in told.kept.items() if "sha256" in facts}
    was = {hash: id for id, hash in told.removed.items() if hash}
    known = set()
    for row in rows:
        known.add(row.stamp.id)
        for discrepancy in _of_row(folder, row, told, by_hash, was):
            yield row.stamp.id, discrepancy
    for id in told.kept.keys() - known:
        yield id, Discrepancy(f"Message {id}", Wrong.TAKEN_OUT)
    names = {vault.file_of(folder, row.stamp.id, row.recovered).name for row in rows}
    for file in vault.files(folder):
        if file.name not in names:
            words = Wrong.LIES_AGAIN if file.stem in told.removed else Trouble.FOREIGN
            yield file.stem, Discrepancy(str(file.relative_to(folder)), words)


def _going(rows: tuple[Row, ...], going: tuple[tuple[str, str], ...], told: _Told) -> Iterator[tuple[str, Discrepancy]]:
    """What a power cut or a full card left half removed, the record let go."""
    by_id = {row.stamp.id: row for row in rows}
    for id, _ in going:
        if id not in told.removed and (id not in by_id or not told.standing(id).bears_out(by_id[id])):
            yield id, Discrepancy(f"Message {id}", Wrong.GOING)


def _of_row(folder: Path, row: Row, told: _Told, by_hash: dict[str, str], was: dict[str, str]) -> Iterator[Discrepancy]:
    id, facts = row.stamp.id, told.kept.get(row.stamp.id)
    if id in told.removed:
        yield Discrepancy(f"Message {id}", Wrong.STANDS_AGAIN)
    elif facts is None:
        yield Discrepancy(f"Message {id}", Wrong.SLIPPED_IN)
    elif differing := [NAMES[name] for name in told.standing(id).differing(row)]:
        yield Discrepancy(f"Message {id}", f"{Wrong.OTHER_ROW} ({', '.join(differing)})")
    for wrong in told.standing(id).wrongs(row):
        yield Discrepancy(f"Message {id}", wrong)
    yield from _of_file(folder, row, facts or telling.known(row), by_hash, was)
    key = epochs.file_of(folder, row.epoch)
    place = str(key.relative_to(folder))
    try:
        hash = hashlib.sha256(key.read_bytes()).hexdigest()
    except OSError:
        if row.epoch not in told.given_up:
            yield Discrepancy(place, Trouble.NO_KEY)
    else:
        if told.keys.get(row.epoch, "") != hash:
            yield Discrepancy(place, Wrong.KEY_EXCHANGED)


def _of_file(
    folder: Path, row: Row, facts: dict[str, str], by_hash: dict[str, str], was: dict[str, str]
) -> Iterator[Discrepancy]:
    file = vault.file_of(folder, row.stamp.id, row.recovered)
    place = str(file.relative_to(folder))
    try:
        kept = vault.measure(file)
    except OSError:
        yield Discrepancy(place, Trouble.MISSING)
        return
    if kept.sha256 == facts.get("sha256") and str(kept.sealed_bytes) == facts.get("bytes"):
        return
    if kept.sha256 in was:
        yield Discrepancy(place, Wrong.PUT_BACK)
    elif by_hash.get(kept.sha256, row.stamp.id) != row.stamp.id:
        yield Discrepancy(place, Wrong.SWAPPED)
    else:
        yield Discrepancy(place, Trouble.CHANGED)


def _old_index(progress: Progress, told: _Told, arriving: set[str]) -> Iterator[Discrepancy]:
    """`progress` was read after `told` and `arriving`: a message whose line is written has its row by then, or is still arriving."""
    numbers = [int(facts["number"]) for id, facts in told.kept.items() if "number" in facts and id not in arriving]
    newest = max(numbers, default=0)
    if progress.changes < told.changes or progress.last_sequence < newest:
        yield Discrepancy(FILE_NAME, Wrong.OLD_INDEX)
