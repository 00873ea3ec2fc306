"""Whoever meddles with the files or the list of a real store is found by the comparison with the record, and named."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.access import audit, segments
from appliance.access.audit import Wrong
from appliance.deeds import Act, Deed
from appliance.messages import Row
from appliance.store import vault
from appliance.store.age_file import seal_identity
from appliance.store.index.tables import FILE_NAME
from appliance.store.keys import Identity
from appliance.store.values import Trouble
from tests.store.boxes import Box, box_in, sound


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with box_in(tmp_path / "store") as made:
        yield made


@pytest.fixture
def rows(box: Box) -> list[Row]:
    """Two messages that are kept; a third was removed."""
    kept = [box.deliver(seed=seed) for seed in (1, 2)]
    box.inbox.remove(box.deliver(seed=3).stamp.id, "erased")
    return kept


def found(box: Box) -> list[str]:
    return [item.sentence for item in audit.compare(box.folder, box.record.head).found]


def file_of(box: Box, row: Row) -> Path:
    return vault.file_of(box.folder, row.stamp.id, row.recovered)


def meddle(box: Box, command: str, *values: object) -> None:
    """As somebody with the card in their own computer."""
    with sqlite3.connect(box.folder / FILE_NAME) as connection:
        connection.execute(command, values)
    connection.close()


def copy_of_row(box: Box, row: Row) -> tuple[list[str], tuple[object, ...]]:
    with sqlite3.connect(box.folder / FILE_NAME) as connection:
        cursor = connection.execute("SELECT * FROM messages WHERE id = ?", (row.stamp.id,))
        names = [name for name, *_ in cursor.description]
        values = cursor.fetchone()
    connection.close()
    return names, values


def insert(box: Box, names: list[str], values: tuple[object, ...]) -> None:
    marks = ", ".join("?" * len(names))
    meddle(box, f"INSERT INTO messages ({', '.join(names)}) VALUES ({marks})", *values)  # noqa: S608 - columns of our own


def test_a_store_that_nobody_meddled_with_fits(box: Box, rows: list[Row]) -> None:
    delivery = box.begin()
    delivery.append(sound(1)[0])
    report = audit.compare(box.folder, box.record.head)
    assert report.good, report.found
    assert report.messages == 2
    delivery.abandon()
    box.restart()
    assert found(box) == []


def test_two_files_that_changed_places_are_found(box: Box, rows: list[Row]) -> None:
    one, other = (file_of(box, row) for row in rows)
    contents = one.read_bytes(), other.read_bytes()
    one.write_bytes(contents[1])
    other.write_bytes(contents[0])
    assert found(box) == [f"vault/{row.stamp.id}.age {Wrong.SWAPPED}." for row in reversed(rows)]


def test_files_that_changed_places_with_their_rows_facts_are_found(box: Box, rows: list[Row]) -> None:
    """The list agrees with the vault then: only the record knows better."""
    one, other = rows
    contents = [file_of(box, row).read_bytes() for row in rows]
    file_of(box, one).write_bytes(contents[1])
    meddle(
        box,
        "UPDATE messages SET sha256 = ?, sealed_bytes = ? WHERE id = ?",
        other.sha256,
        other.sealed_bytes,
        one.stamp.id,
    )
    said = found(box)
    assert f"vault/{one.stamp.id}.age {Wrong.SWAPPED}." in said
    assert any("SHA-256" in sentence and one.stamp.id in sentence for sentence in said)


def test_a_removed_message_that_is_put_back_is_found(box: Box) -> None:
    row = box.deliver()
    octets, copy = file_of(box, row).read_bytes(), copy_of_row(box, row)
    box.inbox.remove(row.stamp.id, "erased")
    file_of(box, row).write_bytes(octets)
    assert found(box) == [f"vault/{row.stamp.id}.age {Wrong.LIES_AGAIN}."]
    insert(box, *copy)
    assert f"Message {row.stamp.id} {Wrong.STANDS_AGAIN}." in found(box)


def test_a_removed_messages_file_replayed_under_another_name_is_found(box: Box, rows: list[Row]) -> None:
    gone = box.deliver(seed=9)
    octets = file_of(box, gone).read_bytes()
    box.inbox.remove(gone.stamp.id, "erased")
    file_of(box, rows[0]).write_bytes(octets)
    assert found(box) == [f"vault/{rows[0].stamp.id}.age {Wrong.PUT_BACK}."]


def test_a_forged_message_sealed_to_the_right_key_is_found(box: Box, rows: list[Row]) -> None:
    """Anybody can seal to a public key, and age does not say who did."""
    names, values = copy_of_row(box, rows[0])
    forged = dict(zip(names, values, strict=True)) | {"id": "f" * 32, "sequence": 900}
    (box.folder / "vault" / f"{'f' * 32}.age").write_bytes(file_of(box, rows[0]).read_bytes())
    assert found(box) == [f"vault/{'f' * 32}.age {Trouble.FOREIGN}."]
    insert(box, names, tuple(forged.values()))
    assert f"Message {'f' * 32} {Wrong.SLIPPED_IN}." in found(box)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("mailbox", "nurse", "its mailbox"),
        ("arrived_at", 1.5, "its time"),
        ("kind", "fax", "its kind"),
        ("sequence", 77, "its number"),
        ("sealed_bytes", 3, "its length"),
        ("content_bytes", 3, "the length of its content"),
        ("duration", 99.5, "how long it is"),
        ("pages", 7, "its pages"),
        ("recovered", 1, "whether it was put together after a power cut"),
        ("clock_trusted", 0, "whether the clock was right"),
    ],
)
def test_a_row_with_other_facts_is_found(box: Box, rows: list[Row], column: str, value: object, words: str) -> None:
    meddle(box, f"UPDATE messages SET {column} = ? WHERE id = ?", value, rows[0].stamp.id)  # noqa: S608 - one of ours
    assert f"Message {rows[0].stamp.id} {Wrong.OTHER_ROW} ({words})." in found(box)


def test_a_message_that_was_taken_out_whole_is_found(box: Box, rows: list[Row]) -> None:
    file_of(box, rows[0]).unlink()
    assert found(box) == [f"vault/{rows[0].stamp.id}.age {Trouble.MISSING}."]
    meddle(box, "DELETE FROM messages WHERE id = ?", rows[0].stamp.id)
    assert found(box) == [f"Message {rows[0].stamp.id} {Wrong.TAKEN_OUT}."]


def test_a_changed_file_is_found(box: Box, rows: list[Row]) -> None:
    with file_of(box, rows[0]).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\0")
    assert found(box) == [f"vault/{rows[0].stamp.id}.age {Trouble.CHANGED}."]


def test_a_key_of_a_day_that_was_exchanged_is_found(box: Box, rows: list[Row]) -> None:
    key = box.folder / "epochs" / f"{rows[0].epoch}.age"
    key.write_bytes(seal_identity(Identity.generate(), [box.practice.recipient]))
    assert f"epochs/{rows[0].epoch}.age {Wrong.KEY_EXCHANGED}." in found(box)
    key.unlink()
    assert f"epochs/{rows[0].epoch}.age {Trouble.NO_KEY}." in found(box)


def keep_copy(box: Box, name: str) -> Path:
    """A copy of a stopped box's index or record, as a thief or a backup has it."""
    copy = box.folder.parent / f"copy-{Path(name).name}"
    source = box.folder / name
    shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    return copy


def stopped(box: Box) -> None:
    box.inbox.remember_record()
    box.inbox.close()
    box.record.close()


def put_back(box: Box, copy: Path, name: str) -> None:
    place = box.folder / name
    if copy.is_dir():
        shutil.rmtree(place)
        shutil.copytree(copy, place)
        return
    for left in box.folder.glob(f"{name}-*"):
        left.unlink()
    shutil.copy(copy, place)


def report_of(box: Box) -> list[str]:
    return [item.sentence for item in audit.compare(box.folder).found]


def test_an_older_list_put_back_is_found(box: Box, rows: list[Row]) -> None:
    stopped(box)
    copy = keep_copy(box, FILE_NAME)
    box.restart()
    box.deliver(seed=5)
    stopped(box)
    put_back(box, copy, FILE_NAME)
    assert f"{FILE_NAME} {Wrong.OLD_INDEX}." in report_of(box)


def test_an_older_list_is_found_even_when_no_message_tells(box: Box, rows: list[Row]) -> None:
    stopped(box)
    copy = keep_copy(box, FILE_NAME)
    box.restart()
    box.mark(rows[0])
    box.mark(rows[0], heard=False)
    box.record.write(Deed(Act.STARTED, detail={"changes": str(box.inbox.changes())}))
    stopped(box)
    put_back(box, copy, FILE_NAME)
    assert report_of(box) == [f"{FILE_NAME} {Wrong.OLD_INDEX}."]


def test_an_older_record_put_back_is_found(box: Box, rows: list[Row]) -> None:
    stopped(box)
    copy = keep_copy(box, "record")
    box.restart()
    box.record.write(Deed(Act.LOOKED, "ana", rows[0].stamp.id))
    stopped(box)
    put_back(box, copy, "record")
    (sentence,) = report_of(box)
    assert Wrong.FLAW in sentence
    assert "cut back or exchanged for an older one" in sentence


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: lines[:2] + lines[3:],
        lambda lines: [line.replace(b'"front-desk"', b'"nurse"') for line in lines],
        lambda lines: lines[:-1],
    ],
)
def test_a_record_that_was_meddled_with_is_found(
    box: Box, rows: list[Row], damage: Callable[[list[bytes]], list[bytes]]
) -> None:
    stopped(box)
    (file,) = segments.files(box.folder)
    file.write_bytes(b"".join(damage(file.read_bytes().splitlines(True))))
    assert any(Wrong.FLAW in sentence for sentence in report_of(box))


def test_what_a_power_cut_left_is_no_finding_after_the_next_start(box: Box, rows: list[Row]) -> None:
    delivery = box.begin()
    delivery.append(sound(1)[0])
    assert box.restart() == 1
    assert found(box) == []


def test_a_message_that_goes_in_this_very_moment_is_no_finding(box: Box, rows: list[Row]) -> None:
    octets = file_of(box, rows[0]).read_bytes()
    file_of(box, rows[0]).unlink()
    (file_of(box, rows[1])).write_bytes(b"changed")
    report = audit.compare_surely(
        box.folder, lambda: box.record.head, lambda: file_of(box, rows[0]).write_bytes(octets)
    )
    assert [item.sentence for item in report.found] == [f"vault/{rows[1].stamp.id}.age {Trouble.CHANGED}."]


def test_messages_that_come_and_go_all_the_time_are_no_finding(box: Box) -> None:
    ended = threading.Event()

    def live() -> None:
        seed = 0
        while not ended.is_set():
            seed += 1
            box.inbox.remove(box.deliver(1, seed).stamp.id, "erased")

    living = threading.Thread(target=live)
    living.start()
    try:
        for _ in range(10):
            assert audit.compare_surely(box.folder, lambda: box.record.head, lambda: ended.wait(0.2)).found == ()
    finally:
        ended.set()
        living.join()
