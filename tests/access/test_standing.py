"""What a row says of its message and no line of the record does is named, and destroys nothing: neither at night nor at a start."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.access import audit, chain, segments, standing
from appliance.access.audit import Wrong
from appliance.access.chain import Line
from appliance.access.standing import WrongState
from appliance.clock import Trust
from appliance.deeds import Act, Deed
from appliance.errors import KeeplineError, StoreError
from appliance.messages import Row
from appliance.night import KEPT_FOR
from appliance.retention.rules import DAY, Reason
from appliance.retention.sweep import Sweep
from appliance.settings import Retention
from appliance.store import telling
from appliance.store.index.tables import FILE_NAME
from appliance.store.primitives import SigningKey
from appliance.store.values import Trouble
from tests.store.boxes import Box, box_in

RULES = Retention(heard_days=30, unheard_days=60, warning_days=7, undo=30)
LONG_AGO = 9_000_000.0  # s


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with box_in(tmp_path / "store") as made:
        yield made


@pytest.fixture
def row(box: Box) -> Row:
    return box.deliver()


@pytest.fixture
def sweep(box: Box) -> Sweep:
    return Sweep(box.inbox, RULES, box.clock)


def found(box: Box) -> list[str]:
    return [item.sentence for item in audit.compare(box.folder, box.record.head).found]


def said(row: Row, wrong: str) -> list[str]:
    return [f"Message {row.stamp.id} {wrong}."]


def meddle(box: Box, command: str, *values: object) -> None:
    """As somebody with the card in their own computer."""
    with sqlite3.connect(box.folder / FILE_NAME) as connection:
        connection.execute(command, values)
    connection.close()


def acts(box: Box) -> list[Act]:
    return [line.deed.act for line in segments.readable(segments.read(box.folder))]


def test_a_message_that_people_deal_with_fits_at_every_step(box: Box, row: Row) -> None:
    steps: tuple[Callable[[], object], ...] = (
        lambda: box.mark(row),
        lambda: box.mark(row, heard=False),
        lambda: box.mark(row),
        lambda: box.mark(row),
        lambda: box.erase(row),
        lambda: box.undo_erase(row),
        lambda: box.erase(row),
        lambda: box.hold(row),
        lambda: box.hold(row, held=False),
        lambda: box.inbox.warn([row.stamp.id]),
        box.restart,
    )
    for step in steps:
        step()
        box.clock.advance(100)
        assert found(box) == []


def test_a_row_that_counts_as_heard_without_a_line_is_named_and_purges_nothing(
    box: Box, row: Row, sweep: Sweep
) -> None:
    meddle(box, "UPDATE messages SET heard_at = arrived_at - ?, heard_trusted = 1", LONG_AGO)
    assert found(box) == said(row, WrongState.HEARD)
    assert sweep.run(dry_run=True) == sweep.run() == ()
    assert sweep.wake() is None
    assert box.content(row)
    box.mark(row, heard=False)  # as it says
    assert found(box) == []


def test_a_row_that_is_erased_without_a_line_is_named_and_is_not_removed(box: Box, row: Row, sweep: Sweep) -> None:
    sweep.wake()
    meddle(box, "UPDATE messages SET erase_at = ?", box.clock.now() - 1)
    sweep.wake()
    box.clock.advance(DAY)
    sweep.wake()
    assert sweep.run() == ()
    assert found(box) == said(row, WrongState.ERASED)
    box.undo_erase(row)
    assert found(box) == []
    assert box.content(row)


def test_a_row_that_was_heard_earlier_than_by_the_record_is_named_and_purges_nothing(
    box: Box, row: Row, sweep: Sweep
) -> None:
    box.mark(row)
    meddle(box, "UPDATE messages SET heard_at = heard_at - ?", LONG_AGO)
    assert found(box) == said(row, WrongState.HEARD_EARLIER)
    assert sweep.run() == ()
    box.mark(row, heard=False)
    box.mark(row)
    box.clock.advance(30 * DAY)
    assert [due.reason for due in sweep.run()] == [Reason.HEARD]


def test_a_row_that_was_made_new_again_or_not_erased_is_named(box: Box, row: Row) -> None:
    box.mark(row)
    meddle(box, "UPDATE messages SET heard_at = NULL")
    assert found(box) == said(row, WrongState.NOT_HEARD)
    box.mark(row)
    box.erase(row)
    meddle(box, "UPDATE messages SET erase_at = NULL")
    assert found(box) == said(row, WrongState.NOT_ERASED)
    box.erase(row)
    assert found(box) == []


def test_nobody_goes_unheard_by_a_warning_that_was_never_given(box: Box, row: Row, sweep: Sweep) -> None:
    box.clock.advance(60 * DAY)
    meddle(box, "UPDATE messages SET warned_at = ?", box.clock.now() - 7 * DAY)
    assert sweep.run() == ()
    box.inbox.warn([row.stamp.id])
    assert acts(box)[-1] is Act.WARNED
    meddle(box, "UPDATE messages SET warned_at = warned_at - ?", 7 * DAY)
    assert sweep.run() == ()
    box.inbox.warn([row.stamp.id])
    box.clock.advance(7 * DAY)
    assert [due.reason for due in sweep.run()] == [Reason.UNHEARD]


def test_a_row_with_other_facts_purges_nothing(box: Box, row: Row, sweep: Sweep) -> None:
    box.clock.advance(10 * DAY)
    box.inbox.warn([row.stamp.id])
    box.clock.advance(10 * DAY)
    meddle(box, "UPDATE messages SET arrived_at = arrived_at - ?", 60 * DAY)
    assert sweep.run() == ()
    assert box.vault()


def test_a_message_heard_at_a_time_that_nobody_could_trust_fits_and_goes_in_its_time(
    box: Box, row: Row, sweep: Sweep
) -> None:
    box.clock.state = Trust.NOT_SYNCHRONISED
    box.mark(row)
    box.clock.advance(DAY)
    box.clock.state = Trust.TRUSTED
    sweep.run()  # dates it
    assert found(box) == []
    box.clock.advance(30 * DAY)
    assert len(sweep.run()) == 1


def test_what_could_not_be_done_after_all_counts_for_nothing(box: Box, row: Row) -> None:
    with pytest.raises(StoreError), box.record.doing(Deed(Act.MARKED, "ana", row.stamp.id, {"as": "heard"})):
        raise StoreError
    assert found(box) == []


def test_a_line_that_the_box_did_not_sign_or_an_old_one_written_again_lets_nothing_go(box: Box, row: Row) -> None:
    box.mark(row)
    marked = list(segments.read(box.folder))[-1]
    box.mark(row, heard=False)
    meddle(box, "UPDATE messages SET heard_at = arrived_at, heard_trusted = 1")
    forged = chain.add(box.record.head, box.clock.now(), True, Line.from_bytes(marked).deed, SigningKey.generate())
    with segments.files(box.folder)[-1].open("ab") as file:
        file.write(marked + b"\n" + forged.to_bytes())
    assert standing.borne_out(box.folder, box.inbox.list()) == frozenset()


def test_a_removal_that_somebody_slipped_in_destroys_nothing_at_the_next_start(box: Box, row: Row) -> None:
    epochs = box.epochs()
    meddle(box, "INSERT INTO removals(message_id, reason) VALUES (?, ?)", row.stamp.id, Reason.HEARD)
    assert found(box) == said(row, Wrong.GOING)
    box.next_day()
    box.deliver(seed=2)
    assert set(epochs) < set(box.epochs())
    box.restart()
    assert box.content(row)
    failed = [line.deed for line in segments.readable(segments.read(box.folder)) if line.deed.act is Act.FAILED]
    assert failed == [telling.not_removed(row.stamp.id)]
    assert Act.REMOVED not in acts(box)
    assert found(box) == []


def test_a_removal_that_somebody_slipped_in_for_a_file_they_took_is_not_made_an_ordinary_one(
    box: Box, row: Row
) -> None:
    meddle(box, "INSERT INTO removals(message_id, reason) VALUES (?, ?)", row.stamp.id, Reason.HEARD)
    (box.folder / "vault" / f"{row.stamp.id}.age").unlink()
    box.restart()
    assert Act.REMOVED not in acts(box)
    assert found(box) == [f"vault/{row.stamp.id}.age {Trouble.MISSING}."]


def test_a_removal_of_a_message_that_is_not_here_keeps_no_daemon_from_its_start(box: Box, row: Row) -> None:
    meddle(box, "PRAGMA foreign_keys = OFF")
    meddle(box, "INSERT INTO removals(message_id, reason) VALUES (?, ?)", "f" * 32, Reason.HEARD)
    assert found(box) == [f"Message {'f' * 32} {Wrong.GOING}."]
    box.restart()
    assert [one.stamp.id for one in box.inbox.list()] == [row.stamp.id]
    assert found(box) == []


def test_a_removal_of_a_heard_message_that_was_slipped_in_takes_it_no_earlier(box: Box, row: Row) -> None:
    box.mark(row)
    meddle(box, "INSERT INTO removals(message_id, reason) VALUES (?, ?)", row.stamp.id, Reason.HEARD)
    box.restart()
    assert box.content(row)


def test_what_was_heard_and_held_for_longer_than_the_record_keeps_its_lines_still_fits_and_goes(box: Box) -> None:
    box.record._segment = 5  # lines a file
    row = box.deliver()
    box.mark(row)
    box.hold(row)
    for number in range(2):
        box.record.write(Deed(Act.LOOKED, "ana", f"{number:032x}"))
    box.clock.advance(KEPT_FOR + 1)
    for number in range(6):
        box.record.write(Deed(Act.LOOKED, "ben", f"{number:032x}"))
    rows = box.inbox.list()
    assert box.record.shorten(box.clock.now() - KEPT_FOR, standing.is_needed(rows)) == 1
    assert [item for item in found(box) if row.stamp.id in item] == []
    box.hold(row, held=False)
    (one,) = box.inbox.list()
    assert standing.borne_out(box.folder, [one]) == {row.stamp.id}
    assert standing.borne_out(box.folder, [replace(one, heard_at=(one.heard_at or 0) - LONG_AGO)]) == frozenset()


def test_a_message_older_than_the_record_is_taken_as_it_is(box: Box, row: Row) -> None:
    found_so = Line(1, 0.0, True, telling.kept(row, how=telling.FOUND), "", "", "")
    one = standing.Standing()
    one.hear(found_so)
    assert list(one.wrongs(replace(row, heard_at=1.0))) == []
    assert list(one.wrongs(row)) == []


def test_where_the_record_cannot_be_read_nothing_goes_and_the_box_starts(box: Box, row: Row, sweep: Sweep) -> None:
    box.mark(row)
    box.clock.advance(31 * DAY)
    box.inbox._index.begin_removal(row.stamp.id, Reason.HEARD)
    (box.folder / segments.PUBLIC).write_text("damaged", encoding="ascii")
    assert sweep.run() == ()
    with pytest.raises(KeeplineError):
        box.inbox.borne_out([row])
    box.restart()
    assert box.vault()
