"""Whoever meddles with notes is found by the comparison with the record, and named."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.access import audit
from appliance.access.audit import Wrong
from appliance.access.audit_notes import WrongNote
from appliance.deeds import Act, Deed
from appliance.messages import Row
from appliance.notes import Note
from appliance.store import notebook
from appliance.store.index.tables import FILE_NAME
from appliance.store.values import Trouble
from tests.store.boxes import Box, box_in


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with box_in(tmp_path / "store") as made:
        yield made


@pytest.fixture
def row(box: Box) -> Row:
    return box.deliver()


@pytest.fixture
def written(box: Box, row: Row) -> list[Note]:
    return [box.note(row, "She comes on Friday."), box.note(row, "Called back.", by="sam")]


def found(box: Box) -> list[str]:
    return [item.sentence for item in audit.compare(box.folder, box.record.head).found]


def file_of(box: Box, note: Note) -> Path:
    return notebook.file_of(box.folder, note.stamp.message, note.stamp.number)


def place_of(note: Note) -> str:
    return f"notes/{note.stamp.message}-{note.stamp.number:03}.age"


def named(note: Note) -> str:
    return f"Note {note.stamp.number} on message {note.stamp.message}"


def meddle(box: Box, command: str, *values: object) -> None:
    """As somebody with the card in their own computer."""
    with sqlite3.connect(box.folder / FILE_NAME) as connection:
        connection.execute(command, values)
    connection.close()


def test_notes_that_nobody_meddled_with_fit(box: Box, written: list[Note]) -> None:
    assert found(box) == []
    box.restart()
    assert found(box) == []
    box.inbox.remove(written[0].stamp.message, "erased")
    assert found(box) == []


def test_two_notes_that_changed_places_are_found(box: Box, written: list[Note]) -> None:
    contents = [file_of(box, note).read_bytes() for note in written]
    for note, content in zip(written, reversed(contents), strict=True):
        file_of(box, note).write_bytes(content)
    assert found(box) == [f"{place_of(note)} {WrongNote.SWAPPED}." for note in written]


def test_a_note_replayed_over_another_with_its_rows_facts_is_found(box: Box, written: list[Note]) -> None:
    one, other = written
    file_of(box, one).write_bytes(file_of(box, other).read_bytes())
    meddle(box, "UPDATE notes SET sha256 = ?, sealed_bytes = ? WHERE number = 1", other.sha256, other.sealed_bytes)
    said = found(box)
    assert f"{place_of(one)} {WrongNote.SWAPPED}." in said
    assert any(sentence.startswith(f"{named(one)} {WrongNote.OTHER_ROW}") for sentence in said)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("written_by", "ana", "who wrote it"),
        ("written_at", 1.5, "its time"),
        ("clock_trusted", 0, "whether the clock was right"),
        ("sealed_bytes", 3, "its length"),
    ],
)
def test_a_row_with_other_facts_is_found(box: Box, written: list[Note], column: str, value: object, words: str) -> None:
    meddle(box, f"UPDATE notes SET {column} = ? WHERE number = 2", value)  # noqa: S608 - one of ours
    assert found(box) == [f"{named(written[1])} {WrongNote.OTHER_ROW} ({words})."]


def test_a_note_that_was_taken_out_is_found(box: Box, written: list[Note]) -> None:
    file_of(box, written[0]).unlink()
    assert found(box) == [f"{place_of(written[0])} {Trouble.MISSING}."]
    meddle(box, "DELETE FROM notes WHERE number = 1")
    assert found(box) == [f"{named(written[0])} {WrongNote.TAKEN_OUT}."]


def test_a_changed_note_is_found(box: Box, written: list[Note]) -> None:
    with file_of(box, written[0]).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\0")
    assert found(box) == [f"{place_of(written[0])} {Trouble.CHANGED}."]


def test_a_note_that_was_slipped_in_is_found(box: Box, row: Row, written: list[Note]) -> None:
    octets = file_of(box, written[0]).read_bytes()
    notebook.file_of(box.folder, row.stamp.id, 3).write_bytes(octets)
    assert found(box) == [f"notes/{row.stamp.id}-003.age {Trouble.FOREIGN}."]
    meddle(
        box,
        "INSERT INTO notes SELECT message_id, 3, written_by, written_at, clock_trusted, sealed_bytes, sha256 FROM notes WHERE number = 1",
    )
    assert f"Note 3 on message {row.stamp.id} {WrongNote.SLIPPED_IN}." in found(box)


def test_a_note_of_a_removed_message_that_is_put_back_is_found(box: Box, row: Row, written: list[Note]) -> None:
    octets = file_of(box, written[0]).read_bytes()
    other = box.deliver(seed=2)
    new = box.note(other, "another")
    box.inbox.remove(row.stamp.id, "erased")
    file_of(box, written[0]).write_bytes(octets)
    file_of(box, new).write_bytes(octets)
    assert found(box) == [
        f"{place_of(note)} {WrongNote.PUT_BACK}." for note in sorted((new, written[0]), key=lambda note: note != new)
    ]


def test_an_older_list_without_the_note_is_found(box: Box, row: Row) -> None:
    def stop() -> None:
        box.inbox.remember_record()
        box.inbox.close()
        box.record.close()

    stop()
    copy = shutil.copy(box.folder / FILE_NAME, box.folder.parent / "older")
    box.restart()
    note = box.note(row, "She comes on Friday.")
    box.record.write(Deed(Act.STARTED, detail={"changes": str(box.inbox.changes())}))
    stop()
    for left in box.folder.glob(f"{FILE_NAME}-*"):
        left.unlink()
    shutil.copy(copy, box.folder / FILE_NAME)
    said = [item.sentence for item in audit.compare(box.folder).found]
    assert f"{named(note)} {WrongNote.TAKEN_OUT}." in said
    assert f"{FILE_NAME} {Wrong.OLD_INDEX}." in said


def test_notes_that_are_written_all_the_time_are_no_finding(box: Box, row: Row) -> None:
    ended = threading.Event()

    def live() -> None:
        while not ended.is_set():
            other = box.deliver(1, seed=3)
            box.note(other, "She comes on Friday.")
            box.inbox.remove(other.stamp.id, "erased")

    living = threading.Thread(target=live)
    living.start()
    try:
        for _ in range(5):
            assert audit.compare_surely(box.folder, lambda: box.record.head, lambda: ended.wait(0.2)).found == ()
    finally:
        ended.set()
        living.join()
