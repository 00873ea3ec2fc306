"""The page of keys: what there is in plain words, whether a password or the sheet opens all of it, and the exchange of the practice key when somebody has
left or the recovery sheet was used or lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import departures, emergency, lost_keys, people, practice, rotation
from appliance.access.lost_keys import LostKey
from appliance.access.roles import RECOVERY, Permission
from appliance.access.rotation import Rotation
from appliance.access.second_step import Way
from appliance.control.client import Client
from appliance.deeds import Act, Deed
from appliance.errors import AccessError, WrongPasswordError, WrongSheetError
from web import entering, memory, past, recovery_sheet, requests, safekeeping, telling, trials, words
from web.emergency import LONGEST_SHEET, open_sheet
from web.guard import COOKIE, allow, session
from web.languages import gettext, ngettext, tell
from web.services import here
from web.trying import Outcome
from web.visits import Aside, Pending

keys = Blueprint("keys", __name__)

PATIENCE: Final = 0.5  # s: an exchange that is over by then shows no progress


@dataclass(frozen=True, slots=True)
class DamageView:
    """A key that cannot be opened, and what goes with it."""

    name: str
    what: str


@dataclass(frozen=True, slots=True)
class KeysView:
    """What there is."""

    practice_since: str
    readers: int
    days: int  # keys of days that are kept
    sheet_since: str  # "" when the record no longer tells
    under_way: bool
    at_work: bool
    done: int
    of: int
    stopped: str  # why the last exchange stopped
    damaged: tuple[DamageView, ...]  # keys that it could not open
    sheet_must_go: bool
    left: str  # who held the key that is still in use and is gone; "" when nobody
    by_sheet: bool  # this very session came in with the recovery sheet
    may_resume: bool


@keys.get("/keys")
@allow(Permission.RUN_KEYS)
def show() -> str:
    """What there is, and what can be done."""
    return _page({})


@keys.get("/parts/exchange")
@allow(Permission.RUN_KEYS, activity=False)
def exchange_part() -> str:
    """How far the exchange is, for the page that keeps itself fresh; nothing at its end."""
    if not here().exchanging.at_work:
        return ""
    return render_template("_exchange.html", keys=rotation.so_far(here().folder))


@keys.get("/parts/trial")
@allow(Permission.RUN_KEYS, activity=False)
def trial_part() -> str:
    """The same for a trial."""
    return render_template("_trial.html", trial=trials.view()) if here().trying.at_work else ""


@keys.post("/keys/exchange")
@allow(Permission.RUN_KEYS, proven=True)
def exchange() -> AnyResponse | tuple[str, int]:
    """A new practice key; with a new sheet that is printed and typed back before anything is done."""
    reason = request.form.get("reason", "")
    if reason not in {"left", "sheet"}:
        return _page({"reason": gettext("Choose why the key is exchanged.")}), 422
    try:
        made = rotation.start(here().folder, session().unlocked, new_sheet=reason == "sheet")
    except AccessError as error:
        return _page({"reason": tell(str(error))}), 422
    if made.sheet is None:
        return _run(made)
    with made:
        secret, beginning = made.set_aside()
        pending = recovery_sheet.pend(made.sheet, _cookie())
    kept = safekeeping.keep(secret, _cookie(), pending.sheet.until)
    memory.of(session()).exchange = Aside(kept, beginning, pending)
    return redirect(url_for("keys.show_sheet"), 303)


@keys.get("/keys/sheet")
@allow(Permission.RUN_KEYS, proven=True)
def show_sheet() -> AnyResponse | str:
    """The new sheet, or the question for two of its groups."""
    aside = memory.of(session()).exchange
    if aside is None:
        return _to_keys()
    if aside.pending.printed:
        return _groups_page(aside.pending, {})
    sheet = recovery_sheet.view(aside.pending, _cookie())
    return _to_keys() if sheet is None else render_template("keys_sheet.html", area="keys", sheet=sheet)


@keys.post("/keys/sheet")
@allow(Permission.RUN_KEYS)
def turn_sheet() -> AnyResponse:
    """On to typing back, back to the sheet, or away from it."""
    remembered = memory.of(session())
    if remembered.exchange is None or request.form.get("printed") == "never":
        remembered.exchange = None
        return _to_keys()
    pending = replace(remembered.exchange.pending, printed=request.form.get("printed") == "yes")
    remembered.exchange = replace(remembered.exchange, pending=pending)
    return redirect(url_for("keys.show_sheet"), 303)


@keys.post("/keys/sheet/groups")
@allow(Permission.RUN_KEYS, proven=True)
def type_back() -> AnyResponse | tuple[str, int]:
    """Two groups of the new sheet; when they are right the exchange begins. The sheet may lie beside a screen that was left, so it proves nobody."""
    remembered = memory.of(session())
    if "first" not in request.form:  # they were typed before the question who it is, which keeps no groups
        return redirect(url_for("keys.show_sheet"), 303)
    aside = remembered.exchange
    secret = safekeeping.read(aside.key, _cookie(), here().clock.monotonic()) if aside else None
    if aside is None or secret is None:
        return _to_keys()
    if mistake := recovery_sheet.mistake(aside.pending, request):
        return _groups_page(aside.pending, {"groups": mistake}), 422
    remembered.exchange = None
    try:
        made = rotation.take_up(here().folder, session().unlocked, secret, aside.beginning)
    except AccessError as error:
        return _page({"reason": tell(str(error))}), 422
    return _run(made)


@keys.post("/keys/resume")
@allow(Permission.RUN_KEYS)
def resume() -> AnyResponse | tuple[str, int]:
    """Go on with an exchange that was interrupted; the password opens the key that is on its way in."""
    me, address = session().person.name, request.remote_addr or ""
    try:
        made = _resumed_by_sheet() if me == RECOVERY else _resumed()
    except AccessError as error:
        if isinstance(error, WrongPasswordError | WrongSheetError):
            telling.log_in_failed(me, address, Way.SHEET if me == RECOVERY else "")
        wrong = gettext("That is not your password. Capital letters count.")
        mistake = wrong if isinstance(error, WrongPasswordError) else entering.in_words(error)
        return _page({"password": mistake}, frozenset(request.form.getlist("without"))), 422
    return _run(made, frozenset(request.form.getlist("without")))


@keys.post("/keys/drop")
@allow(Permission.RUN_KEYS, proven=True)
def drop() -> AnyResponse:
    """Leave the key as it is."""
    if request.form.get("drop") != "yes":
        raise BadRequest
    rotation.drop(here().folder, session().unlocked, here().control)
    return _to_keys()


@keys.post("/keys/trial")
@allow(Permission.RUN_KEYS)
def try_keys() -> AnyResponse | tuple[str, int]:
    """What the password of whoever asks, or the recovery sheet, opens of all that is kept. Either is typed now, so no other proof is asked for; counts alone
    are told, so the sheet is no way in here."""
    me, address = session().person.name, request.remote_addr or ""
    by_sheet = request.form.get("with") == "sheet"
    way = Way.SHEET if by_sheet else ""
    try:
        if by_sheet:
            unlocked = open_sheet(request.form.get("sheet", "")[:LONGEST_SHEET])
        else:
            unlocked = here().doorkeeper.unlock(
                me, request.form.get("own", "")[: requests.LONGEST_PASSWORD + 1], address
            )
        here().trying.run(unlocked, _teller(here().control, me, way))
    except AccessError as error:
        if isinstance(error, WrongPasswordError):
            telling.log_in_failed(me, address, way)
        return _page({"sheet" if by_sheet else "own": entering.in_words(error)}), 422
    here().trying.join(PATIENCE)
    return redirect(url_for("keys.show", _anchor="trial"), 303)


def _teller(control: Client, by: str, way: str) -> Callable[[Outcome], None]:
    """Puts a trial on record."""
    detail = {"what": "keys"} | ({"with": way} if way else {})
    return lambda outcome: control.record(Deed(Act.CHECKED, by, detail=detail | {"shut": str(outcome.shut)}))


def _resumed() -> Rotation:
    """By the password, which opens the key that is on its way in."""
    me, address = session().person.name, request.remote_addr or ""
    unlocked = here().doorkeeper.unlock(me, requests.password(request), address)
    try:
        return rotation.resume(here().folder, unlocked)
    finally:
        unlocked.wipe()


def _resumed_by_sheet() -> Rotation:
    """By the new sheet; the one of before opened this session, and opens nothing of what is on its way in."""
    with emergency.read_sheet(requests.password(request)) as paper:
        return rotation.resume(here().folder, replace(session().unlocked, own=paper))


def _run(made: Rotation, without: frozenset[str] = frozenset()) -> AnyResponse:
    here().exchanging.run(made, here().control, session().person.name, without)
    here().exchanging.join(PATIENCE)
    return _to_keys()


def _view() -> KeysView:
    services = here()
    folder, zone, work = services.folder, services.zone, services.exchanging
    so_far = rotation.so_far(folder)
    sheet, by_sheet = past.sheet_made(folder), session().person.name == RECOVERY
    return KeysView(
        practice_since=words.in_full((folder / practice.PUBLIC).stat().st_mtime, zone),
        readers=sum(person.may_read for person in people.list_people(folder)),
        days=sum(1 for _ in (folder / "epochs").glob("*.age")),
        sheet_since=words.in_full(sheet, zone) if sheet is not None else "",
        under_way=rotation.is_under_way(folder),
        at_work=work.at_work,
        done=so_far.done,
        of=so_far.of,
        stopped=tell(work.mistake),
        damaged=tuple(map(_damage_view, lost_keys.of(folder, work.damaged))) if work.damaged else (),
        left=", ".join(dict.fromkeys(one.name.capitalize() for one in departures.since_exchange(folder))),
        sheet_must_go=emergency.demands_rotation(folder),
        by_sheet=by_sheet,
        may_resume=not by_sheet or past.sheet_is_coming(folder),
    )


def _damage_view(one: LostKey) -> DamageView:
    if one.is_records:
        return DamageView(one.name, gettext("the key to names and numbers in the record so far"))
    if one.since is None:
        return DamageView(one.name, gettext("a day’s key that no message needs"))
    when = words.in_full(one.since, here().zone)
    told = ngettext(
        "the key to %(num)d message that came %(when)s",
        "the key to %(num)d messages, the first of which came %(when)s",
        one.messages,
        when=when,
    )
    return DamageView(one.name, told)


def _page(mistakes: dict[str, str], without: frozenset[str] = frozenset()) -> str:
    return render_template(
        "keys.html", area="keys", keys=_view(), trial=trials.view(), mistakes=mistakes, without=without
    )


def _groups_page(pending: Pending, mistakes: dict[str, str]) -> str:
    return render_template("keys_groups.html", area="keys", numbers=pending.numbers, mistakes=mistakes)


def _to_keys() -> AnyResponse:
    return redirect(url_for("keys.show"), 303)


def _cookie() -> str:
    return request.cookies[COOKIE]
