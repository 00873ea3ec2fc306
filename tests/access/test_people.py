"""People come and go; the practice key follows the roster and nothing else."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from appliance.access import people
from appliance.access.people import PersonFiles, Role
from appliance.access.practice import SEALED, open_practice
from appliance.access.unlock import unlock
from appliance.control.values import pack, unpack
from appliance.errors import (
    ControlError,
    ForeignKeyError,
    FoundedError,
    KeyFormatError,
    LastAdminError,
    NotAdminError,
    PersonExistsError,
    PersonNameError,
    PersonUnknownError,
    SealKeyError,
    WeakPasswordError,
    WrongPasswordError,
)
from appliance.store import age_file
from appliance.store.keys import Identity, Recipient
from tests.access.practice import ANA, OTHER, WORK, Practice


def test_a_practice_is_founded_once(practice: Practice) -> None:
    with pytest.raises(FoundedError):
        people.found_practice(practice.folder, "eve", OTHER, WORK)
    assert [(person.name, person.role) for person in people.list_people(practice.folder)] == [("ana", Role.ADMIN)]


def test_a_box_whose_founding_was_cut_short_can_be_founded(practice: Practice) -> None:
    (practice.folder / "keys" / "practice.pub").unlink()  # it is written last
    people.found_practice(practice.folder, "ana", OTHER, WORK)
    assert unlock(practice.folder, "ana", OTHER).practice


def test_two_readers_open_the_same_practice_key(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    ben, ana = unlock(practice.folder, "ben", OTHER), practice.ana()
    assert ben.practice.to_bytes() == ana.practice.to_bytes()
    assert (ben.person.role, ana.person.role) == (Role.STAFF, Role.ADMIN)


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.AUDITOR])
def test_who_may_not_read_logs_in_and_gets_no_key(practice: Practice, role: Role) -> None:
    before = (practice.folder / SEALED).read_bytes()
    practice.add("toni", role)
    assert unlock(practice.folder, "toni", OTHER).held is None
    assert (practice.folder / SEALED).read_bytes() == before


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
        people.prepare_person(practice.folder, ben, "eve", Role.ADMIN, OTHER, WORK)
    with pytest.raises(NotAdminError):
        people.prepare_removal(practice.folder, ben, "ana")


def test_a_forgotten_password_gets_a_new_key(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    old = people.find_person(practice.folder, "ben").recipient
    files = people.prepare_new_key(practice.folder, practice.ana(), "ben", "another long password", WORK)
    people.write_person(practice.folder, files)
    assert unlock(practice.folder, "ben", "another long password").practice
    with pytest.raises(WrongPasswordError):
        unlock(practice.folder, "ben", OTHER)
    assert people.find_person(practice.folder, "ben").recipient != old


def test_a_technicians_file_that_says_staff_gives_no_key(practice: Practice) -> None:
    practice.add("toni", Role.TECHNICIAN)
    practice.rewrite("toni", role=Role.STAFF)
    with pytest.raises(SealKeyError):
        unlock(practice.folder, "toni", OTHER)


def test_a_staff_file_that_says_admin_makes_no_admin(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    practice.rewrite("ben", role=Role.ADMIN)
    ben = unlock(practice.folder, "ben", OTHER)
    assert ben.person.role is Role.STAFF
    with pytest.raises(NotAdminError):
        people.prepare_person(practice.folder, ben, "eve", Role.ADMIN, OTHER, WORK)


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
        people.prepare_person(practice.folder, practice.ana(), name, Role.STAFF, OTHER, WORK)
    recipient = str(practice.ana().person.recipient)
    with pytest.raises(PersonNameError):
        people.write_person(practice.folder, PersonFiles(name, Role.STAFF, recipient, b"age-encryption.org/v1\n", b""))
    with pytest.raises(PersonNameError):
        people.erase_person(practice.folder, name, b"")


def test_a_name_is_taken_once_and_a_password_is_checked(practice: Practice) -> None:
    with pytest.raises(PersonExistsError):
        people.prepare_person(practice.folder, practice.ana(), "ana", Role.STAFF, OTHER, WORK)
    with pytest.raises(WeakPasswordError):
        people.prepare_person(practice.folder, practice.ana(), "ben", Role.STAFF, "short", WORK)
    with pytest.raises(PersonUnknownError):
        people.prepare_removal(practice.folder, practice.ana(), "ben")


def test_what_is_handed_over_travels_as_json(practice: Practice) -> None:
    files = people.prepare_person(practice.folder, practice.ana(), "ben", Role.STAFF, OTHER, WORK)
    assert unpack(PersonFiles, pack(files)) == files


def test_the_daemon_writes_nothing_that_is_no_sealed_key(practice: Practice) -> None:
    recipient = str(practice.ana().person.recipient)
    sealed = b"age-encryption.org/v1\n"
    for files in (
        PersonFiles("ben", Role.STAFF, recipient, b"AGE-SECRET-KEY-1", b""),
        PersonFiles("ben", Role.STAFF, recipient, sealed, b"in clear"),
        PersonFiles("ben", Role.STAFF, recipient, sealed + bytes(100_000), b""),
        PersonFiles("ben", Role.STAFF, "nobody", sealed, b""),
    ):
        with pytest.raises(ControlError):
            people.write_person(practice.folder, files)
    assert not list((practice.folder / "keys/people").glob("ben*"))


def test_no_secret_is_on_the_disk_and_nobody_else_may_look(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    with practice.ana().practice as key:
        secrets = [b"AGE-SECRET-KEY", bytes(key.to_bytes()), practice.sheet.text.encode(), ANA.encode(), OTHER.encode()]
    for path in practice.folder.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o027, path
        if path.is_file():
            assert not [secret for secret in secrets if secret in path.read_bytes()]


def test_a_damaged_person_is_named(practice: Practice) -> None:
    (practice.folder / "keys/people/ana.json").write_text("{}", encoding="ascii")
    with pytest.raises(KeyFormatError, match=r"ana\.json"):
        people.list_people(practice.folder)


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
