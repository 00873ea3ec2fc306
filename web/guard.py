"""Deny by default. Each view declares who may use it; a view without a declaration stops the page from being made.

In this order a request is refused: asked for under a foreign name (421, DNS rebinding), sent by another site (403), nobody logged in (401), not allowed to
this person or switched off (403), something else to be done first (led there; `web.gates`). Every answer leaves with headers that let it do as little as
possible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

from flask import Flask, Response, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden, MisdirectedRequest, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from appliance.access import decisions
from appliance.access.decisions import Switch
from appliance.access.roles import Permission
from appliance.access.sessions import Session
from appliance.settings import Page
from web.services import here

COOKIE: Final = "__Host-keepline"  # the prefix makes browsers insist on Secure, Path=/ and this very host
ANY: Final = "any"
STEP_COOKIE: Final = "__Host-keepline-step"  # of somebody whose password was right just now
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; trusted-types keepline; require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

TRUSTS: Final = "__Host-trusts"  # carried by a browser that has shown that it trusts the box's CA
DAY: Final = 24 * 3600  # s
YEAR: Final = 365 * DAY


class Purpose(StrEnum):
    """What somebody may do whose password was right just now, and nothing else."""

    PROVE = "prove"  # show the second factor
    ENROL = "enrol"  # set one up, since one is required
    CHANGE = "change"  # change one's own, being logged in


View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declared:
    """Who may use a view: people with a permission (None: whoever is logged in), or anybody at all; and whether using it shows that a person is there."""

    permission: Permission | None = None
    public: bool = False
    unclaimed: bool = False  # also while the box belongs to no practice
    activity: bool = True
    switch: Switch | None = None  # must be on
    steps: frozenset[Purpose] = frozenset()  # only for somebody between two steps, for one of these
    proven: bool = False  # only for somebody who has shown a short time ago who they are
    gate: str = ""  # the gate that this view serves, so that it may be used while that one is closed; ANY: while any is


@dataclass(frozen=True, slots=True)
class Gate:
    """Something that a person must do before anything else on the page."""

    name: str
    endpoint: str  # where they are led
    passed: Callable[[Session], bool]  # asked at every request, so it must be quick


class UndeclaredRouteError(RuntimeError):
    """A route says not who may use it. Put `@allow(...)` or `@public` under its route."""


def allow(
    permission: Permission | None,
    *,
    activity: bool = True,
    gate: str = "",
    switch: Switch | None = None,
    proven: bool = False,
) -> Callable[[View], View]:
    """Declares that people with this permission may use the view; None: whoever is logged in. `activity=False`: the page's own polling, which keeps
    no session alive. `gate`: the view serves this gate, and so is there before it is passed. `switch`: not while this is off. `proven`: who asks is asked
    first whether it is really they, unless they were a short time ago (`web.proving`)."""
    return lambda view: _declare(view, Declared(permission, activity=activity, gate=gate, switch=switch, proven=proven))


def public(view: View) -> View:
    """Declares that anybody on the network may use the view."""
    return _declare(view, Declared(public=True, activity=False))


def between(*purposes: Purpose) -> Callable[[View], View]:
    """Declares that the view is for people whose password was right just now, and who are to do one of these."""
    return lambda view: _declare(view, Declared(activity=True, steps=frozenset(purposes)))


def unclaimed(view: View) -> View:
    """Declares that anybody on the network may use the view, also while the box belongs to no practice and every other page leads to its claiming."""
    return _declare(view, Declared(public=True, unclaimed=True, activity=False))


def _declare(view: View, declared: Declared) -> View:
    cast(Any, view).declared = declared
    return view


def stand_before(
    app: Flask, page: Page, gates: Sequence[Gate], prove: Callable[[], AnyResponse | None] = lambda: None
) -> None:
    """Put the guard before every route of `app`; `gates` in the order in which they are passed; `prove` gives the question before a view that is `proven`.

    Raises `UndeclaredRouteError`.
    """
    undeclared = [rule.rule for rule in app.url_map.iter_rules() if declared(app, rule.endpoint) is None]
    if undeclared:
        raise UndeclaredRouteError(f"who may use {', '.join(undeclared)}?")
    hosts = frozenset(_hosts(page))

    def check() -> AnyResponse | None:
        if request.host.lower() not in hosts:
            raise MisdirectedRequest
        _refuse_other_sites()
        refused = _lead_to_claim(app) or _authorise(app) or _lead_to_gate(app, gates)
        rule = declared(app, request.endpoint) if request.endpoint else None
        return prove() if refused is None and rule is not None and rule.proven else refused

    app.before_request(check)
    app.after_request(_dress)
    app.teardown_request(_forget)


def declared(app: Flask, endpoint: str) -> Declared | None:
    """What the view behind `endpoint` declares."""
    return getattr(app.view_functions[endpoint], "declared", None)


def session() -> Session:
    """The session of the person who asks; only views that `allow` roles may call this."""
    return cast(Session, g.session)


def step() -> Session:
    """The session between two steps, of the person who asks; only views that are `between` them may call this."""
    return cast(Session, g.step)


def purpose() -> Purpose:
    """What that person may do."""
    return Purpose(step().memory["purpose"])


def person_here() -> Session | None:
    """The session if somebody is logged in, for pages that are shown to both."""
    return cast("Session | None", g.get("session"))


def gate_here() -> Gate | None:
    """The gate that this person has still to pass."""
    return cast("Gate | None", g.get("gate"))


def may_take() -> bool:
    """May this person save messages, which also must be switched on?"""
    person = person_here()
    allowed = person is not None and person.person.may(Permission.TAKE_MESSAGES)
    return allowed and decisions.is_on(here().folder, Switch.TAKE_MESSAGES)


def _hosts(page: Page) -> Iterator[str]:
    for name in page.names:
        shown = f"[{name}]" if ":" in name else name.lower()
        yield f"{shown}:{page.port}"
        if page.port == 443:
            yield shown


def _refuse_other_sites() -> None:
    """Nothing is done, and nothing but a page is shown, at another site's request (Fetch Metadata; Origin where a browser lacks it)."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if request.method in SAFE_METHODS:
        if site in {"cross-site", "same-site"} and request.headers.get("Sec-Fetch-Mode") != "navigate":
            raise Forbidden
        return
    own = f"https://{request.host}"
    if site is None:
        if origin != own:
            raise Forbidden
    elif site != "same-origin" or origin not in {None, "null", own}:  # our own forms say "null": we send no referrer
        raise Forbidden


def _lead_to_claim(app: Flask) -> AnyResponse | None:
    """While the box belongs to no practice there is nothing but its claiming."""
    rule = declared(app, request.endpoint) if request.endpoint else None
    if here().founded() or (rule is not None and rule.unclaimed):
        return None
    if request.method in SAFE_METHODS and _navigates():
        return redirect(url_for("claim.show_claim"), 303)
    raise Unauthorized


def _authorise(app: Flask) -> AnyResponse | None:
    rule = declared(app, request.endpoint) if request.endpoint else Declared(public=True, activity=False)
    if rule is None:
        raise Forbidden
    cookie = request.cookies.get(COOKIE)
    found = here().sessions.get(cookie, rule.activity) if cookie else None
    g.session = found
    if rule.public:
        return None
    if rule.steps:
        return _authorise_step(rule)
    if found is None:
        if request.method == "GET" and _navigates():
            return redirect(url_for("access.show_log_in"), 303)
        raise Unauthorized
    if rule.permission is not None:
        found.person.must(rule.permission)
    if rule.switch is not None:
        decisions.must_be_on(here().folder, rule.switch)
    return None


def _authorise_step(rule: Declared) -> AnyResponse | None:
    cookie = request.cookies.get(STEP_COOKIE)
    found = here().steps.get(cookie, rule.activity) if cookie else None
    g.step, logged_in = found, person_here()
    fits = found is not None and found.memory["purpose"] in rule.steps
    if fits and purpose() is Purpose.CHANGE:
        fits = logged_in is not None and logged_in.person.name == step().person.name
    if fits:
        return None
    if request.method == "GET" and _navigates():
        return redirect(url_for("account.show" if logged_in else "access.show_log_in"), 303)
    raise Unauthorized


def _lead_to_gate(app: Flask, gates: Sequence[Gate]) -> AnyResponse | None:
    """To the first gate that this person has not passed, unless this request serves it."""
    person = person_here()
    rule = declared(app, request.endpoint) if request.endpoint else None
    closed = next((gate for gate in gates if not gate.passed(person)), None) if person else None
    if closed is None or rule is None:
        return None
    g.gate = closed
    if rule.public or rule.gate in {ANY, closed.name}:
        return None
    if _navigates():
        return redirect(url_for(closed.endpoint), 303)
    raise Forbidden


def _navigates() -> bool:
    """Does a person go somewhere? Otherwise a script or a picture asks."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _forget(_: BaseException | None) -> None:
    """The answer is made: overwrite the keys that opened it."""
    for found in (person_here(), cast("Session | None", g.get("step"))):
        if found:
            found.close()


def _dress(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    # a year only where the private CA has proven itself
    insist = YEAR if request.cookies.get(TRUSTS) == "yes" else DAY
    response.headers.setdefault("Strict-Transport-Security", f"max-age={insist}")
    response.headers.setdefault("Cache-Control", "no-store")
    return response
