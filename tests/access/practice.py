"""A founded practice for tests of access, and what is written on its card by somebody who should not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from appliance.access import emergency, people
from appliance.access.people import Newcomer, Role, Unlocked
from appliance.access.recovery import RecoverySheet
from appliance.access.roles import NONE
from appliance.access.unlock import unlock
from appliance.store.keys import Identity, Recipient
from tests import planned

WORK = 15
ANA = "lantern copper river seven"
OTHER = "gravel window socket plum"


@dataclass(frozen=True, slots=True)
class Practice:
    """Ana is its admin; `add` gives her colleagues."""

    folder: Path
    sheet: RecoverySheet

    @classmethod
    def found(cls, folder: Path) -> Practice:
        return cls(folder, planned.found(folder, "ana", ANA, WORK))

    def ana(self) -> Unlocked:
        return unlock(self.folder, "ana", ANA)

    def add(self, name: str, role: Role, password: str = OTHER, mailboxes: frozenset[str] = NONE) -> None:
        newcomer = Newcomer(name, role, password, mailboxes)
        planned.write_person(self.folder, people.prepare_person(self.folder, self.ana(), newcomer, WORK))

    def remove(self, name: str) -> None:
        planned.erase_person(self.folder, people.prepare_removal(self.folder, self.ana(), name))

    def rewrite(self, name: str, *, role: Role | None = None, recipient: Recipient | None = None) -> None:
        """Somebody changes a person's clear file on the card."""
        file = self.folder / people.FOLDER / f"{name}.json"
        data = json.loads(file.read_bytes())
        data |= {"role": role.value} if role else {}
        data |= {"recipient": str(recipient)} if recipient else {}
        file.write_text(json.dumps(data), encoding="ascii")


def key_by_sheet(folder: Path, text: str) -> Identity:
    """The practice key, by a recovery sheet alone."""
    opened = emergency.unlock(folder, text)
    assert opened.own
    opened.own.wipe()
    return opened.practice
