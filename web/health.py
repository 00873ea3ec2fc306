"""How the box is: the strip on every page and the status page, in plain words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from flask import Blueprint, render_template

from appliance.access.roles import Permission
from appliance.control.values import Lamp, Level, Light, Part, Status
from web import words
from web.guard import ANY, allow
from web.services import here

health = Blueprint("health", __name__)

LAMPS: Final = {Lamp.MESSAGE: "Message", Lamp.LINE: "Line", Lamp.FAULT: "Fault"}
LIGHTS: Final = {Light.OFF: "off", Light.ON: "on", Light.BLINKING: "blinking"}
LEVELS: Final = {Level.GOOD: "Good", Level.ATTENTION: "Needs a look", Level.FAULT: "Fault"}
SILENT: Final = Part(
    "Box",
    Level.FAULT,
    "The part of the box that answers calls does not run. Messages that are kept can still be heard and read. Wait a minute; if this stays, "
    "switch the box off and on.",
)


@dataclass(frozen=True, slots=True)
class LampView:
    """A lamp as it is drawn."""

    which: str
    name: str
    light: str
    light_word: str

    @property
    def words(self) -> str:
        return f"{self.name} lamp {self.light_word}"


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
        return Strip(SILENT.level.value, SILENT.sentence, ())
    worst = _worst(status.parts)
    if worst is not None and worst.level is not Level.GOOD:
        others = sum(part.level is not Level.GOOD for part in status.parts) - 1
        more = f" (and {words.count(others, 'more thing')}: see Status)" if others else ""
        return Strip(worst.level.value, worst.sentence + more, _lamps(status))
    line, fax = _part(status.parts, "Line"), _part(status.parts, "Fax")
    said = [_line(line) if line else "", _fax(fax) if fax else "", f"{status.new_messages or 'nothing'} new"]
    if status.next_purge is not None:
        said.append(f"next purge {words.coming(status.next_purge, status.now, zone)}")
    return Strip(Level.GOOD.value, " · ".join(filter(None, said)), _lamps(status))


def describe(status: Status | None, zone: tzinfo) -> HealthView:
    """The status page for `status`."""
    if status is None:
        return HealthView(Level.FAULT.value, "The box does not answer.", SILENT.sentence, (), (), ())
    wrong = [part for part in status.parts if part.level is not Level.GOOD]
    worst = _worst(status.parts)
    level = worst.level if worst else Level.GOOD
    return HealthView(
        level=level.value,
        verdict=_verdict(level, len(wrong)),
        more=_more([part.name for part in wrong], _part(status.parts, "Fax") is not None),
        lamps=_lamps(status),
        parts=tuple(PartView(part.name, part.level.value, LEVELS[part.level], part.sentence) for part in status.parts),
        facts=_facts(status, zone),
    )


def look() -> Status | None:
    """How the box is now."""
    return here().watch.look()


def view() -> HealthView:
    """The status page now."""
    return describe(look(), here().zone)


def version() -> str:
    """Changes when strip or status page would."""
    status, zone = look(), here().zone
    return hashlib.blake2s(repr((strip(status, zone), describe(status, zone))).encode(), digest_size=8).hexdigest()


def _worst(parts: Sequence[Part]) -> Part | None:
    order = list(Level)
    return max(parts, key=lambda part: order.index(part.level), default=None)


def _part(parts: Sequence[Part], name: str) -> Part | None:
    return next((part for part in parts if part.name == name), None)


def _line(part: Part) -> str:
    """The voice line in a few words: "Line ready", "2 callers are on the line now"."""
    return "Line ready" if part.sentence.startswith("Ready") else part.sentence.rstrip(".")


def _fax(part: Part) -> str:
    """The fax line in a few words: "Fax ready", "Fax: receiving page 2"."""
    doing = part.sentence[:1].lower() + part.sentence[1:].rstrip(".")
    return "Fax ready" if doing.startswith("ready") else f"Fax: {doing}"


def _verdict(level: Level, wrong: int) -> str:
    match level:
        case Level.GOOD:
            return "All is well."
        case Level.ATTENTION:
            return "One thing needs a look." if wrong == 1 else f"{wrong} things need a look."
        case Level.FAULT:
            return "Something does not work."


def _more(wrong: Sequence[str], has_fax: bool) -> str:
    if not wrong:
        who = "Calls and faxes" if has_fax else "Calls"
        return f"{who} are answered, messages are kept sealed, and nobody needs to do anything."
    names = f"{', '.join(wrong[:-1])} and {wrong[-1]}" if len(wrong) > 1 else wrong[0]
    return f"What to do about {names} stands below. Everything else is good."


def _lamps(status: Status) -> tuple[LampView, ...]:
    return tuple(
        LampView(lamp.value, name, light.value, LIGHTS[light])
        for lamp, name in LAMPS.items()
        if (light := status.lamps.get(lamp)) is not None
    )


def _facts(status: Status, zone: tzinfo) -> tuple[Fact, ...]:
    purge, fault = status.next_purge, status.last_fault
    return (
        Fact("Calls now", str(status.calls) if status.calls else "None"),
        Fact("New messages", str(status.new_messages) if status.new_messages else "None"),
        Fact("The box’s clock", words.in_full(status.now, zone)),
        Fact(
            "Next purge",
            words.coming(purge, status.now, zone).capitalize()
            if purge is not None
            else "Not while the clock cannot be trusted",
        ),
        Fact(
            "Last fault",
            f"{words.in_full(fault.at, zone)}: {fault.sentence}" if fault else "None since the box was started",
        ),
    )
