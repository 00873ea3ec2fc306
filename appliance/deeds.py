"""What is written into the record: who did what, and to which message, person, key or setting.

A deed tells nothing of a patient in clear. What the record must still be able to say of one when the message has long gone (whose it was, to whom it was
given) stands in `sealed`: an age file for the record's own key, which only those who hold the practice key can open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LONGEST_WHY: Final = 400  # letters of a reason that somebody gives for a deed


class Act(StrEnum):
    """What somebody did, or what happened."""

    # people at the door
    LOGGED_IN = "logged-in"
    LOG_IN_FAILED = "log-in-failed"  # `by` only when there is such a person: what else was typed may be a password
    LOGGED_OFF = "logged-off"
    SESSION_ENDED = "session-ended"  # by itself: idle, or its time was over
    LOCKED = "locked"  # every session ended
    EMERGENCY = "emergency"  # somebody came in with the recovery sheet
    EMERGENCY_TOLD = "emergency-told"  # an admin has seen that somebody did
    # messages; the subject is the message's id
    KEPT = "kept"
    LOOKED = "looked"
    PLAYED = "played"
    MARKED = "marked"  # heard, or new again
    NOTED = "noted"  # somebody wrote a note; what it says is not here
    TAKEN = "taken"  # downloaded or exported
    DISCLOSED = "disclosed"  # given to a third party: for whom and why is sealed
    ERASED = "erased"
    UNERASED = "unerased"
    WARNED = "warned"  # staff are told that it is old and unheard
    REMOVED = "removed"  # purged or erased for good; a receipt was written
    HELD = "held"
    RELEASED = "released"
    # people and keys; the subject is the person's name or the key's
    CLAIMED = "claimed"  # the box got its practice and first admin
    PERSON_ADDED = "person-added"
    PERSON_CHANGED = "person-changed"
    PERSON_REMOVED = "person-removed"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the word for it
    FACTOR_CHANGED = "factor-changed"  # a second factor was added, used up or taken away
    KEYS_MENDED = "keys-mended"  # a file without secrets was missing beside a key, and was made anew
    FACTOR_USED = "factor-used"  # an app's code or a passkey, before the log-in that it was for
    EPOCH_MADE = "epoch-made"
    EPOCH_DESTROYED = "epoch-destroyed"
    KEY_GIVEN_UP = "key-given-up"  # a damaged one is left out of an exchange, and goes at its end
    ROTATION_BEGUN = "rotation-begun"
    ROTATED = "rotated"
    ROTATION_DROPPED = "rotation-dropped"
    # the box
    STARTED = "started"
    STOPPED = "stopped"
    PAGE_STARTED = "page-started"  # by itself, or anew: sessions of before are over
    CLOCK_STEPPED = "clock-stepped"
    SETTING_CHANGED = "setting-changed"
    DECIDED = "decided"  # a switch was turned on or off
    POLICY_SET = "policy-set"
    POLICY_ACKNOWLEDGED = "policy-acknowledged"
    CHECKED = "checked"  # the store was compared with the record
    EXPORTED = "exported"  # the record itself was
    SHORTENED = "shortened"  # lines older than six years went
    FAILED = (
        "failed"  # what an earlier line tells of could not be done after all: `what`, and the number of that `line`
    )


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the record, before it gets its number, time, link and signature."""

    act: Act
    by: str = ""  # a person's log-in name; "" for the box itself
    subject: str = ""
    detail: dict[str, str] = field(default_factory=dict)  # in clear: nothing of a patient
    sealed: bytes = b""  # an age file for the record's key; empty when there is nothing to say
