"""How the box is: the strip on every page and the status page, in plain words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

from flask import Blueprint, render_template

from appliance.access.roles import Permission
from appliance.condition import FAX_READY, LINE_READY
from appliance.control.values import Day, Fault, Lamp, Level, Light, Part, RecordState, Status
from web import words
from web.guard import ANY, allow
from web.languages import gettext, listed, ngettext, number, spoken, tell
from web.services import here

health = Blueprint("health", __name__)

LAMPS: Final = {
    Lamp.MESSAGE: {
        Light.OFF: spoken("Message lamp off"),
        Light.ON: spoken("Message lamp on"),
        Light.BLINKING: spoken("Message lamp blinking"),
    },
    Lamp.LINE: {
        Light.OFF: spoken("Line lamp off"),
        Light.ON: spoken("Line lamp on"),
        Light.BLINKING: spoken("Line lamp blinking"),
    },
    Lamp.FAULT: {
        Light.OFF: spoken("Fault lamp off"),
        Light.ON: spoken("Fault lamp on"),
        Light.BLINKING: spoken("Fault lamp blinking"),
    },
}
NAMES: Final = {Lamp.MESSAGE: spoken("Message"), Lamp.LINE: spoken("Line"), Lamp.FAULT: spoken("Fault")}
LIGHTS: Final = {Light.OFF: spoken("off"), Light.ON: spoken("on"), Light.BLINKING: spoken("blinking")}
LEVELS: Final = {Level.GOOD: spoken("Good"), Level.ATTENTION: spoken("Needs a look"), Level.FAULT: spoken("Fault")}
PARTS: Final = {
    "Line": spoken("Line"),
    "Fax": spoken("Fax"),
    "Messages": spoken("Messages"),
    "Disk": spoken("Disk"),
    "Clock": spoken("Clock"),
    "Panel": spoken("Panel"),
    "Record": spoken("Record"),
}
SILENT: Final = Part(
    "Box",
    Level.FAULT,
    spoken(
        "The part of the box that answers calls does not run. Until it runs again no message is opened, because nobody could record it. "
        "Wait a minute; if this stays, "
        "switch the box off and on."
    ),
)


@dataclass(frozen=True, slots=True)
class LampView:
    """A lamp as it is drawn."""

    which: str
    name: str
    light: str
    light_word: str
    words: str  # "Message lamp blinking"


@dataclass(frozen=True, slots=True)
class Strip:
    """The line on top of each page."""

    level: str
    sentence: str
    lamps: tuple[LampView, ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of the box as the status page shows it."""

    name: str
    level: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of "At a glance"."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class HealthView:
    """The status page."""

    level: str
    verdict: str
    more: str
    lamps: tuple[LampView, ...]
    parts: tuple[PartView, ...]
    facts: tuple[Fact, ...]
    yesterday: tuple[Fact, ...] = ()
    head: str = ""  # of the record, in groups of four


@health.get("/status")
@allow(Permission.SEE_BOX)
def show_status() -> str:
    """The whole page."""
    return render_template("status.html", area="health", health=view())


@health.get("/parts/status")
@allow(Permission.SEE_BOX, activity=False)
def status_part() -> str:
    """Its content, for the page that keeps itself fresh."""
    return render_template("_status.html", health=view())


@health.get("/parts/strip")
@allow(Permission.SEE_BOX, activity=False, gate=ANY)
def strip_part() -> str:
    """The strip, likewise."""
    return render_template("_strip.html")


def strip(status: Status | None, zone: tzinfo) -> Strip:
    """The strip for `status`."""
    if status is None:
        return Strip(SILENT.level.value, _said(SILENT), ())
    worst = _worst(status.parts)
    if worst is not None and worst.level is not Level.GOOD:
        others = sum(part.level is not Level.GOOD for part in status.parts) - 1
        return Strip(worst.level.value, _with_more(_said(worst), others), _lamps(status))
    line, fax = _part(status.parts, "Line"), _part(status.parts, "Fax")
    new = status.new_messages
    count = ngettext("%(n)s new", "%(n)s new", new, n=number(new)) if new else gettext("nothing new")
    said = [_line(line) if line else "", _fax(fax) if fax else "", count]
    if status.next_purge is not None:
        said.append(gettext("next purge %(day)s", day=words.coming(status.next_purge, status.now, zone)))
    return Strip(Level.GOOD.value, " · ".join(filter(None, said)), _lamps(status))


def describe(status: Status | None, zone: tzinfo) -> HealthView:
    """The status page for `status`."""
    if status is None:
        return HealthView(Level.FAULT.value, gettext("The box does not answer."), _said(SILENT), (), (), ())
    wrong = [part for part in status.parts if part.level is not Level.GOOD]
    worst = _worst(status.parts)
    level = worst.level if worst else Level.GOOD
    return HealthView(
        level=level.value,
        verdict=_verdict(level, len(wrong)),
        more=_more([_name(part) for part in wrong], _part(status.parts, "Fax") is not None),
        lamps=_lamps(status),
        parts=tuple(map(part_view, status.parts)),
        facts=_facts(status, zone),
        yesterday=_yesterday(status.record.yesterday) if status.record and status.record.yesterday else (),
        head=head(status.record) if status.record else "",
    )


def part_view(part: Part) -> PartView:
    """One part in words."""
    return PartView(_name(part), part.level.value, gettext(LEVELS[part.level]), _said(part))


def head(record: RecordState) -> str:
    """The record's head, as somebody writes it down."""
    return gettext("line %(n)s, %(hash)s", n=number(record.sequence), hash=record.hash)


def look() -> Status | None:
    """How the box is now."""
    return here().watch.look()


def view() -> HealthView:
    """The status page now."""
    return describe(look(), here().zone)


def version() -> str:
    """Changes when strip or status page would. The record's head is left out: it grows with each look at anything."""
    found, zone = look(), here().zone
    status = replace(found, record=None) if found else None
    return hashlib.blake2s(repr((strip(status, zone), describe(status, zone))).encode(), digest_size=8).hexdigest()


def _yesterday(day: Day) -> tuple[Fact, ...]:
    return (
        Fact(gettext("Voicemails"), number(day.voicemails)),
        Fact(gettext("Faxes"), number(day.faxes)),
        Fact(gettext("Messages opened"), number(day.opened)),
        Fact(gettext("Messages purged or erased"), number(day.removed)),
        Fact(gettext("Log-ins"), number(day.log_ins)),
        Fact(gettext("Log-ins that failed"), number(day.failed)),
    )


def _worst(parts: Sequence[Part]) -> Part | None:
    order = list(Level)
    return max(parts, key=lambda part: order.index(part.level), default=None)


def _part(parts: Sequence[Part], name: str) -> Part | None:
    return next((part for part in parts if part.name == name), None)


def _name(part: Part) -> str:
    return gettext(PARTS.get(part.name, part.name))


def _said(what: Part | Fault) -> str:
    """Its sentence in the language of whoever looks."""
    return tell(what.text, what.values)


def _with_more(sentence: str, others: int) -> str:
    if not others:
        return sentence
    more = ngettext("(and %(n)s more thing: see Status)", "(and %(n)s more things: see Status)", others, n=others)
    return f"{sentence} {more}"


def _line(part: Part) -> str:
    """The voice line in a few words: "Line ready", "2 callers are on the line now"."""
    return gettext("Line ready") if part.text == LINE_READY else _said(part).rstrip(".")


def _fax(part: Part) -> str:
    """The fax line in a few words: "Fax ready", "Fax: receiving page 2"."""
    doing = _said(part)
    return (
        gettext("Fax ready")
        if part.text == FAX_READY
        else gettext("Fax: %(doing)s", doing=doing[:1].lower() + doing[1:].rstrip("."))
    )


def _verdict(level: Level, wrong: int) -> str:
    match level:
        case Level.GOOD:
            return gettext("All is well.")
        case Level.ATTENTION:
            return ngettext("One thing needs a look.", "%(n)s things need a look.", wrong, n=wrong)
        case Level.FAULT:
            return gettext("Something does not work.")


def _more(wrong: Sequence[str], has_fax: bool) -> str:
    if wrong:
        return gettext("What to do about %(parts)s stands below. Everything else is good.", parts=listed(wrong))
    if has_fax:
        return gettext("Calls and faxes are answered, messages are kept sealed, and nobody needs to do anything.")
    return gettext("Calls are answered, messages are kept sealed, and nobody needs to do anything.")


def _lamps(status: Status) -> tuple[LampView, ...]:
    return tuple(
        LampView(lamp.value, gettext(NAMES[lamp]), light.value, gettext(LIGHTS[light]), gettext(LAMPS[lamp][light]))
        for lamp in LAMPS
        if (light := status.lamps.get(lamp)) is not None
    )


def _facts(status: Status, zone: tzinfo) -> tuple[Fact, ...]:
    purge, fault, none = status.next_purge, status.last_fault, gettext("None")
    return (
        Fact(gettext("Calls now"), number(status.calls) if status.calls else none),
        Fact(gettext("New messages"), number(status.new_messages) if status.new_messages else none),
        Fact(gettext("The box’s clock"), words.in_full(status.now, zone)),
        Fact(
            gettext("Next purge"),
            words.coming(purge, status.now, zone).capitalize()
            if purge is not None
            else gettext("Not while the clock cannot be trusted"),
        ),
        Fact(
            gettext("Last fault"),
            f"{words.in_full(fault.at, zone)}: {_said(fault)}" if fault else gettext("None since the box was started"),
        ),
    )
