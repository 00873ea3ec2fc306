"""Log in, log off, and whether a session still goes on."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Final

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from appliance.access.roles import Permission, Person
from appliance.deeds import Act
from appliance.errors import AccessError, KeeplineError, TooSoonError, WrongPasswordError
from web import health, inbox, requests, telling, words
from web.guard import ANY, COOKIE, allow, person_here, public, session
from web.languages import gettext, spoken, tell
from web.services import here

access = Blueprint("access", __name__)

WARNING: Final = 60.0  # s before a session ends
ENDED: Final = {
    "idle": spoken("You were logged off because nobody used the page for a while. Nothing is lost: log in to go on."),
    "locked": spoken("Somebody pressed the lock button on the box, or the box was started again. Log in to go on."),
    "off": spoken("You are logged off."),
}


@access.get("/login")
@public
def show_log_in() -> AnyResponse | str:
    """The way in."""
    if person_here():
        return redirect(home(session().person), 303)
    return render_template("log_in.html", ended=tell(ENDED.get(request.args.get("why", ""), "")), name="", mistake="")


@access.post("/login")
@public
def log_in() -> AnyResponse | tuple[str, int]:
    """A name and a password for a session."""
    given = requests.log_in(request)
    try:
        unlocked = here().doorkeeper.unlock(given.name, given.password, request.remote_addr or "")
    except AccessError as error:
        if isinstance(error, WrongPasswordError):
            telling.log_in_failed(given.name, request.remote_addr or "")
        return render_template("log_in.html", ended="", name=given.name, mistake=_in_words(error)), 401
    _forget(request.cookies.get(COOKIE))
    try:
        telling.record_of(unlocked.person.name, Act.LOGGED_IN, detail={"from": request.remote_addr or ""})
        secret = here().sessions.open(unlocked)
    finally:
        unlocked.wipe()
    response = redirect(home(unlocked.person), 303)
    response.set_cookie(COOKIE, secret, secure=True, httponly=True, samesite="Strict", path="/")
    return response


@access.post("/logout")
@allow(None, gate=ANY)
def log_off() -> AnyResponse:
    """End this session, whether a line of it can be written or not."""
    name = session().person.name
    _forget(request.cookies.get(COOKIE))
    with suppress(KeeplineError):
        telling.record_of(name, Act.LOGGED_OFF)
    response = redirect(url_for("access.show_log_in", why="off"), 303)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Strict", path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


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
    return url_for("inbox.show_list" if person.may(Permission.READ_MESSAGES) else "health.show_status")


def way_in() -> str:
    """Where one logs in."""
    return url_for("access.show_log_in")


def _in_words(error: AccessError) -> str:
    if isinstance(error, TooSoonError) and error.wait:
        wait = words.count(math.ceil(error.wait), "second")
        return gettext("Name and password were wrong several times. Wait %(time)s, then try again.", time=wait)
    return tell(str(error))


def _forget(cookie: str | None) -> None:
    if cookie:
        here().sessions.close(cookie)
