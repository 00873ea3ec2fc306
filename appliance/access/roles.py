"""Who may do what: the four roles, the people who hold them, and which names a person may have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.errors import MailboxNameError, NotAllowedError, PersonNameError, SheetIsNobodyError
from appliance.store.keys import Recipient

_MAILBOX: Final = re.compile(r"[a-z0-9-]{1,32}")  # as in the settings
_NAME: Final = re.compile(
    r"[a-z0-9][a-z0-9._-]{0,31}"
)  # safe as a file name, and no two differ by capital letters only


class Role(StrEnum):
    """What a person is to the practice."""

    ADMIN = "admin"  # reads messages, adds and removes people
    STAFF = "staff"  # reads messages
    TECHNICIAN = "technician"  # sees how the box is, never a message
    AUDITOR = "auditor"  # sees who did what, never a message


class Permission(StrEnum):
    """One thing that may be allowed. Page, command and console ask for these, never for a role."""

    READ_MESSAGES = "read-messages"  # see the list and open messages, in one's own mailboxes
    CHANGE_MESSAGES = "change-messages"  # heard or new, erase, undo, put on hold
    LIFT_HOLDS = "lift-holds"  # from then on the message may be erased again
    TAKE_MESSAGES = (
        "take-messages"  # download sound and pages: from then on they lie unsealed where the person put them
    )
    SEE_BOX = "see-box"  # status, lamps, list of parts
    TEND_BOX = "tend-box"  # the technician's console, the modem's tests
    SEE_CALLS = "see-calls"  # what the fax machines said to each other; no number, no page
    LOCK_PAGE = "lock-page"  # end every session
    OWN_ACCOUNT = "own-account"  # one's own password and second factors
    RUN_PEOPLE = "run-people"  # add, change and remove people, and give them new passwords
    RUN_KEYS = "run-keys"  # exchange the practice key and the recovery sheet
    SEE_RECORD = "see-record"  # who did what, and whether the record is whole
    EXPORT_RECORD = "export-record"
    SEE_SWITCHES = "see-switches"  # what is switched on, who decided it, and why
    RUN_SWITCHES = "run-switches"  # decide about them, and set the policy sheet


MAY: Final[dict[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.STAFF: frozenset(
        {
            Permission.READ_MESSAGES,
            Permission.CHANGE_MESSAGES,
            Permission.TAKE_MESSAGES,
            Permission.SEE_BOX,
            Permission.LOCK_PAGE,
            Permission.OWN_ACCOUNT,
        }
    ),
    Role.TECHNICIAN: frozenset(
        {
            Permission.SEE_BOX,
            Permission.TEND_BOX,
            Permission.SEE_CALLS,
            Permission.LOCK_PAGE,
            Permission.OWN_ACCOUNT,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Permission.SEE_BOX,
            Permission.SEE_RECORD,
            Permission.EXPORT_RECORD,
            Permission.SEE_SWITCHES,
            Permission.OWN_ACCOUNT,
        }
    ),
}
READERS: Final = frozenset(
    role for role, may in MAY.items() if Permission.READ_MESSAGES in may
)  # hold the practice key


ALL: Final = frozenset({"*"})  # every mailbox, those that are yet to come as well
NONE: Final[frozenset[str]] = frozenset()
RECOVERY: Final = "recovery-sheet"  # the name of whoever came in with it
NOT_BY_SHEET: Final = frozenset(
    {Permission.OWN_ACCOUNT, Permission.RUN_SWITCHES}
)  # there is no account, and what is decided stands under a person's name for good
_NOBODY: Final = frozenset({RECOVERY, "root"})  # stand in the record for no person


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may log in. Without a word on mailboxes they open none; an admin, who could give them to himself, opens all."""

    name: str
    role: Role
    recipient: Recipient  # the public half of this person's own key
    mailboxes: frozenset[str] = NONE

    def __post_init__(self) -> None:
        if self.role is Role.ADMIN or not self.may_read:
            object.__setattr__(self, "mailboxes", ALL if self.may_read else NONE)

    def may(self, permission: Permission) -> bool:
        """Is this allowed to this person? What no table allows is not."""
        return permission in MAY[self.role] and not (self.name == RECOVERY and permission in NOT_BY_SHEET)

    def must(self, permission: Permission) -> None:
        """Raises `NotAllowedError` when this is not allowed to this person, `SheetIsNobodyError` when it is to any other of that role."""
        if not self.may(permission):
            raise SheetIsNobodyError if permission in MAY[self.role] else NotAllowedError

    def may_open(self, mailbox: str) -> bool:
        """May this person see what is in that mailbox?"""
        return self.may_read and (self.mailboxes == ALL or mailbox in self.mailboxes)

    @property
    def may_read(self) -> bool:
        """Does this person hold the practice key?"""
        return self.role in READERS


def check_name(name: str) -> str:
    """`name` if a person may have it; raises `PersonNameError`."""
    if not _NAME.fullmatch(name) or name in _NOBODY:
        raise PersonNameError
    return name


def check_mailboxes(names: Iterable[str]) -> frozenset[str]:
    """These mailboxes, or `ALL` for the one name `*`; raises `MailboxNameError`."""
    found = frozenset(names)
    if found != ALL and not all(_MAILBOX.fullmatch(name) for name in found):
        raise MailboxNameError
    return found
