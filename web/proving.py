"""Once more: is it really you? A session that somebody left open shows what its person may see. To change people, keys, switches or the policy takes a proof
that is a few minutes old: the password or a passkey, as at log-in. What was typed waits in the question's own form, passwords and a sheet's groups do not."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, current_app, make_response, redirect, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import factors, passkeys
from appliance.access.roles import RECOVERY, Permission
from appliance.access.second_step import ALONE
from appliance.errors import AccessError, FactorsDamagedError, PasskeyError, WrongPasswordError
from web import access, entering, guard, requests, telling
from web.guard import COOKIE, SAFE_METHODS, allow, session
from web.languages import gettext
from web.services import here

proving = Blueprint("proving", __name__)

LASTS: Final = 300.0  # s that a proof is good for; to have logged in is one
_OURS: Final = frozenset({"then", "again", "own_password", "answer", "derived"})
_LONG: Final = 1000  # letters: more are sent as they are, not each octet as three letters
_SECRET: Final = frozenset({"password", "first", "second"})  # typed for somebody, or off a sheet: it waits in no page

Fields = tuple[tuple[str, str], ...]


def asked() -> AnyResponse | None:
    """The question, in place of a view that wants a proof; None when there is one.

    Whoever came in with the recovery sheet is not asked: they have no password, and are there for no other purpose.
    """
    if session().proven_ago < LASTS or session().person.name == RECOVERY:
        return None
    return make_response(_page(request.path, request.method not in SAFE_METHODS), 401)


@proving.post("/confirm")
@allow(Permission.OWN_ACCOUNT)
def prove() -> AnyResponse | tuple[str, int]:
    """By the password."""
    then, again, me = _then(), _again(), session().person.name
    given = request.form.get("own_password", "")[: requests.LONGEST_PASSWORD + 1]
    try:
        here().doorkeeper.unlock(me, given, request.remote_addr or "").wipe()
    except AccessError as error:
        telling.refused(error, me, request.remote_addr or "")
        if not isinstance(error, WrongPasswordError):
            return _page(then, again, entering.in_words(error)), 401
        return _page(then, again, gettext("That is not your password. Capital letters count.")), 401
    return _go_on(then, again)


@proving.post("/confirm/passkey")
@allow(Permission.OWN_ACCOUNT)
def prove_by_passkey() -> AnyResponse | tuple[str, int]:
    """By a passkey that opens this person's key."""
    then, again, me = _then(), _again(), session().person.name
    given = requests.passkey(request)
    try:
        unlocked = here().second.passkey_alone(passkeys.read(given.answer), given.derived, entering.site())
        unlocked.wipe()
        if unlocked.person.name != me:
            raise PasskeyError
    except AccessError as error:
        telling.refused(error, me, request.remote_addr or "")
        return _page(then, again, passkey_mistake=entering.in_words(error)), 401
    return _go_on(then, again)


def _go_on(then: str, again: bool) -> AnyResponse:
    here().sessions.prove(request.cookies.get(COOKIE, ""))
    return redirect(then, 307 if again else 303)  # 307: the browser sends the form once more, to where it was going


def _then() -> str:
    """Where this person was going: only to a view that asks for a proof."""
    then = request.form.get("then", "")
    try:
        endpoint, _ = current_app.url_map.bind("localhost").match(then, method="POST" if _again() else "GET")
    except HTTPException:
        raise BadRequest from None
    declared = guard.declared(current_app, endpoint)
    if not then.startswith("/") or declared is None or not declared.proven:
        raise BadRequest
    return then


def _again() -> bool:
    return request.form.get("again") == "yes"


def _page(then: str, again: bool, mistake: str = "", passkey_mistake: str = "") -> str:
    typed: Fields = tuple(
        (name, value) for name, value in request.form.items(multi=True) if name not in _OURS | _SECRET
    )
    return render_template(
        "prove.html",
        area="account",
        question=_question(),
        fields=(("then", then), ("again", "yes" if again else "no"), *(typed if again else ())),
        away=_away(then),
        long=again and sum(len(value) for _, value in typed) > _LONG,
        mistake=mistake,
        passkey_mistake=passkey_mistake,
    )


def _away(then: str) -> str:
    """Where whoever changes nothing goes: the page of the form that was sent or, where that asks the same question, the one above it."""
    urls, path = current_app.url_map.bind("localhost"), then
    while path.strip("/"):
        try:
            endpoint, _ = urls.match(path, method="GET")
        except HTTPException:
            endpoint = ""
        rule = guard.declared(current_app, endpoint) if endpoint else None
        if rule is not None and not rule.proven:
            return path
        path = path.rpartition("/")[0]
    return access.home(session().person)


def _question() -> str:
    """What a browser needs to ask for a passkey of this person; "" when none can prove it here."""
    services, site = here(), entering.site()
    try:
        has = factors.read(services.folder, session().person.name)
    except FactorsDamagedError:
        return ""
    fitting = [one for one in has.passkeys if one.host == site.host and one.opens]
    return passkeys.request(site, services.second.challenges.draw(ALONE), fitting) if fitting else ""
