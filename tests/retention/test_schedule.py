"""The sweep is woken, whatever the wall clock does: real APScheduler, steps by real libfaketime."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from apscheduler.schedulers.base import STATE_STOPPED

from appliance.clock import SystemClock
from appliance.retention.schedule import Schedule
from tests.fakes import faketime

SOON = 20.0  # s that a waking may take on a busy machine
NEVER = 3600.0  # s


class Sleeper:
    """Tells the test of each waking; what it answers is set beforehand."""

    def __init__(self) -> None:
        self.woken: queue.Queue[None] = queue.Queue()
        self.answers: list[float | Exception | None] = []

    def wake(self) -> float | None:
        self.woken.put(None)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def rare(sleeper: Sleeper, tmp_path: Path) -> Iterator[Schedule]:
    schedule = Schedule(sleeper, SystemClock(tmp_path / "marker"), every=NEVER)
    yield schedule
    schedule.stop()


def test_the_sweep_is_woken_at_the_start_and_again(sleeper: Sleeper, tmp_path: Path) -> None:
    schedule = Schedule(sleeper, SystemClock(tmp_path / "marker"), every=0.05)
    schedule.start()
    for _ in range(3):
        sleeper.woken.get(timeout=SOON)
    schedule.stop()


def test_the_sweep_is_woken_when_somebody_erases(sleeper: Sleeper, rare: Schedule) -> None:
    rare.soon()  # before the start it does no harm
    rare.start()
    sleeper.woken.get(timeout=SOON)
    rare.soon()
    sleeper.woken.get(timeout=SOON)


def test_the_sweep_is_woken_when_it_asks_to_be(sleeper: Sleeper, rare: Schedule) -> None:
    sleeper.answers = [0.05]
    rare.start()
    sleeper.woken.get(timeout=SOON)
    sleeper.woken.get(timeout=SOON)


def test_a_sweep_that_fails_is_woken_again(sleeper: Sleeper, rare: Schedule) -> None:
    sleeper.answers = [ValueError("whatever")]
    rare.start()
    sleeper.woken.get(timeout=SOON)
    rare.soon()
    sleeper.woken.get(timeout=SOON)


def test_stopping_while_a_waking_begins_ends_no_thread_with_an_error(
    sleeper: Sleeper, rare: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare.start()
    sleeper.woken.get(timeout=SOON)
    scheduler, begun, failed = rare._scheduler, threading.Event(), []
    begin = scheduler._executors["default"].submit_job

    def begin_slowly(*waking: object) -> None:
        begun.set()
        until = time.monotonic() + 0.2
        while scheduler.state != STATE_STOPPED and time.monotonic() < until:
            time.sleep(0.001)
        begin(*waking)

    monkeypatch.setattr(scheduler._executors["default"], "submit_job", begin_slowly)
    monkeypatch.setattr(threading, "excepthook", lambda failure: failed.append(failure.exc_value))
    rare.soon()
    assert begun.wait(SOON)
    rare.stop()
    assert failed == []


def test_all_is_well_as_long_as_the_sweep_is_woken(sleeper: Sleeper, rare: Schedule) -> None:
    rare.start()
    sleeper.woken.get(timeout=SOON)
    assert rare.check()


STEP = """
import queue, sys, time
from datetime import UTC, datetime
from pathlib import Path
from appliance.clock import SystemClock
from appliance.retention.schedule import Schedule

offset, step = sys.argv[1:]
woken = queue.Queue()
class Sleeper:
    def wake(self):
        woken.put(None)
schedule = Schedule(Sleeper(), SystemClock(Path(offset)), every=1.0)  # 2 years are 60 million wakings
schedule.start()
woken.get(timeout=20)
Path(offset + ".new").write_text(step + "\\n")
stepped = False
while not stepped:
    with schedule._scheduler._jobstores_lock:  # else the next waking could come between looking and stepping, and plan by the new clock
        planned = schedule._scheduler.get_job("sweep")
        if planned is not None and planned.next_run_time > datetime.now(UTC):
            Path(offset + ".new").replace(offset)  # at once: other threads look at the clock meanwhile
            stepped = True
until = time.monotonic() + 40
stalled, after = False, 0
while after < 3 and time.monotonic() < until:
    stalled = not schedule.check() or stalled
    try:
        woken.get(timeout=0.05)
        after += 1
    except queue.Empty:
        pass
print(after, stalled)
schedule.stop()
"""


@pytest.mark.parametrize("step", ["-2y", "+2y"])
def test_a_wall_clock_that_steps_by_years_keeps_no_sweep_asleep(tmp_path: Path, step: str) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0s\n")
    woken, stalled = faketime.run(STEP, offset, step).split()
    assert woken == "3"
    if step == "-2y":
        assert stalled == "True", "APScheduler alone sleeps until the old date comes again"
