"""What a person reads when something cannot be: what happened, what it means, what to do. Never a code alone, never what was sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from appliance import logs
from appliance.access import decisions
from appliance.access.decisions import Switch
from appliance.errors import (
    AccessError,
    BadStorageError,
    CallNotFoundError,
    ControlError,
    DamagedMessageError,
    DecisionsDamagedError,
    HoldChangedError,
    KeeplineError,
    MessageHeldError,
    MessageNotFoundError,
    NoRoomError,
    NotAllowedError,
    OvertakenError,
    PictureError,
    RecordError,
    RecordKeyError,
    SealError,
    SheetIsNobodyError,
    SwitchedOffError,
    TranscriptError,
)
from web import access, drafting, entering, requests
from web.guard import person_here
from web.languages import gettext, spoken, tell
from web.services import here

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal in words."""

    title: str
    sentence: str
    values: dict[str, str] = field(default_factory=dict)  # for places such as "%(who)s" in both


GONE: Final = Refusal(spoken("This message is gone"), spoken("It was erased, or purged because its time had come."))
SHUT: Final = Refusal(
    spoken("This message cannot be opened"),
    spoken(
        "Its file was damaged or exchanged. Tell whoever looks after Keepline. The other messages are not affected."
    ),
)
HELD: Final = Refusal(
    spoken("This message is on hold"),
    spoken("It stays until an admin lifts the hold, so it cannot be erased. Nothing was changed."),
)
HOLD_CHANGED: Final = Refusal(
    spoken("Somebody was faster"),
    spoken(
        "The message was put on hold, or its hold was lifted, a moment ago. Nothing was changed; open the message again to see by whom."
    ),
)
UNDRAWN: Final = Refusal(
    spoken("A page of this fax is damaged"),
    spoken("It can be neither shown nor saved. Other pages are not affected. Ask the sender to send the fax again."),
)
FORGOTTEN: Final = Refusal(
    spoken("There is no record of that call"), spoken("The last 100 calls are remembered; older ones are forgotten.")
)
UNREADABLE: Final = Refusal(
    spoken("The record of this call cannot be read"),
    spoken("Its file is damaged. No fax is affected; only this record is lost."),
)
SILENT: Final = Refusal(
    spoken("That could not be done"),
    spoken(
        "The part of the box that keeps the list does not run. Nothing was changed. Wait a minute and try again; if this stays, switch the box off and on."
    ),
)
NOT_DONE: Final = spoken("That was not done")
UNRECORDED: Final = Refusal(
    spoken("That could not be written down"),
    spoken(
        "The box’s memory card takes no line of the record, so nothing was shown or changed. The status page says what to do."
    ),
)
OURS: Final = Refusal(
    spoken("Something went wrong"),
    spoken(
        "That was our mistake, not yours. Nothing was lost. Try again; if it stays, tell whoever looks after Keepline."
    ),
)
BY_CODE: Final = {
    400: Refusal(
        spoken("That was not understood"),
        spoken("The page may be older than the box. Open it again and repeat what you did."),
    ),
    401: Refusal(spoken("You are logged off"), spoken("Log in to go on.")),
    403: Refusal(
        spoken("That is not for you to see"),
        spoken("Your role does not include this, or the request came from another site. Nothing was done."),
    ),
    404: Refusal(spoken("There is no such page"), spoken("The address may be mistyped, or what was there is gone.")),
    405: Refusal(spoken("That does not work this way"), spoken("Open the page again and use its buttons.")),
    413: Refusal(spoken("That was too much"), spoken("More was sent than any form here holds. Nothing was done.")),
    421: Refusal(
        spoken("This is not the box’s name"),
        spoken("Use the address that stands on the box’s label or in its settings."),
    ),
}


def put(app: Flask) -> None:
    """Let `app` answer every error in plain words."""
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(MessageNotFoundError, lambda _: _answer(GONE, 404))
    app.register_error_handler(MessageHeldError, lambda _: _answer(HELD, 409))
    app.register_error_handler(HoldChangedError, lambda _: _answer(HOLD_CHANGED, 409))
    app.register_error_handler(DamagedMessageError, lambda _: _answer(SHUT, 410))
    app.register_error_handler(SealError, lambda _: _answer(SHUT, 410))
    app.register_error_handler(PictureError, lambda _: _answer(UNDRAWN, 410))
    app.register_error_handler(CallNotFoundError, lambda _: _answer(FORGOTTEN, 404))
    app.register_error_handler(TranscriptError, lambda _: _answer(UNREADABLE, 410))
    app.register_error_handler(NotAllowedError, lambda _: _answer(BY_CODE[403], 403))
    app.register_error_handler(SheetIsNobodyError, lambda error: _answer(Refusal(NOT_DONE, str(error)), 403))
    app.register_error_handler(AccessError, lambda error: _answer(Refusal(NOT_DONE, str(error)), 409))
    app.register_error_handler(OvertakenError, entering.overtaken)
    app.register_error_handler(DecisionsDamagedError, lambda error: _answer(Refusal(NOT_DONE, str(error)), 409))
    app.register_error_handler(SwitchedOffError, lambda error: _answer(_switched_off(error), 403))
    app.register_error_handler(RecordKeyError, lambda error: _answer(Refusal(NOT_DONE, str(error)), 503))
    for unwritten in (RecordError, BadStorageError, NoRoomError):
        app.register_error_handler(unwritten, lambda _: _answer(UNRECORDED, 503))
    app.register_error_handler(ControlError, lambda _: _answer(SILENT, 503))
    app.register_error_handler(KeeplineError, _failed)
    app.register_error_handler(Exception, _failed)


def _switched_off(error: SwitchedOffError) -> Refusal:
    """Who can switch it on stands in the sentence: somebody must know whom to ask."""
    names = [name.capitalize() for name in decisions.deciders(here().folder)]
    who = gettext(" or ").join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else gettext("An admin")
    title = gettext(decisions.BY_SWITCH[Switch(error.switch)].title)
    return Refusal(
        spoken("“%(title)s” is switched off"),
        spoken("Nothing was done. %(who)s can switch it on, on the page “Switches”, and says there why."),
        {"title": title, "who": who},
    )


def _refused(error: HTTPException) -> Response:
    code = error.code or 500
    if code < 400:
        return Response(status=code, headers=dict(error.get_headers()))
    return _answer(BY_CODE.get(code, BY_CODE[400] if code < 500 else OURS), code)


def _failed(error: Exception) -> Response:
    log.error(
        "page.failed view=%s", request.endpoint, exc_info=error
    )  # the formatter names places, never what was said
    return _answer(OURS, 500)


def _answer(refusal: Refusal, code: int) -> Response:
    if requests.wants_part(request):
        return Response(
            f"{tell(refusal.title, refusal.values)}. {tell(refusal.sentence, refusal.values)}",
            status=code,
            mimetype="text/plain",
        )
    session = person_here()
    home = access.home(session.person) if session else access.way_in()
    way_out = gettext("Back to Keepline") if session else gettext("Log in")
    if session and code >= 500 and drafting.is_form():
        home, way_out = request.path, gettext("Back to the form")  # what was typed stands there
    page = render_template(
        "problem.html",
        title=tell(refusal.title, refusal.values),
        sentence=tell(refusal.sentence, refusal.values),
        home="" if code == 421 else home,
        way_out=way_out,
        practice=here().settings.practice.name if session else "Keepline",
    )
    return Response(page, status=code)
