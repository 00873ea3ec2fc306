"""What is on hold stays: no date, nobody who erases and no card that ran full takes it, until the hold is lifted; and the record knows of each hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.access import audit
from appliance.access.standing import WrongState
from appliance.deeds import Act, Deed
from appliance.errors import (
    BadStorageError,
    HoldChangedError,
    MessageChangedError,
    MessageHeldError,
    MessageNotFoundError,
    NoRoomError,
)
from appliance.messages import Row, State
from appliance.store.index.tables import FILE_NAME
from tests.store.boxes import Box, box_in

NOBODY = "0" * 32


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with box_in(tmp_path / "store") as made:
        yield made


@pytest.fixture
def row(box: Box) -> Row:
    return box.deliver()


def hold(box: Box, row: Row, held: bool = True) -> None:
    """As the daemon does: the line first."""
    box.record.write(Deed(Act.HELD if held else Act.RELEASED, "ana", row.stamp.id))
    box.inbox.hold(row.stamp.id, held)


def found(box: Box) -> list[str]:
    return [item.sentence for item in audit.compare(box.folder, box.record.head).found]


def test_a_hold_is_seen_by_every_reader_and_outlives_a_restart(box: Box, row: Row) -> None:
    changes = box.changes
    box.inbox.hold(row.stamp.id, True)
    assert box.changes == changes + 1
    box.restart()
    assert box.reader.row(row.stamp.id) == replace(row, held=True)
    box.inbox.hold(row.stamp.id, False)
    assert box.reader.row(row.stamp.id) == row


def test_what_is_on_hold_is_neither_erased_nor_removed(box: Box, row: Row) -> None:
    box.inbox.hold(row.stamp.id, True)
    for refused in (
        lambda: box.inbox.erase(row.stamp.id, 30),
        lambda: box.inbox.must_erase(row.stamp.id),
        lambda: box.inbox.remove(row.stamp.id, "erased by a person"),
    ):
        with pytest.raises(MessageHeldError, match="lift the hold"):
            refused()
    assert box.inbox.list() == (replace(row, held=True),)
    assert box.content(row)
    box.inbox.hold(row.stamp.id, False)
    box.inbox.remove(row.stamp.id, "erased by a person")
    assert box.inbox.list() == ()


def test_a_hold_brings_back_what_is_being_erased(box: Box, row: Row) -> None:
    box.inbox.erase(row.stamp.id, 30)
    going = box.inbox.list()[0]
    assert going.state is State.ERASING
    box.inbox.hold(row.stamp.id, True)
    assert box.inbox.list() == (replace(row, held=True),)
    with pytest.raises(MessageChangedError):  # the sweep, which had decided before
        box.inbox.remove(row.stamp.id, "erased by a person", going)
    assert box.content(row)


def test_what_a_full_card_has_removed_by_half_cannot_be_put_on_hold(
    box: Box, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NoRoomError

    monkeypatch.setattr(box.record, "write", full)
    with pytest.raises(NoRoomError):
        box.inbox.remove(row.stamp.id, "erased by a person")
    monkeypatch.undo()
    assert box.vault() == []
    with pytest.raises(MessageNotFoundError):
        box.inbox.hold(row.stamp.id, True)
    box.inbox.remove(row.stamp.id, "erased by a person")
    assert box.inbox.list() == ()


def test_a_hold_that_stands_already_is_not_put_twice_nor_lifted_twice(box: Box, row: Row) -> None:
    for held in (True, False):
        if held:
            box.inbox.hold(row.stamp.id, held)
        with pytest.raises(HoldChangedError, match="look at it again"):
            box.inbox.hold(row.stamp.id, held)
        if held:
            box.inbox.hold(row.stamp.id, False)
    with pytest.raises(MessageNotFoundError):
        box.inbox.hold(NOBODY, True)


def test_a_message_that_was_warned_of_is_warned_of_anew_when_its_hold_is_lifted(box: Box, row: Row) -> None:
    """Whoever read the warning before the hold has long forgotten it."""
    box.inbox.warn([row.stamp.id])
    box.inbox.hold(row.stamp.id, True)
    assert box.inbox.list()[0].warned_at is not None
    box.inbox.hold(row.stamp.id, False)
    assert box.inbox.list()[0].warned_at is None


def test_a_bad_card_takes_no_hold(box: Box, row: Row) -> None:
    box.inbox._disk.failed(OSError("as if"))
    with pytest.raises(BadStorageError):
        box.inbox.hold(row.stamp.id, True)


def test_a_store_with_holds_fits_its_record(box: Box, row: Row) -> None:
    other = box.deliver(seed=2)
    hold(box, row)
    hold(box, other)
    hold(box, other, held=False)
    assert found(box) == []
    box.restart()
    assert found(box) == []
    box.inbox.remove(other.stamp.id, "erased by a person")
    assert found(box) == []


def test_a_hold_that_somebody_took_away_with_the_card_is_found(box: Box, row: Row) -> None:
    hold(box, row)
    meddle(box, "UPDATE messages SET held = 0")
    assert found(box) == [f"Message {row.stamp.id} {WrongState.NOT_HELD}."]
    hold(box, row)
    assert found(box) == []


def test_a_hold_that_no_line_knows_is_found(box: Box, row: Row) -> None:
    meddle(box, "UPDATE messages SET held = 1")
    assert found(box) == [f"Message {row.stamp.id} {WrongState.HELD}."]
    hold(box, row, held=False)
    assert found(box) == []


def meddle(box: Box, command: str) -> None:
    with sqlite3.connect(box.folder / FILE_NAME) as connection:
        connection.execute(command)
    connection.close()
