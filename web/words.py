"""Numbers, times and lengths as a person would say them, in the language of whoever looks. The zone and the present moment are arguments.

Texts such as "EEEE d MMMM y" are patterns of dates (Unicode TR 35): words in them stand between apostrophes.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final, Literal

from appliance.access.roles import RECOVERY
from appliance.messages import Envelope, Kind, Row, State
from web.languages import counted, date, gettext, ngettext, spoken
from web.languages import number as figure

UNKNOWN: Final = {Kind.VOICEMAIL: spoken("Unknown caller"), Kind.FAX: spoken("Unknown sender")}
STATES: Final = {
    Kind.VOICEMAIL: {State.NEW: spoken("New"), State.HEARD: spoken("Heard"), State.ERASING: spoken("Erased")},
    Kind.FAX: {State.NEW: spoken("New"), State.HEARD: spoken("Read"), State.ERASING: spoken("Erased")},
}
Noun = Literal["note", "page", "second", "minute", "hour", "day", "line", "damaged line"]
NOUNS: Final[dict[Noun, tuple[str, str]]] = {
    "note": counted("%(n)s note", "%(n)s notes"),
    "page": counted("%(n)s page", "%(n)s pages"),
    "second": counted("%(n)s second", "%(n)s seconds"),
    "minute": counted("%(n)s minute", "%(n)s minutes"),
    "hour": counted("%(n)s hour", "%(n)s hours"),
    "day": counted("%(n)s day", "%(n)s days"),
    "line": counted("%(n)s line", "%(n)s lines"),
    "damaged line": counted("%(n)s damaged line", "%(n)s damaged lines"),
}
NIGHT_ENDS: Final = 6  # o'clock: 02:00 of the coming night is "tonight", not "tomorrow"


def who(envelope: Envelope, kind: Kind = Kind.VOICEMAIL) -> str:
    """Who left the message: the name, else the number in local form, else what a fax machine calls itself, else "Unknown caller"."""
    known = _clean(envelope.caller_name) or number(envelope.caller_number)
    if known:
        return known
    own = own_name(envelope)
    return gettext("Sent by %(machine)s", machine=own) if own else gettext(UNKNOWN[kind])


def is_claim(envelope: Envelope) -> bool:
    """Does `who` only say what the sending machine calls itself?"""
    return bool(own_name(envelope)) and not (_clean(envelope.caller_name) or number(envelope.caller_number))


def own_name(envelope: Envelope) -> str:
    """What the sending fax machine calls itself, as it came but in one line."""
    return _in_one_line(envelope.sender_id)


def number(raw: str) -> str:
    """A telephone number in local form: "(555) 123-4567" for ten digits of North America, others grouped as they came."""
    digits = re.sub(r"\D", "", raw)
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    elif raw.strip().startswith("+"):
        return "+" + digits
    if len(digits) == 10:
        return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    if len(digits) == 7:
        return f"{digits[:3]}-{digits[3:]}"
    return digits


def when(at: float, now: float, zone: tzinfo) -> str:
    """A moment as short as it can be said: "10:42", "Yesterday", "Monday", "12 Oct", "12 Oct 2024"."""
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone).date()
    days = (today - then.date()).days
    if days == 0:
        return date(then, gettext("HH:mm"))
    if days == 1:
        return gettext("Yesterday")
    if 1 < days < 7:
        return _upper(date(then, gettext("EEEE")))
    return date(then, gettext("d MMM") if then.year == today.year else gettext("d MMM y"))


def in_full(at: float, zone: tzinfo) -> str:
    """The whole moment: "Friday 21 November 2025, 10:42"."""
    return _upper(date(datetime.fromtimestamp(at, zone), gettext("EEEE d MMMM y, HH:mm")))


def machine(at: float, zone: tzinfo) -> str:
    """The moment for `<time datetime>`."""
    return datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")


def day(at: float, now: float, zone: tzinfo) -> str:
    """A day to come: "today", "tomorrow", "on Friday", "on 20 December", "on 3 January 2027"."""
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone).date()
    days = (then.date() - today).days
    if days <= 0:
        return gettext("today")
    if days == 1:
        return gettext("tomorrow")
    if days < 7:
        return date(then, gettext("'on' EEEE"))
    return date(then, gettext("'on' d MMMM") if then.year == today.year else gettext("'on' d MMMM y"))


def coming(at: float, now: float, zone: tzinfo) -> str:
    """A moment to come: "tonight at 02:00", "today at 14:00", "tomorrow at 09:30", "on Friday at 02:00"."""
    then, present = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    this_night = present.date() + timedelta(days=1 if present.hour >= NIGHT_ENDS else 0)
    time = clock_time(at, zone)
    if then.hour < NIGHT_ENDS and then.date() == this_night:
        return gettext("tonight at %(time)s", time=time)
    return gettext("%(day)s at %(time)s", day=day(at, now, zone), time=time)


def clock_time(at: float, zone: tzinfo) -> str:
    """The time of day: "18:10"."""
    return date(datetime.fromtimestamp(at, zone), gettext("HH:mm"))


def length(row: Row) -> str:
    """How much there is: "0:42" of sound, "3 pages"."""
    if row.stamp.kind is Kind.FAX:
        return _pages(row)
    seconds = max(0, round(row.duration))
    return f"{seconds // 60}:{seconds % 60:02}"


def length_aloud(row: Row) -> str:
    """The same for a screen reader: "42 seconds", "1 minute 5 seconds"."""
    if row.stamp.kind is Kind.FAX:
        return _pages(row)
    return span(row.duration)


def span(duration: float) -> str:
    """So many seconds: "42 seconds", "1 minute 5 seconds"."""
    minutes, seconds = divmod(max(0, round(duration)), 60)
    parts = [count(minutes, "minute")] if minutes else []
    parts += [count(seconds, "second")] if seconds or not minutes else []
    return " ".join(parts)


def count(number: int, noun: Noun) -> str:
    """ "1 page", "3 pages", "1,200 lines"."""
    return ngettext(*NOUNS[noun], number, n=figure(number))


def person(name: str) -> str:
    """Somebody by their log-in name, as a person is called: "Ana"."""
    return gettext("Recovery sheet") if name == RECOVERY else name.capitalize()


def mailbox(name: str) -> str:
    """ "front-desk" as "Front desk"."""
    return name.replace("-", " ").capitalize()


def file_name(kind: Kind, at: float, zone: tzinfo, ending: str) -> str:
    """What a message is called when it leaves the page, without a number or a name: "fax-2026-11-22-1042.pdf"."""
    return f"{kind}-{datetime.fromtimestamp(at, zone):%Y-%m-%d-%H%M}.{ending}"


def _pages(row: Row) -> str:
    return count(row.pages, "page") if row.pages else gettext("no whole page")


def _clean(name: str) -> str:
    """A name as the line gave it, without control characters, in one line, and not in capitals only."""
    plain = _in_one_line(name)
    return plain.title() if plain.isupper() and len(plain) > 3 else plain


def _in_one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _upper(text: str) -> str:
    """With a capital first: some languages write their days small, and these stand alone."""
    return text[:1].upper() + text[1:]
