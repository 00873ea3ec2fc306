"""Time, and whether it can be trusted. Clocks are arguments everywhere; this is where the real one is made.

A Pi may start years off. The wall clock is trusted when it was synchronised since boot (systemd-timesyncd's marker file) or set by a person or a clock
chip, is not earlier than the last event on record, and has not jumped against the monotonic clock since.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

JUMP = 60.0  # s between wall and monotonic clock that count as a step; NTP slews far below it


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
    """The machine's own clocks. `marker` is the file that exists once the wall clock was synchronised."""

    marker: Path
    _offset: float | None = None
    _marked_at: float = 0.0

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def trust(self, last_event: float) -> Trust:
        try:
            marked_at = self.marker.stat().st_mtime
        except OSError:
            return Trust.NOT_SYNCHRONISED
        now = self.now()
        offset = now - self.monotonic()
        if self._offset is None or marked_at != self._marked_at:  # first look, or synchronised anew
            self._offset, self._marked_at = offset, marked_at
        if abs(offset - self._offset) > JUMP:
            return Trust.JUMPED
        if now < last_event:
            return Trust.BEFORE_LAST_EVENT
        return Trust.TRUSTED
