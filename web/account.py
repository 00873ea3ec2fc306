"""My account: one's own password, second factors, and where one is logged in. What could let somebody else in asks for the password first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import factors, passkeys, passwords, people
from appliance.access.passkeys import Passkey
from appliance.access.people import Unlocked
from appliance.access.roles import Permission, Role
from appliance.access.second_step import ALONE
from appliance.access.sessions import Seen
from appliance.access.signs import Beginning, digest
from appliance.errors import AccessError, PasskeyError, WeakPasswordError, WrongPasswordError
from web import browsers, entering, requests, telling, words
from web.guard import COOKIE, STEP_COOKIE, Purpose, allow, session
from web.languages import gettext, lazy, ngettext, tell
from web.services import here

account = Blueprint("account", __name__)

MINUTE: Final = 60.0  # s
ROLES: Final = {
    Role.ADMIN: lazy("admin"),
    Role.STAFF: lazy("staff"),
    Role.TECHNICIAN: lazy("technician"),
    Role.AUDITOR: lazy("auditor"),
}
DONE: Final = {
    "password": lazy("Your password is changed. Wherever else you were logged in, you are logged off."),
    "sessions": lazy("You are logged off everywhere else."),
}


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey as its person sees it."""

    file: str
    name: str
    made: str
    host: str
    opens: bool


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as its person sees it."""

    is_this: bool
    browser: str
    since: str
    used: str
    address: str


@account.get("/account")
@allow(Permission.OWN_ACCOUNT)
def show() -> str:
    """All of it."""
    services, person = here(), session().person
    has = factors.read(services.folder, person.name)
    cookie = request.cookies.get(COOKIE, "")
    return render_template(
        "account.html",
        area="account",
        name=person.name.capitalize(),
        role=ROLES[person.role],
        done=DONE.get(request.args.get("done", ""), ""),
        has=has,
        passkeys=[_passkey(one) for one in has.passkeys],
        passkeys_here=entering.site().may_have_passkeys,
        sessions=[_session(one) for one in services.sessions.of(person.name, cookie)],
        may_change=_may_change(),
    )


@account.get("/account/confirm")
@allow(Permission.OWN_ACCOUNT)
def show_confirm() -> str:
    """Is it really this person who wants to change what lets them in?"""
    return _confirm_page("")


@account.post("/account/confirm")
@allow(Permission.OWN_ACCOUNT)
def confirm() -> AnyResponse | tuple[str, int]:
    """The password opens one's own key for a few minutes."""
    try:
        unlocked, beginning = entering.unlock(session().person.name, requests.password(request))
    except AccessError as error:
        _put_on_record(error)
        return _confirm_page(_in_words(error)), 401
    return _begin(unlocked, beginning)


@account.post("/account/confirm/passkey")
@allow(Permission.OWN_ACCOUNT)
def confirm_by_passkey() -> AnyResponse | tuple[str, int]:
    """So does a passkey that can."""
    given = requests.passkey(request)
    try:
        answer = passkeys.read(given.answer)
        beginning = here().begin(here().second.whose(answer))
        unlocked = here().second.passkey_alone(answer, given.derived, entering.site())
        if unlocked.person.name != session().person.name:
            unlocked.wipe()
            raise PasskeyError
    except AccessError as error:
        _put_on_record(error)
        return _confirm_page("", entering.in_words(error)), 401
    return _begin(unlocked, beginning)


@account.get("/account/password")
@allow(Permission.OWN_ACCOUNT)
def show_password() -> str | Response:
    """Another password for oneself; our own script asks for other words alone."""
    if requests.wants_part(request):
        return Response(passwords.make_up(), mimetype="text/plain")
    return _password_page()


@account.post("/account/password")
@allow(Permission.OWN_ACCOUNT)
def change_password() -> AnyResponse | tuple[str, int]:
    """The key stays, its wrapping changes: so passkeys and everything sealed stay good. Other sessions of this person end."""
    given, services, name = requests.new_password(request), here(), session().person.name
    try:
        passwords.check(given.new, name)
    except WeakPasswordError as error:
        return _password_page(new_mistake=tell(str(error))), 422
    if given.new != given.again:
        return _password_page(
            again_mistake=gettext("These two are not the same. Type the new password again in both fields.")
        ), 422
    work = passwords.work_factor(services.settings.store.work_factor)
    try:
        with services.doorkeeper.attempt(name, request.remote_addr or ""):
            files = people.prepare_password(services.folder, name, given.old, given.new, work)
    except AccessError as error:
        _put_on_record(error)
        return _password_page(old_mistake=_in_words(error)), 422
    key = digest(files.wrapped_key)
    for sessions, cookie in ((services.sessions, COOKIE), (services.steps, STEP_COOKIE)):
        sessions.expect(request.cookies.get(cookie, ""), lambda sign: replace(sign, key=key))
    services.control.put_person(files, name)
    return redirect(url_for("account.show", done="password"), 303)


@account.post("/account/sessions/end")
@allow(Permission.OWN_ACCOUNT)
def end_others() -> AnyResponse:
    """Log oneself off everywhere else."""
    here().sessions.close_others(request.cookies.get(COOKIE, ""))
    return redirect(url_for("account.show", done="sessions"), 303)


def _begin(unlocked: Unlocked, beginning: Beginning) -> AnyResponse:
    here().sessions.prove(request.cookies.get(COOKIE, ""))
    try:
        return entering.begin(unlocked, beginning, Purpose.CHANGE, url_for("account.show", _anchor="factors"))
    finally:
        unlocked.wipe()


def _may_change() -> bool:
    """Was the password given a moment ago?"""
    cookie = request.cookies.get(STEP_COOKIE)
    found = here().steps.get(cookie, activity=False) if cookie else None
    if found is None:
        return False
    with found:
        return found.memory["purpose"] == Purpose.CHANGE and found.person.name == session().person.name


def _put_on_record(error: AccessError) -> None:
    telling.refused(error, session().person.name, request.remote_addr or "")


def _in_words(error: AccessError) -> str:
    if isinstance(error, WrongPasswordError):
        return gettext("That is not your password. Capital letters count.")
    return entering.in_words(error)


def _confirm_page(mistake: str, passkey_mistake: str = "") -> str:
    services, site = here(), entering.site()
    has = factors.read(services.folder, session().person.name)
    fitting = [one for one in has.passkeys if one.host == site.host and one.opens]
    question = passkeys.request(site, services.second.challenges.draw(ALONE), fitting) if fitting else ""
    return render_template(
        "confirm.html", area="account", question=question, mistake=mistake, passkey_mistake=passkey_mistake
    )


def _password_page(old_mistake: str = "", new_mistake: str = "", again_mistake: str = "") -> str:
    return render_template(
        "own_password.html",
        area="account",
        name=session().person.name,
        offered=passwords.make_up(),
        shortest=passwords.SHORTEST,
        old_mistake=old_mistake,
        new_mistake=new_mistake,
        again_mistake=again_mistake,
    )


def _passkey(passkey: Passkey) -> PasskeyView:
    services = here()
    made = words.when(passkey.made, services.clock.now(), services.zone)
    return PasskeyView(passkey.file, passkey.name, made, passkey.host, passkey.opens)


def _session(seen: Seen) -> SessionView:
    services = here()
    since = words.when(services.clock.now() - seen.opened_ago, services.clock.now(), services.zone)
    minutes = round(seen.used_ago / MINUTE)
    used = ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes) if minutes else gettext("just now")
    browser = browsers.in_words(seen.memory.get("browser", ("", "")))
    return SessionView(seen.is_this, browser, since, used, str(seen.memory.get("address", "")))
