"""Roles as a person would say them: a word for each, and a sentence on what it may do, told from the one table of permissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from appliance.access.roles import MAY, Permission, Role
from web.languages import gettext, spoken

ROLES: Final[dict[Role, str]] = {
    Role.ADMIN: spoken("Admin"),
    Role.STAFF: spoken("Staff"),
    Role.TECHNICIAN: spoken("Technician"),
    Role.AUDITOR: spoken("Auditor"),
}
DUTIES: Final[dict[Permission, str]] = {
    Permission.READ_MESSAGES: spoken("hears and reads messages in the mailboxes chosen below"),
    Permission.CHANGE_MESSAGES: spoken("marks and erases them, or puts them on hold"),
    Permission.LIFT_HOLDS: spoken("lifts holds"),
    Permission.TAKE_MESSAGES: spoken("downloads them where that is switched on"),
    Permission.SEE_BOX: spoken("sees how the box is"),
    Permission.TEND_BOX: spoken("looks after its lines"),
    Permission.SEE_CALLS: spoken("sees how fax calls went"),
    Permission.RUN_PEOPLE: spoken("adds and removes people"),
    Permission.RUN_KEYS: spoken("exchanges keys"),
    Permission.SEE_RECORD: spoken("sees who did what"),
    Permission.EXPORT_RECORD: spoken("takes that record along"),
    Permission.SEE_SWITCHES: spoken("sees what is switched on and why"),
    Permission.RUN_SWITCHES: spoken("decides about that"),
}
UNSAID: Final = frozenset({Permission.LOCK_PAGE, Permission.OWN_ACCOUNT})  # lock the page, change one's own password


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role to choose."""

    value: str
    word: str
    may: str
    reads: bool  # and so has mailboxes to choose


def word(role: Role) -> str:
    """The role's name."""
    return gettext(ROLES[role])


def sentence(role: Role) -> str:
    """What the role may do, and the one thing that matters most if it may not."""
    allowed = MAY[role]
    if allowed >= frozenset(Permission):
        return gettext("Everything on this page: reads every mailbox, adds and removes people, exchanges keys.")
    said = ", ".join(gettext(duty) for permission, duty in DUTIES.items() if permission in allowed)
    never = "" if Permission.READ_MESSAGES in allowed else " " + gettext("Never a message.")
    return f"{said[:1].upper()}{said[1:]}.{never}"


def choices() -> tuple[RoleView, ...]:
    """Every role, as a form offers them."""
    return tuple(
        RoleView(
            role.value,
            word(role),
            sentence(role),
            Permission.READ_MESSAGES in MAY[role] and role is not Role.ADMIN,
        )
        for role in (Role.STAFF, Role.ADMIN, Role.TECHNICIAN, Role.AUDITOR)
    )
