"""Notes on messages: kept before anybody is told, sealed to the message's day, gone with the message, found again after a power cut."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from appliance import notes
from appliance.access.audit_notes import WrongNote
from appliance.deeds import Act
from appliance.errors import (
    BadStorageError,
    DamagedMessageError,
    MessageNotFoundError,
    NoRoomError,
    NoteOvertakenError,
    NoteRefusedError,
    SealError,
)
from appliance.messages import Row
from appliance.notes import Note, NoteStamp
from appliance.store import notebook, telling
from appliance.store.age_file import open_bytes, seal
from appliance.store.epochs import open_epoch
from appliance.store.index.tables import FILE_NAME
from appliance.store.keys import Identity
from appliance.store.values import Trouble
from tests.store.boxes import Box

TEXT = "Asked for a Friday. Quillon Canary is her brother."


@pytest.fixture
def row(box: Box) -> Row:
    return box.deliver()


def file_of(box: Box, note: Note) -> Path:
    return notebook.file_of(box.folder, note.stamp.message, note.stamp.number)


def names(box: Box) -> list[str]:
    return [file.name for file in notebook.files(box.folder)]


def lines(box: Box) -> list[Note | None]:
    return [telling.note_of(deed) for deed in box.record.told(Act.NOTED, box.inbox.list()[0].stamp.id)]


def test_notes_stand_in_the_order_of_writing_with_who_and_when(box: Box, row: Row) -> None:
    first = box.note(row, TEXT)
    box.clock.advance(90)
    second = box.note(row, "Called back.", by="sam")
    assert box.read(row) == [TEXT, "Called back."]
    assert [(note.stamp.number, note.stamp.by) for note in (first, second)] == [(1, "ana"), (2, "sam")]
    assert second.stamp.at - first.stamp.at == 90
    assert box.reader.row(row.stamp.id).notes == 2
    assert box.amiss() == []


def test_a_note_is_on_record_without_its_words(box: Box, row: Row) -> None:
    note = box.note(row, TEXT)
    assert lines(box) == [note]
    (deed,) = box.record.told(Act.NOTED, row.stamp.id)
    assert deed.by == "ana"
    assert not deed.sealed
    assert not any(b"Canary" in file.read_bytes() for file in box.folder.rglob("*") if file.is_file())


def test_a_note_is_sealed_to_the_day_of_its_message_and_opens_as_long_as_that(box: Box, row: Row) -> None:
    box.next_day()
    box.deliver(seed=2)
    box.restart()
    note = box.note(row, TEXT)
    assert box.read(row) == [TEXT]
    epoch = open_epoch(box.folder, row.epoch, box.practice)
    assert TEXT.encode() in open_bytes(file_of(box, note).read_bytes(), [epoch])
    with pytest.raises(SealError):
        open_bytes(file_of(box, note).read_bytes(), [box.practice])


def test_what_changes_the_list_is_told(box: Box, row: Row) -> None:
    before, version = box.changes, box.reader.version()
    box.note(row, TEXT)
    assert box.changes == before + 1
    assert box.reader.version() != version


def test_a_removed_message_takes_its_notes_along(box: Box, row: Row) -> None:
    other = box.deliver(seed=2)
    box.note(row, TEXT)
    box.note(other, "stays")
    box.inbox.remove(row.stamp.id, "erased")
    assert names(box) == [f"{other.stamp.id}-001.age"]
    assert box.read(other) == ["stays"]
    with sqlite3.connect(box.folder / FILE_NAME) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (1,)
    connection.close()
    assert b"Canary" not in (box.folder / FILE_NAME).read_bytes()


def test_a_removal_that_a_power_cut_interrupted_takes_the_notes_along(box: Box, row: Row) -> None:
    box.note(row, TEXT)
    box.erase(row)
    box.inbox._index.begin_removal(row.stamp.id, "erased")
    (box.folder / "vault" / f"{row.stamp.id}.age").unlink()
    box.restart()
    assert names(box) == []
    assert box.inbox.list() == ()


def sealed(box: Box, row: Row, stamp: NoteStamp) -> bytes:
    with box.reader.opening(box.practice) as opener:
        return opener.seal_note(row, stamp, TEXT)


def test_of_two_notes_at_once_the_second_is_told(box: Box, row: Row) -> None:
    stamp = NoteStamp(row.stamp.id, 1, "sam", box.clock.now())
    box.note(row, TEXT)
    with pytest.raises(NoteOvertakenError):
        box.inbox.note(stamp, sealed(box, row, stamp))
    assert box.read(row) == [TEXT]


@pytest.mark.parametrize(
    ("number", "by", "late"), [(0, "ana", 0), (2, "ana", 0), (1, "", 0), (1, "ana", 61), (1, "ana", -61)]
)
def test_what_is_no_next_note_is_not_kept(box: Box, row: Row, number: int, by: str, late: float) -> None:
    stamp = NoteStamp(row.stamp.id, number, by, box.clock.now() + late)
    with pytest.raises((NoteRefusedError, NoteOvertakenError)):
        box.inbox.note(stamp, sealed(box, row, stamp))
    assert (names(box), lines(box)) == ([], [])


@pytest.mark.parametrize("octets", [b"", b"called back", b"age-encryption.org/v1\n" + bytes(notes.LARGEST)])
def test_only_what_is_sealed_and_of_a_notes_size_is_kept(box: Box, row: Row, octets: bytes) -> None:
    with pytest.raises(NoteRefusedError):
        box.inbox.note(NoteStamp(row.stamp.id, 1, "ana", box.clock.now()), octets)
    assert (names(box), lines(box)) == ([], [])


def test_no_note_on_a_message_that_is_not_there(box: Box, row: Row) -> None:
    for id in ("0" * 32, "../keys/practice", ""):
        with pytest.raises(MessageNotFoundError):
            box.inbox.note(NoteStamp(id, 1, "ana", box.clock.now()), b"age-encryption.org/v1\n")


def test_so_many_on_one_message_and_no_more(box: Box, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "MOST", 2)
    box.note(row, "one")
    box.note(row, "two")
    with pytest.raises(NoteRefusedError, match="no room for more"):
        box.note(row, "three")


def test_a_note_without_its_line_in_the_record_is_none(box: Box, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise NoRoomError

    monkeypatch.setattr(box.record, "write", full)
    with pytest.raises(NoRoomError):
        box.note(row, TEXT)
    monkeypatch.undo()
    assert (names(box), box.reader.row(row.stamp.id).notes) == ([], 0)
    assert box.note(row, TEXT).stamp.number == 1


def test_bad_storage_takes_no_note(box: Box, row: Row) -> None:
    box.inbox._disk.good = False
    with pytest.raises(BadStorageError):
        box.note(row, TEXT)


def forget_rows(box: Box) -> None:
    """As after a power cut between the line and the row."""
    with sqlite3.connect(box.folder / FILE_NAME) as connection:
        connection.execute("DELETE FROM notes")
    connection.close()


def test_a_note_that_the_record_knows_is_found_again_from_its_file(box: Box, row: Row) -> None:
    written = [box.note(row, TEXT), box.note(row, "Called back.", by="sam")]
    forget_rows(box)
    box.restart()
    assert list(box.notes(row)) == written
    assert box.read(row) == [TEXT, "Called back."]
    assert box.amiss() == []


def test_a_note_that_nobody_was_promised_goes_at_the_next_start(box: Box, row: Row) -> None:
    box.note(row, TEXT)
    stamp = NoteStamp(row.stamp.id, 2, "ana", box.clock.now())
    file = notebook.file_of(box.folder, row.stamp.id, 2)
    file.write_bytes(sealed(box, row, stamp))
    (file.parent / f".{row.stamp.id}-003.age.tmp").write_bytes(b"half")
    box.restart()
    assert [path.name for path in file.parent.iterdir()] == [f"{row.stamp.id}-001.age"]
    assert box.note(row, "second").stamp.number == 2


def test_what_belongs_to_nothing_is_left_for_whoever_looks(box: Box, row: Row) -> None:
    box.note(row, TEXT)
    for name in (f"{'f' * 32}-001.age", "stray"):
        (box.folder / notebook.FOLDER / name).write_bytes(b"?")
    box.restart()
    assert box.amiss() == [f"notes/{'f' * 32}-001.age {Trouble.FOREIGN}.", f"notes/stray {Trouble.FOREIGN}."]


def test_changed_and_missing_files_are_found_and_not_opened(box: Box, row: Row) -> None:
    first, second, third = (box.note(row, text) for text in ("one", "two", "three"))
    file_of(box, first).write_bytes(file_of(box, second).read_bytes())
    file_of(box, third).unlink()
    assert set(box.amiss()) == {
        f"notes/{file_of(box, first).name} {WrongNote.SWAPPED}.",
        f"notes/{file_of(box, third).name} {Trouble.MISSING}.",
    }
    with box.reader.opening(box.practice) as opener:
        for note in (first, third):
            with pytest.raises(DamagedMessageError):
                opener.open_note(row, note)
        assert opener.open_note(row, second) == "two"


@pytest.mark.parametrize("other", [{"number": 2}, {"by": "sam"}, {"at": 5.0}, {"message": "f" * 32}])
def test_a_note_of_another_stamp_is_not_shown_for_this_one(box: Box, row: Row, other: dict[str, object]) -> None:
    """Whoever holds the day's public half can seal to it; the row says what must stand inside."""
    note = box.note(row, TEXT)
    facts = {"message": row.stamp.id, "number": 1, "by": "ana", "at": note.stamp.at} | other
    epoch = open_epoch(box.folder, row.epoch, box.practice)
    forged = notes.to_bytes(NoteStamp(**facts), "forged")  # type: ignore[arg-type]  # the table has the right ones
    file_of(box, note).write_bytes(seal(forged, [epoch.recipient]))
    with pytest.raises(DamagedMessageError):
        box.read(row)


def test_a_note_sealed_to_somebody_elses_key_does_not_open(box: Box, row: Row) -> None:
    note = box.note(row, TEXT)
    file_of(box, note).write_bytes(seal(notes.to_bytes(note.stamp, "forged"), [Identity.generate().recipient]))
    with pytest.raises(DamagedMessageError):
        box.read(row)


def test_an_index_of_an_earlier_version_takes_notes_after_the_next_start(box: Box, row: Row) -> None:
    with box.inbox._index._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE notes")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    box.restart()
    box.note(row, TEXT)
    assert box.read(row) == [TEXT]
