"""The language that somebody chooses, before or after log-in: a cookie of a year, and back to where they were."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, current_app, redirect, request
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Response as AnyResponse

from web import access
from web.guard import unclaimed
from web.languages import COOKIE, LANGUAGES

choice = Blueprint("choice", __name__)

YEAR: Final = 365 * 24 * 3600  # s


@choice.post("/language")
@unclaimed
def choose() -> AnyResponse:
    """This language from now on, in this browser."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        raise BadRequest
    response = redirect(_back(request.form.get("back", "")), 303)
    response.set_cookie(COOKIE, language, max_age=YEAR, secure=True, httponly=True, samesite="Strict", path="/")
    return response


def _back(path: str) -> str:
    """`path` if it is one of our pages, so that nobody is led elsewhere."""
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]  # within a request there is one
    except HTTPException:
        return access.way_in()
    return path
