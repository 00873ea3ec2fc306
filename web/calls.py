"""Calls on the fax line, for those who look after it: how each ended, and what the two machines said. No number, name or page is in any of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from flask import Blueprint, Response, render_template

from appliance.access.roles import Permission
from appliance.errors import NoFaxError
from appliance.fax import records
from appliance.fax.records import CallRecord, Outcome
from web import conversation, words
from web.conversation import Remark
from web.guard import allow
from web.languages import gettext, spoken, tell
from web.services import here

calls = Blueprint("calls", __name__)

ENDINGS: Final = {
    Outcome.COMPLETE: ("good", spoken("The fax came whole.")),
    Outcome.PARTIAL: ("attention", spoken("A part of the fax came.")),
    Outcome.NOTHING: ("attention", spoken("No page came.")),
}
NO_FAX: Final = ("quiet", spoken("No fax called."))  # nobody needs to do anything


@dataclass(frozen=True, slots=True)
class CallView:
    """One call as list and page show it."""

    name: str
    when: str  # "10:42", "Yesterday, 10:42"
    in_full: str
    machine: str
    level: str
    ending: str
    sentence: str  # what went wrong and what to do; "" when nothing did
    cause: str  # its beginning
    facts: str  # "3 pages, 1 minute 3 seconds"
    remarks: tuple[Remark, ...] = ()


@calls.get("/fax-calls")
@allow(Permission.SEE_CALLS)
def show_calls() -> str:
    """The calls that are remembered, newest first."""
    found = records.latest(here().folder)
    now, zone = here().clock.now(), here().zone
    return render_template("calls.html", area="health", calls=[describe(call, now, zone) for call in found])


@calls.get("/fax-calls/<name>")
@allow(Permission.SEE_CALLS)
def show_call(name: str) -> str:
    """One call, with all that was said."""
    call = records.read(here().folder, name)
    return render_template("call.html", area="health", call=describe(call, here().clock.now(), here().zone, whole=True))


@calls.get("/fax-calls/<name>.t30")
@allow(Permission.SEE_CALLS)
def transcript(name: str) -> Response:
    """The transcript as a file, for `keepline fax replay`."""
    call = records.read(here().folder, name)
    octets = records.file_of(here().folder, call.name).read_bytes()
    response = Response(octets, mimetype="text/plain")
    response.headers["Content-Disposition"] = f'attachment; filename="call-{call.name}.t30"'
    return response


def describe(call: CallRecord, now: float, zone: tzinfo, *, whole: bool = False) -> CallView:
    """`call` in words; `whole`: with what was said."""
    level, ending = NO_FAX if call.error == NoFaxError.__name__ else ENDINGS[call.outcome]
    day, time = words.when(call.arrived_at, now, zone), words.clock_time(call.arrived_at, zone)
    sentence = tell(call.sentence)
    return CallView(
        name=call.name,
        when=day if day == time else gettext("%(day)s, %(time)s", day=day, time=time),
        in_full=words.in_full(call.arrived_at, zone),
        machine=words.machine(call.arrived_at, zone),
        level=level,
        ending=gettext(ending),
        sentence=sentence,
        cause=sentence.partition(". ")[0].rstrip("."),
        facts=", ".join((*((words.count(call.pages, "page"),) if call.pages else ()), words.span(call.seconds))),
        remarks=conversation.tell(call.transcript) if whole else (),
    )
