"""What is on hold: the mark on a message, by whom and why, and the two questions, to put it on hold and to lift the hold. Both want a reason.

The reason may name a patient: it is sealed before it leaves the page, and whoever may open the message may read it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.access import ledger, testimony
from appliance.access.chain import Line
from appliance.access.ledger import Filter
from appliance.access.roles import Permission
from appliance.deeds import LONGEST_WHY, Act
from appliance.errors import DamagedMessageError, HoldChangedError, NotFoundedError, SealError, StoreError
from appliance.messages import Row
from appliance.store import telling as known
from web import fates, mailboxes, refusals, requests, words
from web.fates import Present
from web.guard import allow, session
from web.languages import gettext, tell
from web.services import here

holds = Blueprint("holds", __name__)


@dataclass(frozen=True, slots=True)
class HoldView:
    """Why a message stays."""

    who: str  # "" when no line of the record tells
    when: str
    why: str  # "" when it cannot be opened
    may_lift: bool


@dataclass(frozen=True, slots=True)
class Question:
    """The form: what is asked, what was typed, what is wrong with it."""

    held: bool  # is it to be held?
    done: bool  # it is so already
    after: str  # what becomes of the message then
    why: str = ""
    mistake: str = ""


def of(row: Row) -> HoldView | None:
    """The hold of a message; None when there is none."""
    if not row.held:
        return None
    may_lift = session().person.may(Permission.LIFT_HOLDS)
    line = _last(row, Act.HELD)
    if line is None:
        return HoldView("", "", "", may_lift)
    return HoldView(words.person(line.deed.by), words.in_full(line.at, here().zone), _why(line), may_lift)


@holds.route("/messages/<id>/hold", methods=["GET", "POST"])
@allow(Permission.CHANGE_MESSAGES)
def hold(id: str) -> Response | str | tuple[str, int]:
    """Put a message on hold."""
    return _answer(mailboxes.row(id), held=True)


@holds.route("/messages/<id>/release", methods=["GET", "POST"])
@allow(Permission.LIFT_HOLDS)
def release(id: str) -> Response | str | tuple[str, int]:
    """Lift the hold."""
    return _answer(mailboxes.row(id), held=False)


def _answer(row: Row, held: bool) -> Response | str | tuple[str, int]:
    question = Question(held, row.held == held, _after(row, held))
    if request.method != "POST":
        return _page(row, question)
    why = requests.line(request, "why")[:LONGEST_WHY]
    if not why:
        return _page(row, replace(question, mistake=gettext("Say why, in a sentence."))), 400
    ask = here().control.hold if held else here().control.release
    try:
        ask(row.stamp.id, testimony.seal(here().folder, **_whose(row), why=why), session().person.name)
    except HoldChangedError:
        if _is_mine(row, held, why):
            return _to_message(row)
        return _page(row, replace(question, why=why, mistake=tell(refusals.HOLD_CHANGED.sentence, {}))), 409
    return _to_message(row)


def _is_mine(row: Row, held: bool, why: str) -> bool:
    """Has this very person just done the same for the same reason? Then the button was pressed twice, or the first answer never came."""
    line = _last(row, Act.HELD, Act.RELEASED)
    if line is None or (line.deed.act, line.deed.by) != (Act.HELD if held else Act.RELEASED, session().person.name):
        return False
    return _why(line) == why


def _last(row: Row, *acts: Act) -> Line | None:
    return next(ledger.newest(here().folder, Filter(acts=frozenset(acts), subject=row.stamp.id)), None)


def _why(line: Line) -> str:
    """The reason; "" when it cannot be opened."""
    try:
        with testimony.open_key(here().folder, session().practice) as key:
            return ledger.opened(line, key).get("why", "")
    except (StoreError, NotFoundedError, OSError):
        return ""


def _to_message(row: Row) -> Response:
    return redirect(url_for("inbox.show_message", id=row.stamp.id), 303)


def _after(row: Row, held: bool) -> str:
    if held:
        return gettext("It stays, whatever its time, and nobody can erase it until an admin lifts the hold.")
    services = here()
    present = Present(services.clock.now(), services.zone, services.settings.retention)
    if fates.is_overdue(row, present):
        return gettext("Without the hold its time is over: it will be purged in the coming night.")
    return gettext("Without the hold it goes its way: %(fate)s", fate=fates.fate(replace(row, held=False), present))


def _page(row: Row, question: Question) -> str:
    when = words.in_full(row.stamp.arrived_at, here().zone)
    return render_template(
        "hold.html", area="inbox", id=row.stamp.id, when=when, question=question, longest=LONGEST_WHY
    )


def _whose(row: Row) -> dict[str, str]:
    """Whose message it is, for the record; nothing of one that cannot be opened, which can be kept all the same."""
    try:
        with mailboxes.open_message(row) as message:
            return known.words(message.header.envelope)
    except (DamagedMessageError, SealError):
        return {}
