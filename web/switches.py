"""The page of switches: what puts patients' words somewhere new, whether it is on, and who decided that, when, why and at what risk."""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import decisions
from appliance.access.decisions import BY_SWITCH, FEATURES, Choice, Decision, Feature, Switch
from appliance.access.roles import Permission
from appliance.errors import DecisionError, DecisionsDamagedError
from web import requests, words
from web.guard import allow, session
from web.languages import gettext
from web.services import here

switches = Blueprint("switches", __name__)


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as the page shows it."""

    title: str
    on: bool
    by: str
    when: str
    machine: str
    why: str
    risk: str
    doubtful: bool  # the clock could not be trusted then


@dataclass(frozen=True, slots=True)
class SwitchView:
    """A switch as the page shows it."""

    name: str
    title: str
    does: str
    puts: str
    on: bool
    last: DecisionView | None


@dataclass(frozen=True, slots=True)
class Entry:
    """The form as it was sent, to be shown again with what is wrong."""

    why: str = ""
    risks: tuple[str, ...] = ()  # of those that are offered
    other: str = ""
    why_mistake: str = ""
    risk_mistake: str = ""

    @property
    def risk(self) -> str:
        return " ".join(filter(None, (*self.risks, self.other)))


@switches.get("/switches")
@allow(Permission.SEE_SWITCHES)
def show_switches() -> str:
    """Every switch, and every decision."""
    try:
        made, damaged = decisions.read(here().folder), False
    except DecisionsDamagedError:
        made, damaged = (), True
    shown = [_switch(feature, decisions.last(made, feature.switch)) for feature in FEATURES]
    history = [_decision(item) for item in reversed(made)]
    return render_template("switches.html", area="switches", switches=shown, history=history, damaged=damaged)


@switches.get("/switches/<name>")
@allow(Permission.RUN_SWITCHES, proven=True)
def show_switch(name: str) -> str:
    """The form to decide about one."""
    return _form(_feature(name), Entry())


@switches.post("/switches/<name>")
@allow(Permission.RUN_SWITCHES, proven=True)
def decide(name: str) -> AnyResponse | tuple[str, int]:
    """A decision, kept for good."""
    feature = _feature(name)
    on = request.form.get("on") == "yes"
    offered = _risks(feature, on)
    chosen = {requests.line(request, f"risk-{number}") for number in range(len(offered))}
    entry = Entry(
        requests.line(request, "why"),
        tuple(risk for number, risk in enumerate(offered) if str(number) in chosen),
        requests.line(request, "other"),
    )
    wrong = _mistakes(entry)
    if wrong.why_mistake or wrong.risk_mistake:
        return _form(feature, wrong), 400
    here().control.decide(Choice(feature.switch, on, session().person.name, entry.why, entry.risk))
    return redirect(url_for("switches.show_switches"), 303)


@switches.get("/switches/decisions.csv")
@allow(Permission.SEE_SWITCHES)
def as_csv() -> Response:
    """Every decision, for a spreadsheet."""
    return _file(decisions.as_csv(decisions.read(here().folder), here().zone), "text/csv", "csv")


@switches.get("/switches/decisions.json")
@allow(Permission.SEE_SWITCHES)
def as_json() -> Response:
    """Every decision, for a program."""
    made = decisions.as_rows(decisions.read(here().folder))
    return _file(json.dumps(made, indent=1, ensure_ascii=False), "application/json", "json")


def _feature(name: str) -> Feature:
    try:
        return BY_SWITCH[Switch(name)]
    except ValueError:
        raise NotFound from None


def _form(feature: Feature, entry: Entry) -> str:
    last = decisions.last(decisions.read(here().folder), feature.switch)
    shown = _switch(feature, last)
    risks = _risks(feature, not shown.on)
    return render_template(
        "switch.html", area="switches", switch=shown, risks=risks, entry=entry, longest=decisions.LONGEST
    )


def _risks(feature: Feature, on: bool) -> list[str]:
    """As they are offered to somebody who wants to switch it on, or off."""
    return [gettext(risk) for risk in (feature.risks_on if on else feature.risks_off)]


def _mistakes(entry: Entry) -> Entry:
    """`entry` with what is wrong with it."""

    def mistake(text: str, missing: str) -> str:
        try:
            decisions.check_text(text)
        except DecisionError:
            return missing if not text else gettext("That is too long. Say it in at most 600 letters.")
        return ""

    why = mistake(entry.why, gettext("Say why, in a sentence. Whoever reads this in a year must understand it."))
    risk = mistake(entry.risk, gettext("Choose at least one risk, or write one. A decision without a risk is none."))
    return Entry(entry.why, entry.risks, entry.other, why, risk)


def _switch(feature: Feature, last: Decision | None) -> SwitchView:
    return SwitchView(
        feature.switch.value,
        gettext(feature.title),
        gettext(feature.does),
        gettext(feature.puts),
        bool(last and last.on),
        _decision(last) if last else None,
    )


def _decision(item: Decision) -> DecisionView:
    zone = here().zone
    return DecisionView(
        gettext(decisions.title(item.switch)),
        item.on,
        words.person(item.by),
        words.in_full(item.at, zone),
        words.machine(item.at, zone),
        item.why,
        item.risk,
        not item.clock_trusted,
    )


def _file(text: str, media_type: str, ending: str) -> Response:
    response = Response(text, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="keepline-decisions.{ending}"'
    return response
