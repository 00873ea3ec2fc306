"""What will become of a message, in words: when it is purged, until when it can be had back, that it is on hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from appliance.messages import Kind, Row, State
from appliance.retention.rules import DAY
from appliance.settings import Retention
from web import words
from web.languages import gettext, spoken, tell

NEGLECTED: Final = {
    Kind.VOICEMAIL: spoken("Nobody has heard it. It will be purged %(day)s."),
    Kind.FAX: spoken("Nobody has read it. It will be purged %(day)s."),
}
PURGED: Final = {
    Kind.VOICEMAIL: spoken("Purged %(day)s, %(days)s after it was heard."),
    Kind.FAX: spoken("Purged %(day)s, %(days)s after it was read."),
}
KEPT: Final = {
    Kind.VOICEMAIL: spoken(
        "Kept for %(days)s after somebody has heard it; if nobody does, for %(longest)s, with a warning %(warning)s before."
    ),
    Kind.FAX: spoken(
        "Kept for %(days)s after somebody has read it; if nobody does, for %(longest)s, with a warning %(warning)s before."
    ),
}


@dataclass(frozen=True, slots=True)
class Present:
    """The moment and the place for which words are chosen."""

    now: float
    zone: ZoneInfo
    retention: Retention


def warn(row: Row, present: Present) -> str:
    """A sentence when nobody has heard the message and its purge is near."""
    if row.state is not State.NEW or row.warned_at is None or row.held:
        return ""
    keep = present.retention
    due = max(row.stamp.arrived_at + keep.unheard_days * DAY, row.warned_at + keep.warning_days * DAY)
    return tell(NEGLECTED[row.stamp.kind], {"day": words.day(due, present.now, present.zone)})


def fate(row: Row, present: Present) -> str:
    """What will become of the message, in a sentence."""
    keep, now, zone = present.retention, present.now, present.zone
    kind, days = row.stamp.kind, words.count(keep.heard_days, "day")
    if row.held:
        return gettext("On hold: it stays until the hold is lifted.")
    if row.state is State.ERASING:
        until = words.clock_time(row.erase_at or now, zone)
        return gettext("Erased. It can be had back until %(time)s, then it is gone.", time=until)
    if row.heard_at is not None:
        due = words.day(row.heard_at + keep.heard_days * DAY, now, zone)
        return tell(PURGED[kind], {"day": due, "days": days})
    longest, warning = words.count(keep.unheard_days, "day"), words.count(keep.warning_days, "day")
    return tell(KEPT[kind], {"days": days, "longest": longest, "warning": warning})


def is_overdue(row: Row, present: Present) -> bool:
    """Has its time passed, so that only a hold keeps it?"""
    heard_at = row.heard_at
    return heard_at is not None and heard_at + present.retention.heard_days * DAY <= present.now
