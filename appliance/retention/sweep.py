"""The sweep: looks at every message, warns, purges, finishes erasures. It decides for itself; whoever wakes it only wakes it.

On a clock that cannot be trusted it purges and warns nothing. An erasure is finished there too, once its undo time has passed on the monotonic clock since
the sweep first saw it. A night that was missed (the box was off, the clock not yet right) is made up for at the first look that can be trusted.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from appliance import logs
from appliance.clock import Clock, Trust
from appliance.control.values import Due
from appliance.errors import MessageChangedError, MessageNotFoundError, StoreError
from appliance.messages import Row, State
from appliance.retention import rules
from appliance.retention.rules import Date, Purge, Reason, Warn
from appliance.settings import Retention

log = logs.get(__name__)

LONGEST_NIGHT: Final = 26 * 3600.0  # s; the next night's purge is never further away, also when clocks change


class Inbox(Protocol):
    """What the sweep needs of the inbox."""

    def list(self) -> tuple[Row, ...]: ...
    def warn(self, ids: Sequence[str]) -> None: ...
    def mark_heard(self, id: str, heard: bool) -> None: ...
    def borne_out(self, rows: Sequence[Row]) -> frozenset[str]: ...
    def remove(self, id: str, reason: str, as_seen: Row) -> object: ...
    def last_event(self) -> float: ...


@dataclass(frozen=True, slots=True)
class _Look:
    """The inbox and the clocks at one moment."""

    rows: tuple[Row, ...]
    now: float | None  # None on a clock that cannot be trusted
    monotonic: float


@dataclass(frozen=True, slots=True)
class _Going:
    """A message that is due, as it was when that was decided."""

    row: Row
    reason: Reason

    @property
    def due(self) -> Due:
        return Due(self.row.stamp.id, self.reason)


class Sweep:
    """Keeps the inbox within the practice's rules. `zone` is the practice's, for the hour of the night; any thread may call."""

    def __init__(self, inbox: Inbox, settings: Retention, clock: Clock, zone: str = "UTC") -> None:
        self._inbox = inbox
        self._settings = settings
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self._erased: dict[_Erasure, float] = {}  # monotonic time at which each erasure was first seen
        self._inherited: frozenset[_Erasure] | None = None  # erasures from before this program started
        self._night: float | None = None  # when the next purge is due; None until the first look on a trusted clock
        self._refused: set[Row] = set()  # due by their rows alone; looked at again at night
        self._lock = threading.Lock()

    def run(self, dry_run: bool = False) -> tuple[Due, ...]:
        """Do all that is due now and say what went; with `dry_run` only say what would go. Nothing on a clock that cannot be trusted, but see `wake`."""
        with self._lock:
            look = self._look()
            going = self._due(look)
            gone = going if dry_run else self._carry_out(look, going)
            return tuple(item.due for item in gone)

    def wake(self) -> float | None:
        """Finish the erasures whose undo time is over, and purge if the hour has come. Returns in how many seconds the next erasure may be finished."""
        with self._lock:
            look = self._look()
            if self._is_night(look):
                self._carry_out(look, self._due(look))
            else:
                self._remove_all(self._borne_out(self._erasures(look)))
            waiting = [self._settings.undo - (look.monotonic - seen) for seen in self._erased.values()]
            return min((seconds for seconds in waiting if seconds > 0), default=None)

    def next_purge(self) -> float | None:
        """When the next purge is due, s since 1970; None as long as the clock cannot be trusted, because then there is none."""
        now = self._clock.now()
        return self._night_after(now) if self._clock.trust(self._inbox.last_event()) is Trust.TRUSTED else None

    def _look(self) -> _Look:
        """Sees the erasures, too. The time is read before trust is asked, so that a step between the two is noticed."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        trusted = self._clock.trust(self._inbox.last_event()) is Trust.TRUSTED
        rows = self._inbox.list()
        erasures = [_erasure(row) for row in rows if row.state is State.ERASING]
        self._erased = {erasure: self._erased.get(erasure, monotonic) for erasure in erasures}
        if self._inherited is None:
            self._inherited = frozenset(erasures)
        return _Look(rows, now if trusted else None, monotonic)

    def _erasures(self, look: _Look) -> tuple[_Going, ...]:
        return tuple(
            _Going(row, Reason.ERASED)
            for row in look.rows
            if row.state is State.ERASING and not row.held and self._undo_is_over(row, look)
        )

    def _due(self, look: _Look) -> tuple[_Going, ...]:
        self._refused.clear()
        return self._borne_out((*self._erasures(look), *self._aged(look)))

    def _borne_out(self, going: Sequence[_Going]) -> tuple[_Going, ...]:
        """What the record lets go, too: whoever has the card can write into a row that it was heard, or erased."""
        asked = [item.row for item in going if item.row not in self._refused]
        try:
            may_go = self._inbox.borne_out(asked) if asked else frozenset()
        except StoreError:
            log.exception("purge.record_unreadable")
            return ()
        for row in asked:
            if row.stamp.id not in may_go:
                log.error("purge.not_on_record id=%s", row.stamp.id)
                self._refused.add(row)
        return tuple(item for item in going if item.row.stamp.id in may_go)

    def _undo_is_over(self, row: Row, look: _Look) -> bool:
        """By the monotonic clock for what was erased while we run; the wall clock may since have been put right. What is older can go by the wall clock."""
        erasure = _erasure(row)
        if look.monotonic - self._erased[erasure] >= self._settings.undo:
            return True
        inherited = self._inherited is not None and erasure in self._inherited
        return inherited and look.now is not None and isinstance(rules.verdict(row, look.now, self._settings), Purge)

    def _aged(self, look: _Look) -> tuple[_Going, ...]:
        return tuple(
            _Going(row, decided.reason)
            for row, decided in self._verdicts(look)
            if isinstance(decided, Purge) and row.state is not State.ERASING
        )

    def _verdicts(self, look: _Look) -> Iterator[tuple[Row, rules.Verdict]]:
        if look.now is not None:
            arrived_by = rules.arrivals(look.rows)
            for row in look.rows:
                yield row, rules.verdict(row, look.now, self._settings, arrived_by.get(row.stamp.id))

    def _carry_out(self, look: _Look, going: Sequence[_Going]) -> tuple[_Going, ...]:
        decided = [(row.stamp.id, verdict) for row, verdict in self._verdicts(look)]
        if old := [id for id, verdict in decided if isinstance(verdict, Warn)]:
            self._inbox.warn(old)
            log.info("purge.warned messages=%d", len(old))
        for id in (id for id, verdict in decided if isinstance(verdict, Date)):
            self._inbox.mark_heard(id, True)
        if look.now is not None:
            self._night = self._night_after(look.now)
        return self._remove_all(going)

    def _remove_all(self, going: Sequence[_Going]) -> tuple[_Going, ...]:
        return tuple(item for item in going if self._remove(item))

    def _remove(self, item: _Going) -> bool:
        id = item.row.stamp.id
        try:
            self._inbox.remove(id, item.reason, item.row)
        except (MessageChangedError, MessageNotFoundError):
            return False  # somebody had it back, or has removed it: nothing is due any more
        except StoreError:
            log.exception("purge.failed id=%s", id)
            return False
        log.info("purge.removed id=%s reason=%s", id, item.reason)
        return True

    def _is_night(self, look: _Look) -> bool:
        if look.now is None:
            return False
        return self._night is None or look.now >= self._night or self._night - look.now > LONGEST_NIGHT

    def _night_after(self, now: float) -> float:
        local = datetime.fromtimestamp(now, self._zone)
        night = local.replace(hour=self._settings.hour, minute=0, second=0, microsecond=0, fold=0)
        return (night if night.timestamp() > now else night + timedelta(days=1)).timestamp()


_Erasure = tuple[str, float | None]  # id and end of the undo time: one erasure, not the next one of the same message


def _erasure(row: Row) -> _Erasure:
    return row.stamp.id, row.erase_at
