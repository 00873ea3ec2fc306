"""The daemon's part of people's coming and going: it holds no key, looks at what it is handed, and writes it.

What it can check it checks: names, sizes, that sealed keys are age files, that a public half stays where a key stays, that the change was prepared on what is
there, and a proof that whoever prepared it holds the practice key (or, for their own password, their own).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from appliance import logs
from appliance.access import claim, factors, people, practice, testimony
from appliance.access.people import FOLDER, Founding, PersonFiles, Removal
from appliance.access.roles import Person, Role, check_mailboxes, check_name
from appliance.access.small_file import reading
from appliance.deeds import Act
from appliance.errors import (
    ControlError,
    FoundedError,
    KeyFormatError,
    MailboxNameError,
    PeopleChangedError,
    PersonDamagedError,
    RotatingError,
)
from appliance.store import age_header, changes
from appliance.store.changes import NOTHING, Change
from appliance.store.disk import Disk
from appliance.store.epochs import NEXT_PUBLIC
from appliance.store.keys import Recipient

_VERSION: Final = 2
LARGEST: Final = 32 * 1024  # octets of a file handed over for writing; a hundred readers take half of it
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

log = logs.get(__name__)


def plan_founding(folder: Path, founding: Founding) -> Change:
    """A box gets its practice, and the code that claimed it goes. Raises `FoundedError` when it has one, `ControlError` for what cannot be a practice."""
    if (folder / practice.PUBLIC).exists():
        raise FoundedError
    public = parse_recipient(founding.practice)
    check_digest(founding.proof)
    person = _check(founding.first)
    if person.role is not Role.ADMIN or not founding.first.wrapped_key or not founding.first.practice_key:
        raise ControlError("a practice begins with an admin and both keys.")
    begins = Change({practice.PROOF: f"{founding.proof}\n".encode("ascii")})
    # last: from here on the box has a practice, and messages are sealed to it
    ends = Change({practice.PUBLIC: f"{public}\n".encode("ascii"), claim.FILE: None})
    return begins | _change(folder, founding.first, person) | testimony.plan_key(folder, public) | ends


def write_founding(folder: Path, founding: Founding) -> None:
    """Make the practice where no daemon is at work, as the store's owner. Raises what `plan_founding` raises."""
    changes.apply(folder, Disk(), plan_founding(folder, founding))
    log.info("practice.founded")


def plan_person(folder: Path, files: PersonFiles) -> tuple[Act, Change]:
    """Add or change a person; says which it is.

    Raises `ControlError` for what cannot be a person's files, `NoProofError`, `PeopleChangedError`, `RotatingError`.
    """
    person = _check(files)
    before = _before(folder, files.name)
    practice.check_proof(folder, files.proof, "" if files.practice_key else before.get("proof", ""))
    if files.practice_key:
        _check_current(folder, files.built_on)
    elif before.get("recipient") and (before["standing"], before["recipient"]) != (_standing(person), files.recipient):
        raise ControlError("role, mailboxes and public half change with the roster only.")
    if not files.wrapped_key and before.get("recipient") != files.recipient:
        raise ControlError("a person's key and its public half come together.")
    change = _change(folder, files, person)
    if not before:
        return Act.PERSON_ADDED, change
    same = before["standing"] == _standing(person)
    return Act.PASSWORD_CHANGED if files.wrapped_key and same else Act.PERSON_CHANGED, change


def plan_removal(folder: Path, removal: Removal) -> Change:
    """Take a person away. Raises `PersonUnknownError`, and what `plan_person` raises."""
    people.must_exist(folder, removal.name)
    practice.check_proof(folder, removal.proof)
    sealed = NOTHING
    if removal.practice_key:
        check_sealed(removal.practice_key)
        _check_current(folder, removal.built_on)
        sealed = Change({practice.SEALED: removal.practice_key})
    key, clear = (Change({FOLDER / f"{removal.name}{kind}": None}) for kind in (".age", ".json"))
    return sealed | key | factors.plan_erasure(folder, removal.name) | clear


def check_sealed(sealed: bytes) -> None:
    """Raises `ControlError` for what is no sealed key."""
    if not age_header.is_sealed(sealed, LARGEST):
        raise ControlError("that is no sealed key.")


def parse_recipient(text: str) -> Recipient:
    """The public half in `text`; raises `ControlError`."""
    try:
        return Recipient.parse(text)
    except KeyFormatError:
        raise ControlError("that is no public key.") from None


def check_digest(text: str) -> None:
    """Raises `ControlError` for what is no SHA-256."""
    if not _DIGEST.fullmatch(text):
        raise ControlError("that is no digest of a proof.")


def _check(files: PersonFiles) -> Person:
    name = check_name(files.name)
    for sealed in filter(None, (files.wrapped_key, files.practice_key)):
        check_sealed(sealed)
    if files.wrapped_key:
        check_digest(files.person_proof)
    try:
        return Person(name, files.role, parse_recipient(files.recipient), check_mailboxes(files.mailboxes))
    except MailboxNameError:
        raise ControlError("that is no mailbox.") from None


def _check_current(folder: Path, built_on: str) -> None:
    """Two admins at once: the second one's roster would not know of the first one's change."""
    if (folder / NEXT_PUBLIC).exists():
        raise RotatingError
    if built_on != practice.version(folder):
        raise PeopleChangedError


def _before(folder: Path, name: str) -> dict[str, str]:
    try:
        with reading(PersonDamagedError):
            data: Any = json.loads((folder / FOLDER / f"{name}.json").read_bytes())
            standing = json.dumps([data.get("role"), data.get("mailboxes", ["*"])])
            return {key: str(data.get(key, "")) for key in ("recipient", "proof")} | {"standing": standing}
    except FileNotFoundError:
        return {}
    except PersonDamagedError:
        return {"recipient": "", "proof": "", "standing": ""}  # damaged: an admin's new key mends it


def _standing(person: Person) -> str:
    return json.dumps([person.role.value, sorted(person.mailboxes)])


def _change(folder: Path, files: PersonFiles, person: Person) -> Change:
    before, change = _before(folder, person.name), NOTHING
    if files.practice_key:
        change |= Change({practice.SEALED: files.practice_key})
    if files.wrapped_key:
        if before.get("recipient") != files.recipient:
            change |= factors.plan_erasure(folder, person.name)  # sealed to the key that goes
        change |= Change({FOLDER / f"{person.name}.age": files.wrapped_key})
    proof = files.person_proof if files.wrapped_key else before["proof"]
    return change | Change({FOLDER / f"{person.name}.json": _clear(person, proof)})


def _clear(person: Person, proof: str) -> bytes:
    data = {
        "keepline": _VERSION,
        "name": person.name,
        "role": person.role.value,
        "mailboxes": sorted(person.mailboxes),
        "recipient": str(person.recipient),
        "proof": proof,
    }
    return json.dumps(data, indent=1).encode("ascii") + b"\n"
