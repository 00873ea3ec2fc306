"""What the daemon answers: a function for each verb, grouped by what it touches. Whoever changes something is put on record by the one who does it, here.

No line, no deed: what changes files lies ready, gets its line and is then made (`Record.perform`); what changes the list gets its line first, and another if it
could not be done (`Record.doing`). Only the lock button waits for no card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from appliance.access import certificates, decisions, papers, policy
from appliance.access.attempts import Attempts
from appliance.access.key_answers import KeyAnswers, check_asker, one_by_one, who_asks
from appliance.access.record import Record
from appliance.clock import Clock, Trust
from appliance.control.values import Due, Event, Status, Verb, unpack
from appliance.deeds import Act, Deed
from appliance.errors import ControlError
from appliance.notes import NoteStamp
from appliance.retention.sweep import Sweep
from appliance.store import age_header
from appliance.store.inbox import Inbox

Given = Mapping[str, Any]
Answer = Callable[[Given], Any]

# what page, console and command do themselves; all else the daemon does, and puts on record itself
REPORTED: Final = frozenset(
    {
        Act.LOGGED_IN,
        Act.LOG_IN_FAILED,
        Act.LOGGED_OFF,
        Act.SESSION_ENDED,
        Act.LOOKED,
        Act.PLAYED,
        Act.TAKEN,
        Act.DISCLOSED,
        Act.CHECKED,
        Act.EXPORTED,
        Act.PAGE_STARTED,
    }
)
_LONGEST: Final = 256  # letters of a subject and of each word of a detail
_MOST: Final = 16  # words of a detail
_LARGEST: Final = 8 * 1024  # octets that are sealed


@dataclass(slots=True)
class Parts:
    """What of the daemon the answers need."""

    folder: Path  # the store's
    undo: float  # s in which an erased message can be had back
    clock: Clock
    inbox: Inbox
    record: Record
    sweep: Sweep
    sweep_soon: Callable[[], None]
    drop_sessions: Callable[[], None]
    publish: Callable[[Event], None]
    status: Callable[[], Status]
    attempts: Attempts = field(init=False)  # wrong claim codes, until the record was told

    def __post_init__(self) -> None:
        self.attempts = Attempts(self.clock)


def table(parts: Parts) -> dict[Verb, Answer]:
    """A function for each verb."""
    return {
        Verb.STATUS: lambda _: parts.status(),
        Verb.FINGERPRINT: lambda _: certificates.files(parts.folder).ca().fingerprint(),
        Verb.RECORD: lambda given: _record(parts, given),
        **_messages(parts),
        **_people(parts),
        **_decisions(parts),
        Verb.LOCK: lambda given: lock(parts, who_asks(given)),
    }


def lock(parts: Parts, by: str) -> None:
    """Every session ends, at the panel's button or at somebody's wish. A card that takes no line keeps no session open."""
    parts.drop_sessions()
    parts.record.write(Deed(Act.LOCKED, by))


def _messages(parts: Parts) -> dict[Verb, Answer]:
    def mark_heard(given: Given) -> None:
        id, heard = parts.inbox.known(_id(given)), unpack(bool, given["heard"])
        with parts.record.doing(Deed(Act.MARKED, who_asks(given), id, {"as": "heard" if heard else "new"})):
            parts.inbox.mark_heard(id, heard)

    def note(given: Given) -> None:
        number, at, sealed = unpack(int, given["number"]), unpack(float, given["at"]), unpack(bytes, given["sealed"])
        parts.inbox.note(NoteStamp(_id(given), number, who_asks(given), at), sealed)  # which puts it on record

    def erase(given: Given) -> None:
        id = parts.inbox.must_erase(_id(given))
        with parts.record.doing(Deed(Act.ERASED, who_asks(given), id)):
            parts.inbox.erase(id, parts.undo)
        parts.sweep_soon()

    def undo_erase(given: Given) -> None:
        id = parts.inbox.known(_id(given))
        with parts.record.doing(Deed(Act.UNERASED, who_asks(given), id)):
            parts.inbox.undo_erase(id)

    def hold(given: Given) -> None:
        id = parts.inbox.must_hold(_id(given), held=True)
        with parts.record.doing(_why(Act.HELD, id, given)):
            parts.inbox.hold(id, held=True)

    def release(given: Given) -> None:
        id = parts.inbox.must_hold(_id(given), held=False)
        with parts.record.doing(_why(Act.RELEASED, id, given)):
            parts.inbox.hold(id, held=False)

    def purge(given: Given) -> tuple[Due, ...]:
        who_asks(given)  # the sweep's own lines tell what went
        return parts.sweep.run(dry_run=unpack(bool, given["dry_run"]))

    return {
        Verb.MARK_HEARD: mark_heard,
        Verb.NOTE: note,
        Verb.ERASE: erase,
        Verb.UNDO_ERASE: undo_erase,
        Verb.HOLD: hold,
        Verb.RELEASE: release,
        Verb.PURGE: purge,
    }


def _people(parts: Parts) -> dict[Verb, Answer]:
    keys = KeyAnswers(
        folder=parts.folder,
        store=parts.inbox,
        clock=parts.clock,
        is_trusted=lambda: _is_trusted(parts),
        publish=parts.publish,
        record=parts.record.write,
        perform=parts.record.perform,
        drop_sessions=parts.drop_sessions,
        attempts=parts.attempts,
    )
    return dict(keys.table())


def _decisions(parts: Parts) -> dict[Verb, Answer]:
    def decide(given: Given) -> None:
        choice = unpack(decisions.Choice, given["choice"])
        if decisions.is_made(parts.folder, choice):
            return  # the button was pressed twice, or the first answer never came
        decision, change = decisions.plan(parts.folder, choice, parts.clock.now(), _is_trusted(parts))
        said = {"on": "yes" if decision.on else "no"}
        parts.record.perform(Deed(Act.DECIDED, decision.by, decision.switch, said), change)

    def set_policy(given: Given) -> None:
        by, language, text = who_asks(given), str(unpack(str, given["language"])), str(unpack(str, given["text"]))
        sheet, change = policy.plan_text(parts.folder, by, language, text, parts.clock.now())
        parts.record.perform(Deed(Act.POLICY_SET, by, sheet.version[:16], {"language": language}), change)

    def acknowledge_policy(given: Given) -> None:
        by, version = who_asks(given), str(unpack(str, given["version"]))
        said, change = policy.plan_acknowledgement(parts.folder, by, version, parts.clock.now(), _is_trusted(parts))
        parts.record.perform(Deed(Act.POLICY_ACKNOWLEDGED, said.name, said.version[:16]), change)

    return one_by_one({Verb.DECIDE: decide, Verb.SET_POLICY: set_policy, Verb.ACKNOWLEDGE_POLICY: acknowledge_policy})


def _is_trusted(parts: Parts) -> bool:
    return parts.clock.trust(parts.inbox.last_event()) is Trust.TRUSTED


def _record(parts: Parts, given: Given) -> None:
    deed: Deed = unpack(Deed, given["deed"])
    words = (deed.subject, *deed.detail.keys(), *deed.detail.values())
    check_asker(deed.by)
    if deed.act not in REPORTED or papers.DETAIL in deed.detail or len(deed.detail) > _MOST:
        raise ControlError("such a line is not written at somebody else's wish.")
    if any(len(word) > _LONGEST or not word.isprintable() for word in words):
        raise ControlError("a line of the record is short and plain.")
    if deed.sealed:
        _must_be_sealed(deed.sealed)
    parts.record.write(deed)


def _why(act: Act, id: str, given: Given) -> Deed:
    """A deed that is not done without a reason, which is sealed because it may name a patient."""
    sealed = unpack(bytes, given["sealed"])
    _must_be_sealed(sealed)
    return Deed(act, who_asks(given), id, sealed=sealed)


def _must_be_sealed(words: bytes) -> None:
    if not age_header.is_sealed(words, _LARGEST):
        raise ControlError("what a line seals is an age file.")


def _id(given: Given) -> str:
    return str(unpack(str, given["id"]))
