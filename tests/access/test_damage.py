"""Small files that cannot be read: each is named with what to do, and stops nothing but itself."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest

from appliance.access import damage, decisions, departures, emergency, factors, one_time, people, policy, practice
from appliance.access.decisions import Choice, Switch
from appliance.access.roles import Role
from appliance.access.second_step import SecondStep
from appliance.access.signs import sign_of
from appliance.access.unlock import unlock
from appliance.errors import DecisionsDamagedError, FactorsDamagedError
from appliance.store.changes import apply
from appliance.store.disk import Disk
from tests import planned
from tests.access.practice import ANA, OTHER, Practice
from tests.fakes.clock import FakeClock

WHY = "Ana is ill and nobody else knows a password"
DAMAGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda _: b"",
    lambda octets: bytes(len(octets)),
    lambda octets: octets[: len(octets) // 2],
    lambda _: b"[" * 100_000,
    lambda _: b'["x"]',
    lambda octets: octets.replace(b'"at": 5.0', b'"at": Infinity').replace(b'"made": 5.0', b'"made": NaN') + b"{",
)
FILES = (
    people.FOLDER / "ben.json",
    factors.FOLDER / "ben" / factors.CLEAR,
    decisions.FILE,
    policy.SHEET,
    policy.ACKNOWLEDGED,
    emergency.FILE,
    departures.FILE,
)


@pytest.fixture
def full(practice: Practice) -> Practice:
    """With one of each file."""
    for name in ("ben", "cleo"):
        practice.add(name, Role.STAFF)
    ben = unlock(practice.folder, "ben", OTHER)
    assert ben.own
    held = factors.open_held(practice.folder, "ben", ben.own).with_codes(one_time.draw_codes())
    planned.write_factors(practice.folder, held.files(ben.own))
    planned.decide(practice.folder, Choice(Switch.TAKE_MESSAGES, True, "ana", "why", "risk"), 5.0, True)
    planned.set_text(practice.folder, "ana", "en", "Lock your screen.", 5.0)
    planned.acknowledge(practice.folder, "cleo", policy.sheet(practice.folder).version, 5.0, True)
    apply(practice.folder, Disk(), departures.plan(practice.folder, "eve", 5.0))
    apply(practice.folder, Disk(), emergency.plan_use(practice.folder, WHY, 5.0, True)[1])
    return practice


def test_where_all_is_well_nothing_is_found(full: Practice) -> None:
    assert all((full.folder / file).exists() for file in FILES)
    assert damage.find(full.folder) == ()


def test_what_is_damaged_is_named_with_what_to_do_and_others_log_in(full: Practice) -> None:
    for file, harm in itertools.product(FILES, DAMAGES):
        place = full.folder / file
        whole = place.read_bytes()
        place.write_bytes(harm(whole))
        (found,) = damage.find(full.folder)
        assert found.place == str(file)
        assert "cannot be read" in found.words
        assert "backup" in found.words
        place.write_bytes(whole)


def test_when_all_are_damaged_whoever_is_not_still_logs_in(full: Practice) -> None:
    for file, harm in itertools.product(FILES, DAMAGES):
        (full.folder / file).write_bytes(harm((full.folder / file).read_bytes()))
    for name, password in (("ana", ANA), ("cleo", OTHER)):
        somebody = unlock(full.folder, name, password)
        assert somebody.own
        SecondStep(full.folder, FakeClock(), lambda files, by: None).open_held(somebody)
        sign_of(full.folder, name)
        policy.has_acknowledged(full.folder, somebody.person)
        emergency.untold(full.folder, name)
        departures.since_exchange(full.folder)
        decisions.is_on(full.folder, Switch.PASSWORD_ALONE)
        factors.owner_of(full.folder, "no such passkey")
        somebody.wipe()
    assert practice.version(full.folder)


def test_a_file_that_the_card_does_not_give_is_damaged_too(full: Practice) -> None:
    """A folder in its place stands for a read error: root reads whatever has no permission."""
    for file in FILES:
        (full.folder / file).unlink()
        (full.folder / file).mkdir()
    assert {item.place for item in damage.find(full.folder)} == set(map(str, FILES))
    with pytest.raises(FactorsDamagedError):
        factors.read(full.folder, "ben")
    with pytest.raises(DecisionsDamagedError):
        decisions.read(full.folder)
    assert not decisions.is_on(full.folder, Switch.TAKE_MESSAGES)
    assert emergency.demands_rotation(full.folder)
    unlock(full.folder, "cleo", OTHER).wipe()


def test_a_time_that_no_calendar_holds_is_damage(full: Practice) -> None:
    told = json.loads((full.folder / decisions.FILE).read_bytes())
    told["decisions"][0]["at"] = 1e300
    (full.folder / decisions.FILE).write_text(json.dumps(told), encoding="ascii")
    assert [item.place for item in damage.find(full.folder)] == [str(decisions.FILE)]
