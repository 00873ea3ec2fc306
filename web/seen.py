"""Who has opened a message: what the record tells of it, in words, for everybody who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.access import ledger
from appliance.deeds import Act
from appliance.messages import Row
from web import words
from web.languages import gettext, spoken
from web.services import here

MOST: Final = 50  # lines under a message; the record has them all
DEEDS: Final = {
    Act.LOOKED: spoken("opened it"),
    Act.PLAYED: spoken("played it"),
    Act.TAKEN: spoken("downloaded it"),
    Act.DISCLOSED: spoken("gave it to somebody outside the practice"),
    Act.NOTED: spoken("wrote a note"),
    Act.ERASED: spoken("erased it"),
    Act.UNERASED: spoken("had it back"),
    Act.HELD: spoken("put it on hold"),
    Act.RELEASED: spoken("lifted the hold"),
}
MARKED: Final = {"heard": spoken("marked it as done"), "new": spoken("marked it as new")}


@dataclass(frozen=True, slots=True)
class Sight:
    """Somebody did something with the message."""

    who: str
    did: str
    when: str
    machine: str


def by(row: Row) -> tuple[Sight, ...]:
    """Everything that people did with this message, newest first."""
    zone = here().zone
    found = []
    for line in ledger.of_message(here().folder, row.stamp.id)[: MOST + 1]:
        deed = line.deed
        did = MARKED.get(deed.detail.get("as", "")) if deed.act is Act.MARKED else DEEDS.get(deed.act)
        if did:
            who = words.person(deed.by) or gettext("The box")
            found.append(Sight(who, gettext(did), words.in_full(line.at, zone), words.machine(line.at, zone)))
    return tuple(found[:MOST])
