"""Nothing is a message, and no message is gone, before the record says so; what a power cut left half done is told once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.access import chain, record, segments, testimony
from appliance.access.chain import Head, Line
from appliance.access.record import Record
from appliance.deeds import Act, Deed
from appliance.errors import BadStorageError
from appliance.store.index.tables import FILE_NAME
from appliance.store.index.view import View
from tests.store.boxes import CALLER, Box, sound


def told(box: Box, *acts: Act) -> list[Line]:
    found = [Line.from_bytes(line) for line in segments.read(box.folder)]
    return [line for line in found if line.deed.act in acts]


def test_a_message_that_is_kept_stands_in_the_record_with_all_that_must_not_change(box: Box) -> None:
    row = box.deliver()
    (made,) = told(box, Act.EPOCH_MADE)
    (line,) = told(box, Act.KEPT)
    assert made.deed.subject == row.epoch == line.deed.detail["epoch"]
    assert (line.deed.subject, line.deed.detail["sha256"]) == (row.stamp.id, row.sha256)
    assert line.deed.detail["number"] == str(row.stamp.sequence)


def test_whose_message_it_was_opens_for_the_practice_key_when_its_day_has_gone(box: Box) -> None:
    box.inbox.remove(box.deliver().stamp.id, "purged")
    box.next_day()
    box.deliver()
    assert told(box, Act.EPOCH_DESTROYED)
    with testimony.open_key(box.folder, box.practice) as key:
        found = testimony.open_sealed(told(box, Act.KEPT)[0].deed.sealed, key)
    assert found == {"number": CALLER.caller_number, "name": CALLER.caller_name}


def test_a_message_whose_line_cannot_be_written_is_not_acknowledged(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = box.begin()
    delivery.append(sound(1)[0])

    def refuse(_: Deed) -> None:
        raise box.record.disk.failed(OSError(5, "input/output error"))

    monkeypatch.setattr(box.record, "write", refuse)
    with pytest.raises(BadStorageError):
        delivery.finish(CALLER)
    assert not View(box.folder / FILE_NAME).list()
    monkeypatch.undo()
    assert box.restart() == 1
    (line,) = told(box, Act.KEPT)
    assert line.deed.detail["how"] == "recovered"
    assert box.restart() == 0
    assert len(told(box, Act.KEPT)) == 1


def test_a_message_that_has_its_line_and_no_row_gets_its_row_and_no_second_line(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = box.begin()
    delivery.append(sound(1)[0])

    def refuse(*_: object) -> None:
        raise box.record.disk.failed(OSError(5, "input/output error"))

    monkeypatch.setattr(box.inbox._index, "add", refuse)
    with pytest.raises(BadStorageError):
        delivery.finish(CALLER)
    assert box.restart() == 1
    (line,) = told(box, Act.KEPT)
    assert line.deed.detail["sha256"] == box.inbox.list()[0].sha256


@pytest.mark.parametrize("cut", ["vault.remove", "witness.write", "index.end_removal"])
def test_a_removal_that_was_cut_off_is_told_once(box: Box, cut: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = box.deliver()
    box.erase(row)
    part, name = cut.split(".")

    def refuse(*_: object, **__: object) -> None:
        raise box.record.disk.failed(OSError(5, "input/output error"))

    monkeypatch.setattr(getattr(box.inbox._ground, part), name, refuse)
    with pytest.raises(BadStorageError):
        box.inbox.remove(row.stamp.id, "erased by a person")
    monkeypatch.undo()
    box.restart()
    if cut == "vault.remove":  # it lies here whole: whoever let it go decides again
        assert told(box, Act.REMOVED) == []
        box.inbox.remove(row.stamp.id, "erased by a person")
    (line,) = told(box, Act.REMOVED)
    assert (line.deed.subject, line.deed.detail["reason"]) == (row.stamp.id, "erased by a person")
    assert box.inbox.list() == ()


def test_a_store_that_is_older_than_its_record_is_taken_as_it_is_once(box: Box) -> None:
    row = box.deliver()
    forget_the_record(box)
    box.restart()
    box.record.write(Deed(Act.STARTED))
    (line,) = told(box, Act.KEPT)
    assert (line.deed.subject, line.deed.detail["how"]) == (row.stamp.id, "found")
    box.restart()
    assert len(told(box, Act.KEPT)) == 1


def forget_the_record(box: Box) -> None:
    """As an index that a version without a record has written."""
    for file in segments.files(box.folder):
        file.unlink()
    engine = box.inbox._index._engine
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE progress SET record_sequence = 0, record_hash = ''")
    box.record._head = Head()


def test_a_record_that_was_thrown_away_is_not_made_anew_as_if_nothing_had_been(box: Box) -> None:
    box.deliver()
    for file in segments.files(box.folder):
        file.unlink()
    box.restart()
    assert told(box, Act.KEPT) == []
    assert not box.record.must_hold(Head(*box.inbox.remembered))


@pytest.mark.parametrize("change", [lambda box: box.deliver(), lambda box: box.inbox.remember_record()])
def test_the_index_remembers_how_far_the_record_had_come(box: Box, change: Callable[[Box], object]) -> None:
    box.record.write(Deed(Act.LOCKED))
    change(box)
    progress = View(box.folder / FILE_NAME).progress()
    head = Head(progress.record_sequence, progress.record_hash)
    assert head.sequence > 0
    assert chain.verify(segments.read(box.folder), segments.public_key(box.folder), [head]).whole
    last = segments.files(box.folder)[-1]
    last.write_bytes(b"".join(last.read_bytes().splitlines(True)[: head.sequence - 1]))
    assert not chain.verify(segments.read(box.folder), segments.public_key(box.folder), [head]).whole


def test_an_index_of_an_earlier_version_learns_to_remember(tmp_path: Path) -> None:
    box = Box(tmp_path / "store")
    with box.inbox._index._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE notes")
        connection.exec_driver_sql("ALTER TABLE progress DROP COLUMN record_sequence")
        connection.exec_driver_sql("ALTER TABLE progress DROP COLUMN record_hash")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    box.restart()
    box.deliver()
    assert View(box.folder / FILE_NAME).progress().record_sequence == box.record.head.sequence
    box.inbox.close()
    box.record.close()


def test_openssl_alone_verifies_a_line_as_the_format_says(box: Box, tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415 - only here

    box.deliver()
    text = (Path(record.__file__).parents[1] / "store" / "FORMAT.md").read_text(encoding="utf-8")
    script = text.partition("verify the record without Keepline:\n\n```\n")[2].partition("```")[0]
    work = tmp_path / "by-hand"
    work.mkdir()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=work,
        env={"store": str(box.folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verified Successfully" in done.stdout, done


def test_the_record_and_its_keys_are_whole_after_all_that(box: Box) -> None:
    for number in range(3):
        box.inbox.remove(box.deliver(seed=number).stamp.id, "erased")
    assert chain.verify(segments.read(box.folder), segments.public_key(box.folder), [box.record.head]).whole
    assert isinstance(box.record, Record)
