"""Where one can go from every page: one table, of which each person sees what is allowed to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.access.roles import Permission, Person
from web.languages import lazy


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the navigation."""

    area: str
    endpoint: str
    words: str
    icon: str
    permission: Permission


PLACES: Final = (
    Place("inbox", "inbox.show_list", lazy("Messages"), "list", Permission.READ_MESSAGES),
    Place("health", "health.show_status", lazy("Status"), "box", Permission.SEE_BOX),
    Place("people", "people.show_people", lazy("People"), "people", Permission.RUN_PEOPLE),
    Place("record", "record.show", lazy("Record"), "record", Permission.SEE_RECORD),
    Place("keys", "keys.show", lazy("Keys"), "key", Permission.RUN_KEYS),
    Place("switches", "switches.show_switches", lazy("Switches"), "switch-on", Permission.SEE_SWITCHES),
)


def of(person: Person) -> tuple[Place, ...]:
    """Where this person may go."""
    return tuple(place for place in PLACES if person.may(place.permission))
