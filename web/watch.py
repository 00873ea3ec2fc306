"""How the box is, asked of the daemon at most once a second however many browsers look."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from appliance.clock import Clock
from appliance.control.client import Client
from appliance.control.values import Status
from appliance.errors import ControlError

FRESH: Final = 1.0  # s


@dataclass(slots=True)
class Watch:
    """Keeps the last answer for a moment."""

    control: Client
    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: Status | None = None
    _at: float = float("-inf")  # monotonic s

    def look(self) -> Status | None:
        """The box's status; None when the daemon does not answer."""
        with self._lock:
            if self.clock.monotonic() - self._at >= FRESH:
                try:
                    self._seen = self.control.status()
                except ControlError:
                    self._seen = None
                self._at = self.clock.monotonic()
            return self._seen
