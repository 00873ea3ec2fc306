"""The practice's people: the first one founds it, an admin adds and removes others, each with a key of their own.

In the store's folder lie, for each person, `keys/people/<name>.json` (name, role, public half) and `keys/people/<name>.age` (their key, wrapped by their
password: an age file that `age -d` opens). Whoever prepares a change needs an unlocked admin; the daemon, which has no key, writes what was prepared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance import logs
from appliance.access import factors, passwords, practice
from appliance.access.practice import Roster
from appliance.access.recovery import RecoverySheet
from appliance.access.roles import Person, Role, check_name
from appliance.errors import (
    ControlError,
    FoundedError,
    KeyFormatError,
    LastAdminError,
    NotAdminError,
    NotForThisRoleError,
    PersonExistsError,
    PersonUnknownError,
)
from appliance.store.disk import Disk
from appliance.store.keys import Identity, Recipient

__all__ = [
    "Person",
    "PersonFiles",
    "Role",
    "Unlocked",
    "erase_person",
    "found_practice",
    "list_people",
    "prepare_new_key",
    "prepare_person",
    "prepare_removal",
    "write_person",
]

FOLDER: Final = Path("keys/people")
_VERSION: Final = 1
_AGE: Final = b"age-encryption.org/v1\n"
_LARGEST: Final = 32 * 1024  # octets of a file handed over for writing; a hundred readers take half of it

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A person whose password was right, and what it opened. Wipe it when it was used."""

    person: Person
    held: Identity | None  # the practice key; None for people who may not read
    own: Identity | None = None  # the person's own key, where it was just opened

    @property
    def practice(self) -> Identity:
        """What opens the epochs. Raises `NotForThisRoleError` for people who may not read."""
        if self.held is None:
            raise NotForThisRoleError
        return self.held

    def wipe(self) -> None:
        """Overwrite the keys."""
        for key in (self.held, self.own):
            if key is not None:
                key.wipe()


@dataclass(frozen=True, slots=True)
class PersonFiles:
    """What the daemon writes for one person. Nothing in it opens anything without a password."""

    name: str
    role: Role
    recipient: str
    wrapped_key: bytes  # the person's key, wrapped by the password
    practice_key: bytes  # the practice key for everybody who may now have it; empty where that stays as it is


def found_practice(folder: Path, name: str, password: str, work_factor: int) -> RecoverySheet:
    """Make the practice's key and its first person, an admin. The sheet is kept nowhere: show it once. Raises `FoundedError` on a box that has a practice."""
    if (folder / practice.PUBLIC).exists():
        raise FoundedError
    with Identity.generate() as recovery, Identity.generate() as key:
        person, wrapped = _make_person(name, Role.ADMIN, password, work_factor)
        sealed = practice.seal_practice(key, Roster(recovery.recipient, (person,)))
        write_person(folder, _files(person, wrapped, sealed))
        # last: from here on the box has a practice, and messages are sealed to it
        Disk().replace(folder / practice.PUBLIC, f"{key.recipient}\n".encode("ascii"))
        log.info("practice.founded")
        return RecoverySheet(recovery.encode())


def list_people(folder: Path) -> tuple[Person, ...]:
    """Everybody who may log in, by name. Only for showing: whom the practice key is sealed to stands on its roster."""
    return tuple(_read(file) for file in sorted((folder / FOLDER).glob("*.json")))


def find_person(folder: Path, name: str) -> Person:
    """The person of that name; raises `PersonUnknownError`."""
    file = folder / FOLDER / f"{check_name(name)}.json"
    if not file.exists():
        raise PersonUnknownError
    return _read(file)


def prepare_person(  # noqa: PLR0913, PLR0917 - what a person is made of
    folder: Path, by: Unlocked, name: str, role: Role, password: str, work_factor: int
) -> PersonFiles:
    """A new person, for the daemon to write. Raises `PersonExistsError`, `PersonNameError`, `WeakPasswordError`, `NotAdminError`."""
    if (folder / FOLDER / f"{check_name(name)}.json").exists():
        raise PersonExistsError
    return _prepare(folder, by, name, role, password, work_factor)


def prepare_new_key(folder: Path, by: Unlocked, name: str, password: str, work_factor: int) -> PersonFiles:
    """A new key and password for somebody who forgot theirs. Their old key opens nothing that is sealed from now on."""
    return _prepare(folder, by, name, find_person(folder, name).role, password, work_factor)


def prepare_removal(folder: Path, by: Unlocked, name: str) -> bytes:
    """The practice key for those who stay, empty if nothing changes. Raises `PersonUnknownError`, and `LastAdminError` for the last admin."""
    find_person(folder, name)
    roster = _roster(folder, by)
    left = roster.without(name)
    if not left.admins():
        raise LastAdminError
    return b"" if left == roster else practice.seal_practice(by.practice, left)


def write_person(folder: Path, files: PersonFiles) -> None:
    """The daemon's part of adding or changing a person. Raises `ControlError` for what cannot be a person's files."""
    check_name(files.name)
    for sealed in filter(None, (files.wrapped_key, files.practice_key)):
        _check_sealed(sealed)
    try:
        person = Person(files.name, files.role, Recipient.parse(files.recipient))
    except KeyFormatError:
        raise ControlError("that is no person's public key.") from None
    disk = Disk()
    disk.make_folder(folder / FOLDER.parent)
    disk.make_folder(folder / FOLDER)
    if _has_other_key(folder, person):
        factors.erase(folder, person.name)  # they are sealed to the old key
    if files.practice_key:
        disk.replace(folder / practice.SEALED, files.practice_key)
    disk.replace(folder / FOLDER / f"{person.name}.age", files.wrapped_key)
    disk.replace(folder / FOLDER / f"{person.name}.json", _clear(person))
    log.info("people.written role=%s", person.role)


def erase_person(folder: Path, name: str, practice_key: bytes) -> None:
    """The daemon's part of removing a person. Raises `PersonUnknownError`."""
    find_person(folder, name)
    disk = Disk()
    if practice_key:
        _check_sealed(practice_key)
        disk.replace(folder / practice.SEALED, practice_key)
    disk.unlink(folder / FOLDER / f"{name}.age")
    disk.unlink(folder / FOLDER / f"{name}.json")
    factors.erase(folder, name)
    log.info("people.erased")


def _prepare(  # noqa: PLR0913, PLR0917 - see prepare_person
    folder: Path, by: Unlocked, name: str, role: Role, password: str, work_factor: int
) -> PersonFiles:
    roster = _roster(folder, by)
    person, wrapped = _make_person(name, role, password, work_factor)
    changed = roster.with_person(person)
    if not changed.admins():
        raise LastAdminError
    return _files(person, wrapped, b"" if changed == roster else practice.seal_practice(by.practice, changed))


def _roster(folder: Path, by: Unlocked) -> Roster:
    """The roster, believed because it lies beside the practice key; `by` must be one of its admins."""
    if by.held is None:
        raise NotAdminError
    opened, roster = practice.open_practice(folder, by.practice)
    opened.wipe()
    if by.person not in roster.admins():
        raise NotAdminError
    return roster


def _make_person(name: str, role: Role, password: str, work_factor: int) -> tuple[Person, bytes]:
    passwords.check(password, check_name(name))
    with Identity.generate() as identity:
        return Person(name, role, identity.recipient), passwords.wrap(identity, password, work_factor)


def _files(person: Person, wrapped: bytes, practice_key: bytes) -> PersonFiles:
    return PersonFiles(person.name, person.role, str(person.recipient), wrapped, practice_key)


def _has_other_key(folder: Path, person: Person) -> bool:
    try:
        return find_person(folder, person.name).recipient != person.recipient
    except (PersonUnknownError, KeyFormatError):
        return True


def _clear(person: Person) -> bytes:
    data = {"keepline": _VERSION, "name": person.name, "role": person.role.value, "recipient": str(person.recipient)}
    return json.dumps(data, indent=1).encode("ascii") + b"\n"


def _read(file: Path) -> Person:
    try:
        data: Any = json.loads(file.read_bytes())
        return Person(check_name(data["name"]), Role(data["role"]), Recipient.parse(data["recipient"]))
    except (ValueError, KeyError, TypeError):
        raise KeyFormatError(f"{file.name} in keys/people is damaged. Restore it from the backup.") from None


def _check_sealed(sealed: bytes) -> None:
    if not sealed.startswith(_AGE) or len(sealed) > _LARGEST:
        raise ControlError("that is no sealed key.")
