"""The door to APScheduler: it wakes the sweep, and that is all it decides.

APScheduler plans on the wall clock, which on a Pi may step by years while we run. So a late waking is never dropped as a misfire, and `check`, called from
the daemon's own loop, wakes the sweep when a clock that was set back has left APScheduler waiting for a day that was here already.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from appliance import logs
from appliance.clock import Clock

log = logs.get(__name__)

EVERY: Final = 60.0  # s from one waking to the next
_JOB: Final = "sweep"


class Sleeper(Protocol):
    """What is woken."""

    def wake(self) -> float | None:
        """Do what is due; returns in how many seconds to be woken again, None when there is no hurry."""


class Schedule:
    """Wakes a sweep `every` so many seconds, at once when asked to, and when the sweep itself wants to be woken earlier."""

    def __init__(self, sweep: Sleeper, clock: Clock, every: float = EVERY) -> None:
        self._sweep = sweep
        self._clock = clock
        self._every = every
        self._woken_at = clock.monotonic()
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})
        self._started = False
        self._lock = threading.Lock()  # around all planning, so that none comes between stopping and stopped

    def start(self) -> None:
        """The first waking comes at once."""
        self._scheduler.start()
        self._started = True
        self._wake_within(0.0)

    def soon(self) -> None:
        """Wake the sweep now, such as after somebody erased a message."""
        self._wake_within(0.0)

    def check(self) -> bool:
        """Is the sweep woken as it should be? If not it is woken now. For the daemon's loop, every few seconds."""
        if self._clock.monotonic() - self._woken_at <= 2 * self._every:
            return True
        log.warning("schedule.stalled")
        self._woken_at = self._clock.monotonic()
        self._wake_within(0.0)
        return False

    def stop(self) -> None:
        """Returns when a sweep that is at work has finished."""
        with self._lock:
            started, self._started = self._started, False
        if started:
            self._scheduler.remove_all_jobs()  # else its own thread may look for the job that it has just begun, and fail
            self._scheduler.shutdown()

    def _wake(self) -> None:
        self._woken_at = self._clock.monotonic()
        wanted = None
        try:
            wanted = self._sweep.wake()
        except Exception:  # whatever happened, the next waking must come
            log.exception("sweep.failed")
        self._wake_within(self._every if wanted is None else min(wanted, self._every))

    def _wake_within(self, seconds: float) -> None:
        """One job, planned anew each time: a repeating one would count up every time it missed when the clock steps forward by years."""
        at = datetime.now(UTC) + timedelta(seconds=seconds)
        with self._lock:
            if not self._started:
                return
            planned = self._scheduler.get_job(_JOB)
            if planned is None or planned.next_run_time > at:
                self._plan(at)

    def _plan(self, at: datetime) -> None:
        self._scheduler.add_job(
            self._wake,
            "date",
            run_date=at,
            id=_JOB,
            replace_existing=True,
            misfire_grace_time=None,  # however late: what is due stays due
            max_instances=2,  # one at work and one waiting, so that no call of `soon` is lost
        )
