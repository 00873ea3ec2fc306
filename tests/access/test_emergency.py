"""The recovery sheet opens the door when nobody else can: not unseen, and not twice with the same key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.access import emergency, people, practice, rotation
from appliance.access.people import Role
from appliance.access.roles import NOT_BY_SHEET, RECOVERY, Permission
from appliance.access.unlock import unlock
from appliance.deeds import Act
from appliance.errors import NewSheetError, NoProofError, PersonNameError, ReasonError, WrongSheetError
from appliance.store.keys import Identity
from tests.access.box import Box
from tests.access.practice import ANA, OTHER, WORK, Practice

WHY = "Ana is ill and nobody else knows a password"
NEW = "another long password"


@pytest.fixture
def box(practice: Practice) -> Iterator[Box]:
    """A message is there."""
    with Box(practice.folder) as made:
        made.leave()
        yield made


def enter(box: Box, practice_: Practice) -> people.Unlocked:
    """Somebody comes in with the sheet."""
    unlocked = emergency.unlock(box.folder, practice_.sheet.text)
    box.client.note_emergency(WHY, practice.proof_of(unlocked.practice))
    return unlocked


def test_the_sheet_alone_opens_a_session_that_may_do_what_an_admin_may(box: Box, practice: Practice) -> None:
    somebody = enter(box, practice)
    assert box.opens(somebody.practice) == [True]
    assert somebody.person.name == RECOVERY
    assert all(somebody.person.may(permission) for permission in set(Permission) - NOT_BY_SHEET)
    files = people.prepare_person(box.folder, somebody, people.Newcomer("ben", Role.STAFF, OTHER), WORK)
    box.client.put_person(files, RECOVERY)
    assert unlock(box.folder, "ben", OTHER)


def test_no_other_key_passes_for_the_sheet(box: Box, practice: Practice) -> None:
    own, held = unlock(box.folder, "ana", ANA).own, practice.ana().practice
    assert own is not None
    for text in (own.encode(), held.encode(), Identity.generate().encode(), "", practice.sheet.text[:-1], "x" * 5000):
        with pytest.raises(WrongSheetError):
            emergency.unlock(box.folder, text)


def test_it_is_asked_why_and_only_the_sheets_holder_is_noted(box: Box, practice: Practice) -> None:
    proof = practice_proof(practice)
    for why in ("", "because", " " * 50, "x" * 601, "a reason\x07 that rings"):
        with pytest.raises(ReasonError):
            box.client.note_emergency(why, proof)
    with pytest.raises(NoProofError):  # a page that was taken over does not frighten the admins
        box.client.note_emergency(WHY, bytes(32))
    assert emergency.read(box.folder) == ()
    assert box.acts() == []


def practice_proof(made: Practice) -> bytes:
    return practice.proof_of(made.ana().practice)


def test_every_admin_is_told_once_and_the_record_keeps_it(box: Box, practice: Practice) -> None:
    practice.add("cleo", Role.ADMIN)
    enter(box, practice)
    (access,) = emergency.untold(box.folder, "ana")
    assert (access.why, access.at, access.clock_trusted) == (WHY, box.clock.now(), True)
    box.client.told([access.number], "ana")
    assert emergency.untold(box.folder, "ana") == ()
    assert [one.number for one in emergency.untold(box.folder, "cleo")] == [access.number]
    enter(box, practice)
    assert [one.number for one in emergency.untold(box.folder, "ana")] == [access.number + 1]
    assert box.acts() == [Act.EMERGENCY, Act.EMERGENCY]
    assert WHY not in "".join(line.read_text() for line in (box.folder / "record").iterdir())


def test_a_rotation_with_a_new_sheet_is_demanded_until_it_is_done(box: Box, practice: Practice) -> None:
    assert not emergency.demands_rotation(box.folder)
    somebody = enter(box, practice)
    assert emergency.demands_rotation(box.folder)
    with pytest.raises(NewSheetError):
        rotation.start(box.folder, somebody, new_sheet=False)
    with rotation.start(box.folder, somebody, new_sheet=True) as made:
        assert made.sheet is not None
        sheet = made.sheet.text
        list(made.run(box.client, RECOVERY))
    assert not emergency.demands_rotation(box.folder)
    assert emergency.untold(box.folder, "ana"), "told all the same"
    with pytest.raises(WrongSheetError):
        emergency.unlock(box.folder, practice.sheet.text)
    assert box.opens(emergency.unlock(box.folder, sheet).practice) == [True]
    rotation.start(box.folder, practice.ana(), new_sheet=False).wipe()


def test_an_exchange_that_keeps_a_sheet_that_was_seen_is_refused_by_the_daemon(box: Box, practice: Practice) -> None:
    with rotation.start(box.folder, practice.ana(), new_sheet=False) as made:
        enter(box, practice)
        with pytest.raises(NewSheetError):
            list(made.run(box.client, "ana"))
    assert not rotation.is_under_way(box.folder)


def test_with_the_sheet_alone_somebody_is_admin_again(box: Box, practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    somebody = enter(box, practice)
    for name in ("ben", "dora"):
        box.client.put_person(people.prepare_recovered(box.folder, somebody, name, NEW, WORK), RECOVERY)
        found = unlock(box.folder, name, NEW)
        assert (found.person.role, box.opens(found.practice)) == (Role.ADMIN, [True])
    assert box.acts() == [Act.EMERGENCY, Act.PERSON_CHANGED, Act.PERSON_ADDED]


def test_nobody_is_called_as_the_sheet(box: Box, practice: Practice) -> None:
    for name in (RECOVERY, "root"):
        with pytest.raises(PersonNameError):
            practice.add(name, Role.STAFF)


def test_a_damaged_list_frightens_rather_than_hides(box: Box, practice: Practice) -> None:
    enter(box, practice)
    (box.folder / emergency.FILE).write_text("{", encoding="ascii")
    assert emergency.demands_rotation(box.folder)
    assert emergency.untold(box.folder, "ana")


def test_before_there_is_a_practice_nothing_is_demanded(tmp_path: Path) -> None:
    assert not emergency.demands_rotation(tmp_path)
