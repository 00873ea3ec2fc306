"""From step to step until somebody is logged in: which step comes next, and the cookie that carries the opened key from one to the other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.access import decisions
from appliance.access import unlock as keys
from appliance.access.decisions import Switch
from appliance.access.passkeys import Site
from appliance.access.people import Unlocked
from appliance.access.roles import Permission, Person
from appliance.access.second_step import Way
from appliance.access.signs import Beginning
from appliance.access.unlock import as_kept
from appliance.control.values import Level
from appliance.deeds import Act
from appliance.errors import AccessError, OvertakenError, TooSoonError
from web import browsers, languages, telling
from web.guard import COOKIE, STEP_COOKIE, TRUSTS, Purpose, person_here, step
from web.languages import ngettext, tell
from web.services import BETWEEN_STEPS, here


def unlock(name: str, password: str) -> tuple[Unlocked, Beginning]:
    """The first step, past the doorkeeper. Raises as he does."""
    services, name = here(), as_kept(name)
    with services.doorkeeper.attempt(name, request.remote_addr or ""):
        beginning = services.begin(name)
        return keys.unlock(services.folder, name, password), beginning


def after_password(unlocked: Unlocked, beginning: Beginning) -> Response:
    """Where somebody is led whose password was right. `unlocked` stays the caller's to wipe. Raises `FactorsDamagedError`, `OvertakenError`."""
    if here().second.open_held(unlocked).factors.any:
        return begin(unlocked, beginning, Purpose.PROVE, url_for("steps.show_second"))
    if decisions.is_on(here().folder, Switch.PASSWORD_ALONE):
        return log_in(unlocked, beginning, Way.PASSWORD)
    return begin(unlocked, beginning, Purpose.ENROL, url_for("factors.choose"))


def begin(unlocked: Unlocked, beginning: Beginning, purpose: Purpose, where: str) -> Response:
    """Between two steps: on to `where`. Raises `OvertakenError`."""
    services = here()
    services.steps.replace(request.cookies.get(STEP_COOKIE, ""))
    secret = services.steps.open(
        unlocked,
        beginning.sign,
        lambda: services.stands(beginning),
        purpose=purpose.value,
        beginning=beginning,
        address=request.remote_addr or "",
        told=purpose is Purpose.CHANGE,  # which is no log-in
    )
    response = redirect(where, 303)
    response.set_cookie(
        STEP_COOKIE, secret, max_age=int(BETWEEN_STEPS), secure=True, httponly=True, samesite="Strict", path="/"
    )
    return response


def beginning() -> Beginning:
    """What the person between two steps began with."""
    return cast(Beginning, step().memory["beginning"])


@contextmanager
def second_step() -> Iterator[None]:
    """Around whatever puts on record how the second step went: a step that ends and had none leaves a line of its own."""
    memory = step().memory
    memory["told"] = True
    try:
        yield
    except OvertakenError:  # which is told with the session that did not begin
        raise
    except BaseException:
        memory["told"] = False
        raise


def log_in(unlocked: Unlocked, beginning: Beginning, way: Way, response: Response | None = None) -> Response:
    """The last step was taken. `response` if something is to be shown before where that person starts.

    Raises `ControlError` when no line of it can be written, and `OvertakenError` when what it began with is no longer so.
    """
    services, address = here(), request.remote_addr or ""
    services.sessions.replace(request.cookies.get(COOKIE, ""))
    telling.record_of(unlocked.person.name, Act.LOGGED_IN, detail={"from": address, "with": way.value})
    secret = services.sessions.open(
        unlocked,
        beginning.sign,
        lambda: services.stands(beginning),
        way=way,
        address=address,
        browser=browsers.name(request.user_agent.string),
    )
    response = response or redirect(home(unlocked.person), 303)
    end_step(response)
    response.set_cookie(COOKIE, secret, secure=True, httponly=True, samesite="Strict", path="/")
    return response


def overtaken(error: OvertakenError) -> Response:
    """The way in once more, for whoever was overtaken."""
    return end_step(make_response(log_in_page(mistake=tell(str(error))), 401))


def end_step(response: Response) -> Response:
    """Nobody is between two steps any more."""
    if cookie := request.cookies.get(STEP_COOKIE):
        here().steps.replace(cookie)
        response.delete_cookie(STEP_COOKIE, secure=True, httponly=True, samesite="Strict", path="/")
    return response


def site() -> Site:
    """Where the browser believes to be; the guard has seen to it that this is one of the page's names."""
    host = request.host if request.host.endswith("]") else request.host.rpartition(":")[0] or request.host
    return Site(host.lower(), f"https://{request.host.lower()}", here().settings.practice.name)


def clock_trusted() -> bool:
    """May the codes of an app be believed? As the daemon says."""
    status = here().watch.look()
    return status is not None and any(part.name == "Clock" and part.level is Level.GOOD for part in status.parts)


def home(person: Person) -> str:
    """Where this person starts."""
    return url_for("inbox.show_list" if person.may(Permission.READ_MESSAGES) else "health.show_status")


def log_in_page(*, name: str = "", ended: str = "", mistake: str = "", passkey_mistake: str = "") -> str:
    """The way in."""
    return render_template(
        "log_in.html",
        ended=ended,
        name=name,
        mistake=mistake,
        passkey_mistake=passkey_mistake,
        passkeys_here=site().may_have_passkeys,
    )


def refused_page(name: str, mistake: str) -> str:
    """The way in for whoever was refused: the same page, at a small part of the cost."""
    if person_here():
        return log_in_page(name=name, mistake=mistake)
    look = languages.here(), request.host.lower(), request.cookies.get(TRUSTS) == "yes"
    return here().refused.page(look, lambda name, mistake: log_in_page(name=name, mistake=mistake), name, mistake)


def in_words(error: AccessError) -> str:
    """Why somebody was not let in, and what to do."""
    if isinstance(error, TooSoonError) and error.wait:
        seconds = math.ceil(error.wait)
        return ngettext(
            "That was wrong several times. Wait %(num)s second, then try again.",
            "That was wrong several times. Wait %(num)s seconds, then try again.",
            seconds,
        )
    return tell(str(error))
