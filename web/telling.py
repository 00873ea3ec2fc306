"""What the page tells the record, before it gives what was asked for: where no line can be written, nothing is shown."""

from __future__ import annotations

from typing import Final

from appliance.access import people, testimony
from appliance.access.unlock import as_kept
from appliance.deeds import Act, Deed
from appliance.errors import (
    AccessError,
    FactorsDamagedError,
    ForeignKeyError,
    KeysDamagedError,
    PasskeyError,
    PersonDamagedError,
    PersonNameError,
    PersonUnknownError,
    UnsealedPersonError,
    WrongCodeError,
    WrongPasswordError,
)
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


def refused(error: AccessError, name: str, address: str) -> bool:
    """Somebody was not let in. Was something said of it? Not that somebody was early or the clock not right: nothing that proves anybody was looked at."""
    match error:
        case WrongPasswordError():
            log_in_failed(name, address)
        case WrongCodeError():
            log_in_failed(name, address, "code")
        case PasskeyError():
            log_in_failed(name, address, "passkey")
        case (
            FactorsDamagedError()
            | PersonDamagedError()
            | UnsealedPersonError()
            | KeysDamagedError()
            | ForeignKeyError()
        ):
            log_in_failed(name, address, why="damaged")
        case _:
            return False
    return True


def log_in_failed(name: str, address: str, way: str = "", why: str = "") -> None:
    """`way`: what was wrong, where it was not the password; `why`: if nothing was. Who it was only when there is such a person: what else was typed may be a
    password."""
    try:
        by = as_kept(name)
        people.must_exist(here().folder, by)
    except (PersonNameError, PersonUnknownError):
        by = ""
    said = {"with": way, "why": why}
    here().tell_failed(by, address, {what: word for what, word in said.items() if word})
