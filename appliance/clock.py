"""Time, and whether it can be trusted. Clocks are arguments everywhere; this is where the real one is made.

A Pi may start years off. The wall clock is trusted when it was synchronised since boot (systemd-timesyncd touches its marker file each time it puts the
clock right), is not earlier than the last event on record, and has not stepped against the uptime since. A marker proves only what it
can: its date must fit the clock that is read now, or the clock was stepped after it was synchronised.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

JUMP: Final = 60.0  # s between wall clock and uptime that count as a step; NTP slews far below it
FRESH: Final = 86_400.0  # s; timesyncd touches its marker at least each 2,048 s (PollIntervalMaxSec), so an older one proves little to a newcomer


class Trust(StrEnum):
    """Why the clock can or cannot be trusted."""

    TRUSTED = "trusted"
    NOT_SYNCHRONISED = "not synchronised since the box started"
    BEFORE_LAST_EVENT = "earlier than the last recorded event"
    JUMPED = "stepped while the box was running"


class Clock(Protocol):
    """What everybody is given instead of the time."""

    def now(self) -> float:
        """Seconds since 1970, UTC, trusted or not."""

    def monotonic(self) -> float:
        """Seconds that only ever grow, from an arbitrary start."""

    def trust(self, last_event: float) -> Trust:
        """May `now` be believed? `last_event` is the latest time on record, s since 1970."""


@dataclass(slots=True)
class SystemClock:
    """The machine's own clocks. `marker` is the file that is touched whenever the wall clock is synchronised. Any thread may ask."""

    marker: Path
    _looked_at: float | None = None  # s of uptime when the marker was last looked at
    _marked_at: float | None = None  # date of the marker that was last believed
    _offset: float | None = None  # wall clock minus uptime when it was last known to be right
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def trust(self, last_event: float) -> Trust:
        with self._lock:
            now, uptime = self.now(), _uptime()
            self._look(now, uptime)
            if self._offset is None:
                return Trust.NOT_SYNCHRONISED
            if abs(now - uptime - self._offset) > JUMP:
                return Trust.JUMPED
            return Trust.BEFORE_LAST_EVENT if now < last_event else Trust.TRUSTED

    def _look(self, now: float, uptime: float) -> None:
        """Take the clock as right if the marker was touched since the last look and its date fits the clock of this moment."""
        since = min(uptime, FRESH) if self._looked_at is None else uptime - self._looked_at
        self._looked_at = uptime
        try:
            marked_at = self.marker.stat().st_mtime
        except OSError:
            return
        if marked_at != self._marked_at and now - since - JUMP <= marked_at <= now + JUMP:
            self._marked_at, self._offset = marked_at, now - uptime


def _uptime() -> float:
    """Seconds since boot, sleep included; nothing sets this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
