"""The sweep on the real sealed store: files, rows, keys and receipts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.clock import Trust
from appliance.messages import State
from appliance.retention.rules import DAY, Reason
from appliance.retention.sweep import Sweep
from appliance.settings import Retention
from tests.fakes import faketime
from tests.store.boxes import Box, box_in

RULES = Retention(heard_days=30, unheard_days=60, warning_days=7, undo=30)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with box_in(tmp_path / "store") as box:
        yield box


@pytest.fixture
def sweep(box: Box) -> Sweep:
    return Sweep(box.inbox, RULES, box.clock)


def test_a_heard_message_goes_when_due_with_its_key_and_leaves_a_receipt(box: Box, sweep: Sweep) -> None:
    heard, other = box.deliver(), box.deliver()
    box.mark(heard)
    box.clock.advance(30 * DAY - 1)
    assert sweep.run() == ()
    box.clock.advance(1)
    new = box.deliver()
    assert [due.id for due in sweep.run()] == [heard.stamp.id]
    assert [row.stamp.id for row in box.reader.list()] == [new.stamp.id, other.stamp.id]
    assert box.vault() == sorted(f"{row.stamp.id}.age" for row in (new, other))
    receipt = box.receipts()[0]
    assert (receipt.message_id, receipt.reason, receipt.epoch_destroyed) == (heard.stamp.id, Reason.HEARD, False)
    box.mark(other)
    box.clock.advance(30 * DAY)
    assert [due.id for due in sweep.run()] == [other.stamp.id]
    assert box.receipts()[1].epoch_destroyed
    assert heard.epoch not in box.epochs()


def test_an_unheard_message_is_warned_of_for_days_before_it_goes(box: Box, sweep: Sweep) -> None:
    row = box.deliver()
    box.clock.advance(200 * DAY)
    assert sweep.run() == ()
    assert box.reader.row(row.stamp.id).warned_at == box.clock.now()
    box.clock.advance(7 * DAY - 1)
    assert sweep.run() == ()
    box.clock.advance(1)
    assert [due.reason for due in sweep.run()] == [Reason.UNHEARD]
    assert box.reader.list() == ()


def test_a_message_heard_while_the_clock_was_wrong_has_all_its_days(box: Box, sweep: Sweep) -> None:
    row = box.deliver()
    box.clock.state = Trust.NOT_SYNCHRONISED  # as after a boot without network, 100 days late
    box.mark(row)
    box.clock.advance(100 * DAY)
    box.clock.state = Trust.TRUSTED
    assert sweep.run() == ()
    box.clock.advance(30 * DAY - 1)
    assert sweep.run() == ()
    box.clock.advance(1)
    assert len(sweep.run()) == 1


def test_an_erased_message_can_be_had_back_until_its_time_is_over(box: Box, sweep: Sweep) -> None:
    back, gone = box.deliver(), box.deliver()
    sweep.wake()
    for row in (back, gone):
        box.erase(row, RULES.undo)
    assert sweep.wake() == RULES.undo
    box.undo_erase(back)
    box.clock.advance(RULES.undo)
    sweep.wake()
    assert [(row.stamp.id, row.state) for row in box.reader.list()] == [(back.stamp.id, State.NEW)]
    assert box.receipts()[0].reason == Reason.ERASED


def test_what_is_on_hold_outlives_its_date_and_goes_in_the_first_night_after_the_hold(box: Box, sweep: Sweep) -> None:
    row = box.deliver()
    box.mark(row)
    box.hold(row, True)
    box.clock.advance(400 * DAY)
    assert sweep.run(dry_run=True) == ()
    assert sweep.run() == ()
    assert [one.stamp.id for one in box.reader.list()] == [row.stamp.id]
    assert box.content(row)
    box.hold(row, False)
    assert [due.reason for due in sweep.run()] == [Reason.HEARD]
    assert box.vault() == []


def test_what_nobody_has_heard_is_warned_of_anew_after_its_hold(box: Box, sweep: Sweep) -> None:
    row = box.deliver()
    box.clock.advance(55 * DAY)
    sweep.run()
    assert box.reader.row(row.stamp.id).warned_at == box.clock.now()
    box.hold(row, True)
    box.clock.advance(400 * DAY)
    assert sweep.run() == ()
    box.hold(row, False)
    assert sweep.run() == ()
    assert box.reader.row(row.stamp.id).warned_at == box.clock.now()
    box.clock.advance(7 * DAY)
    assert [due.reason for due in sweep.run()] == [Reason.UNHEARD]


def test_a_hold_within_the_undo_time_stops_an_erasure_that_is_under_way(box: Box, sweep: Sweep) -> None:
    row = box.deliver()
    box.erase(row, RULES.undo)
    assert sweep.wake() == RULES.undo
    box.hold(row, True)
    box.clock.advance(RULES.undo)
    assert sweep.wake() is None
    assert [(one.stamp.id, one.state) for one in box.reader.list()] == [(row.stamp.id, State.NEW)]


WRONG_CLOCK = """
import os
import sys
from pathlib import Path
from appliance.clock import SystemClock
from appliance.messages import Envelope, Kind
from appliance.retention.sweep import Sweep
from appliance.settings import Retention
from appliance.store.inbox import Inbox, RingSet
from appliance.store.keys import Identity

offset, folder, marker, *steps = sys.argv[1:]
keys = Path(folder) / "keys"
keys.mkdir(parents=True)
(keys / "practice.pub").write_text(f"{Identity.generate().recipient}\\n")
clock = SystemClock(Path(marker))
inbox = Inbox(Path(folder), RingSet(1, 4), clock)
inbox.start()
for heard in (True, False):
    delivery = inbox.begin(Kind.VOICEMAIL, "front-desk", Envelope())
    delivery.append(bytes(16_000))
    row = delivery.finish(Envelope(duration=1.0))
    if heard:
        inbox.mark_heard(row.stamp.id, True)
sweep = Sweep(inbox, Retention(), clock)
for step in steps:
    match step:
        case "run":
            sweep.wake()
            sweep.run()
            print(len(inbox.list()), sum(row.warned_at is not None for row in inbox.list()), len(inbox._index.receipts()))
        case "synchronise":
            os.utime(marker, (clock.now(), clock.now()))
        case _:
            Path(offset).write_text(step + "\\n")
inbox.close()
"""


@pytest.mark.parametrize("step", ["+5y", "-5y"])
def test_a_clock_that_steps_by_years_takes_nothing_until_it_is_synchronised(tmp_path: Path, step: str) -> None:
    (tmp_path / "marker").touch()
    offset = tmp_path / "offset"
    offset.write_text("+0s\n")
    said = faketime.run(
        WRONG_CLOCK, offset, str(tmp_path / "store"), str(tmp_path / "marker"), "run", step, "run", "synchronise", "run"
    )
    # afterwards the heard one is five years old and the unheard one is warned of; a clock before the last event is never believed
    assert said.splitlines() == ["2 0 0", "2 0 0", "1 1 1" if step == "+5y" else "2 0 0"]
