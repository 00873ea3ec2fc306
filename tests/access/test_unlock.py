"""Log-ins: equal in time and words for every wrong name, slower and slower for whoever guesses, never closed for good."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from appliance.access import passwords, unlock
from appliance.access.attempts import Kind
from appliance.access.people import Role
from appliance.access.unlock import DELAYS, FORGIVEN, Doorkeeper
from appliance.errors import BusyError, NotFoundedError, TooSoonError, WrongPasswordError
from appliance.store import age_file
from appliance.store.keys import Identity
from tests.access.practice import ANA, OTHER, Practice
from tests.fakes.clock import FakeClock

DESK, STRANGER = "192.168.1.20", "192.168.1.66"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def door(practice: Practice, clock: FakeClock) -> Doorkeeper:
    return Doorkeeper(practice.folder, clock)


def refused(door: Doorkeeper, name: str = "ana", address: str = STRANGER) -> None:
    with pytest.raises(WrongPasswordError):
        door.unlock(name, OTHER, address)


def wait_of(door: Doorkeeper, name: str = "ana", address: str = STRANGER) -> float:
    """How long this attempt, with the right password, would have to wait."""
    try:
        door.unlock(name, ANA, address).wipe()
    except TooSoonError as error:
        return error.wait
    return 0.0


def test_a_box_without_a_practice_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundedError):
        unlock.unlock(tmp_path, "ana", ANA)


def test_capital_letters_and_spaces_of_a_telephone_do_no_harm(practice: Practice) -> None:
    assert unlock.unlock(practice.folder, " Ana ", ANA).person.name == "ana"


@pytest.mark.parametrize(
    ("typed", "kept"), [("Ána", "ana"), ("Lucía ", "lucia"), ("MUÑOZ", "munoz"), ("Lucía", "lucia")]
)
def test_accents_do_no_harm_however_they_are_typed(practice: Practice, typed: str, kept: str) -> None:
    assert unlock.as_kept(typed) == kept
    assert unlock.unlock(practice.folder, "Ána", ANA).person.name == "ana"


@pytest.mark.parametrize("name", ["ana", "nobody", "../people/ana", "", "ben"])
def test_whatever_is_wrong_costs_one_derivation_of_the_same_work_and_says_the_same(
    practice: Practice, name: str
) -> None:
    practice.add("ben", Role.TECHNICIAN, "another long password")
    with (
        mock.patch.object(age_file, "open_with_password", wraps=age_file.open_with_password) as derivation,
        pytest.raises(WrongPasswordError) as refusal,
    ):
        unlock.unlock(practice.folder, name, OTHER)
    assert derivation.call_count == 1
    assert b" 15\n" in derivation.call_args.args[0][:100]
    assert str(refusal.value) == str(WrongPasswordError())


def test_wrong_attempts_wait_longer_and_longer_but_never_over_thirty_seconds(
    door: Doorkeeper, clock: FakeClock
) -> None:
    waits = []
    for _ in range(12):
        refused(door)
        with mock.patch.object(unlock, "unlock", side_effect=BusyError):  # asks for the wait and changes nothing
            try:
                door.unlock("ana", ANA, STRANGER)
            except TooSoonError as error:
                waits.append(error.wait)
            except BusyError:
                waits.append(0.0)
        clock.advance(waits[-1])
    assert waits == [*DELAYS, 30.0, 30.0, 30.0, 30.0]
    assert door.unlock("ana", ANA, STRANGER).practice  # and then the right one is let in


def test_a_refusal_for_being_early_costs_nothing_and_counts_for_nothing(door: Doorkeeper, clock: FakeClock) -> None:
    for _ in range(3):
        refused(door)
    with mock.patch.object(passwords, "unwrap") as derivation:
        for _ in range(50):
            assert wait_of(door) == 1.0
    assert not derivation.called
    clock.advance(1.0)
    assert wait_of(door) == 0.0


@pytest.mark.parametrize(
    ("name", "address"), [("ana", DESK), ("ben", STRANGER)], ids=["the same name", "the same address"]
)
def test_guessing_slows_down_the_name_and_the_address(door: Doorkeeper, name: str, address: str) -> None:
    for _ in range(3):
        refused(door)
    assert wait_of(door, name, address) > 0


def test_others_are_not_slowed_down(door: Doorkeeper, practice: Practice) -> None:
    practice.add("ben", Role.STAFF, ANA)
    for _ in range(3):
        refused(door)
    assert wait_of(door, "ben", DESK) == 0.0


def test_a_stranger_who_guesses_does_not_keep_ana_from_her_own_desk(door: Doorkeeper) -> None:
    door.unlock("ana", ANA, DESK).wipe()
    for _ in range(3):
        refused(door, address=STRANGER)
    assert wait_of(door, "ana", STRANGER) > 0
    assert wait_of(door, "ana", DESK) == 0.0


def test_nor_once_she_has_mistyped_there(door: Doorkeeper) -> None:
    door.unlock("ana", ANA, DESK).wipe()
    for _ in range(3):
        refused(door, address=STRANGER)
    refused(door, address=DESK)
    assert wait_of(door, "ana", DESK) == 0.0


def test_whoever_logs_in_at_her_desk_guesses_her_password_no_faster(door: Doorkeeper, practice: Practice) -> None:
    practice.add("ben", Role.STAFF, ANA)
    door.unlock("ana", ANA, DESK).wipe()
    for _ in range(2):
        refused(door, address=DESK)
    door.unlock("ben", ANA, DESK).wipe()  # whose own log-in clears the address
    refused(door, address=DESK)
    assert wait_of(door, "ana", DESK) > 0
    assert wait_of(door, "ben", DESK) == 0.0


def test_wrong_attempts_are_forgiven_in_time_and_by_the_right_password(door: Doorkeeper, clock: FakeClock) -> None:
    for _ in range(2):
        refused(door)
    door.unlock("ana", ANA, STRANGER).wipe()
    refused(door)
    refused(door)
    clock.advance(FORGIVEN + 1)
    refused(door)
    refused(door)  # the second since then: no delay before it


def test_one_address_tries_one_at_a_time(door: Doorkeeper, practice: Practice) -> None:
    entered, leave = threading.Event(), threading.Event()
    real: Callable[[Path, str, str], object] = unlock.unlock

    def slow(folder: Path, name: str, password: str) -> object:
        entered.set()
        leave.wait(30)
        return real(folder, name, password)

    with mock.patch.object(unlock, "unlock", slow):
        first = threading.Thread(target=door.unlock, args=("ana", ANA, STRANGER))
        first.start()
        entered.wait(30)
        with pytest.raises(BusyError):
            door.unlock("ana", ANA, STRANGER)
        leave.set()
        first.join()
    assert wait_of(door) == 0.0


def test_what_is_remembered_of_strangers_is_bounded(door: Doorkeeper) -> None:
    with mock.patch.object(unlock, "unlock", side_effect=WrongPasswordError):
        for number in range(unlock.MOST_KNOWN + 50):
            refused(door, f"name{number}", f"fd00:0:0:{number:x}::1")
    for known in (door._names, door._addresses, door._networks):
        assert len(known._last) == unlock.MOST_KNOWN
    assert not door._crowd


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.STAFF])
def test_who_is_removed_while_their_password_is_looked_at_does_not_come_in(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    practice.add("toni", role)
    unwrap = passwords.unwrap

    def slowly(wrapped: bytes, password: str) -> Identity:
        found = unwrap(wrapped, password)
        monkeypatch.setattr(passwords, "unwrap", unwrap)
        practice.remove("toni")
        return found

    monkeypatch.setattr(passwords, "unwrap", slowly)
    with pytest.raises(WrongPasswordError):
        unlock.unlock(practice.folder, "toni", OTHER)


def test_a_host_that_takes_another_address_each_time_is_slowed_down_as_one(door: Doorkeeper, clock: FakeClock) -> None:
    """And its neighbours by two seconds at most, those who have been let in there before by nothing."""
    with mock.patch.object(unlock, "unlock"):
        door.unlock("ana", ANA, "2001:db8:1:2::20")
    looked_at, waits = 0, []
    with mock.patch.object(unlock, "unlock", side_effect=WrongPasswordError):
        for number in range(6000):  # ten minutes, ten times a second
            clock.advance(0.1)
            try:
                door.unlock(f"name{number}", OTHER, f"2001:db8:1:2:{number:x}::1")
            except WrongPasswordError:
                looked_at += 1
            except TooSoonError as error:
                waits.append(error.wait)
    assert 0 < min(waits) < max(waits) <= 2
    assert looked_at <= 10 * 30 + 11
    with mock.patch.object(unlock, "unlock"):
        door.unlock("ana", ANA, "2001:db8:1:2::20")
        door.unlock("ana", ANA, "2001:db8:1:3::20")  # another network
        door.unlock("ana", ANA, DESK)
        with pytest.raises(TooSoonError):
            door.unlock("ben", ANA, "2001:db8:1:2::21")
        clock.advance(2.0)
        door.unlock("ben", ANA, "2001:db8:1:2::21")


def test_one_ipv6_host_takes_two_places_in_the_queue_at_most(door: Doorkeeper) -> None:
    entered, leave = threading.Semaphore(0), threading.Event()

    def slow(folder: Path, name: str, password: str) -> None:
        entered.release()
        leave.wait(30)

    with mock.patch.object(unlock, "unlock", slow):
        at_work = [threading.Thread(target=door.unlock, args=("ana", ANA, f"fd00::{number}")) for number in (1, 2)]
        for thread in at_work:
            thread.start()
            assert entered.acquire(timeout=30)
        with pytest.raises(BusyError):
            door.unlock("ana", ANA, "fd00::3")
        leave.set()
        for thread in at_work:
            thread.join()
        door.unlock("ana", ANA, "fd00::3")
        door.unlock("ana", ANA, DESK)


def test_every_refusal_is_counted_by_address_and_told_once(door: Doorkeeper) -> None:
    for _ in range(3):
        refused(door)
    for _ in range(5):
        with pytest.raises(TooSoonError):
            door.unlock("ana", OTHER, STRANGER)
    assert door.attempts.take() == {Kind("", STRANGER, looked_at=False): 5}
    assert door.attempts.take() == {}
