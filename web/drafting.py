"""What somebody types, as the page's script sends it while they type, and asks for it after the next log-in.

A form that was taken makes its drafts forgotten, and one that was refused, whatever for, leaves in them what it held: no letter of it is lost.
"""

from __future__ import annotations

import re
from typing import Final

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from web.guard import ANY, SAFE_METHODS, allow, gate_here, person_here, session
from web.services import here

drafting = Blueprint("drafting", __name__)

FORMS: Final = {  # by view: the fields of which drafts are kept
    "holds.hold": ("why",),
    "holds.release": ("why",),
    "inbox.as_file": ("whom", "why"),
    "faxes.as_pdf": ("whom", "why"),
    "faxes.as_tiff": ("whom", "why"),
    "switches.decide": ("why", "other"),
    "policy.put": ("text",),
    "people.add": ("name",),
}
_NOT_READ: Final = frozenset({403, 413, 421})  # codes of what was refused for who sent it, or how much

_FIELD: Final = re.compile(r"[a-z0-9._:/-]{1,120}")  # "/switches/downloads:why"


@drafting.get("/drafts")
@allow(None, activity=False, gate=ANY)
def show() -> Response:
    """What this person had typed: the page's script puts it back into the fields it finds."""
    return jsonify(here().drafts.of(session()))


@drafting.post("/drafts")
@allow(None, activity=False, gate=ANY)
def keep() -> tuple[str, int]:
    """What stands in a field now."""
    name, text = request.form.get("field", ""), request.form.get("text", "").replace("\r\n", "\n")
    if not _FIELD.fullmatch(name):
        raise BadRequest
    here().drafts.keep(session(), name, text)
    return "", 204


def is_form() -> bool:
    """Is this request a form of which drafts are kept?"""
    return request.method not in SAFE_METHODS and request.endpoint in FORMS


def settle(response: Response) -> Response:
    """After a form: its drafts as they are now."""
    person = person_here()
    if person is None or not is_form() or response.status_code in _NOT_READ:
        return response
    refused = response.status_code >= 400 or gate_here() is not None
    if not refused and response.status_code == 200 and response.mimetype == "text/html":
        return response  # neither: the form once more
    try:
        given = request.form
    except RequestEntityTooLarge:
        return response  # it was refused before anybody read it
    for field in FORMS[request.endpoint or ""]:
        if field in given or not refused:
            text = given[field].replace("\r\n", "\n") if refused else ""
            here().drafts.keep(person, f"{request.path.lower()}:{field}", text)
    return response
