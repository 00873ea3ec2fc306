"""The practice's people: the first one founds it, an admin adds, changes and removes others, each with a key of their own.

In the store's folder lie, for each person, `keys/people/<name>.json` (name, role, mailboxes, public half; for showing) and `keys/people/<name>.age` (their key,
wrapped by their password: an age file that `age -d` opens). Here a change is prepared by somebody who holds the keys for it; `personnel` is the daemon's part.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from appliance.access import passwords, practice
from appliance.access.practice import Roster
from appliance.access.recovery import RecoverySheet
from appliance.access.roles import NONE, Person, Role, check_mailboxes, check_name
from appliance.access.small_file import reading
from appliance.errors import (
    LastAdminError,
    NotAdminError,
    NotForThisRoleError,
    OwnAccountError,
    PersonDamagedError,
    PersonExistsError,
    PersonUnknownError,
    SealError,
    SealKeyError,
    WrongPasswordError,
)
from appliance.store.keys import Identity, Recipient

__all__ = [
    "Founding",
    "Newcomer",
    "Person",
    "PersonFiles",
    "Removal",
    "Role",
    "Unlocked",
    "find_on_roster",
    "find_person",
    "list_damaged",
    "list_people",
    "must_exist",
    "prepare_change",
    "prepare_founding",
    "prepare_new_key",
    "prepare_password",
    "prepare_person",
    "prepare_recovered",
    "prepare_removal",
]

FOLDER: Final = Path("keys/people")


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
class Newcomer:
    """Somebody who is to be added. Without mailboxes a reader opens nothing yet."""

    name: str
    role: Role
    password: str = field(repr=False)
    mailboxes: frozenset[str] = NONE


@dataclass(frozen=True, slots=True)
class PersonFiles:
    """What the daemon writes for one person. Nothing in it opens anything without a password."""

    name: str
    role: Role
    mailboxes: tuple[str, ...]
    recipient: str
    wrapped_key: bytes  # the person's key, wrapped by the password; empty where that stays as it is
    person_proof: str  # the digest of their key's proof; empty likewise
    practice_key: bytes  # the practice key for everybody who may now have it; empty where that stays as it is
    built_on: str  # the version of the practice key that this was prepared on
    proof: bytes = field(repr=False)  # of the practice key, or of the person's own where only their password changes


@dataclass(frozen=True, slots=True)
class Removal:
    """What the daemon does to take a person away."""

    name: str
    practice_key: bytes  # for those who stay; empty where that stays as it is
    built_on: str
    proof: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Founding:
    """A practice and its first admin, for the daemon to write on a box that has none."""

    first: PersonFiles
    practice: str  # the public half of the practice key
    proof: str  # the digest of its proof


def prepare_founding(name: str, password: str, work_factor: int) -> tuple[Founding, RecoverySheet]:
    """A new practice's key and its first person, an admin. The sheet is kept nowhere: show it once, and only then have the rest written."""
    with Identity.generate() as recovery, Identity.generate() as key:
        files = _make_person(Newcomer(name, Role.ADMIN, password), work_factor)
        sealed = practice.seal_practice(key, Roster(recovery.recipient, (_person(files),)))
        proof = practice.proof_of(key)
        first = replace(files, practice_key=sealed, proof=proof)
        return Founding(first, str(key.recipient), practice.digest_of(proof)), RecoverySheet(recovery.encode())


def list_people(folder: Path) -> tuple[Person, ...]:
    """Everybody who may log in, by name. Only for showing: who they are to the practice stands on its roster. Whoever cannot be read is in `list_damaged`."""
    return tuple(found for _, found in _list(folder) if found is not None)


def list_damaged(folder: Path) -> tuple[str, ...]:
    """The names of those whose file cannot be read: they cannot log in, everybody else can."""
    return tuple(name for name, found in _list(folder) if found is None)


def find_person(folder: Path, name: str) -> Person:
    """The person of that name, for showing; raises `PersonUnknownError`, `PersonDamagedError`."""
    try:
        return _read(folder / FOLDER / f"{check_name(name)}.json")
    except FileNotFoundError:
        raise PersonUnknownError from None


def must_exist(folder: Path, name: str) -> None:
    """Raises `PersonUnknownError`; that their file is damaged does no harm."""
    with suppress(PersonDamagedError):
        find_person(folder, name)


def prepare_person(folder: Path, by: Unlocked, newcomer: Newcomer, work_factor: int) -> PersonFiles:
    """A new person. Raises `PersonExistsError`, `PersonNameError`, `MailboxNameError`, `WeakPasswordError`, `NotAdminError`."""
    if (folder / FOLDER / f"{check_name(newcomer.name)}.json").exists():
        raise PersonExistsError
    return _on_the_roster(folder, by, _make_person(newcomer, work_factor))


def prepare_change(folder: Path, by: Unlocked, name: str, role: Role, mailboxes: Iterable[str]) -> PersonFiles:
    """Another role, other mailboxes, with nobody else present. Raises `PersonUnknownError`, `LastAdminError`, `NotAdminError`, `MailboxNameError`."""
    find_person(folder, name)
    known = find_on_roster(folder, by, name)
    person = Person(name, role, known.recipient, check_mailboxes(mailboxes))
    return _on_the_roster(folder, by, _files(person))


def prepare_new_key(folder: Path, by: Unlocked, name: str, password: str, work_factor: int) -> PersonFiles:
    """A new key and password for somebody who forgot theirs. Their old key opens nothing that is sealed from now on; role and mailboxes are the roster's.

    Raises `OwnAccountError` for oneself: whoever finds a screen open must not give themselves the password to what is behind it.
    """
    if name == by.person.name:
        raise OwnAccountError
    known = find_on_roster(folder, by, name)
    made = _make_person(Newcomer(name, known.role, password, known.mailboxes), work_factor)
    return _on_the_roster(folder, by, made)


def prepare_recovered(folder: Path, by: Unlocked, name: str, password: str, work_factor: int) -> PersonFiles:
    """An admin, new or with a new key, when nobody else can log in any more: `by` came in with the recovery sheet."""
    return _on_the_roster(folder, by, _make_person(Newcomer(name, Role.ADMIN, password), work_factor))


def kept_proof(folder: Path, name: str) -> str:
    """The digest by which the box knows again who holds that person's key; empty when it has none."""
    with suppress(FileNotFoundError, PersonDamagedError), reading(PersonDamagedError):
        data: Any = json.loads((folder / FOLDER / f"{check_name(name)}.json").read_bytes())
        return str(data.get("proof", ""))
    return ""


def prepare_password(folder: Path, name: str, old: str, new: str, work_factor: int) -> PersonFiles:
    """One's own new password; the key stays, and no admin is needed. Raises `WrongPasswordError`, `WeakPasswordError`, `BusyError`."""
    person = find_person(folder, name)
    passwords.check(new, person.name)
    try:
        identity = passwords.unwrap((folder / FOLDER / f"{person.name}.age").read_bytes(), old)
    except (SealKeyError, FileNotFoundError):
        raise WrongPasswordError from None
    except SealError:
        raise PersonDamagedError from None
    with identity:
        proof = practice.proof_of(identity)
        wrapped = passwords.wrap(identity, new, work_factor)
    return replace(
        _files(person),
        wrapped_key=wrapped,
        person_proof=practice.digest_of(proof),
        built_on=practice.version(folder),
        proof=proof,
    )


def prepare_removal(folder: Path, by: Unlocked, name: str) -> Removal:
    """A person less. Raises `PersonUnknownError`, `NotAdminError`, and `LastAdminError` for the last admin."""
    must_exist(folder, name)
    roster = roster_for(folder, by)
    left = roster.without(name)
    if not left.admins():
        raise LastAdminError
    sealed = b"" if left == roster else practice.seal_practice(by.practice, left)
    return Removal(name, sealed, practice.version(folder), practice.proof_of(by.practice))


def roster_for(folder: Path, by: Unlocked) -> Roster:
    """The roster, believed because it lies beside the practice key; `by` must be one of its admins, or have come in with the recovery sheet."""
    if by.held is None:
        raise NotAdminError
    opened, roster = practice.open_practice(folder, by.practice)
    opened.wipe()
    if by.person not in roster.admins() and by.person.recipient != roster.recovery:
        raise NotAdminError
    return roster


def find_on_roster(folder: Path, by: Unlocked, name: str) -> Person:
    """As the roster has them: their clear file may be damaged, or anybody's work. Raises `PersonUnknownError`, `NotAdminError`."""
    must_exist(folder, name)
    known = roster_for(folder, by).find(name)
    if known is None:
        raise PersonUnknownError("That person is not on the practice's roster. Remove them, then add them again.")
    return known


def _on_the_roster(folder: Path, by: Unlocked, files: PersonFiles) -> PersonFiles:
    roster = roster_for(folder, by)
    changed = roster.with_person(_person(files))
    if not changed.admins():
        raise LastAdminError
    return replace(
        files,
        practice_key=b"" if changed == roster else practice.seal_practice(by.practice, changed),
        built_on=practice.version(folder),
        proof=practice.proof_of(by.practice),
    )


def _make_person(newcomer: Newcomer, work_factor: int) -> PersonFiles:
    passwords.check(newcomer.password, check_name(newcomer.name))
    with Identity.generate() as identity:
        person = Person(newcomer.name, newcomer.role, identity.recipient, check_mailboxes(newcomer.mailboxes))
        wrapped = passwords.wrap(identity, newcomer.password, work_factor)
        return replace(
            _files(person), wrapped_key=wrapped, person_proof=practice.digest_of(practice.proof_of(identity))
        )


def _files(person: Person) -> PersonFiles:
    mailboxes = tuple(sorted(person.mailboxes))
    return PersonFiles(person.name, person.role, mailboxes, str(person.recipient), b"", "", b"", "", b"")


def _person(files: PersonFiles) -> Person:
    return Person(files.name, files.role, Recipient.parse(files.recipient), frozenset(files.mailboxes))


def _list(folder: Path) -> Iterator[tuple[str, Person | None]]:
    for file in sorted((folder / FOLDER).glob("*.json"), key=lambda file: file.stem):
        try:
            yield file.stem, _read(file)
        except PersonDamagedError:
            yield file.stem, None
        except FileNotFoundError:  # removed in this very moment
            continue


def _read(file: Path) -> Person:
    with reading(PersonDamagedError):
        data: Any = json.loads(file.read_bytes())
        mailboxes = check_mailboxes(data.get("mailboxes", ["*"]))  # version 1 knew none: who read, read all
        if data["name"] != file.stem:
            raise ValueError("somebody else's")
        return Person(check_name(data["name"]), Role(data["role"]), Recipient.parse(data["recipient"]), mailboxes)
