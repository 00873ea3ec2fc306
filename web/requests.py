"""What browsers send, parsed at the edge: a request becomes values or an error in plain words. Bodies are small and stay in memory."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import IO, Any, Final

from flask import Request
from werkzeug.exceptions import BadRequest, NotFound

from appliance.fax.pictures import Turn
from web.sheets import WIDTHS

LARGEST_BODY: Final = 8 * 1024  # octets; the longest form is name and password
LARGEST_TEXT: Final = (
    12 * 1024
)  # octets: the policy sheet's 5,000 letters of two octets each, a note's 4,000 of up to three as browsers count, and what stands around them
LONG_TEXTS: Final = re.compile(
    r"/policy/text/.*|/drafts|/messages/[^/]*/notes|/confirm(/passkey)?"
)  # where that may be sent
LONGEST_NAME: Final = 80  # letters
LONGEST_PASSKEY_NAME: Final = 40
LONGEST_PASSWORD: Final = 1024
LONGEST_SEARCH: Final = 80


class SmallRequest(Request):
    """A request whose body never touches a disk: small, and any part of it in memory (Werkzeug would spool uploads to a temporary file)."""

    max_content_length = LARGEST_BODY
    max_form_memory_size = LARGEST_BODY
    max_form_parts = 16

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if LONG_TEXTS.fullmatch(self.path):
            self.max_content_length = self.max_form_memory_size = LARGEST_TEXT

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()  # never more than LARGEST_TEXT comes in


@dataclass(frozen=True, slots=True)
class LogIn:
    """What the log-in form holds."""

    name: str
    password: str

    def __repr__(self) -> str:
        return "LogIn(private)"


@dataclass(frozen=True, slots=True)
class PasskeyForm:
    """What our script puts into a form after the browser has asked for a passkey."""

    answer: str
    derived: str  # what the passkey derived from our salt, base64url; empty where it cannot
    name: str

    def __repr__(self) -> str:
        return "PasskeyForm(private)"


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The form for one's own password."""

    old: str
    new: str
    again: str

    def __repr__(self) -> str:
        return "NewPassword(private)"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Octets `start` to `end`, both included."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start + 1


@dataclass(frozen=True, slots=True)
class Scale:
    """How wide a page is drawn (None: unscaled), and how it is turned."""

    width: int | None
    turn: Turn


@dataclass(frozen=True, slots=True)
class Turning:
    """A page (None: the whole fax) to be turned by so much."""

    page: int | None
    by: Turn


class UnsatisfiableRangeError(ValueError):
    """The range that was asked for lies outside the content."""


def log_in(request: Request) -> LogIn:
    """Name and password; too long ones are cut, since none such exists. Names for logging in have no capital letters: a telephone's keyboard puts them."""
    form = request.form
    return LogIn(form.get("name", "").strip().lower()[:LONGEST_NAME], form.get("password", "")[: LONGEST_PASSWORD + 1])


def password(request: Request) -> str:
    """A password alone; nothing is cut off that could have counted."""
    return request.form.get("password", "")[: LONGEST_PASSWORD + 1]


def new_password(request: Request) -> NewPassword:
    """The old password, and the new one twice."""
    return NewPassword(*(request.form.get(name, "")[: LONGEST_PASSWORD + 1] for name in ("old", "new", "again")))


def code(request: Request) -> str:
    """A code as somebody types it."""
    return request.form.get("code", "")[:LONGEST_NAME]


def passkey(request: Request) -> PasskeyForm:
    """A browser's answer about a passkey, not believed yet."""
    form = request.form
    name = " ".join("".join(sign for sign in form.get("name", "") if sign.isprintable()).split())
    return PasskeyForm(form.get("answer", ""), form.get("derived", "")[:100], name[:LONGEST_PASSKEY_NAME])


def message_id(text: str) -> str:
    """The id in an address; anything else was never a message."""
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise NotFound
    return text


def page_number(request: Request) -> int:
    """Which page of the list; the first when none or nonsense is asked for."""
    asked = request.args.get("page", "1")
    return int(asked) if re.fullmatch(r"[1-9][0-9]{0,5}", asked) else 1


def heard(request: Request) -> bool:
    """Does the form say that the message was heard, or that it is new again?"""
    match request.form.get("heard"):
        case "yes":
            return True
        case "no":
            return False
        case _:
            raise BadRequest


def sheet_number(text: str) -> int:
    """Which page of a fax an address names; anything else was never one."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text, re.ASCII):
        raise NotFound
    return int(text)


def scale(request: Request) -> Scale:
    """How a page is to be drawn: one of a few widths or unscaled, and a quarter turn or several."""
    width, turn = request.args.get("width", ""), request.args.get("turn", "0")
    if width not in {"", *map(str, WIDTHS)} or turn not in {str(way.value) for way in Turn}:
        raise BadRequest
    return Scale(int(width) if width else None, Turn(int(turn)))


def turning(request: Request) -> Turning:
    """Which page is to be turned, or the whole fax, and which way."""
    page, by = request.form.get("page", ""), request.form.get("by", "")
    if by not in {"left", "right"}:
        raise BadRequest
    return Turning(None if page == "all" else sheet_number(page), Turn.LEFT if by == "left" else Turn.RIGHT)


def wants_part(request: Request) -> bool:
    """Does one of our scripts ask, which wants the piece that changed and no whole page?"""
    return request.headers.get("Keepline-Part") == "yes"


def search(request: Request) -> str:
    """What is searched for."""
    return " ".join(request.form.get("search", "").split())[:LONGEST_SEARCH]


def line(request: Request, field: str) -> str:
    """What somebody wrote into `field` of a form, in one line, without signs that nobody sees."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in request.form.get(field, "")).split())


def byte_range(header: str | None, size: int) -> ByteRange | None:
    """The one range that `header` asks for of `size` octets (RFC 9110 §14); None means the whole, also for several ranges or another unit.

    Raises `UnsatisfiableRangeError` for a range of which no octet exists.
    """
    found = re.fullmatch(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", header or "", re.ASCII | re.IGNORECASE)
    if found is None or found[1] + found[2] == "":
        return None
    if not found[1]:  # the last so many
        start, end = max(0, size - int(found[2])), size - 1
    else:
        start, end = int(found[1]), min(int(found[2]), size - 1) if found[2] else size - 1
        if found[2] and int(found[2]) < start:
            return None  # not a range at all: to be passed over
    if start >= size or start > end:
        raise UnsatisfiableRangeError
    return ByteRange(start, end)
