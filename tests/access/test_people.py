"""People come and go; the practice key follows the roster and nothing else."""

from __future__ import annotations

import json
import random
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.access import passwords, people, personnel
from appliance.access.people import Newcomer, PersonFiles, Removal, Role
from appliance.access.practice import SEALED, Roster, open_practice
from appliance.access.roles import ALL, Person
from appliance.access.unlock import unlock
from appliance.control.values import pack, unpack
from appliance.deeds import Act
from appliance.errors import (
    ControlError,
    ForeignKeyError,
    FoundedError,
    KeysDamagedError,
    LastAdminError,
    NoProofError,
    NotAdminError,
    OwnAccountError,
    PeopleChangedError,
    PersonDamagedError,
    PersonExistsError,
    PersonNameError,
    PersonUnknownError,
    SealKeyError,
    UnsealedPersonError,
    WeakPasswordError,
    WrongPasswordError,
)
from appliance.store import age_file
from appliance.store.keys import Identity, Recipient
from tests import planned
from tests.access.practice import ANA, OTHER, WORK, Practice


def test_a_practice_is_founded_once(practice: Practice) -> None:
    with pytest.raises(FoundedError):
        planned.found(practice.folder, "eve", OTHER, WORK)
    assert [(person.name, person.role) for person in people.list_people(practice.folder)] == [("ana", Role.ADMIN)]


def test_a_box_whose_founding_was_cut_short_can_be_founded(practice: Practice) -> None:
    (practice.folder / "keys" / "practice.pub").unlink()  # it is written last
    planned.found(practice.folder, "ana", OTHER, WORK)
    assert unlock(practice.folder, "ana", OTHER).practice


def test_two_readers_open_the_same_practice_key(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    ben, ana = unlock(practice.folder, "ben", OTHER), practice.ana()
    assert ben.practice.to_bytes() == ana.practice.to_bytes()
    assert (ben.person.role, ana.person.role) == (Role.STAFF, Role.ADMIN)


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.AUDITOR])
def test_who_may_not_read_logs_in_and_gets_no_key(practice: Practice, role: Role) -> None:
    practice.add("toni", role, mailboxes=ALL)
    toni = unlock(practice.folder, "toni", OTHER)
    assert toni.held is None
    assert not toni.person.may_open("front-desk")
    with (
        passwords.unwrap((practice.folder / "keys/people/toni.age").read_bytes(), OTHER) as key,
        pytest.raises(SealKeyError),
    ):
        open_practice(practice.folder, key)


def test_a_removed_person_is_gone_and_their_key_opens_nothing_sealed_since(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    wrapped = (practice.folder / "keys/people/ben.age").read_bytes()
    practice.remove("ben")
    assert [person.name for person in people.list_people(practice.folder)] == ["ana"]
    assert not list((practice.folder / "keys/people").glob("ben*"))
    with pytest.raises(WrongPasswordError):
        unlock(practice.folder, "ben", OTHER)
    kept = Identity.parse(age_file.open_with_password(wrapped, OTHER))
    with pytest.raises(SealKeyError):
        open_practice(practice.folder, kept)


def test_the_last_admin_stays(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    with pytest.raises(LastAdminError):
        practice.remove("ana")
    practice.add("cleo", Role.ADMIN)
    practice.remove("ana")
    assert unlock(practice.folder, "cleo", OTHER).practice


@pytest.mark.parametrize("role", [Role.STAFF, Role.TECHNICIAN, Role.AUDITOR])
def test_only_an_admin_changes_people(practice: Practice, role: Role) -> None:
    practice.add("ben", role)
    ben = unlock(practice.folder, "ben", OTHER)
    with pytest.raises(NotAdminError):
        people.prepare_person(practice.folder, ben, Newcomer("eve", Role.ADMIN, OTHER), WORK)
    with pytest.raises(NotAdminError):
        people.prepare_removal(practice.folder, ben, "ana")


def test_a_forgotten_password_gets_a_new_key(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    old = people.find_person(practice.folder, "ben").recipient
    files = people.prepare_new_key(practice.folder, practice.ana(), "ben", "another long password", WORK)
    planned.write_person(practice.folder, files)
    assert unlock(practice.folder, "ben", "another long password").practice
    with pytest.raises(WrongPasswordError):
        unlock(practice.folder, "ben", OTHER)
    assert people.find_person(practice.folder, "ben").recipient != old


def test_for_oneself_no_new_key_is_made_without_the_password_one_has(practice: Practice) -> None:
    with pytest.raises(OwnAccountError):
        people.prepare_new_key(practice.folder, practice.ana(), "ana", "another long password", WORK)


def test_a_technicians_file_that_says_staff_gives_no_key(practice: Practice) -> None:
    practice.add("toni", Role.TECHNICIAN)
    practice.rewrite("toni", role=Role.STAFF)
    with pytest.raises(UnsealedPersonError):
        unlock(practice.folder, "toni", OTHER)


def test_a_staff_file_that_says_admin_makes_no_admin(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    practice.rewrite("ben", role=Role.ADMIN)
    ben = unlock(practice.folder, "ben", OTHER)
    assert ben.person.role is Role.STAFF
    with pytest.raises(NotAdminError):
        people.prepare_person(practice.folder, ben, Newcomer("eve", Role.ADMIN, OTHER), WORK)


def test_a_key_slipped_into_the_clear_files_is_never_sealed_to(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    thief = Identity.generate()
    practice.rewrite("ben", recipient=thief.recipient)
    practice.add("cleo", Role.STAFF)  # the practice key is sealed anew
    with pytest.raises(SealKeyError):
        open_practice(practice.folder, thief)


def test_a_practice_key_exchanged_on_the_card_is_noticed_at_log_in(practice: Practice) -> None:
    (practice.folder / "keys/practice.pub").write_text(f"{Identity.generate().recipient}\n", encoding="ascii")
    with pytest.raises(ForeignKeyError):
        practice.ana()


@pytest.mark.parametrize(
    "name", ["", "Ana", "../ana", "a/b", ".ana", "-a", "a" * 33, "änne", "a b", "ana\n", "ana\x00"]
)
def test_a_name_that_is_no_file_name_is_refused(practice: Practice, name: str) -> None:
    with pytest.raises(PersonNameError):
        people.prepare_person(practice.folder, practice.ana(), Newcomer(name, Role.STAFF, OTHER), WORK)
    with pytest.raises(PersonNameError):
        planned.write_person(practice.folder, replace(files_of_ben(practice), name=name))
    with pytest.raises(PersonNameError):
        planned.erase_person(practice.folder, Removal(name, b"", "", b""))


def test_a_name_is_taken_once_and_a_password_is_checked(practice: Practice) -> None:
    with pytest.raises(PersonExistsError):
        people.prepare_person(practice.folder, practice.ana(), Newcomer("ana", Role.STAFF, OTHER), WORK)
    with pytest.raises(WeakPasswordError):
        people.prepare_person(practice.folder, practice.ana(), Newcomer("ben", Role.STAFF, "short"), WORK)
    with pytest.raises(PersonUnknownError):
        people.prepare_removal(practice.folder, practice.ana(), "ben")


def test_what_is_handed_over_travels_as_json(practice: Practice) -> None:
    files = files_of_ben(practice)
    assert unpack(PersonFiles, pack(files)) == files


@pytest.mark.parametrize(
    "wrong",
    [
        {"wrapped_key": b"AGE-SECRET-KEY-1"},
        {"practice_key": b"in clear"},
        {"practice_key": b"age-encryption.org/v1\n" + bytes(100_000)},
        {"recipient": "nobody"},
        {"person_proof": "nothing"},
        {"mailboxes": ("../..",)},
        {"wrapped_key": b""},
    ],
)
def test_the_daemon_writes_nothing_that_is_no_persons_files(practice: Practice, wrong: dict[str, object]) -> None:
    with pytest.raises(ControlError):
        planned.write_person(practice.folder, replace(files_of_ben(practice), **wrong))  # type: ignore[arg-type]  # wrong on purpose
    assert not list((practice.folder / "keys/people").glob("ben*"))


def files_of_ben(practice: Practice) -> PersonFiles:
    return people.prepare_person(practice.folder, practice.ana(), Newcomer("ben", Role.STAFF, OTHER), WORK)


def test_no_secret_is_on_the_disk_and_nobody_else_may_look(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    with practice.ana().practice as key:
        secrets = [b"AGE-SECRET-KEY", bytes(key.to_bytes()), practice.sheet.text.encode(), ANA.encode(), OTHER.encode()]
    for path in practice.folder.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o027, path
        if path.is_file():
            assert not [secret for secret in secrets if secret in path.read_bytes()]


@pytest.mark.parametrize("octets", [b"{}", b"", b"\0" * 200, b"\xff\xfe", b"[]", b"[" * 100_000, b'{"name": "../x"}'])
def test_a_damaged_person_is_named_and_everybody_else_goes_on(practice: Practice, octets: bytes) -> None:
    """Ben cannot log in until Ana gives him a new password, which makes his file anew; or she takes him away."""
    practice.add("ben", Role.STAFF)
    practice.add("cleo", Role.STAFF)
    file = practice.folder / "keys/people/ben.json"
    file.write_bytes(octets)
    assert [person.name for person in people.list_people(practice.folder)] == ["ana", "cleo"]
    assert people.list_damaged(practice.folder) == ("ben",)
    with pytest.raises(WrongPasswordError):  # as for anybody
        unlock(practice.folder, "ben", ANA)
    with pytest.raises(PersonDamagedError):
        unlock(practice.folder, "ben", OTHER)
    assert unlock(practice.folder, "cleo", OTHER).practice
    with pytest.raises(PersonDamagedError):
        people.prepare_change(practice.folder, practice.ana(), "ben", Role.AUDITOR, ())
    files = people.prepare_new_key(practice.folder, practice.ana(), "ben", "another long password", WORK)
    planned.write_person(practice.folder, files)
    assert people.list_damaged(practice.folder) == ()
    assert unlock(practice.folder, "ben", "another long password").person.role is Role.STAFF
    file.write_bytes(octets)
    practice.remove("ben")
    assert not list(file.parent.glob("ben*"))


def test_somebody_elses_file_under_ones_name_is_damaged(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    folder = practice.folder / "keys/people"
    shutil.copyfile(folder / "ana.json", folder / "ben.json")
    assert people.list_damaged(practice.folder) == ("ben",)


def test_a_damaged_key_of_one_person_keeps_nobody_else_out(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    (practice.folder / "keys/people/ana.age").write_bytes(b"\0" * 300)
    with pytest.raises(PersonDamagedError):
        practice.ana()
    assert unlock(practice.folder, "ben", OTHER).practice
    with pytest.raises(WrongPasswordError):
        unlock(practice.folder, "nobody", OTHER)


def test_a_damaged_practice_key_is_said_to_be_that(practice: Practice) -> None:
    practice.add("toni", Role.TECHNICIAN)
    (practice.folder / SEALED).write_bytes(b"\0" * 300)
    with pytest.raises(KeysDamagedError):
        practice.ana()
    assert unlock(practice.folder, "toni", OTHER).held is None


@pytest.mark.skipif(not shutil.which("age"), reason="needs the age command")
def test_the_age_command_opens_the_practice_key_and_takes_it_as_a_key_file(practice: Practice, tmp_path: Path) -> None:
    sheet, key, sealed = tmp_path / "sheet.txt", tmp_path / "practice.key", tmp_path / "note.age"
    sheet.write_text(practice.sheet.text + "\n", encoding="ascii")
    opened = subprocess.run(["age", "-d", "-i", sheet, practice.folder / SEALED], capture_output=True, check=True)
    key.write_bytes(opened.stdout)
    public = Recipient.parse((practice.folder / "keys/practice.pub").read_text(encoding="ascii").strip())
    sealed.write_bytes(age_file.seal(b"a note", [public]))
    done = subprocess.run(["age", "-d", "-i", key, sealed], capture_output=True, check=True)
    assert done.stdout == b"a note"


def test_who_holds_no_key_changes_nobody(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    files, removal = (
        people.prepare_change(practice.folder, practice.ana(), "ben", Role.TECHNICIAN, ()),
        people.prepare_removal(practice.folder, practice.ana(), "ben"),
    )
    password = people.prepare_password(practice.folder, "ben", OTHER, "another long password", WORK)
    before = {path: path.read_bytes() for path in practice.folder.rglob("*") if path.is_file()}
    for proof in (b"", bytes(32), b"x" * 1000):
        for forged in (files, password):
            with pytest.raises(NoProofError):
                planned.write_person(practice.folder, replace(forged, proof=proof))
        with pytest.raises(NoProofError):
            planned.erase_person(practice.folder, replace(removal, proof=proof))
    assert {path: path.read_bytes() for path in practice.folder.rglob("*") if path.is_file()} == before


def test_ones_own_key_proves_nothing_about_the_practice(practice: Practice) -> None:
    """Ben's own proof writes Ben's own password, and not a practice key nor another role."""
    practice.add("ben", Role.STAFF)
    password = people.prepare_password(practice.folder, "ben", OTHER, "another long password", WORK)
    change = people.prepare_change(practice.folder, practice.ana(), "ben", Role.ADMIN, ())
    with pytest.raises(NoProofError):
        planned.write_person(practice.folder, replace(change, proof=password.proof))
    for more in ({"role": Role.ADMIN}, {"mailboxes": ("*",)}):
        with pytest.raises(ControlError):
            planned.write_person(practice.folder, replace(password, **more))
    with pytest.raises(NoProofError):
        planned.write_person(practice.folder, replace(password, name="ana"))


def test_ones_own_password_changes_with_nobody_else_present(practice: Practice) -> None:
    practice.add("ben", Role.STAFF, mailboxes=frozenset({"billing"}))
    key = people.find_person(practice.folder, "ben").recipient
    with pytest.raises(WrongPasswordError):
        people.prepare_password(practice.folder, "ben", "not the old one at all", "another long password", WORK)
    with pytest.raises(WeakPasswordError):
        people.prepare_password(practice.folder, "ben", OTHER, "short", WORK)
    files = people.prepare_password(practice.folder, "ben", OTHER, "another long password", WORK)
    assert planned.write_person(practice.folder, files) is Act.PASSWORD_CHANGED
    ben = unlock(practice.folder, "ben", "another long password").person
    assert (ben.recipient, ben.mailboxes) == (key, frozenset({"billing"}))
    with pytest.raises(WrongPasswordError):
        unlock(practice.folder, "ben", OTHER)


def test_a_technician_changes_their_own_password_without_the_practice_key(practice: Practice) -> None:
    practice.add("toni", Role.TECHNICIAN)
    files = people.prepare_password(practice.folder, "toni", OTHER, "another long password", WORK)
    planned.write_person(practice.folder, files)
    assert unlock(practice.folder, "toni", "another long password").person.role is Role.TECHNICIAN


def test_role_and_mailboxes_change_with_nobody_else_present(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    assert not unlock(practice.folder, "ben", OTHER).person.may_open("front-desk"), "nothing, until somebody says so"
    change = people.prepare_change(practice.folder, practice.ana(), "ben", Role.STAFF, ["billing", "front-desk"])
    assert planned.write_person(practice.folder, change) is Act.PERSON_CHANGED
    ben = unlock(practice.folder, "ben", OTHER).person
    assert (ben.may_open("front-desk"), ben.may_open("doctor")) == (True, False)
    for role, reads in ((Role.TECHNICIAN, False), (Role.STAFF, True), (Role.ADMIN, True)):
        change = people.prepare_change(practice.folder, practice.ana(), "ben", role, ["front-desk"])
        planned.write_person(practice.folder, change)
        ben = unlock(practice.folder, "ben", OTHER).person
        assert (ben.role, ben.may_open("front-desk"), ben.may_open("doctor")) == (role, reads, role is Role.ADMIN)


def test_the_last_admin_cannot_step_down(practice: Practice) -> None:
    with pytest.raises(LastAdminError):
        people.prepare_change(practice.folder, practice.ana(), "ana", Role.STAFF, ["front-desk"])


def test_mailboxes_on_the_card_open_nothing_more(practice: Practice) -> None:
    practice.add("ben", Role.STAFF, mailboxes=frozenset({"billing"}))
    file = practice.folder / "keys/people/ben.json"
    file.write_text(file.read_text(encoding="ascii").replace("billing", "doctor"), encoding="ascii")
    assert unlock(practice.folder, "ben", OTHER).person.mailboxes == {"billing"}


def test_a_new_key_gives_the_role_of_the_roster_and_not_of_the_card(practice: Practice) -> None:
    practice.add("toni", Role.TECHNICIAN)
    practice.rewrite("toni", role=Role.ADMIN)
    files = people.prepare_new_key(practice.folder, practice.ana(), "toni", "another long password", WORK)
    planned.write_person(practice.folder, files)
    assert unlock(practice.folder, "toni", "another long password").person.role is Role.TECHNICIAN


def test_a_key_exchanged_on_the_card_is_not_promoted(practice: Practice) -> None:
    practice.add("toni", Role.TECHNICIAN)
    thief = Identity.generate()
    practice.rewrite("toni", recipient=thief.recipient)
    change = people.prepare_change(practice.folder, practice.ana(), "toni", Role.STAFF, ["front-desk"])
    with pytest.raises(ControlError):
        planned.write_person(practice.folder, change)
    (practice.folder / SEALED).write_bytes(change.practice_key)
    with pytest.raises(SealKeyError):
        open_practice(practice.folder, thief)


def test_of_two_admins_at_once_the_second_looks_again(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    cleo = people.prepare_person(practice.folder, practice.ana(), Newcomer("cleo", Role.STAFF, OTHER), WORK)
    practice.remove("ben")
    with pytest.raises(PeopleChangedError):  # its roster still has Ben
        planned.write_person(practice.folder, cleo)
    practice.add("cleo", Role.STAFF)
    assert [person.name for person in unlocked_roster(practice).people] == ["ana", "cleo"]


def unlocked_roster(practice: Practice) -> Roster:
    return people.roster_for(practice.folder, practice.ana())


def test_a_new_key_takes_the_old_ones_factors_along_and_a_new_password_does_not(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    factors = practice.folder / "keys/factors/ben"
    factors.mkdir(parents=True)
    (factors / "factors.age").write_text("sealed to the old key", encoding="ascii")
    own = people.prepare_password(practice.folder, "ben", OTHER, "another long password", WORK)
    planned.write_person(practice.folder, own)
    assert factors.exists()
    files = people.prepare_new_key(practice.folder, practice.ana(), "ben", OTHER, WORK)
    planned.write_person(practice.folder, files)
    assert not factors.exists()


def test_a_roster_of_before_mailboxes_opens_all_of_them() -> None:
    key = Identity.generate().recipient
    old = ["# keepline practice 1", f"# recovery {key}", f"# admin ana {key}", f"# staff ben {key}"]
    assert Roster.from_comments(old).people == (Person("ana", Role.ADMIN, key), Person("ben", Role.STAFF, key, ALL))
    for roster in (
        Roster(key, (Person("ben", Role.STAFF, key, frozenset({"a", "b"})), Person("cleo", Role.STAFF, key))),
    ):
        assert Roster.from_comments(roster.to_comments().splitlines()) == roster


def test_the_sheets_groups_are_its_text_and_two_are_typed_back(practice: Practice) -> None:
    words = practice.sheet.words
    assert "".join(words) == practice.sheet.text
    asked = practice.sheet.asks(random.Random(1))
    assert 1 < asked.first < asked.second <= len(words)
    first, second = words[asked.first - 1], words[asked.second - 1]
    assert asked.fits(f" {first.lower()} ", second)
    assert not asked.fits(second, first)
    assert not asked.fits("", "")
    assert first not in repr(asked)


def test_a_box_is_founded_by_whoever_prepared_it_and_only_then(tmp_path: Path) -> None:
    founding, sheet = people.prepare_founding("ana", ANA, WORK)
    assert not list(tmp_path.iterdir()), "nothing is written before the sheet was seen"
    assert unpack(people.Founding, pack(founding)) == founding
    assert sheet.text not in json.dumps(pack(founding))
    for wrong in (
        replace(founding, practice="nobody"),
        replace(founding, proof=""),
        replace(founding, first=replace(founding.first, role=Role.STAFF)),
        replace(founding, first=replace(founding.first, practice_key=b"")),
    ):
        with pytest.raises(ControlError):
            personnel.write_founding(tmp_path, wrong)
    personnel.write_founding(tmp_path, founding)
    assert unlock(tmp_path, "ana", ANA).practice
    with pytest.raises(FoundedError):
        personnel.write_founding(tmp_path, founding)
