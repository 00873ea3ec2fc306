"""A practice with somebody of each role, each at a desk of their own, and a walk through all that a person is offered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from appliance.access.roles import MAY, Role
from tests.web.practice import NAME, PASSWORD, TECHNICIAN, TECHNICIAN_PASSWORD, Practice
from tests.web.staff import Staff
from web import guard
from web.guard import Declared

PEOPLE: Final = {
    Role.ADMIN: (NAME, PASSWORD),
    Role.STAFF: ("sam", "velvet harbor kettle moon"),
    Role.TECHNICIAN: (TECHNICIAN, TECHNICIAN_PASSWORD),
    Role.AUDITOR: ("aude", "marble pigeon ticket cloud"),
}
CLAIM: Final = {"/claim", "/claim/code", "/claim/person", "/claim/sheet", "/claim/groups"}
PUBLIC: Final = CLAIM | {
    "/emergency",
    "/login",
    "/login/back",
    "/login/passkey",
    "/login/passkey/question",
    "/language",
    "/static/<version>/<name>",
    "/trust",
    "/trust/keepline.crt",
    "/trust/keepline.pem",
    "/trust/keepline.mobileconfig",
    "/trust/keepline-trust.cmd",
    "/trusted",
}  # for anybody on the network
LOGGED_IN: Final = {"/logout", "/pulse", "/stay", "/policy", "/drafts"}  # what whoever is logged in may use
ADDRESS: Final = re.compile(r'\b(?:href|src|action|formaction|data-part|data-src)="([^"]+)"')


def add_everybody(practice: Practice) -> None:
    """Ana is there; now one of each other role."""
    for role, (name, password) in PEOPLE.items():
        if role is not Role.ADMIN:
            practice._add(name, role, password)


def desk_of(practice: Practice, role: Role, app: Flask | None = None) -> Staff:
    """Somebody of that role, logged in."""
    return Staff(practice, app).log_in(*PEOPLE[role])


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the page can be asked."""

    rule: str
    method: str
    endpoint: str
    declared: Declared

    def path(self, **parts: str) -> str:
        """An address of it, with these parts where it has them."""
        return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", lambda found: parts.get(found[1], "0" * 32), self.rule)

    def allowed_to(self, role: Role) -> bool:
        """What the table says."""
        permission = self.declared.permission
        return self.declared.public or permission is None or permission in MAY[role]


def questions(app: Flask) -> list[Question]:
    """Every route with every method: what the application itself knows, so that none is forgotten."""
    return [
        Question(rule.rule, method, rule.endpoint, declared)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
        if (declared := guard.declared(app, rule.endpoint)) is not None
    ]


def offered(app: Flask, desk: Staff) -> Iterator[tuple[str, str, str]]:
    """Every page that can be reached by links from where this person starts: the page, an address that stands on it, and that address's endpoint."""
    known, ahead = {"/"}, [desk.get("/login").headers.get("Location", "/")]
    addresses = app.url_map.bind("localhost", url_scheme="https")
    while ahead:
        page = ahead.pop()
        answer = desk.get(page)
        if answer.status_code in {301, 302, 303}:
            ahead += _fresh([answer.headers["Location"]], known)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        for address in map(unescape, ADDRESS.findall(answer.text)):
            path = urlsplit(address).path
            if not path.startswith("/"):
                continue
            endpoint, method = _endpoint(addresses, path)
            yield page, path, endpoint
            if method == "GET" and not path.startswith("/static/"):
                ahead += _fresh([path], known)


def _endpoint(addresses: MapAdapter, path: str) -> tuple[str, str]:
    for method in ("GET", "POST"):
        try:
            found = addresses.match(path, method=method)
        except HTTPException:
            continue
        return found[0], method
    return "", ""


def _fresh(paths: list[str], known: set[str]) -> list[str]:
    fresh = [path for path in paths if path not in known]
    known.update(fresh)
    return fresh
