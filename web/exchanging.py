"""The exchange of the practice key while the page is at it: one at a time, on a thread of its own, since a box may hold years of days' keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from appliance import logs
from appliance.access.rotation import Daemon, Progress, Rotation
from appliance.clock import Clock
from appliance.errors import DamagedKeysError, KeeplineError, RotatingError
from web.labour import Bench
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
    damaged: tuple[str, ...] = ()  # or the keys that it could not open
    _bench: Bench = field(default_factory=lambda: Bench("exchange"))
    _done_at: float = float("-inf")  # monotonic s

    @property
    def at_work(self) -> bool:
        """Is one running?"""
        return self._bench.at_work

    @property
    def just_done(self) -> bool:
        """Is one ending, or did it a moment ago? Then that is why everybody is logged off."""
        ending = self.at_work and self.progress is not None and self.progress.done == self.progress.of
        return ending or self.clock.monotonic() - self._done_at < JUST_NOW

    def run(self, rotation: Rotation, daemon: Daemon, by: str, without: frozenset[str] = frozenset()) -> None:
        """Begin, and return at once; damaged keys are left out if they are among `without`. The rotation's keys are overwritten at its end.

        Raises `RotatingError` while another is at work.
        """
        if not self._bench.begin(lambda: self._work(rotation, daemon, by, without)):
            rotation.wipe()
            raise RotatingError

    def join(self, within: float) -> None:
        """Wait for its end, but no longer than `within` seconds: a short one is over before the next page is drawn."""
        self._bench.join(within)

    def _work(self, rotation: Rotation, daemon: Daemon, by: str, without: frozenset[str]) -> None:
        self.progress, self.mistake, self.damaged = None, "", ()
        try:
            with rotation:
                for self.progress in rotation.run(daemon, by, without):
                    pass
            self._done_at = self.clock.monotonic()
        except DamagedKeysError as error:
            self.damaged = error.names
            log.warning("exchange.damaged keys=%d", len(error.names))
        except KeeplineError as error:
            self.mistake = str(error)
            log.warning("exchange.stopped")
        except Exception:
            self.mistake = OURS
            log.exception("exchange.failed")
