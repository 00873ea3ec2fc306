"""What the daemon answers where people and keys are concerned. It holds no key: it looks at what it is handed, writes it, and says who did it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from appliance.access import claim, departures, emergency, factors, mending, people, personnel, practice
from appliance.access.attempts import Attempts, Kind, source
from appliance.access.claim import Gate
from appliance.access.mending import Mended
from appliance.access.people import Founding, PersonFiles, Removal
from appliance.access.roles import READERS, RECOVERY
from appliance.access.rotation import Exchange, Resealed
from appliance.clock import Clock
from appliance.control.values import Event, Verb, unpack
from appliance.deeds import Act, Deed
from appliance.errors import (
    ControlError,
    NewSheetError,
    OwnAccountError,
    PeopleChangedError,
    PersonDamagedError,
    PersonUnknownError,
    WrongClaimError,
)
from appliance.store.changes import NOTHING, Change
from appliance.store.exchange import NextKey

Given = Mapping[str, Any]
CLAIM_CODE: Final = "claim code"  # what was wrong, as the record has it
_LONGEST_ADDRESS: Final = 64  # letters; the longest of IPv6 has 45
_LONGEST_LIST: Final = 64  # letters of the accesses that somebody was told of
_NAME: Final = re.compile(r"[a-z0-9._-]{0,32}")


class Store(Protocol):
    """What the answers ask of the inbox, which makes the epochs."""

    def begin_exchange(self, key: NextKey, deed: Deed, /) -> None: ...
    def put_exchanged(self, sealed: Mapping[str, bytes], /) -> None: ...
    def give_up_keys(self, names: tuple[str, ...], by: str, /) -> None: ...
    def commit_exchange(self, by: str, /) -> None: ...
    def drop_exchange(self, by: str, /) -> None: ...


@dataclass(slots=True)
class KeyAnswers:
    """The verbs of people and keys."""

    folder: Path  # the store's
    store: Store
    clock: Clock
    is_trusted: Callable[[], bool]  # the clock
    publish: Callable[[Event], None]  # tells the page
    record: Callable[[Deed], object]  # writes a line of the record
    perform: Callable[[Deed | None, Change], None]  # writes the deed's line, then makes the change (`Record.perform`)
    drop_sessions: Callable[[], None]
    attempts: Attempts  # wrong claim codes that have no line of their own; whoever made these answers tells the record
    _gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self._gate = Gate(self.folder, self.clock)

    def table(self) -> dict[Verb, Callable[[Given], Any]]:
        """A function for each verb. Those that write do so one after the other."""
        writing = {
            Verb.PUT_PERSON: self._put_person,
            Verb.REMOVE_PERSON: self._remove_person,
            Verb.CLAIM: self._claim,
            Verb.BEGIN_ROTATION: self._begin_rotation,
            Verb.PUT_EPOCHS: self._put_epochs,
            Verb.GIVE_UP_KEYS: self._give_up_keys,
            Verb.COMMIT_ROTATION: self._commit_rotation,
            Verb.DROP_ROTATION: self._drop_rotation,
            Verb.MEND_KEYS: self._mend_keys,
            Verb.NOTE_EMERGENCY: self._note_emergency,
            Verb.NOTE_TRIAL: self._note_trial,
            Verb.TOLD: self._told,
            Verb.PUT_FACTORS: self._put_factors,
            Verb.RESET_FACTORS: self._reset_factors,
        }
        return {
            Verb.SHOW_CLAIM: lambda _: claim.show(self.folder),
            Verb.CHECK_CLAIM: self._check_claim,
            **one_by_one(writing),
        }

    def _put_person(self, given: Given) -> None:
        files, by = unpack(PersonFiles, given["files"]), who_asks(given)
        if by == files.name and files.wrapped_key and files.practice_key:  # a new key: no password was needed for that
            raise OwnAccountError
        act, change = personnel.plan_person(self.folder, files)
        if self._holds_key(files.name) and files.role not in READERS:
            change |= departures.plan(self.folder, files.name, self.clock.now())
        detail = {"role": files.role.value, "mailboxes": " ".join(files.mailboxes)}
        deed = Deed(act, by, files.name, {} if act is Act.PASSWORD_CHANGED else detail)
        self._change_person(deed, change)

    def _remove_person(self, given: Given) -> None:
        removal, by = unpack(Removal, given["removal"]), who_asks(given)
        change = personnel.plan_removal(self.folder, removal)
        if self._holds_key(removal.name):
            change |= departures.plan(self.folder, removal.name, self.clock.now())
        self._change_person(Deed(Act.PERSON_REMOVED, by, removal.name), change)

    def _put_factors(self, given: Given) -> None:
        files, by = unpack(factors.FactorFiles, given["files"]), who_asks(given)
        changed, change = factors.plan(self.folder, files)
        if changed:
            self._change_person(Deed(Act.FACTOR_CHANGED, by, files.name, changed), change)
        else:
            self.perform(Deed(Act.FACTOR_USED, by, files.name), change)

    def _reset_factors(self, given: Given) -> None:
        name, by = unpack(str, given["name"]), who_asks(given)
        people.must_exist(self.folder, name)
        change = factors.plan_reset(self.folder, name, by, unpack(bytes, given["proof"]))
        self._change_person(Deed(Act.FACTOR_CHANGED, by, name, {"as": "reset"}), change)

    def _change_person(self, deed: Deed, change: Change) -> None:
        """Their sessions end: who was removed, or may no longer, must not go on reading."""
        try:
            self.perform(deed, change)
        finally:  # of a disk that fails nobody knows how far it came; the page looks for itself who is another
            if deed.act is not Act.PERSON_ADDED:
                self.publish(Event.PERSON_CHANGED)

    def _holds_key(self, name: str) -> bool:
        """As far as the clear files say: whoever reads this only gives advice."""
        try:
            return people.find_person(self.folder, name).may_read
        except PersonUnknownError:
            return False
        except PersonDamagedError:
            return True  # who knows

    def _check_claim(self, given: Given) -> None:
        address = str(unpack(str, given["address"]))[:_LONGEST_ADDRESS]
        try:
            self._gate.check(unpack(str, given["code"]), address)
        except WrongClaimError:
            if self.attempts.has_room():
                self.record(Deed(Act.LOG_IN_FAILED, detail={"from": address, "with": CLAIM_CODE}))
            else:
                self.attempts.add(Kind("", source(address), looked_at=True, way=CLAIM_CODE))
            raise

    def _claim(self, given: Given) -> None:
        founding = unpack(Founding, given["founding"])
        self._check_claim(given)
        change = personnel.plan_founding(self.folder, founding)
        self.perform(Deed(Act.CLAIMED, founding.first.name, founding.practice), change)
        self.publish(Event.CHANGED)

    def _begin_rotation(self, given: Given) -> None:
        begun, by = unpack(Exchange, given["exchange"]), who_asks(given)
        practice.check_proof(self.folder, begun.proof)
        personnel.check_sealed(begun.sealed)
        personnel.check_digest(begun.digest)
        public = personnel.parse_recipient(begun.public)
        if (self.folder / practice.PUBLIC).read_text(encoding="ascii").strip() == str(public):
            raise ControlError("a key is exchanged for another one.")
        if not begun.new_sheet and emergency.demands_rotation(self.folder):
            raise NewSheetError
        if begun.built_on != practice.version(self.folder):
            raise PeopleChangedError
        self.perform(None, NOTHING)  # the record has its key: made in mid-exchange it would be sealed to the old one
        deed = Deed(Act.ROTATION_BEGUN, by, str(public), {"new-sheet": "yes" if begun.new_sheet else "no"})
        self.store.begin_exchange(NextKey(begun.sealed, str(public), begun.digest), deed)

    def _put_epochs(self, given: Given) -> None:
        resealed: Resealed = unpack(Resealed, given["resealed"])
        practice.check_proof(self.folder, resealed.proof)
        self.store.put_exchanged(resealed.sealed)

    def _give_up_keys(self, given: Given) -> None:
        by = who_asks(given)
        practice.check_proof(self.folder, unpack(bytes, given["proof"]))
        self.store.give_up_keys(unpack(tuple[str, ...], given["names"]), by)  # which puts it on record

    def _commit_rotation(self, given: Given) -> None:
        by = who_asks(given)
        practice.check_proof(self.folder, unpack(bytes, given["proof"]))
        self.drop_sessions()  # they hold the old key
        try:
            self.store.commit_exchange(by)  # which puts it on record
        finally:
            self.drop_sessions()  # who logged in meanwhile

    def _drop_rotation(self, given: Given) -> None:
        by = who_asks(given)
        practice.check_proof(self.folder, unpack(bytes, given["proof"]))
        self.store.drop_exchange(by)  # which puts it on record

    def _mend_keys(self, given: Given) -> tuple[str, ...]:
        mended, by = unpack(Mended, given["mended"]), who_asks(given)
        change = mending.plan(self.folder, mended)
        names = tuple(str(file) for file in change.steps)
        if names:
            self.perform(Deed(Act.KEYS_MENDED, by, detail={"made": " ".join(names)}), change)
            self.publish(Event.CHANGED)
        return names

    def _note_emergency(self, given: Given) -> None:
        why = emergency.check_reason(unpack(str, given["why"]))
        practice.check_proof(self.folder, unpack(bytes, given["proof"]))
        access, change = emergency.plan_use(self.folder, why, self.clock.now(), self.is_trusted())
        self.perform(Deed(Act.EMERGENCY, RECOVERY, str(access.number)), change)

    def _note_trial(self, given: Given) -> None:
        practice.check_proof(self.folder, unpack(bytes, given["proof"]))
        access, change = emergency.plan_trial(self.folder, self.clock.now(), self.is_trusted())
        self.perform(Deed(Act.EMERGENCY, RECOVERY, str(access.number), {"as": "trial"}), change)

    def _told(self, given: Given) -> None:
        by, numbers = who_asks(given), unpack(tuple[int, ...], given["numbers"])
        deed = Deed(Act.EMERGENCY_TOLD, by, " ".join(map(str, numbers))[:_LONGEST_LIST])
        self.perform(deed, emergency.plan_telling(self.folder, by, numbers))


def one_by_one(answers: Mapping[Verb, Callable[[Given], Any]]) -> dict[Verb, Callable[[Given], Any]]:
    """`answers`, one after the other: what one has looked at, no other changes under its hands."""
    writing = threading.Lock()

    def alone(answer: Callable[[Given], Any]) -> Callable[[Given], Any]:
        def answer_alone(given: Given) -> Any:
            with writing:
                return answer(given)

        return answer_alone

    return {verb: alone(answer) for verb, answer in answers.items()}


def who_asks(given: Given) -> str:
    """The log-in name in `by`; empty where nobody did. Raises `ControlError` for what is none."""
    return check_asker(str(unpack(str, given["by"])))


def check_asker(by: str) -> str:
    """`by` again; raises `ControlError` for what is no log-in name."""
    if not _NAME.fullmatch(by):
        raise ControlError("who asks is told by a log-in name.")
    return by
