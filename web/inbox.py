"""The list of messages, one message, its sound, and what can be done with it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from flask import Blueprint, Response, render_template, request, url_for
from flask import redirect as redirect_to
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from appliance.access.decisions import Switch
from appliance.access.roles import Permission
from appliance.errors import DamagedMessageError, MessageNotFoundError, SealError
from appliance.messages import Envelope, Kind, Row
from appliance.store.reader import OpenMessage
from web import faxes, holds, listing, mailboxes, memory, notes, requests, seen, sound, taking, telling, waveform, words
from web.fates import Present
from web.guard import allow, session
from web.languages import gettext
from web.listing import Asked, ListView
from web.services import here
from web.sheets import FaxView

inbox = Blueprint("inbox", __name__)

SHORTEST_TOAST: Final = 3.0  # s; less is not worth showing
LONGEST_TOAST: Final = 30.0  # s; after that the list still has the undo
NO_SOUND: Final = bytes(waveform.BARS)
SANDBOX: Final = "default-src 'none'; sandbox"


@inbox.get("/")
@allow(Permission.READ_MESSAGES)
def show_list() -> str:
    """The list."""
    return render_template("inbox.html", area="inbox", list=_list(), message=None, toast=_toast())


@inbox.get("/messages/<id>")
@allow(Permission.READ_MESSAGES)
def show_message(id: str) -> str | tuple[str, int]:
    """The list with one message open."""
    try:
        message = _message(id)
    except MessageNotFoundError:
        return render_template(
            "inbox.html", area="inbox", list=_list(), message=None, missing=True, toast=_toast()
        ), 404
    return render_template("inbox.html", area="inbox", list=_list(), message=message, toast=_toast())


@inbox.get("/parts/list")
@allow(Permission.READ_MESSAGES, activity=False)
def list_part() -> str:
    """The list alone, for the page that keeps itself fresh."""
    return render_template("_list.html", list=_list(), message=None)


@inbox.get("/parts/messages/<id>")
@allow(Permission.READ_MESSAGES, activity=False)
def message_part(id: str) -> str | tuple[str, int]:
    """One message alone, likewise."""
    try:
        return render_template("_message.html", list=_list(), message=_message(id))
    except MessageNotFoundError:
        return render_template("_missing.html"), 404


@inbox.get("/messages/<id>/content")
@allow(Permission.READ_MESSAGES)
def content(id: str) -> Response:
    """The sound, straight from the sealed file. A fax is looked at page by page; its file leaves the box only as a download."""
    row = mailboxes.row(id)
    if row.stamp.kind is not Kind.VOICEMAIL:
        raise NotFound
    telling.played(row)
    return sound.answer(request, row, mailboxes.open_message(row), session().is_open)


@inbox.route("/messages/<id>/voicemail.wav", methods=["GET", "POST"])
@allow(Permission.TAKE_MESSAGES, switch=Switch.TAKE_MESSAGES)
def as_file(id: str) -> Response | str | tuple[str, int]:
    """The sound, for the browser to save, once it was said for whom."""
    row = mailboxes.row(id)
    if row.stamp.kind is not Kind.VOICEMAIL:
        raise NotFound
    if question := taking.ask(row, "wav"):
        return question
    message = mailboxes.open_message(row)
    return sound.to_keep(sound.answer(request, row, message, session().is_open), row, "wav")


@inbox.get("/messages/<id>/wave.svg")
@allow(Permission.READ_MESSAGES, activity=False)
def waveform_picture(id: str) -> Response:
    """The shape of the sound for a row of the list."""
    response = Response(waveform.small(_levels(mailboxes.row(id))), mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@inbox.post("/messages/<id>/heard")
@allow(Permission.CHANGE_MESSAGES)
def mark_heard(id: str) -> AnyResponse:
    """Say that the message was heard, or that it is new again."""
    heard = requests.heard(request)
    here().control.mark_heard(mailboxes.row(id).stamp.id, heard, session().person.name)
    return _done(url_for("inbox.show_message", id=id))


@inbox.post("/messages/<id>/erase")
@allow(Permission.CHANGE_MESSAGES)
def erase(id: str) -> AnyResponse | str:
    """Erase the message; for a while it can be had back."""
    here().control.erase(mailboxes.row(id).stamp.id, session().person.name)
    memory.of(session()).erased = memory.Erased(id, here().clock.now() + LONGEST_TOAST)
    if requests.wants_part(request):
        return render_template("_toast.html", toast=_toast())
    return redirect_to(url_for("inbox.show_list"), 303)


@inbox.post("/messages/<id>/undo")
@allow(Permission.CHANGE_MESSAGES)
def undo_erase(id: str) -> AnyResponse:
    """Have an erased message back."""
    here().control.undo_erase(mailboxes.row(id).stamp.id, session().person.name)
    memory.of(session()).erased = None
    return _done(url_for("inbox.show_message", id=id))


@inbox.post("/messages/<id>/notes")
@allow(Permission.CHANGE_MESSAGES)
def write_note(id: str) -> AnyResponse | str | tuple[str, int]:
    """Write a note on the message."""
    form = notes.write(mailboxes.row(id), request.form.get("note", ""), request.form.get("token", "")[:64])
    if not form.mistake:
        return _done(url_for("inbox.show_message", id=id, _anchor="notes"))
    if requests.wants_part(request):
        return render_template("_note_form.html", id=id, form=form), form.code
    message = _message(id, form)
    return render_template("inbox.html", area="inbox", list=_list(), message=message, toast=_toast()), form.code


@inbox.post("/search")
@allow(Permission.READ_MESSAGES)
def search() -> AnyResponse:
    """Search by name or number. What was searched for stays in the session's memory, out of every address."""
    memory.of(session()).search = requests.search(request)
    return _done(url_for("inbox.show_list"))


def version() -> str:
    """Changes when the list would: with the inbox, at midnight, and with the search."""
    day = words.machine(here().clock.now(), here().zone)[:10]
    return f"{mailboxes.version()} {day}"


def _done(then: str) -> AnyResponse:
    """Nothing more to show to a script; the next page to a form."""
    return Response(status=204) if requests.wants_part(request) else redirect_to(then, 303)


def _present() -> Present:
    services = here()
    return Present(services.clock.now(), services.zone, services.settings.retention)


def _list() -> ListView:
    known = memory.of(session())
    asked = Asked(
        requests.page_number(request), known.search, version()
    )  # before the rows: a change in between shows at the next look
    with mailboxes.opening() as open_one:
        return listing.show_page(mailboxes.rows(), asked, partial(_envelope, open_one=open_one), _present())


def _message(id: str, form: notes.Form | None = None) -> listing.MessageView:
    row = mailboxes.row(id)
    telling.looked(row)
    envelope = _envelope(row)
    view = listing.show_message(row, envelope, _content(row, envelope), _present(), seen.by(row))
    return replace(view, written=notes.under(row, form), hold=holds.of(row))


def _content(row: Row, envelope: Envelope | None) -> waveform.Drawing | FaxView:
    if row.stamp.kind is Kind.FAX:
        return faxes.view(row)
    return waveform.draw(_levels(row) if envelope else NO_SOUND, 64)


def _envelope(row: Row, open_one: Callable[[Row], OpenMessage] = mailboxes.open_message) -> Envelope | None:
    """What is known of the message; None when it cannot be opened."""

    def read() -> Envelope | None:
        try:
            message = open_one(row)
        except (SealError, DamagedMessageError, MessageNotFoundError):
            return None
        try:
            return message.header.envelope
        finally:
            message.close()

    return memory.of(session()).envelopes.get(row.stamp.id, read)


def _levels(row: Row) -> bytes:
    def read() -> bytes:
        message = mailboxes.open_message(row)
        try:
            with io.BufferedReader(sound.Content(message), sound.PIECE) as opened:
                return waveform.loudness(opened)
        except (SealError, DamagedMessageError, waveform.NotASoundError):
            return NO_SOUND
        finally:
            message.close()

    return memory.of(session()).drawings.get(row.stamp.id, read)


def _toast() -> dict[str, object] | None:
    erased = memory.of(session()).erased
    if erased is None:
        return None
    try:
        row = mailboxes.row(erased.id)
    except MessageNotFoundError:
        return None
    seconds = min(row.erase_at or 0.0, erased.until) - here().clock.now()
    if row.erase_at is None or seconds < SHORTEST_TOAST:
        return None
    envelope = _envelope(row)
    who = words.who(envelope, row.stamp.kind) if envelope else gettext("a message")
    return {
        "id": erased.id,
        "seconds": round(seconds),
        "sentence": gettext("Erased: %(who)s, %(length)s.", who=who, length=words.length(row)),
    }
