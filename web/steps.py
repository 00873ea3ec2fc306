"""The second step of a log-in, and the log-in by a passkey alone."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import factors, passkeys
from appliance.access.attempts import Kind, source
from appliance.access.second_step import ALONE, Way
from appliance.errors import AccessError, OvertakenError, PasskeyError, TooSoonError
from web import entering, requests, telling
from web.guard import STEP_COOKIE, Purpose, between, public, step
from web.languages import spoken, tell
from web.services import here

steps = Blueprint("steps", __name__)

ONLY_PROVES: Final = spoken(
    "That passkey is yours, but it cannot open your key by itself. Type your password; then touch it once more."
)


@steps.post("/login/passkey/question")
@public
def ask_anybody() -> Response:
    """What a browser needs to ask for whichever passkey it has for this page."""
    question = passkeys.request(entering.site(), here().second.challenges.draw(ALONE))
    return Response(question, mimetype="application/json")


@steps.post("/login/passkey")
@public
def log_in_by_passkey() -> AnyResponse | tuple[str, int]:
    """Two touches: the button, and the passkey."""
    given = requests.passkey(request)
    second, site, name, address = here().second, entering.site(), "", request.remote_addr or ""
    try:
        answer = passkeys.read(given.answer)
        if not given.derived:
            return entering.log_in_page(name=second.owner(answer, site), ended=tell(ONLY_PROVES)), 401
        name = second.whose(answer)
        beginning = here().begin(name)
        unlocked = second.passkey_alone(answer, given.derived, site)
    except AccessError as error:
        if not isinstance(error, PasskeyError):
            telling.refused(error, name, address)
        elif second.is_news():
            telling.log_in_failed("", address, "passkey alone")
        else:
            here().doorkeeper.attempts.add(Kind("", source(address), looked_at=True))
        return entering.log_in_page(passkey_mistake=entering.in_words(error)), 401
    try:
        return entering.log_in(unlocked, beginning, Way.PASSKEY_ALONE)
    finally:
        unlocked.wipe()


@steps.get("/login/second")
@between(Purpose.PROVE)
def show_second() -> str:
    """Something that only this person has."""
    return _second_page()


@steps.post("/login/second")
@between(Purpose.PROVE)
def take_code() -> AnyResponse | tuple[str, int]:
    """A code of the app, or a printed one."""
    unlocked = step().unlocked
    try:
        with entering.second_step():
            code, address = requests.code(request), request.remote_addr or ""
            way = here().second.take_code(unlocked, code, address, entering.clock_trusted())
            return entering.log_in(unlocked, entering.beginning(), way)
    except OvertakenError:
        raise
    except AccessError as error:
        _put_on_record(error)
        return _second_page(code_mistake=entering.in_words(error)), 401


@steps.post("/login/second/passkey")
@between(Purpose.PROVE)
def take_passkey() -> AnyResponse | tuple[str, int]:
    """A passkey, after the password."""
    unlocked = step().unlocked
    try:
        with entering.second_step():
            answer = passkeys.read(requests.passkey(request).answer)
            way = here().second.take_passkey(unlocked, answer, entering.site(), _purpose())
            return entering.log_in(unlocked, entering.beginning(), way)
    except OvertakenError:
        raise
    except AccessError as error:
        _put_on_record(error)
        return _second_page(passkey_mistake=entering.in_words(error)), 401


@steps.post("/login/back")
@public
def go_back() -> AnyResponse:
    """Somebody else wants to log in."""
    return entering.end_step(redirect("/login", 303))


def _put_on_record(error: AccessError) -> None:
    """What was wrong; that somebody is early, as a sum."""
    name, address = step().person.name, request.remote_addr or ""
    if telling.refused(error, name, address):
        step().memory["told"] = True
    elif isinstance(error, TooSoonError):
        here().doorkeeper.attempts.add(Kind(name, source(address), looked_at=False))


def _second_page(code_mistake: str = "", passkey_mistake: str = "") -> str:
    services, person, site = here(), step().person, entering.site()
    has = factors.read(services.folder, person.name)
    fitting = [passkey for passkey in has.passkeys if passkey.host == site.host]
    question = passkeys.request(site, services.second.challenges.draw(_purpose()), fitting) if fitting else ""
    return render_template(
        "second.html",
        person=person.name.capitalize(),
        question=question,
        elsewhere=sorted({passkey.host for passkey in has.passkeys} - {site.host}) if not fitting else [],
        app=has.app,
        clock_trusted=entering.clock_trusted(),
        codes=has.codes,
        code_mistake=code_mistake,
        passkey_mistake=passkey_mistake,
    )


def _purpose() -> str:
    """A challenge that is drawn for this log-in stands for no other."""
    return "step " + request.cookies.get(STEP_COOKIE, "")
