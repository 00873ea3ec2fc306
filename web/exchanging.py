"""The exchange of the practice key while the page is at it: one at a time, on a thread of its own, since a box may hold years of days' keys."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from appliance import logs
from appliance.access.rotation import Daemon, Progress, Rotation
from appliance.clock import Clock
from appliance.errors import KeeplineError, RotatingError
from web.languages import spoken

JUST_NOW: Final = 60.0  # s in which whoever was logged off by it is told so
OURS: Final = spoken("That was our mistake, not yours: the exchange stopped. Go on with it, or drop it.")

log = logs.get(__name__)


@dataclass(slots=True)
class Exchanging:
    """What a page knows of the exchange that it does, or did last."""

    clock: Clock
    progress: Progress | None = None
    mistake: str = ""  # why the last one stopped
    _thread: threading.Thread | None = None
    _done_at: float = float("-inf")  # monotonic s
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def at_work(self) -> bool:
        """Is one running?"""
        return self._thread is not None and self._thread.is_alive()

    @property
    def just_done(self) -> bool:
        """Did one end well a moment ago? Then that is why everybody is logged off."""
        return self.clock.monotonic() - self._done_at < JUST_NOW

    def run(self, rotation: Rotation, daemon: Daemon, by: str) -> None:
        """Begin, and return at once; the rotation's keys are overwritten at its end. Raises `RotatingError` while another is at work."""
        with self._lock:
            if self.at_work:
                rotation.wipe()
                raise RotatingError
            self.progress, self.mistake = None, ""
            self._thread = threading.Thread(
                target=self._work, args=(rotation, daemon, by), name="exchange", daemon=True
            )
            self._thread.start()

    def join(self, within: float) -> None:
        """Wait for its end, but no longer than `within` seconds: a short one is over before the next page is drawn."""
        if self._thread is not None:
            self._thread.join(within)

    def _work(self, rotation: Rotation, daemon: Daemon, by: str) -> None:
        try:
            with rotation:
                for self.progress in rotation.run(daemon, by):
                    pass
            self._done_at = self.clock.monotonic()
        except KeeplineError as error:
            self.mistake = str(error)
            log.warning("exchange.stopped")
        except Exception:
            self.mistake = OURS
            log.exception("exchange.failed")
