"""The record's words for people: what each deed is called, in which group it is looked for, and what stands beside it."""

from __future__ import annotations

from typing import Final

from appliance.access.chain import Break
from appliance.deeds import Act, Deed
from web import words
from web.languages import gettext, spoken

ACTS: Final = {
    Act.LOGGED_IN: spoken("logged in"),
    Act.LOG_IN_FAILED: spoken("failed to log in"),
    Act.LOGGED_OFF: spoken("logged off"),
    Act.SESSION_ENDED: spoken("was logged off by itself"),
    Act.LOCKED: spoken("ended every session"),
    Act.EMERGENCY: spoken("came in with the recovery sheet"),
    Act.KEPT: spoken("kept a message"),
    Act.LOOKED: spoken("opened a message"),
    Act.PLAYED: spoken("played a message"),
    Act.MARKED: spoken("marked a message"),
    Act.TAKEN: spoken("downloaded a message"),
    Act.DISCLOSED: spoken("gave a message to somebody outside"),
    Act.ERASED: spoken("erased a message"),
    Act.UNERASED: spoken("had an erased message back"),
    Act.REMOVED: spoken("removed a message for good"),
    Act.HELD: spoken("put a message on hold"),
    Act.RELEASED: spoken("lifted a hold"),
    Act.CLAIMED: spoken("claimed the box"),
    Act.PERSON_ADDED: spoken("added a person"),
    Act.PERSON_CHANGED: spoken("changed a person"),
    Act.PERSON_REMOVED: spoken("removed a person"),
    Act.PASSWORD_CHANGED: spoken("changed a password"),
    Act.FACTOR_CHANGED: spoken("changed a second factor"),
    Act.EPOCH_MADE: spoken("made the key of a day"),
    Act.EPOCH_DESTROYED: spoken("destroyed the key of a day"),
    Act.ROTATION_BEGUN: spoken("began to exchange the practice key"),
    Act.ROTATION_DROPPED: spoken("dropped an exchange of the practice key"),
    Act.ROTATED: spoken("exchanged the practice key"),
    Act.STARTED: spoken("was started"),
    Act.STOPPED: spoken("was stopped"),
    Act.CLOCK_STEPPED: spoken("saw the clock step"),
    Act.SETTING_CHANGED: spoken("found a setting changed"),
    Act.DECIDED: spoken("decided about a switch"),
    Act.POLICY_SET: spoken("changed the policy sheet"),
    Act.POLICY_ACKNOWLEDGED: spoken("agreed to the policy sheet"),
    Act.CHECKED: spoken("compared store and record"),
    Act.EXPORTED: spoken("exported the record"),
    Act.SHORTENED: spoken("let lines older than six years go"),
}
GROUPS: Final = {
    "door": (
        spoken("Log-ins and log-offs"),
        frozenset({Act.LOGGED_IN, Act.LOG_IN_FAILED, Act.LOGGED_OFF, Act.SESSION_ENDED, Act.LOCKED, Act.EMERGENCY}),
    ),
    "opened": (spoken("Messages opened or played"), frozenset({Act.LOOKED, Act.PLAYED})),
    "taken": (spoken("Downloads"), frozenset({Act.TAKEN, Act.DISCLOSED})),
    "disclosed": (spoken("Disclosures"), frozenset({Act.DISCLOSED})),
    "changed": (
        spoken("Messages kept, changed, gone"),
        frozenset({Act.KEPT, Act.MARKED, Act.ERASED, Act.UNERASED, Act.REMOVED, Act.HELD, Act.RELEASED}),
    ),
    "people": (
        spoken("People and keys"),
        frozenset(
            {
                Act.CLAIMED,
                Act.PERSON_ADDED,
                Act.PERSON_CHANGED,
                Act.PERSON_REMOVED,
                Act.PASSWORD_CHANGED,
                Act.FACTOR_CHANGED,
                Act.EPOCH_MADE,
                Act.EPOCH_DESTROYED,
                Act.ROTATION_BEGUN,
                Act.ROTATION_DROPPED,
                Act.ROTATED,
            }
        ),
    ),
    "box": (
        spoken("The box and its rules"),
        frozenset(
            {
                Act.STARTED,
                Act.STOPPED,
                Act.CLOCK_STEPPED,
                Act.SETTING_CHANGED,
                Act.DECIDED,
                Act.POLICY_SET,
                Act.POLICY_ACKNOWLEDGED,
                Act.CHECKED,
                Act.EXPORTED,
                Act.SHORTENED,
            }
        ),
    ),
}
BREAKS: Final = {
    Break.UNREADABLE: spoken("is no line of the record: the file was damaged or changed"),
    Break.CHANGED: spoken("was changed after it was written"),
    Break.FORGED: spoken("was not signed by this box"),
    Break.GAP: spoken("does not follow the line before: lines are missing or were moved"),
    Break.CUT: spoken("is missing: the record was cut back or exchanged for an older one"),
    Break.OTHER: spoken("is not the line that was there once: the record was exchanged"),
    Break.TOLD: spoken("tells that the box itself found the record cut back or exchanged"),
}
_PRIVATE: Final = {
    "name": spoken("Name"),
    "number": spoken("Number"),
    "sender": spoken("Sender"),
    "whom": spoken("For whom"),
    "why": spoken("Why"),
}
_DETAILS: Final = {
    "from": spoken("from %(value)s"),
    "mailbox": spoken("mailbox %(value)s"),
    "mailboxes": spoken("mailboxes: %(value)s"),
    "role": spoken("role: %(value)s"),
    "reason": spoken("%(value)s"),
    "as": spoken("as %(value)s"),
    "on": spoken("on: %(value)s"),
    "seconds": spoken("%(value)s seconds"),
    "found": spoken("%(value)s things that do not fit"),
    "how": spoken("%(value)s"),
    "why": spoken("%(value)s"),
    "with": spoken("with %(value)s"),
    "at": spoken("at the %(value)s"),
    "language": spoken("language: %(value)s"),
    "torn": spoken("a torn line of %(value)s octets was cut off"),
    "broken": spoken("the record had been cut back or exchanged: %(value)s"),
    "last": spoken("up to line %(value)s"),
}


def about(deed: Deed) -> str:
    """Whom or what it was done to."""
    if len(deed.subject) == 32:
        return gettext("message %(id)s", id=deed.subject[:8])
    return deed.subject[:64]


def details(deed: Deed) -> tuple[str, ...]:
    """What else is told in clear, as far as a person wants to know."""
    told = [gettext(_DETAILS[name], value=value) for name, value in deed.detail.items() if name in _DETAILS and value]
    return tuple(text[:200] for text in told)


def private(opened: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """What was sealed, in words and in a fixed order."""
    return tuple(
        (gettext(title), words.number(opened[name]) if name == "number" else opened[name])
        for name, title in _PRIVATE.items()
        if opened.get(name)
    )
