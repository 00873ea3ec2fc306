"""What a person's files are like: a session that began with other ones ends, because role, password, key or second factor changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from appliance.access import factors, people
from appliance.access.roles import RECOVERY
from appliance.errors import FactorsDamagedError


@dataclass(frozen=True, slots=True)
class Sign:
    """Digests of what is believed of a person. Using a second factor changes none of them."""

    person: str  # name, role, mailboxes, public half
    key: str  # their key, wrapped by the password
    factors: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """How things stood when a log-in began, before anything of that person was read. At its end they must stand so still."""

    name: str
    sign: Sign
    locks: int  # how often everybody had been logged off


def sign_of(folder: Path, name: str) -> Sign:
    """As it is now; of somebody who was removed, no session has ever begun with it."""
    if (
        name == RECOVERY
    ):  # nobody, and so without files: such a session ends with all of them when the keys are exchanged
        return Sign("", "", "")
    place = folder / people.FOLDER
    try:
        stamp = factors.read(folder, name).stamp
    except FactorsDamagedError:
        stamp = "damaged"
    return Sign(_digest(place / f"{name}.json"), _digest(place / f"{name}.age"), stamp)


def digest(content: bytes) -> str:
    """Of a file's content."""
    return hashlib.sha256(content).hexdigest()


def _digest(file: Path) -> str:
    try:
        return digest(file.read_bytes())
    except OSError:  # it is not there, or the card does not give it
        return ""
