"""The practice key, and the list of everybody who is the practice.

`keys/practice.age` is an age key file, sealed to every reader, to the recovery sheet and to the practice key itself. Its comment lines are the **roster**: who
there is, as what, with which key and which mailboxes. Only somebody who holds the practice key can have written a roster beside it, so the roster is believed
and the clear files of `keys/people` are not: a recipient slipped in there gets nothing when the practice key is next sealed.

The daemon holds no key, and still writes these files for nobody who merely asks: a **proof** is a number that only the holder of a key can work out, and
the box keeps its SHA-256 (`keys/practice.proof`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from appliance.access.roles import ALL, Person, Role
from appliance.errors import (
    ForeignKeyError,
    KeyFormatError,
    NoProofError,
    NoProofKeptError,
    NotFoundedError,
    SealHeaderError,
)
from appliance.store import age_file, primitives
from appliance.store.epochs import NEXT, NEXT_PUBLIC
from appliance.store.keys import Identity, Recipient

SEALED: Final = Path("keys/practice.age")
PUBLIC: Final = Path("keys/practice.pub")
PROOF: Final = Path("keys/practice.proof")
_PROOF: Final = b"keepline proof 1"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NO_MAILBOX: Final = "-"


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who is the practice. The practice key is sealed to the readers among them."""

    recovery: Recipient
    people: tuple[Person, ...]

    def with_person(self, person: Person) -> Self:
        """This roster with `person`, whose earlier entry goes."""
        return type(self)(self.recovery, (*self.without(person.name).people, person))

    def without(self, name: str) -> Self:
        """This roster without the person of that name."""
        return type(self)(self.recovery, tuple(person for person in self.people if person.name != name))

    def find(self, name: str) -> Person | None:
        """The person of that name."""
        return next((person for person in self.people if person.name == name), None)

    @property
    def readers(self) -> tuple[Person, ...]:
        """Who holds the practice key."""
        return tuple(person for person in self.people if person.may_read)

    def admins(self) -> Sequence[Person]:
        """Those who may change this roster."""
        return [person for person in self.people if person.role is Role.ADMIN]

    def to_comments(self) -> str:
        """As comment lines of an age key file."""
        return "\n".join(["# keepline practice 2", f"# recovery {self.recovery}", *map(_line, self.people), ""])

    @classmethod
    def from_comments(cls, lines: Sequence[str]) -> Self:
        """The roster in these lines; raises `SealHeaderError`."""
        try:
            kind, recovery, *people = [line.removeprefix("# ").split(" ") for line in lines]
            if kind[:2] != ["keepline", "practice"] or kind[2:] not in (["1"], ["2"]):
                raise ValueError(kind)
            listed = [_person(words if kind[2] == "2" else [*words, "*"]) for words in people]
            return cls(Recipient.parse(recovery[1]), tuple(listed))
        except (ValueError, TypeError, IndexError, KeyFormatError) as error:
            raise SealHeaderError from error


def _line(person: Person) -> str:
    mailboxes = ",".join(sorted(person.mailboxes)) or _NO_MAILBOX
    return f"# {person.role.value} {person.name} {person.recipient} {mailboxes}"


def _person(words: Sequence[str]) -> Person:
    """The words of a line. Version 1 knew no mailboxes: who read, read all."""
    role, name, key, mailboxes = words
    listed = frozenset(mailboxes.split(",")) - {_NO_MAILBOX}
    return Person(name, Role(role), Recipient.parse(key), ALL if "*" in listed else listed)


def seal_practice(practice: Identity, roster: Roster) -> bytes:
    """The practice key for everybody on `roster`: the content of `keys/practice.age`."""
    secret = practice.to_bytes()
    text = bytearray(roster.to_comments().encode("ascii")) + secret
    with primitives.forgetting(secret, text):
        recipients = [*(person.recipient for person in roster.readers), roster.recovery, practice.recipient]
        return age_file.seal(text, recipients)


def open_practice(folder: Path, identity: Identity) -> tuple[Identity, Roster]:
    """The practice key and its roster, for somebody on it. `folder` is the store's.

    Raises `NotFoundedError`, `ForeignKeyError` when messages are not sealed to this key, `SealKeyError` when `identity` is not on the roster.
    """
    return _open(folder / SEALED, folder / PUBLIC, identity)


def open_next(folder: Path, identity: Identity) -> tuple[Identity, Roster]:
    """The key that the practice key is being exchanged for, and its roster; raises as `open_practice` does."""
    return _open(folder / NEXT / SEALED.name, folder / NEXT_PUBLIC, identity)


def _open(file: Path, public_file: Path, identity: Identity) -> tuple[Identity, Roster]:
    try:
        sealed = file.read_bytes()
        public = Recipient.parse(public_file.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise NotFoundedError from None
    text = age_file.open_bytes(sealed, [identity])
    with primitives.forgetting(text):
        start = text.rfind(b"\n") + 1
        roster = Roster.from_comments(text[:start].decode("ascii").splitlines())
        with memoryview(text)[start:] as secret:
            practice = _parse(secret)
    if practice.recipient != public:
        practice.wipe()
        raise ForeignKeyError
    return practice, roster


def _parse(secret: memoryview) -> Identity:
    copy = bytearray(secret)
    with primitives.forgetting(copy):
        return Identity.parse(copy)


def proof_of(key: Identity) -> bytes:
    """What only the holder of `key` can say; it opens nothing. 32 octets."""
    secret = key.to_bytes()
    with primitives.forgetting(secret):
        return primitives.derive(secret, b"", _PROOF)


def digest_of(proof: bytes) -> str:
    """What the box keeps of a proof, to know it again."""
    return hashlib.sha256(proof).hexdigest()


def kept_digest(folder: Path) -> str:
    """The digest by which the box knows the practice key's holder again; empty when its file is missing or damaged."""
    try:
        kept = (folder / PROOF).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return kept if _DIGEST.fullmatch(kept) else ""


def check_proof(folder: Path, proof: bytes, also: str = "") -> None:
    """Raises `NoProofError` unless `proof` is that of the practice key, or its digest is `also`; `NoProofKeptError` where there is nothing to compare with.

    Only a box without a practice has no key that anybody could prove.
    """
    given, kept = digest_of(proof).encode(), kept_digest(folder)
    if also and primitives.same(given, also.encode()):
        return
    if not kept and (folder / PUBLIC).exists():
        raise NoProofKeptError
    if kept and not primitives.same(given, kept.encode()):
        raise NoProofError


def version(folder: Path) -> str:
    """Differs whenever the sealed practice key does: a change is prepared on one version and must be written on the same."""
    try:
        return hashlib.sha256((folder / SEALED).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
