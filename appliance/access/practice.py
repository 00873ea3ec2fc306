"""The practice key, and the list of who may have it.

`keys/practice.age` is an age key file, sealed to every reader, to the recovery sheet and to the practice key itself. Its comment lines are the **roster**: who
the practice key is sealed to. Only somebody who holds the practice key can have written a roster beside it, so the roster is believed and the clear files of
`keys/people` are not: a recipient slipped in there gets nothing when the practice key is next sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from appliance.access.roles import Person, Role
from appliance.errors import ForeignKeyError, KeyFormatError, NotFoundedError, SealHeaderError
from appliance.store import age_file, primitives
from appliance.store.keys import Identity, Recipient

SEALED: Final = Path("keys/practice.age")
PUBLIC: Final = Path("keys/practice.pub")


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody the practice key is sealed to."""

    recovery: Recipient
    readers: tuple[Person, ...]

    def with_person(self, person: Person) -> Self:
        """This roster with `person`, whose earlier entry goes."""
        others = self.without(person.name).readers
        return type(self)(self.recovery, (*others, person) if person.may_read else others)

    def without(self, name: str) -> Self:
        """This roster without the person of that name."""
        return type(self)(self.recovery, tuple(person for person in self.readers if person.name != name))

    def find(self, name: str) -> Person | None:
        """The reader of that name."""
        return next((person for person in self.readers if person.name == name), None)

    def admins(self) -> Sequence[Person]:
        """The readers who may change this roster."""
        return [person for person in self.readers if person.role is Role.ADMIN]

    def to_comments(self) -> str:
        """As comment lines of an age key file."""
        people = [f"# {person.role.value} {person.name} {person.recipient}" for person in self.readers]
        return "\n".join(["# keepline practice 1", f"# recovery {self.recovery}", *people, ""])

    @classmethod
    def from_comments(cls, lines: Sequence[str]) -> Self:
        """The roster in these lines; raises `SealHeaderError`."""
        try:
            kind, recovery, *people = [line.removeprefix("# ").split(" ") for line in lines]
            if kind != ["keepline", "practice", "1"]:
                raise ValueError(kind)
            readers = tuple(Person(name, Role(role), Recipient.parse(key)) for role, name, key in people)
            return cls(Recipient.parse(recovery[1]), readers)
        except (ValueError, IndexError, KeyFormatError) as error:
            raise SealHeaderError from error


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
    try:
        sealed = (folder / SEALED).read_bytes()
        public = Recipient.parse((folder / PUBLIC).read_text(encoding="ascii").strip())
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
