"""What stands around every page: the practice, who is logged in and until when, and the strip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from flask import request

from appliance.access.roles import Permission
from web import access, emergency, files, health, languages, places, scripts, words
from web.guard import TRUSTS, gate_here, may_take, person_here
from web.services import here


@dataclass(frozen=True, slots=True)
class Me:
    """Who is logged in, as the page shows it."""

    name: str
    until: str  # time of day at which they must log in again
    ends_in: int  # s until they are logged off if they do nothing


def around() -> dict[str, Any]:
    """The variables that every template has."""
    services, session = here(), person_here()
    always: dict[str, Any] = {
        "asset": files.address,
        "practice": services.settings.practice.name,
        "toast": None,
        "missing": False,
        "may_take": may_take(),
        "trusts": request.cookies.get(TRUSTS) == "yes",
        "can": lambda permission: session is not None and session.person.may(Permission(permission)),
        "language": languages.here(),
        "languages": languages.LANGUAGES,
        "back": request.path if request.method == "GET" else "/",
        "places": places.of(session.person) if session and gate_here() is None else (),
    }
    if session is None:
        return always
    until = words.clock_time(services.clock.now() + session.ends_in, services.zone)
    me = Me(words.person(session.person.name), until, math.ceil(session.rests_in))
    box = health.version()  # before the strip: a change in between shows at the next look
    strip = health.strip(health.look(), services.zone)
    return always | {
        "me": me,
        "emergency": emergency.banner(),
        "home": access.home(session.person),
        "strip": strip,
        "box": box,
        "script_words": scripts.words(),
    }
