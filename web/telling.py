"""What the page tells the record, before it gives what was asked for: where no line can be written, nothing is shown."""

from __future__ import annotations

from appliance.access import people, testimony
from appliance.access.unlock import as_kept
from appliance.deeds import Act, Deed
from appliance.errors import PersonNameError, PersonUnknownError
from web.guard import session
from web.services import here


def record(act: Act, subject: str = "", detail: dict[str, str] | None = None, **words: str) -> None:
    """Whoever is logged in did this. `words` tell of a patient and are sealed. Raises `StoreError`, `ControlError`: then do not go on."""
    record_of(session().person.name, act, subject, detail, **words)


def record_of(by: str, act: Act, subject: str = "", detail: dict[str, str] | None = None, **words: str) -> None:
    """The same for a person who is not logged in yet, or no longer."""
    here().control.record(Deed(act, by, subject, detail or {}, testimony.seal(here().folder, **words)))


def log_in_failed(name: str, address: str) -> None:
    """Who it was only when there is such a person: what else was typed may be a password."""
    try:
        by = people.find_person(here().folder, as_kept(name)).name
    except (PersonNameError, PersonUnknownError):
        by = ""
    record_of(by, Act.LOG_IN_FAILED, detail={"from": address})
