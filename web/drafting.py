"""What somebody types, as the page's script sends it while they type, and asks for it after the next log-in."""

from __future__ import annotations

import re
from typing import Final

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from web.guard import ANY, allow, session
from web.services import here

drafting = Blueprint("drafting", __name__)

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
