"""The forms about people, parsed at the edge: what was typed, and for each field that cannot be so a sentence to stand beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flask import Request
from werkzeug.exceptions import BadRequest, NotFound

from appliance.access.roles import ALL, NONE, Role, check_mailboxes, check_name
from appliance.access.unlock import as_kept
from appliance.errors import KeeplineError, PersonNameError
from web import requests
from web.languages import gettext

LONGEST_NAME: Final = 80
EVERY: Final = "*"


@dataclass(frozen=True, slots=True)
class Standing:
    """Role and mailboxes, as chosen; `role` None: none was chosen yet."""

    role: Role | None = None
    mailboxes: frozenset[str] = NONE

    @property
    def every(self) -> bool:
        """All mailboxes, those to come as well?"""
        return self.mailboxes == ALL


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody to be added, as typed so far. `mistakes`: a sentence by field."""

    name: str = ""
    standing: Standing = Standing()
    password: str = field(default="", repr=False)
    mistakes: dict[str, str] = field(default_factory=dict)


def person_name(text: str) -> str:
    """The name in an address; anything else was never a person."""
    try:
        return check_name(text)
    except PersonNameError:
        raise NotFound from None


def entry(request: Request) -> Entry:
    """The form of a new person. Capital letters of a telephone's keyboard do no harm."""
    mistakes: dict[str, str] = {}
    name = typed_name(request)
    try:
        check_name(name)
    except PersonNameError as error:
        mistakes["name"] = gettext(str(error)) if name else gettext("Type the name this person will log in with.")
    return Entry(name, standing(request, mistakes), requests.password(request), mistakes)


def typed_name(request: Request) -> str:
    """A name as people are kept by."""
    return as_kept(request.form.get("name", "")[:LONGEST_NAME])


def standing(request: Request, mistakes: dict[str, str]) -> Standing:
    """Role and mailboxes; what is wrong with them goes into `mistakes`."""
    chosen = request.form.get("role", "")
    if chosen not in set(Role):
        mistakes["role"] = gettext("Choose what this person is to the practice.")
        return Standing(None, mailboxes(request))
    found = Standing(Role(chosen), mailboxes(request))
    if found.role is Role.STAFF and not found.mailboxes:
        mistakes["mailboxes"] = gettext("Choose at least one mailbox: without one there is nothing to read.")
    return found


def mailboxes(request: Request) -> frozenset[str]:
    """The mailboxes that were ticked."""
    ticked = frozenset(request.form.getlist("mailboxes"))
    try:
        return ALL if EVERY in ticked else check_mailboxes(ticked)
    except KeeplineError:
        raise BadRequest from None


def wants_another(request: Request) -> bool:
    """Was the button pressed that draws other words?"""
    return request.form.get("another") == "yes"
