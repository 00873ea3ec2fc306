"""What is due: pure functions of one row, the time and the settings. Nothing here looks at a clock or touches a message.

Heard messages go `heard_days` after hearing. Unheard ones go `unheard_days` after arriving, and never before staff have been warned for `warning_days`. What
is on hold stays. A time that was not taken from a clock that could be trusted is no time to count from: such a message counts from the next one that
arrived on a good clock, since it cannot be younger than that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.messages import Row, State
from appliance.settings import Retention

DAY: Final = 86_400.0  # s


class Reason(StrEnum):
    """Why a message goes; the receipt says it in these words."""

    HEARD = "heard, and kept for its time"
    UNHEARD = "not heard in its time, and staff were warned"
    ERASED = "erased by a person"


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing is due."""


@dataclass(frozen=True, slots=True)
class Date:
    """Heard at a time nobody could trust: the time to count from is now."""


@dataclass(frozen=True, slots=True)
class Warn:
    """Old and unheard: tell staff."""


@dataclass(frozen=True, slots=True)
class Purge:
    """It goes now."""

    reason: Reason


Verdict = Keep | Date | Warn | Purge


def verdict(row: Row, now: float, settings: Retention, arrived_by: float | None = None) -> Verdict:
    """What is due for `row` at `now`, which the caller has found trustworthy. `arrived_by`: see `arrivals`; without it an untrusted arrival has no age."""
    if row.held:
        return Keep()
    match row.state:
        case State.NEW:
            return _unheard(row, now, settings, row.stamp.arrived_at if row.clock_trusted else arrived_by)
        case State.HEARD:
            if row.heard_at is None or not row.heard_trusted:
                return Date()
            return Purge(Reason.HEARD) if now - row.heard_at >= settings.heard_days * DAY else Keep()
        case State.ERASING:
            over = row.erase_at is not None and now >= row.erase_at
            return Purge(Reason.ERASED) if over else Keep()


def _unheard(row: Row, now: float, settings: Retention, arrived_at: float | None) -> Verdict:
    if arrived_at is None:
        return Keep()
    age, old, notice = now - arrived_at, settings.unheard_days * DAY, settings.warning_days * DAY
    if row.warned_at is None:
        return Warn() if age >= old - notice else Keep()
    return Purge(Reason.UNHEARD) if age >= old and now - row.warned_at >= notice else Keep()


def arrivals(rows: Iterable[Row]) -> Mapping[str, float]:
    """When the messages without a trusted time had arrived at the latest, by id; nothing for those that no message with a trusted time has followed."""
    known: dict[str, float] = {}
    followed_at: float | None = None
    for row in sorted(rows, key=lambda row: row.stamp.sequence, reverse=True):
        if row.clock_trusted:
            followed_at = row.stamp.arrived_at
        elif followed_at is not None:
            known[row.stamp.id] = followed_at
    return known
