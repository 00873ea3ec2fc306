"""The pages of a fax: pictures of them, the whole as PDF and TIFF, and how somebody has turned it. From the sealed file to the browser, never onto a disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from appliance.access.decisions import Switch
from appliance.access.roles import Permission
from appliance.errors import DamagedMessageError, MessageNotFoundError, PictureError, SealError
from appliance.fax import directory, pdf, pictures
from appliance.fax.directory import Directory, Sheet, Source
from appliance.fax.tiff import Strip
from appliance.messages import Kind, Row
from appliance.store.reader import OpenMessage
from web import mailboxes, memory, requests, sheets, sound, taking, telling
from web.guard import allow, session
from web.sheets import FaxView, Turns

faxes = Blueprint("faxes", __name__)

SKETCH: Final = (128, 84)  # picture elements: twice what the list shows, for fine screens
_DRAWING: Final = threading.Lock()  # one page at a time: however many people look, memory holds one


@faxes.get("/messages/<id>/pages/<number>.png")
@allow(Permission.READ_MESSAGES)
def page(id: str, number: str) -> Response:
    """One page as a picture."""
    wanted, scale = requests.sheet_number(number), requests.scale(request)
    row = _row(id)
    telling.looked(row)
    strip = _strip(row, wanted)
    with _DRAWING:
        return Response(pictures.draw(strip, scale.width, scale.turn), mimetype="image/png")


@faxes.get("/messages/<id>/sketch.png")
@allow(Permission.READ_MESSAGES, activity=False)
def sketch(id: str) -> Response:
    """The first page, small, for a row of the list."""
    row = _row(id)

    def draw() -> bytes:
        strip = _strip(row, 1)
        with _DRAWING:
            return pictures.sketch(strip, *SKETCH)

    return Response(memory.of(session()).sketches.get(row.stamp.id, draw), mimetype="image/png")


@faxes.route("/messages/<id>/fax.pdf", methods=["GET", "POST"])
@allow(Permission.TAKE_MESSAGES, switch=Switch.TAKE_MESSAGES)
def as_pdf(id: str) -> Response | str | tuple[str, int]:
    """The whole fax as a PDF, turned as it is on the screen, once it was said for whom."""
    row = _row(id)
    if question := taking.ask(row, "pdf"):
        return question
    message = mailboxes.open_message(row)
    try:
        found, turns = _directory(row, message).sheets, _turns(row)
        if not found:
            raise PictureError
        for sheet in found:
            sheet.read(_source(message))  # damage shows here, before anything was promised
    except BaseException:
        message.close()
        raise
    leaves = [pdf.Leaf(sheet, turns.of(number)) for number, sheet in enumerate(found, 1)]
    response = Response(_while(session().is_open, pdf.write(leaves, _source(message))), mimetype="application/pdf")
    response.content_length = pdf.length(leaves)
    response.call_on_close(message.close)
    return sound.to_keep(response, row, "pdf")


@faxes.route("/messages/<id>/fax.tiff", methods=["GET", "POST"])
@allow(Permission.TAKE_MESSAGES, switch=Switch.TAKE_MESSAGES)
def as_tiff(id: str) -> Response | str | tuple[str, int]:
    """The file as it is sealed, once it was said for whom."""
    row = _row(id)
    if question := taking.ask(row, "tiff"):
        return question
    message = mailboxes.open_message(row)
    return sound.to_keep(sound.answer(request, row, message, session().is_open), row, "tiff")


@faxes.post("/messages/<id>/turn")
@allow(Permission.READ_MESSAGES)
def turn(id: str) -> AnyResponse:
    """Turn a page or the whole fax, for as long as this session lasts."""
    row, turning = _row(id), requests.turning(request)
    _turns(row).turn(turning.page, turning.by)
    if requests.wants_part(request):
        return Response(status=204)
    return redirect(url_for("inbox.show_message", id=id, _anchor=f"page-{turning.page or 1}"), 303)


def view(row: Row) -> FaxView:
    """The fax of `row` as the open message shows it."""
    try:
        with mailboxes.open_message(row) as message:
            found: Directory | None = _directory(row, message)
    except (SealError, DamagedMessageError, MessageNotFoundError, PictureError):
        found = None
    return sheets.show(found, _turns(row), row.recovered)


def _row(id: str) -> Row:
    row = mailboxes.row(id)
    if row.stamp.kind is not Kind.FAX:
        raise NotFound
    return row


def _directory(row: Row, message: OpenMessage) -> Directory:
    known = memory.of(session()).directories
    return known.get(row.stamp.id, lambda: directory.read(_source(message), message.size))


def _source(message: OpenMessage) -> Source:
    """Reads the fax, of which a damaged part takes no other with it."""

    def read(start: int, length: int) -> bytes:
        try:
            return message.read(start, length)
        except DamagedMessageError:
            raise PictureError from None

    return read


def _turns(row: Row) -> Turns:
    return memory.of(session()).turns.get(row.stamp.id, Turns)


def _strip(row: Row, number: int) -> Strip:
    """The image of page `number`."""
    with mailboxes.open_message(row) as message:
        return _sheet(_directory(row, message), number).read(_source(message))


def _sheet(found: Directory, number: int) -> Sheet:
    if number > len(found.sheets):
        raise NotFound
    return found.sheets[number - 1]


def _while(may_go_on: Callable[[], bool], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """An answer under way breaks off when the session ends."""
    for piece in pieces:
        if not may_go_on():
            return
        yield piece
