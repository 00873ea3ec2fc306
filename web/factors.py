"""Setting up second factors: at the first log-in, when nothing else is reachable, and later from "My account", for a few minutes after the password."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import factors as kept
from appliance.access import one_time, passkeys, qr
from appliance.access.factors import MOST_PASSKEYS, Held
from appliance.access.second_step import Way
from appliance.errors import AccessError, PasskeyError
from web import browsers, entering, requests
from web.guard import COOKIE, STEP_COOKIE, Purpose, between, purpose, step
from web.languages import gettext
from web.services import here

factors = Blueprint("factors", __name__)

BOTH = (Purpose.ENROL, Purpose.CHANGE)


@factors.get("/factors")
@between(*BOTH)
def choose() -> AnyResponse | str:
    """Which kind it is to be."""
    if purpose() is Purpose.CHANGE:
        return redirect(url_for("account.show"), 303)
    site = entering.site()
    return render_template(
        "factors.html",
        person=step().person.name.capitalize(),
        passkeys=site.may_have_passkeys,
        names=[name for name in here().settings.page.names if passkeys.Site(name, "").may_have_passkeys],
        clock_trusted=entering.clock_trusted(),
    )


@factors.get("/factors/passkey")
@between(*BOTH)
def show_passkey() -> str:
    """The question for a new passkey."""
    return _passkey_page("")


@factors.post("/factors/passkey")
@between(*BOTH)
def add_passkey() -> AnyResponse | tuple[str, int]:
    """A passkey that was just made. Where it can derive a secret, it opens the person's key from now on."""
    given, unlocked, services = requests.passkey(request), step().unlocked, here()
    try:
        answer = passkeys.read(given.answer)
        services.second.challenges.must_stand(answer.challenge, _purpose())
        if len(_held().factors.passkeys) >= MOST_PASSKEYS:
            raise PasskeyError
        name = given.name or gettext("Passkey")
        made = passkeys.made(answer, entering.site(), name, services.clock.now(), bool(given.derived))
        if kept.owner_of(services.folder, made.id):  # an id is one person's alone (WebAuthn Level 3 §7.1)
            raise PasskeyError
        derived = passkeys.identity_of(given.derived, made.id) if given.derived else None
        services.second.challenges.use_up(answer.challenge)
    except AccessError as error:
        return _passkey_page(entering.in_words(error)), 422
    own = unlocked.own
    if own is None:
        raise BadRequest
    try:
        return _put(lambda held: held.with_passkey(made, own, derived), Way.PASSKEY)
    finally:
        if derived:
            derived.wipe()


@factors.get("/factors/app")
@between(*BOTH)
def show_app() -> str:
    """The square to be read by an app."""
    return _app_page("")


@factors.post("/factors/app")
@between(*BOTH)
def add_app() -> AnyResponse | tuple[str, int]:
    """The first code of that app: it has read the square, and its clock and ours agree."""
    if not entering.clock_trusted():
        return _app_page(""), 422
    taken = one_time.step_of(_app_secret(), requests.code(request), here().clock.now(), 0)
    if taken is None:
        mistake = gettext(
            "That is not the code the app shows now. Wait for the next one and type it here; check that the telephone's clock is right."
        )
        return _app_page(mistake), 422
    secret = _app_secret()
    return _put(lambda held: held.with_app(secret, taken), Way.APP)


@factors.post("/factors/codes")
@between(*BOTH)
def add_codes() -> AnyResponse:
    """Ten new printed codes; the old ones count no longer. At the first log-in only where nothing else can be set up now."""
    if purpose() is Purpose.ENROL and entering.clock_trusted():
        raise BadRequest  # an app can always be set up then
    return _put(lambda held: held, Way.CODE, anew=True)


@factors.post("/factors/app/remove")
@between(Purpose.CHANGE)
def remove_app() -> AnyResponse:
    """The app's codes count no longer."""
    return _put(Held.without_app, Way.APP)


@factors.post("/factors/passkeys/<file>/remove")
@between(Purpose.CHANGE)
def remove_passkey(file: str) -> AnyResponse:
    """That passkey counts no longer."""
    found = next((passkey for passkey in _held().factors.passkeys if passkey.file == file), None)
    if found is None:
        raise NotFound
    id = found.id
    return _put(lambda held: held.without_passkey(id), Way.PASSKEY)


def _put(alter: Callable[[Held], Held], way: Way, anew: bool = False) -> AnyResponse:
    """Have it written. Printed codes are made along with the first other factor, so that a lost telephone locks nobody out; they are shown with the answer."""
    services, unlocked = here(), step().unlocked
    codes: tuple[str, ...] = ()
    stamp = ""

    def altered(held: Held) -> Held:
        nonlocal codes, stamp
        changed, codes = alter(_named(held)), ()
        if anew or (changed.factors.any and not changed.factors.codes):
            codes = one_time.draw_codes()
            changed = changed.with_codes(codes)
        stamp = changed.factors.stamp
        _expect(stamp)
        return changed

    enrolling = purpose() is Purpose.ENROL
    with entering.second_step() if enrolling else nullcontext():
        services.second.change(unlocked, altered)
    step().memory.pop("app", None)
    response: AnyResponse = redirect(_onward(), 303)
    if codes:
        response = make_response(render_template("codes.html", codes=codes, on=_onward()))
    if not enrolling:
        return response
    begun = entering.beginning()
    return entering.log_in(unlocked, replace(begun, sign=replace(begun.sign, factors=stamp)), way, response)


def _expect(stamp: str) -> None:
    """This very session and step go on, though the person's factors change."""
    services = here()
    services.sessions.expect(request.cookies.get(COOKIE, ""), lambda sign: replace(sign, factors=stamp))
    services.steps.expect(request.cookies.get(STEP_COOKIE, ""), lambda sign: replace(sign, factors=stamp))


def _onward() -> str:
    return entering.home(step().person) if purpose() is Purpose.ENROL else url_for("account.show")


def _back() -> str:
    """Where these pages stand: in the door, or in one's account."""
    return url_for("factors.choose" if purpose() is Purpose.ENROL else "account.show")


def _passkey_page(mistake: str) -> str:
    services, person = here(), step().person
    has = kept.read(services.folder, person.name)
    handle = bytes.fromhex(has.handle) if has.handle else _new_handle()
    challenge = services.second.challenges.draw(_purpose())
    question = passkeys.creation(entering.site(), person.name, handle, challenge, has.passkeys)
    return render_template(
        "add_passkey.html",
        back=_back(),
        question=question,
        mistake=mistake,
        host=entering.site().host,
        offered=browsers.in_words(browsers.name(request.user_agent.string)),
    )


def _app_page(mistake: str) -> str:
    person, secret = step().person, _app_secret()
    address = one_time.address(secret, person.name, here().settings.practice.name)
    return render_template(
        "add_app.html",
        back=_back(),
        square=Markup(qr.svg(address)),  # nosec B704 # noqa: S704 - drawn by us; an address in it is dots
        secret=[secret[start : start + 4] for start in range(0, len(secret), 4)],
        address=address,
        clock_trusted=entering.clock_trusted(),
        mistake=mistake,
    )


def _app_secret() -> str:
    """Drawn once for this step, so that a mistyped code does not ask for a new square."""
    return str(step().memory.setdefault("app", one_time.draw_secret()))


def _new_handle() -> bytes:
    return bytes.fromhex(str(step().memory.setdefault("handle", kept.draw_handle())))


def _held() -> Held:
    return _named(here().second.open_held(step().unlocked))


def _named(held: Held) -> Held:
    return held if held.factors.handle else held.with_handle(_new_handle().hex())


def _purpose() -> str:
    return "make " + request.cookies.get(STEP_COOKIE, "")
