"""What the page tells the record, before it gives what was asked for: where no line can be written, nothing is shown."""

from __future__ import annotations

from typing import Final

from appliance.access import people, testimony
from appliance.access.attempts import Kind, source
from appliance.access.unlock import as_kept
from appliance.deeds import Act, Deed
from appliance.errors import PersonNameError, PersonUnknownError
from appliance.messages import Row
from web import memory
from web.guard import session
from web.services import here

AGAIN: Final = 600.0  # s after which the same look in the same session is a new one


def looked(row: Row) -> None:
    """Somebody opens a message. Its pages and parts come by many requests, so one line stands for a while."""
    _once(Act.LOOKED, row)


def played(row: Row) -> None:
    """Somebody plays a message, whichever parts of it the browser asks for."""
    _once(Act.PLAYED, row)


def taken(row: Row, kind: str) -> None:
    """Somebody saves a message as a file."""
    record(Act.TAKEN, row.stamp.id, {"as": kind})


def _once(act: Act, row: Row) -> None:
    told, now = memory.of(session()).told, here().clock.monotonic()
    place = act, row.stamp.id
    if now - told.get(place, -AGAIN) >= AGAIN:
        record(act, row.stamp.id)
        told[place] = now


def record(act: Act, subject: str = "", detail: dict[str, str] | None = None, **words: str) -> None:
    """Whoever is logged in did this. `words` tell of a patient and are sealed. Raises `StoreError`, `ControlError`: then do not go on."""
    record_of(session().person.name, act, subject, detail, **words)


def record_of(by: str, act: Act, subject: str = "", detail: dict[str, str] | None = None, **words: str) -> None:
    """The same for a person who is not logged in yet, or no longer."""
    here().control.record(Deed(act, by, subject, detail or {}, testimony.seal(here().folder, **words)))


def log_in_failed(name: str, address: str, way: str = "") -> None:
    """`way`: what was wrong, where it was not the password. Who it was only when there is such a person: what else was typed may be a password.

    Of many in a minute only the first have a line of their own; `PageServices.tell_refused` tells how many others there were."""
    try:
        by = as_kept(name)
        people.must_exist(here().folder, by)
    except (PersonNameError, PersonUnknownError):
        by = ""
    attempts = here().doorkeeper.attempts
    if not attempts.has_room():
        attempts.add(Kind(by, source(address), looked_at=True))
        return
    record_of(by, Act.LOG_IN_FAILED, detail={"from": address} | ({"with": way} if way else {}))
