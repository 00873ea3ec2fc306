"""How the box is, asked of the daemon at most once a second however many browsers look."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from appliance.clock import Clock
from appliance.control.client import Client
from appliance.control.values import Status
from appliance.errors import KeeplineError

FRESH: Final = 1.0  # s
NEVER: Final = float("-inf")


@dataclass(slots=True)
class Watch:
    """Keeps the last answer for a moment."""

    control: Client
    clock: Clock
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: Status | None = None
    _at: float = NEVER  # monotonic s

    def look(self) -> Status | None:
        """The box's status; None when the daemon does not answer. While somebody else asks, the last answer: a daemon that hangs holds one thread, not all."""
        if not self._lock.acquire(blocking=self._at == NEVER):
            return self._seen
        try:
            if self.clock.monotonic() - self._at >= FRESH:
                try:
                    self._seen = self.control.status()
                except KeeplineError:
                    self._seen = None
                self._at = self.clock.monotonic()
            return self._seen
        finally:
            self._lock.release()
