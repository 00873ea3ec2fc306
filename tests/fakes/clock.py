"""A clock that goes only when the test says so."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.clock import Trust


@dataclass(slots=True)
class FakeClock:
    """Wall clock, monotonic clock and trust, all set by hand."""

    wall: float = 1_772_500_000.0  # 3 March 2026, 01:06:40 UTC
    uptime: float = 1000.0
    state: Trust = Trust.TRUSTED

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.uptime

    def trust(self, last_event: float) -> Trust:
        if self.state is Trust.TRUSTED and self.wall < last_event:
            return Trust.BEFORE_LAST_EVENT
        return self.state

    def advance(self, seconds: float) -> None:
        """Both clocks go on, as they do."""
        self.wall += seconds
        self.uptime += seconds
