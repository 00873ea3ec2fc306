"""The record against the notes on messages: whatever was swapped, put back, slipped in or taken out is found and named. A part of `audit`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from appliance.deeds import Act, Deed
from appliance.notes import Note
from appliance.store import notebook, telling, vault
from appliance.store.values import Trouble

Place = tuple[str, int]  # a message's id, a note's number

NAMES: Final = {  # the facts of a note, in words
    "number": "its number",
    "by": "who wrote it",
    "written_at": "its time",
    "clock_trusted": "whether the clock was right",
    "bytes": "its length",
    "sha256": "its file’s SHA-256",
}


class WrongNote(StrEnum):
    """What the comparison can find, in words for a person, after the place."""

    SLIPPED_IN = "stands in the list, and no line of the record knows of it: it was slipped in"
    TAKEN_OUT = "was written and is no longer in the list: it was taken out"
    OTHER_ROW = "stands in the list with other facts than when it was written"
    SWAPPED = "is the file of another note"
    PUT_BACK = "is the file of a note that went with its message: it was put back"


@dataclass(slots=True)
class ToldNotes:
    """What the record tells of notes."""

    written: dict[Place, dict[str, str]] = field(default_factory=dict)  # facts of those whose message was not removed
    gone: set[str] = field(default_factory=set)  # SHA-256 of those that went with their message

    def hear(self, deed: Deed) -> None:
        """One line of the record, oldest first."""
        if deed.act is Act.NOTED and (note := telling.note_of(deed)):
            self.written[note.stamp.message, note.stamp.number] = _facts(note)
        elif deed.act is Act.REMOVED:
            for place in [place for place in self.written if place[0] == deed.subject]:
                self.gone.add(self.written.pop(place)["sha256"])


def places(notes: tuple[Note, ...]) -> set[Place]:
    """Where each of `notes` stands."""
    return {(note.stamp.message, note.stamp.number) for note in notes}


def suspects(folder: Path, notes: tuple[Note, ...], told: ToldNotes) -> Iterator[tuple[Place, str, str]]:
    """Which note, the words for its place, and what is wrong. A note that is being written may be among them."""
    known = {(note.stamp.message, note.stamp.number): note for note in notes}
    by_hash = {facts["sha256"]: place for place, facts in told.written.items()}
    for place, note in known.items():
        facts = told.written.get(place)
        if facts is None:
            yield place, _named(place), WrongNote.SLIPPED_IN
        elif differing := [NAMES[name] for name, value in _facts(note).items() if facts[name] != value]:
            yield place, _named(place), f"{WrongNote.OTHER_ROW} ({', '.join(differing)})"
        yield from _of_file(folder, place, facts or _facts(note), by_hash, told.gone)
    for place in sorted(told.written.keys() - known.keys()):
        yield place, _named(place), WrongNote.TAKEN_OUT
    for file in notebook.files(folder):
        place_or_none = notebook.place_of(file)
        if place_or_none not in known:
            words = WrongNote.PUT_BACK if _hash(file) in told.gone else Trouble.FOREIGN
            yield place_or_none or (file.stem, 0), str(file.relative_to(folder)), words


def _of_file(
    folder: Path, place: Place, facts: dict[str, str], by_hash: dict[str, Place], gone: set[str]
) -> Iterator[tuple[Place, str, str]]:
    file = notebook.file_of(folder, *place)
    name, found = str(file.relative_to(folder)), _hash(file)
    if not found:
        yield place, name, Trouble.MISSING
    elif found == facts["sha256"]:
        return
    elif found in gone:
        yield place, name, WrongNote.PUT_BACK
    elif by_hash.get(found, place) != place:
        yield place, name, WrongNote.SWAPPED
    else:
        yield place, name, Trouble.CHANGED


def _hash(file: Path) -> str:
    try:
        return vault.measure(file).sha256
    except OSError:
        return ""


def _facts(note: Note) -> dict[str, str]:
    return telling.known_note(note) | {"by": note.stamp.by}


def _named(place: Place) -> str:
    return f"Note {place[1]} on message {place[0]}"
