"""The record's words for people: what each deed is called, in which group it is looked for, and what stands beside it."""

from __future__ import annotations

from typing import Final

from appliance.access import decisions
from appliance.access.chain import Break
from appliance.access.roles import RECOVERY
from appliance.access.second_step import Way
from appliance.deeds import Act, Deed
from appliance.retention.rules import Reason
from web import words
from web.duties import ROLES
from web.languages import LANGUAGES, gettext, spoken

ACTS: Final = {
    Act.LOGGED_IN: spoken("logged in"),
    Act.LOG_IN_FAILED: spoken("failed to log in"),
    Act.LOGGED_OFF: spoken("logged off"),
    Act.SESSION_ENDED: spoken("was logged off by itself"),
    Act.LOCKED: spoken("ended every session"),
    Act.EMERGENCY: spoken("came in with the recovery sheet"),
    Act.EMERGENCY_TOLD: spoken("saw that somebody had come in with the recovery sheet"),
    Act.KEPT: spoken("kept a message"),
    Act.LOOKED: spoken("opened a message"),
    Act.PLAYED: spoken("played a message"),
    Act.MARKED: spoken("marked a message"),
    Act.NOTED: spoken("wrote a note on a message"),
    Act.TAKEN: spoken("downloaded a message"),
    Act.DISCLOSED: spoken("gave a message to somebody outside"),
    Act.ERASED: spoken("erased a message"),
    Act.UNERASED: spoken("had an erased message back"),
    Act.WARNED: spoken("told that a message is old and unheard"),
    Act.REMOVED: spoken("removed a message for good"),
    Act.HELD: spoken("put a message on hold"),
    Act.RELEASED: spoken("lifted a hold"),
    Act.CLAIMED: spoken("claimed the box"),
    Act.PERSON_ADDED: spoken("added a person"),
    Act.PERSON_CHANGED: spoken("changed a person"),
    Act.PERSON_REMOVED: spoken("removed a person"),
    Act.PASSWORD_CHANGED: spoken("changed a password"),
    Act.FACTOR_CHANGED: spoken("changed a second factor"),
    Act.KEYS_MENDED: spoken("made anew what was missing beside a key"),
    Act.FACTOR_USED: spoken("used a second factor"),
    Act.EPOCH_MADE: spoken("made the key of a day"),
    Act.EPOCH_DESTROYED: spoken("destroyed the key of a day"),
    Act.KEY_GIVEN_UP: spoken("gave up a key that could not be opened"),
    Act.ROTATION_BEGUN: spoken("began to exchange the practice key"),
    Act.ROTATION_DROPPED: spoken("dropped an exchange of the practice key"),
    Act.ROTATED: spoken("exchanged the practice key"),
    Act.STARTED: spoken("was started"),
    Act.STOPPED: spoken("was stopped"),
    Act.PAGE_STARTED: spoken("began to show the page, with nobody logged in"),
    Act.CLOCK_STEPPED: spoken("saw the clock step"),
    Act.SETTING_CHANGED: spoken("found a setting changed"),
    Act.DECIDED: spoken("decided about a switch"),
    Act.POLICY_SET: spoken("changed the policy sheet"),
    Act.POLICY_ACKNOWLEDGED: spoken("agreed to the policy sheet"),
    Act.CHECKED: spoken("compared store and record"),
    Act.EXPORTED: spoken("exported the record"),
    Act.SHORTENED: spoken("let lines older than six years go"),
    Act.FAILED: spoken("could not do what an earlier line says"),
}
GROUPS: Final = {
    "door": (
        spoken("Log-ins and log-offs"),
        frozenset(
            {
                Act.LOGGED_IN,
                Act.LOG_IN_FAILED,
                Act.LOGGED_OFF,
                Act.SESSION_ENDED,
                Act.LOCKED,
                Act.EMERGENCY,
                Act.EMERGENCY_TOLD,
                Act.FACTOR_USED,
            }
        ),
    ),
    "opened": (spoken("Messages opened or played"), frozenset({Act.LOOKED, Act.PLAYED})),
    "taken": (spoken("Downloads"), frozenset({Act.TAKEN, Act.DISCLOSED})),
    "disclosed": (spoken("Disclosures"), frozenset({Act.DISCLOSED})),
    "changed": (
        spoken("Messages kept, changed, gone"),
        frozenset(
            {
                Act.KEPT,
                Act.MARKED,
                Act.NOTED,
                Act.ERASED,
                Act.UNERASED,
                Act.WARNED,
                Act.REMOVED,
                Act.HELD,
                Act.RELEASED,
            }
        ),
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
                Act.KEYS_MENDED,
                Act.EPOCH_MADE,
                Act.EPOCH_DESTROYED,
                Act.KEY_GIVEN_UP,
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
                Act.PAGE_STARTED,
                Act.CLOCK_STEPPED,
                Act.SETTING_CHANGED,
                Act.DECIDED,
                Act.POLICY_SET,
                Act.POLICY_ACKNOWLEDGED,
                Act.CHECKED,
                Act.EXPORTED,
                Act.SHORTENED,
                Act.FAILED,
            }
        ),
    ),
}
OTHERS: Final = {
    RECOVERY: spoken("Recovery sheet"),
    "root": spoken("The terminal"),
    "console": spoken("The technician’s console"),
}  # by whom a line may be that is no person
_CHECKED: Final = {
    "record": spoken("verified the record"),
    "keys": spoken("tried what a password or the sheet opens"),
}  # where it was not store and record that were compared
_BY_SOMEBODY: Final = frozenset({Act.LOG_IN_FAILED, Act.LOCKED})  # what no box does of itself, though no name is known
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
    "refused": spoken("%(value)s times too soon, so nobody looked at the password"),
    "further": spoken("%(value)s further failures"),
    "reason": spoken("%(value)s"),
    "as": spoken("as %(value)s"),
    "on": spoken("on: %(value)s"),
    "seconds": spoken("%(value)s seconds"),
    "found": spoken("%(value)s things that do not fit"),
    "shut": spoken("%(value)s things that stayed shut"),
    "how": spoken("%(value)s"),
    "why": spoken("%(value)s"),
    "with": spoken("with %(value)s"),
    "at": spoken("at the %(value)s"),
    "language": spoken("language: %(value)s"),
    "torn": spoken("a torn line of %(value)s octets was cut off"),
    "broken": spoken("the record had been cut back or exchanged: %(value)s"),
    "added": spoken("added: %(value)s"),
    "removed": spoken("taken away: %(value)s"),
    "used": spoken("used: %(value)s"),
    "last": spoken("up to line %(value)s"),
    "line": spoken("line %(value)s"),
}
_FACTORS: Final = {
    "passkey": spoken("a passkey"),
    "app": spoken("the app"),
    "printed code": spoken("a printed code"),
    "printed codes": spoken("printed codes"),
}
_WORDS: Final[dict[str, dict[str, str]]] = {
    "with": {
        Way.PASSWORD: spoken("the password alone"),
        Way.APP: spoken("the app"),
        Way.CODE: spoken("a printed code"),
        Way.PASSKEY: spoken("a passkey"),
        Way.PASSKEY_ALONE: spoken("a passkey alone"),
        Way.SHEET: spoken("the recovery sheet"),
        "code": spoken("a code"),
        "claim code": spoken("a wrong claim code"),
    },
    "from": {"terminal": spoken("the terminal")},
    "at": {"terminal": spoken("terminal")},
    "as": {
        "heard": spoken("done"),
        "new": spoken("new"),
        "file": spoken("a file"),
        "wav": spoken("a sound file"),
        "reset": spoken("taken away"),
        "trial": spoken("a trial at the box, which showed nothing"),
    },
    "on": {"yes": spoken("yes"), "no": spoken("no")},
    "how": {
        "found": spoken("found without a line of its own"),
        "recovered": spoken("recovered after an interruption"),
        "given up": spoken("it could not be opened"),
        "not on record": spoken("the list said that it was going, and the record did not"),
        "exchanged": spoken("sealed to the new practice key"),
    },
    "why": {
        "idle": spoken("nobody had done anything"),
        "longest time over": spoken("its longest time was over"),
        "ended from another one": spoken("ended from another browser"),
        "person changed": spoken("the person was changed"),
        "logged in over it": spoken("somebody logged in where it was open"),
        "damaged": spoken("files are damaged or were exchanged, so nothing was opened"),
        "no second step": spoken("the password was right, and no second step followed"),
        "overtaken": spoken("everybody was logged off, or the person changed, in that very moment"),
        "made room": spoken("too many were logged in at once"),
    },
    "reason": {
        Reason.HEARD: spoken("heard, and kept for its time"),
        Reason.UNHEARD: spoken("not heard in its time, and staff were warned"),
        Reason.ERASED: spoken("erased by a person"),
    },
    "mailboxes": {"*": spoken("all")},
    "used": _FACTORS,
    "role": {role.value: text for role, text in ROLES.items()},
}


def doer(name: str) -> str:
    """Whose lines they are, where they are looked for: a person, or what is none."""
    if not name:
        return gettext("The box itself, or somebody unknown")
    return gettext(OTHERS[name]) if name in OTHERS else name.capitalize()


def who(deed: Deed) -> str:
    """Who did it."""
    if not deed.by:
        return gettext("Somebody unknown") if deed.act in _BY_SOMEBODY else gettext("The box")
    return doer(deed.by)


def did(deed: Deed) -> str:
    """What they did."""
    return gettext(
        _CHECKED.get(deed.detail.get("what", ""), ACTS[deed.act]) if deed.act is Act.CHECKED else ACTS[deed.act]
    )


def about(deed: Deed) -> str:
    """Whom or what it was done to."""
    if len(deed.subject) == 32:
        return gettext("message %(id)s", id=deed.subject[:8])
    if deed.act is Act.DECIDED:
        return gettext(decisions.title(deed.subject[:64]))
    return deed.subject[:64]


def details(deed: Deed) -> tuple[str, ...]:
    """What else is told in clear, as far as a person wants to know."""
    told = [
        gettext(_DETAILS[name], value=_value(name, value))
        for name, value in deed.detail.items()
        if name in _DETAILS and value
    ]
    return tuple(text[:200] for text in told)


def _value(name: str, value: str) -> str:
    """What a deed's detail holds, as the reader says it: mailboxes by the names they have everywhere, whatever has a word of its own by that word."""
    if (known := _WORDS.get(name, {}).get(value)) is not None:
        return gettext(known)
    match name:
        case "language":
            return LANGUAGES.get(value, value)
        case "added" | "removed":
            return ", ".join(gettext(_FACTORS.get(one, one)) for one in value.split(", "))
        case "broken":  # "line 12 <hash> was expected": the hash is in what is taken along
            return gettext("line %(n)s was expected", n=value.removeprefix("line ").partition(" ")[0])
        case "mailbox" | "mailboxes":
            return ", ".join(map(words.mailbox, value.split()))
        case _:
            return value


def private(opened: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """What was sealed, in words and in a fixed order."""
    return tuple(
        (gettext(title), words.number(opened[name]) if name == "number" else opened[name])
        for name, title in _PRIVATE.items()
        if opened.get(name)
    )
