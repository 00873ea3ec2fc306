"""The whole record verified because somebody wants to know now: some 0.1 ms a line, so a record of years takes minutes; one at a time, beside the requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.access import chain, segments
from appliance.access.chain import Head, Verdict
from appliance.clock import Clock
from appliance.errors import KeeplineError
from appliance.store.index.tables import FILE_NAME
from appliance.store.index.view import View
from web.labour import Bench
from web.languages import spoken

OURS: Final = spoken("That was our mistake, not yours: the record could not be verified. Try it once more.")

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the last one."""

    verdict: Verdict
    at: float  # s since 1970, UTC: when it was done


@dataclass(slots=True)
class Verifying:
    """What a page knows of the verification that it does, or did last. `outcome` stays, for everybody who may see the record, until the page starts anew."""

    folder: Path  # the store's
    clock: Clock
    lines: int = 0  # verified so far
    outcome: Outcome | None = None
    mistake: str = ""  # why the last one stopped
    _octets: int = 0  # of lines verified so far
    _of: int = 0  # octets that the record had at the beginning
    _bench: Bench = field(default_factory=lambda: Bench("verify"))

    @property
    def at_work(self) -> bool:
        """Is one running?"""
        return self._bench.at_work

    @property
    def percent(self) -> int:
        """How far it is. 100 only at the end: lines are written meanwhile."""
        return min(99, self._octets * 100 // self._of) if self._of else 0

    def run(self, tell: Callable[[Verdict], None]) -> None:
        """Begin, and return at once. While one is at work that one goes on: it says the same. `tell` puts it on record before anybody sees what came of it."""
        self._bench.begin(lambda: self._work(tell))

    def join(self, within: float) -> None:
        """Wait for its end, but no longer than `within` seconds: a short one is over before the next page is drawn."""
        self._bench.join(within)

    def _work(self, tell: Callable[[Verdict], None]) -> None:
        self.lines, self._octets, self._of, self.mistake = 0, 0, segments.size(self.folder), ""
        try:
            progress = View(self.folder / FILE_NAME).progress()
            anchor = Head(progress.record_sequence, progress.record_hash)
            verdict = chain.verify(self._counted(), segments.public_key(self.folder), [anchor])
            tell(verdict)
            self.outcome = Outcome(verdict, self.clock.now())
        except KeeplineError as error:
            self.mistake = str(error)
            log.warning("verify.stopped")
        except Exception:
            self.mistake = OURS
            log.exception("verify.failed")

    def _counted(self) -> Iterator[bytes]:
        for line in segments.read(self.folder):
            self.lines += 1
            self._octets += len(line) + 1
            yield line
