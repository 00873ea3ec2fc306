"""The sweep at work on an inbox in memory, by day and by night, on good clocks and bad ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import Trust
from appliance.control.values import Due
from appliance.messages import State
from appliance.retention.rules import DAY, Reason
from appliance.retention.sweep import LONGEST_NIGHT, Sweep
from appliance.settings import Retention
from tests.fakes import faketime
from tests.fakes.clock import FakeClock
from tests.fakes.rows import FakeRows, row

RULES = Retention(heard_days=30, unheard_days=60, warning_days=7, undo=30, hour=2)
ALL_BAD = [trust for trust in Trust if trust is not Trust.TRUSTED]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def inbox(clock: FakeClock) -> FakeRows:
    return FakeRows(clock)


@pytest.fixture
def sweep(inbox: FakeRows, clock: FakeClock) -> Sweep:
    return Sweep(inbox, RULES, clock)


def test_what_is_due_goes_with_its_reason(inbox: FakeRows, clock: FakeClock, sweep: Sweep) -> None:
    heard = row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY)
    inbox.put(heard, row(2, clock.wall - DAY))
    assert sweep.run() == (Due(heard.stamp.id, Reason.HEARD),)
    assert inbox.removed == [(heard.stamp.id, Reason.HEARD)]
    assert len(inbox.rows) == 1


def test_what_no_record_bears_out_stays_and_is_looked_at_again_the_next_night(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep
) -> None:
    inbox.put(row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY))
    inbox.put(row(2, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall - 60))
    inbox.unknown = set(inbox.rows)
    assert sweep.run(dry_run=True) == sweep.run() == ()
    clock.advance(RULES.undo)
    sweep.wake()
    inbox.unknown = set()
    sweep.wake()
    assert inbox.removed == []
    assert len(sweep.run()) == 2


def test_a_dry_run_says_what_would_go_and_does_nothing(inbox: FakeRows, clock: FakeClock, sweep: Sweep) -> None:
    inbox.put(row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY))
    inbox.put(row(2, clock.wall - 59 * DAY))
    before = dict(inbox.rows)
    assert len(sweep.run(dry_run=True)) == 1
    assert inbox.rows == before


def test_an_unheard_message_is_warned_of_first_and_goes_days_later(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep
) -> None:
    inbox.put(row(1, clock.wall - 200 * DAY))
    assert sweep.run() == ()
    assert inbox.list()[0].warned_at == clock.wall
    clock.advance(6.9 * DAY)
    assert sweep.run() == ()
    clock.advance(0.1 * DAY)
    assert [due.reason for due in sweep.run()] == [Reason.UNHEARD]


@pytest.mark.parametrize("trust", ALL_BAD)
def test_nothing_happens_on_a_clock_that_cannot_be_trusted(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep, trust: Trust
) -> None:
    clock.state = trust
    inbox.put(row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY))
    inbox.put(row(2, clock.wall - 200 * DAY), row(3, clock.wall - 200 * DAY, warned_at=clock.wall - 100 * DAY))
    inbox.put(row(4, clock.wall - 90 * DAY, state=State.HEARD))
    before = dict(inbox.rows)
    assert sweep.run(dry_run=True) == sweep.run() == ()
    sweep.wake()
    assert inbox.rows == before
    assert sweep.next_purge() is None


def test_a_clock_before_the_last_event_purges_nothing(inbox: FakeRows, clock: FakeClock, sweep: Sweep) -> None:
    inbox.put(row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY))
    inbox.put(row(2, clock.wall + DAY))
    assert sweep.run() == ()


def test_a_message_heard_at_a_time_nobody_knows_has_its_days_from_now_on(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep
) -> None:
    inbox.put(row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 80 * DAY, heard_trusted=False))
    assert sweep.run() == ()
    assert inbox.list()[0].heard_at == clock.wall
    clock.advance(30 * DAY)
    assert len(sweep.run()) == 1


@pytest.mark.parametrize("trust", Trust)
def test_an_erasure_is_finished_on_any_clock_when_its_undo_time_is_over(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep, trust: Trust
) -> None:
    clock.state = trust
    sweep.wake()
    inbox.put(row(1, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall + 30))
    assert sweep.wake() == 30
    clock.advance(29)
    assert sweep.wake() == 1
    assert inbox.removed == []
    clock.advance(1)
    assert sweep.wake() is None
    assert [reason for _, reason in inbox.removed] == [Reason.ERASED]


def test_a_wall_clock_put_right_by_years_takes_nobody_their_undo(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep
) -> None:
    sweep.wake()
    inbox.put(row(1, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall + 30))
    clock.wall += 5 * 365 * DAY
    sweep.wake()
    clock.advance(29)
    assert sweep.run() == ()
    clock.advance(1)
    assert len(sweep.run()) == 1


def test_an_erasure_taken_back_and_made_again_has_its_whole_undo_time(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep
) -> None:
    sweep.wake()
    erased = row(1, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall + 30)
    inbox.put(erased)
    sweep.wake()
    clock.advance(20)
    inbox.put(replace(erased, erase_at=clock.wall + 30))
    clock.advance(15)
    assert sweep.run() == ()
    clock.advance(30)
    assert len(sweep.run()) == 1


def test_an_erasure_from_before_a_restart_goes_by_the_wall_clock(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep
) -> None:
    inbox.put(row(1, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall - 1))
    assert len(sweep.run()) == 1


def test_an_erasure_from_before_a_restart_waits_anew_on_a_clock_that_cannot_be_trusted(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep
) -> None:
    clock.state = Trust.NOT_SYNCHRONISED
    inbox.put(row(1, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall - 1))
    assert sweep.run() == ()
    clock.advance(30)
    assert len(sweep.run()) == 1


def test_an_erased_message_on_hold_stays(inbox: FakeRows, clock: FakeClock, sweep: Sweep) -> None:
    inbox.put(row(1, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall - 99, held=True))
    sweep.wake()
    clock.advance(99)
    assert sweep.run() == ()


def test_one_message_that_cannot_be_removed_keeps_no_other(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep, caplog: pytest.LogCaptureFixture
) -> None:
    old = [row(n, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY) for n in (1, 2, 3)]
    inbox.put(*old)
    inbox.stuck = {old[1].stamp.id}
    assert {due.id for due in sweep.run()} == {old[0].stamp.id, old[2].stamp.id}
    assert "purge.failed" in caplog.text
    inbox.stuck = set()
    assert len(sweep.run()) == 1


def test_a_message_had_back_at_the_last_moment_stays(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep, caplog: pytest.LogCaptureFixture
) -> None:
    erased = row(1, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall - 1)
    inbox.put(erased)
    inbox.meanwhile = lambda: inbox.put(replace(erased, state=State.NEW, erase_at=None))
    assert sweep.run() == ()
    assert "purge.failed" not in caplog.text
    assert [left.state for left in inbox.list()] == [State.NEW]


def test_a_message_that_has_gone_meanwhile_is_no_failure(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.put(row(1, clock.wall - DAY, state=State.ERASING, erase_at=clock.wall - 1))
    inbox.meanwhile = inbox.rows.clear
    assert sweep.run() == ()
    assert "purge.failed" not in caplog.text


def test_waking_purges_at_the_hour_of_the_night_only(inbox: FakeRows, clock: FakeClock, sweep: Sweep) -> None:
    sweep.wake()  # 01:06:40, makes up for a night it may have missed
    inbox.put(row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY))
    clock.advance(53 * 60 + 19)
    sweep.wake()
    assert inbox.removed == []
    clock.advance(1)
    sweep.wake()
    assert len(inbox.removed) == 1


def test_a_night_that_was_missed_is_made_up_for(inbox: FakeRows, clock: FakeClock, sweep: Sweep) -> None:
    inbox.put(row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY))
    clock.state = Trust.NOT_SYNCHRONISED
    sweep.wake()
    assert inbox.removed == []
    clock.state = Trust.TRUSTED
    sweep.wake()
    assert len(inbox.removed) == 1


def test_a_clock_put_back_by_years_keeps_no_night_waiting_for_years(
    inbox: FakeRows, clock: FakeClock, sweep: Sweep
) -> None:
    sweep.wake()
    clock.wall -= 5 * 365 * DAY
    inbox.put(row(1, clock.wall - 90 * DAY, state=State.HEARD, heard_at=clock.wall - 31 * DAY))
    sweep.wake()
    assert len(inbox.removed) == 1


def test_the_next_purge_is_at_the_hour_in_the_zone_of_the_practice(inbox: FakeRows, clock: FakeClock) -> None:
    new_york = Sweep(inbox, RULES, clock, "America/New_York")
    assert new_york.next_purge() == datetime(2026, 3, 3, 2, tzinfo=ZoneInfo("America/New_York")).timestamp()


@given(st.floats(1.6e9, 4e9), st.integers(0, 23), st.sampled_from(["America/New_York", "Australia/Lord_Howe", "UTC"]))
def test_there_is_a_purge_within_every_day(now: float, hour: int, zone: str) -> None:
    clock = FakeClock(wall=now)
    due = Sweep(FakeRows(clock), replace(RULES, hour=hour), clock, zone).next_purge()
    assert due is not None
    assert 0 < due - now <= LONGEST_NIGHT


FAKED = """
import sys
from pathlib import Path
from appliance.clock import SystemClock
from appliance.messages import State
from appliance.retention.rules import DAY
from appliance.retention.sweep import Sweep
from appliance.settings import Retention
from tests.fakes.rows import FakeRows, row
offset, marker, today, *steps = sys.argv[1:]
clock, today = SystemClock(Path(marker)), float(today)
inbox = FakeRows(clock)
inbox.put(row(1, today - DAY), row(2, today - DAY, warned_at=today - DAY))
inbox.put(row(3, today - DAY, state=State.HEARD, heard_at=today - DAY), row(4, today - 90 * DAY, state=State.HEARD, heard_at=today - 31 * DAY))
sweep = Sweep(inbox, Retention(), clock)
for step in steps:
    match step:
        case "run":
            sweep.wake()
            print(len(sweep.run()), len(inbox.rows), sum(row.warned_at is not None for row in inbox.list()))
        case _:
            Path(offset).write_text(step + "\\n")
"""


def faked(tmp_path: Path, today: float, start: str, *steps: str) -> list[str]:
    offset = tmp_path / "offset"
    offset.write_text(start + "\n")
    return faketime.run(FAKED, offset, str(tmp_path / "marker"), str(today), *steps).splitlines()


def test_years_ahead_and_never_synchronised_the_box_purges_nothing(tmp_path: Path) -> None:
    today = datetime.now(ZoneInfo("UTC")).timestamp()
    assert faked(tmp_path, today, "+5y", "run") == ["0 4 1"]


def test_years_ahead_after_it_was_synchronised_the_box_purges_nothing(tmp_path: Path) -> None:
    (tmp_path / "marker").touch()
    today = datetime.now(ZoneInfo("UTC")).timestamp()
    assert faked(tmp_path, today, "+5y", "run") == ["0 4 1"]


def test_a_clock_stepped_by_years_while_the_box_runs_purges_nothing(tmp_path: Path) -> None:
    (tmp_path / "marker").touch()
    today = datetime.now(ZoneInfo("UTC")).timestamp()
    assert faked(tmp_path, today, "+0s", "run", "+5y", "run", "-5y", "run") == ["0 3 1"] * 3
