"""The way in for the day when nobody can log in: the recovery sheet and a reason. Every admin is told before they do anything else, and a banner demands the
exchange of the keys until it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import emergency, practice
from appliance.access.people import Unlocked
from appliance.access.roles import RECOVERY, Permission
from appliance.access.second_step import Way
from appliance.access.sessions import Session
from appliance.errors import AccessError, ReasonError, SheetIsNobodyError, WrongPasswordError, WrongSheetError
from web import access, entering, telling, words
from web.guard import Gate, allow, gate_here, person_here, public, session
from web.languages import tell
from web.services import here

door = Blueprint("emergency", __name__)

LONGEST_SHEET: Final = 400  # letters; a sheet has 74, and whoever types it in adds spaces


@dataclass(frozen=True, slots=True)
class Notice:
    """One use of the sheet, as an admin reads it."""

    number: int
    when: str
    machine: str
    certain: bool  # was the clock?
    why: str
    trial: bool  # nothing was shown


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands on top of every page until the keys are exchanged."""

    is_inside: bool  # this very session came in with the sheet


@door.get("/emergency")
@public
def show() -> AnyResponse | str:
    """The sheet and the reason, to be typed in."""
    if person_here():
        return redirect(access.home(session().person), 303)
    return _page("", {})


@door.post("/emergency")
@public
def enter() -> AnyResponse | tuple[str, int]:
    """A session of an admin, for whoever holds the sheet and says why."""
    why = request.form.get("why", "")[: emergency.LONGEST + 1]
    try:
        emergency.check_reason(why)
        beginning = here().begin(RECOVERY)
        unlocked = open_sheet(request.form.get("sheet", "")[:LONGEST_SHEET])
    except ReasonError as error:
        return _page(why, {"why": tell(str(error))}), 422
    except AccessError as error:
        if isinstance(error, WrongPasswordError):
            telling.log_in_failed("", request.remote_addr or "", Way.SHEET)
        else:
            telling.refused(error, RECOVERY, request.remote_addr or "")
        return _page(why, {"sheet": entering.in_words(error)}), 401
    try:
        here().control.note_emergency(why, practice.proof_of(unlocked.practice))  # before anything is opened
        return entering.log_in(unlocked, beginning, Way.SHEET)
    finally:
        unlocked.wipe()


@door.get("/emergency/notice")
@allow(Permission.RUN_KEYS, gate="emergency")
def show_notice() -> AnyResponse | str:
    """What an admin has not been told of yet."""
    untold = emergency.untold(here().folder, session().person.name)
    if not untold or session().person.name == RECOVERY:
        return redirect(access.home(session().person), 303)
    zone = here().zone
    notices = [
        Notice(
            one.number, words.in_full(one.at, zone), words.machine(one.at, zone), one.clock_trusted, one.why, one.trial
        )
        for one in untold
    ]
    trials = all(one.trial for one in notices)
    return render_template("emergency_notice.html", area="emergency", notices=notices, trials=trials)


@door.post("/emergency/notice")
@allow(Permission.RUN_KEYS, gate="emergency")
def acknowledge() -> AnyResponse:
    """This admin has read it: what stood on the page, not what came since."""
    me, read = session().person.name, set(request.form.getlist("read"))
    if me == RECOVERY:
        raise SheetIsNobodyError
    here().control.told([one.number for one in emergency.untold(here().folder, me) if str(one.number) in read], by=me)
    return redirect(access.home(session().person), 303)


def banner() -> Banner | None:
    """What the person who looks must be reminded of on every page."""
    person = person_here()
    if person is None or gate_here() is not None or not person.person.may(Permission.RUN_KEYS):
        return None
    inside = person.person.name == RECOVERY
    return Banner(inside) if inside or emergency.demands_rotation(here().folder) else None


def is_told(person: Session) -> bool:
    """Does this person know of every use of the sheet, or need not?"""
    me = person.person
    return not me.may(Permission.RUN_KEYS) or me.name == RECOVERY or not emergency.untold(here().folder, me.name)


GATE: Final = Gate("emergency", "emergency.show_notice", is_told)


def open_sheet(text: str) -> Unlocked:
    """A sheet that is wrong is a log-in that failed, with the doorkeeper's delays. One that is right waits for nobody: it cannot be guessed, and somebody who
    goes on typing wrong ones must not keep out whoever holds it on the worst of days."""
    try:
        return emergency.unlock(here().folder, text)
    except WrongSheetError as error:
        wrong = WrongPasswordError(str(error))
    with here().doorkeeper.attempt(RECOVERY, request.remote_addr or ""):
        raise wrong


def _page(why: str, mistakes: dict[str, str]) -> str:
    return render_template(
        "emergency.html", why=why, mistakes=mistakes, shortest=emergency.SHORTEST, longest=emergency.LONGEST
    )
