"""Log in, log off, log everybody off, and whether a session still goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.access.roles import Permission, Person
from appliance.deeds import Act
from appliance.errors import AccessError, KeeplineError
from web import entering, health, inbox, requests, telling
from web.guard import ANY, COOKIE, allow, person_here, public, session
from web.languages import spoken, tell
from web.services import here

access = Blueprint("access", __name__)

WARNING: Final = 60.0  # s before a session ends
ENDED: Final = {
    "idle": spoken("You were logged off because nobody used the page for a while. Nothing is lost: log in to go on."),
    "locked": spoken(
        "Somebody pressed the lock button, on the box or on its page, or the box was started again. Log in to go on."
    ),
    "everybody": spoken("Everybody is logged off, on every computer and telephone. Log in to go on."),
    "off": spoken("You are logged off."),
    "exchanged": spoken("The practice key was exchanged, so everybody was logged off. Log in to go on."),
    "claimed": spoken("This box is yours now. Log in with the name and password that you have chosen."),
}


@access.get("/login")
@public
def show_log_in() -> AnyResponse | str:
    """The way in."""
    if person_here():
        return redirect(home(session().person), 303)
    why = request.args.get("why", "")
    if here().exchanging.just_done and why in {"", "locked"}:
        why = "exchanged"
    return entering.log_in_page(ended=tell(ENDED.get(why, "")))


@access.post("/login")
@public
def log_in() -> AnyResponse | tuple[str, int]:
    """A name and a password for a session."""
    given = requests.log_in(request)
    try:
        unlocked, beginning = entering.unlock(given.name, given.password)
    except AccessError as error:
        telling.refused(error, given.name, request.remote_addr or "")
        return entering.refused_page(given.name, entering.in_words(error)), 401
    try:
        return entering.after_password(unlocked, beginning)
    except AccessError as error:
        telling.refused(error, unlocked.person.name, request.remote_addr or "")
        return entering.refused_page(given.name, entering.in_words(error)), 401
    finally:
        unlocked.wipe()


@access.post("/logout")
@allow(None, gate=ANY)
def log_off() -> AnyResponse:
    """End this session, whether a line of it can be written or not."""
    name = session().person.name
    _forget(request.cookies.get(COOKIE))
    with suppress(KeeplineError):
        telling.record_of(name, Act.LOGGED_OFF)
    response = entering.end_step(redirect(url_for("access.show_log_in", why="off"), 303))
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Strict", path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@access.post("/lock")
@allow(Permission.LOCK_PAGE)
def lock() -> AnyResponse:
    """What the panel's button does, for whoever sits elsewhere: end every session, whether a line of it can be written or not."""
    name = session().person.name
    here().lock()
    with suppress(KeeplineError):
        here().control.lock(name)
    return redirect(url_for("access.show_log_in", why="everybody"), 303)


@access.get("/pulse")
@allow(None, activity=False, gate=ANY)
def pulse() -> Response:
    """What the page asks every second: has anything changed, and how long does the session last? Asking is no sign of a person."""
    now = session()
    warned = now.rests_in <= min(WARNING, here().sessions.idle / 2)
    seen = inbox.version() if now.person.may_read else ""
    left = round(now.rests_in, 1)
    return jsonify(list=seen, box=health.version(), ends_in=left, warning=warned, can_stay=now.rests_in < now.ends_in)


@access.post("/stay")
@allow(None, gate=ANY)
def stay() -> tuple[str, int]:
    """A person is there: keep the session."""
    return "", 204


def home(person: Person) -> str:
    """Where this person starts."""
    return entering.home(person)


def way_in() -> str:
    """Where one logs in."""
    return url_for("access.show_log_in")


def _forget(cookie: str | None) -> None:
    if cookie:
        here().sessions.close(cookie)
