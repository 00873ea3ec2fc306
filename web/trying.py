"""Keys that are tried against everything they should open, while the page is at it: one at a time, on a thread of its own, since a box may hold years."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.access import practice, testimony
from appliance.access.people import Unlocked
from appliance.clock import Clock
from appliance.errors import KeeplineError, NotFoundedError, SealError, TrialError
from appliance.store import trial
from appliance.store.trial import Tried
from web.labour import Bench
from web.languages import spoken

OURS: Final = spoken("That was our mistake, not yours: the trial stopped. Try once more.")
MEANWHILE: Final = spoken("The practice key was exchanged meanwhile, so this says nothing. Try once more.")

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the last one."""

    of: str  # whose password it was; `RECOVERY` for the sheet
    tried: Tried
    record: bool | None  # does it open the record's names and numbers? None: there is no key to them yet
    at: float  # s since 1970, UTC: when it was done

    @property
    def shut(self) -> int:
        """How many things it does not open."""
        return sum(self.tried.shut.values()) + (self.record is False)


@dataclass(slots=True)
class Trying:
    """What a page knows of the trial that it does, or did last. `outcome` stays, for everybody who may exchange keys, until the page starts anew."""

    folder: Path  # the store's
    clock: Clock
    progress: Tried | None = None
    outcome: Outcome | None = None
    mistake: str = ""  # why the last one stopped
    _bench: Bench = field(default_factory=lambda: Bench("trial"))

    @property
    def at_work(self) -> bool:
        """Is one running?"""
        return self._bench.at_work

    def run(self, unlocked: Unlocked, tell: Callable[[Outcome], None]) -> None:
        """Begin, and return at once; `tell` puts it on record before anybody sees what came of it. The keys are overwritten at its end.

        Raises `TrialError` while another is at work.
        """
        if not self._bench.begin(lambda: self._work(unlocked, tell)):
            unlocked.wipe()
            raise TrialError

    def join(self, within: float) -> None:
        """Wait for its end, but no longer than `within` seconds: a short one is over before the next page is drawn."""
        self._bench.join(within)

    def _work(self, unlocked: Unlocked, tell: Callable[[Outcome], None]) -> None:
        self.progress, self.outcome, self.mistake = None, None, ""
        try:
            tried = Tried(0)
            for tried in trial.run(self.folder, unlocked.practice):
                self.progress = tried
            outcome = Outcome(unlocked.person.name, tried, self._record(unlocked), self.clock.now())
            if (self.folder / practice.PUBLIC).read_text(encoding="ascii").strip() != str(unlocked.practice.recipient):
                self.mistake = MEANWHILE
                return
            tell(outcome)
            self.outcome = outcome
        except KeeplineError as error:
            self.mistake = str(error)
            log.warning("trial.stopped")
        except Exception:
            self.mistake = OURS
            log.exception("trial.failed")
        finally:
            unlocked.wipe()

    def _record(self, unlocked: Unlocked) -> bool | None:
        try:
            testimony.open_key(self.folder, unlocked.practice).wipe()
        except NotFoundedError:
            return None
        except (SealError, OSError):
            return False
        return True
