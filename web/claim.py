"""First start: a box without a practice has no other page than this. The code from its label, the first admin, the recovery sheet, two of its groups typed
back; only then the daemon is asked to found the practice, so that whoever stops half-way has left nothing."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import passwords, people, practice
from appliance.access.people import Founding
from appliance.access.roles import check_name
from appliance.errors import (
    AccessError,
    BusyError,
    FoundedError,
    PersonNameError,
    TooSoonError,
    WeakPasswordError,
    WrongClaimError,
)
from web import people_forms, recovery_sheet, requests, safekeeping
from web.guard import unclaimed
from web.languages import gettext
from web.services import here
from web.visits import Pending, Visit

claim = Blueprint("claim", __name__)

COOKIE: Final = "__Host-claim"
LASTS: Final = 60 * safekeeping.MINUTES  # s for all of it
LONGEST_CODE: Final = 40


@claim.get("/claim")
@unclaimed
def show_claim() -> AnyResponse | str:
    """The step at which this claim is."""
    if here().founded():
        return _to_log_in()
    visit = _visit()
    if visit is None:
        return _code_page("")
    if visit.pending is None:
        return _person_page("", {})
    return _groups_page(visit.pending, "") if visit.pending.printed else _sheet_page(visit.pending)


@claim.post("/claim/code")
@unclaimed
def give_code() -> AnyResponse | tuple[str, int]:
    """The code from console or label."""
    code = request.form.get("code", "")[:LONGEST_CODE]
    try:
        here().control.check_claim(code, _address())
    except (WrongClaimError, TooSoonError, BusyError) as error:
        return _code_page(gettext(str(error))), 422
    except FoundedError:
        return _to_log_in()
    cookie = secrets.token_urlsafe(32)
    until = here().clock.monotonic() + LASTS
    here().visits.put(cookie, Visit(safekeeping.keep(code, cookie, until)))
    response = _to_claim()
    response.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="Strict", path="/")
    return response


@claim.post("/claim/person")
@unclaimed
def name_admin() -> AnyResponse | str | tuple[str, int]:
    """The first admin. Their password is turned into keys at once and not kept."""
    visit = _visit()
    if visit is None:
        return _to_claim()
    name, password = people_forms.typed_name(request), requests.password(request)
    if people_forms.wants_another(request):
        return _person_page(name, {})
    mistakes = _mistakes(name, password)
    if mistakes:
        return _person_page(name, mistakes), 422
    try:
        founding, sheet = people.prepare_founding(
            name, password, passwords.work_factor(here().settings.store.work_factor)
        )
    except AccessError as error:
        return _person_page(name, {"form": gettext(str(error))}), 422
    pending = recovery_sheet.pend(sheet, _cookie())
    here().visits.put(_cookie(), replace(visit, name=name, founding=founding, pending=pending))
    return _to_claim()


@claim.post("/claim/sheet")
@unclaimed
def turn_sheet() -> AnyResponse:
    """On to typing back, or back to the sheet."""
    visit = _visit()
    if visit is not None and visit.pending is not None:
        pending = replace(visit.pending, printed=request.form.get("printed") == "yes")
        here().visits.put(_cookie(), replace(visit, pending=pending))
    return _to_claim()


@claim.post("/claim/groups")
@unclaimed
def type_back() -> AnyResponse | tuple[str, int]:
    """Two groups of the sheet; when they are right the box gets its practice."""
    visit = _visit()
    if visit is None or visit.pending is None or visit.founding is None:
        return _to_claim()
    if mistake := recovery_sheet.mistake(visit.pending, request):
        return _groups_page(visit.pending, mistake), 422
    code = safekeeping.read(visit.code, _cookie(), here().clock.monotonic()) or ""
    try:
        here().control.claim(code, _address(), visit.founding)
    except FoundedError:
        if not _is_ours(visit.founding):
            here().visits.clear()
            return _to_log_in()  # somebody was quicker, and this sheet opens nothing
    except AccessError as error:
        return _groups_page(visit.pending, gettext(str(error))), 422
    here().visits.clear()
    response = redirect(url_for("access.show_log_in", why="claimed"), 303)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Strict", path="/")
    return response


def _mistakes(name: str, password: str) -> dict[str, str]:
    mistakes: dict[str, str] = {}
    try:
        check_name(name)
        passwords.check(password, name)
    except PersonNameError as error:
        mistakes["name"] = gettext(str(error)) if name else gettext("Type the name that you will log in with.")
    except WeakPasswordError as error:
        mistakes["password"] = gettext(str(error))
    return mistakes


def _code_page(mistake: str) -> str:
    return render_template("claim_code.html", mistakes={"code": mistake} if mistake else {})


def _person_page(name: str, mistakes: dict[str, str]) -> str:
    return render_template("claim_person.html", name=name, mistakes=mistakes, offered=passwords.make_up())


def _sheet_page(pending: Pending) -> AnyResponse | str:
    sheet = recovery_sheet.view(pending, _cookie())
    return _start_again() if sheet is None else render_template("claim_sheet.html", sheet=sheet)


def _groups_page(pending: Pending, mistake: str) -> str:
    mistakes = {"groups": mistake} if mistake else {}
    return render_template("claim_groups.html", numbers=pending.numbers, mistakes=mistakes)


def _is_ours(founding: Founding) -> bool:
    """Is it this practice that the box got? Else the answer to an earlier try was only lost."""
    return (here().folder / practice.PUBLIC).read_text(encoding="ascii").strip() == founding.practice


def _start_again() -> AnyResponse:
    here().visits.clear()
    return _to_claim()


def _visit() -> Visit | None:
    return here().visits.get(_cookie(), here().clock.monotonic())


def _cookie() -> str:
    return request.cookies.get(COOKIE, "")


def _address() -> str:
    return request.remote_addr or ""


def _to_claim() -> AnyResponse:
    return redirect(url_for("claim.show_claim"), 303)


def _to_log_in() -> AnyResponse:
    return redirect(url_for("access.show_log_in"), 303)
