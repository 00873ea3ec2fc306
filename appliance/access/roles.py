"""Who may do what: the four roles, the people who hold them, and which names a person may have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.errors import PersonNameError
from appliance.store.keys import Recipient

_NAME: Final = re.compile(
    r"[a-z0-9][a-z0-9._-]{0,31}"
)  # safe as a file name, and no two differ by capital letters only


class Role(StrEnum):
    """What a person is to the practice."""

    ADMIN = "admin"  # reads messages, adds and removes people
    STAFF = "staff"  # reads messages
    TECHNICIAN = "technician"  # sees how the box is, never a message
    AUDITOR = "auditor"  # sees who did what, never a message


READERS: Final = frozenset({Role.ADMIN, Role.STAFF})  # the practice key is sealed to these only


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may log in."""

    name: str
    role: Role
    recipient: Recipient  # the public half of this person's own key

    @property
    def may_read(self) -> bool:
        """May this person open messages?"""
        return self.role in READERS


def check_name(name: str) -> str:
    """`name` if a person may have it; raises `PersonNameError`."""
    if not _NAME.fullmatch(name):
        raise PersonNameError
    return name
