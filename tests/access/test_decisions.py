"""What is switched on: nothing until somebody who may has said why, and everything that was ever decided is kept."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.access import decisions
from appliance.access.decisions import FEATURES, Choice, Switch
from appliance.access.people import Role
from appliance.deeds import Act
from appliance.errors import (
    DecisionError,
    DecisionsDamagedError,
    NotForThisRoleError,
    PersonUnknownError,
    SwitchedOffError,
)
from appliance.store.changes import Change
from tests import planned
from tests.access.practice import Practice

ON = Choice(Switch.TAKE_MESSAGES, True, "ana", "The specialist wants the fax as a file.", "A file stays behind.")
NOW = 1_795_000_000.0


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    return Practice.found(tmp_path)


def decide(practice: Practice, choice: Choice = ON, at: float = NOW) -> None:
    planned.decide(practice.folder, choice, at, clock_trusted=True)


@pytest.mark.parametrize("switch", Switch)
def test_everything_is_off_until_somebody_decides(practice: Practice, switch: Switch) -> None:
    assert not decisions.is_on(practice.folder, switch)
    with pytest.raises(SwitchedOffError):
        decisions.must_be_on(practice.folder, switch)


@pytest.mark.parametrize("switch", Switch)
def test_every_switch_is_told_in_plain_words_with_risks_to_choose_from(switch: Switch) -> None:
    feature = decisions.BY_SWITCH[switch]
    assert feature.title
    assert feature.does.endswith(".")
    assert feature.puts.endswith(".")
    assert feature.risks_on
    assert feature.risks_off
    assert len(FEATURES) == len(Switch)


def test_what_is_decided_counts_at_once_and_only_for_its_own_switch(practice: Practice) -> None:
    decide(practice)
    assert decisions.is_on(practice.folder, Switch.TAKE_MESSAGES)
    assert not decisions.is_on(practice.folder, Switch.PASSWORD_ALONE)
    decide(practice, replace(ON, on=False, why="The specialist has a fax now."))
    assert not decisions.is_on(practice.folder, Switch.TAKE_MESSAGES)


def test_every_decision_is_kept_with_who_when_why_and_which_risk(practice: Practice) -> None:
    decide(practice)
    decide(practice, replace(ON, on=False, why="No longer."), NOW + 60)
    first, second = decisions.read(practice.folder)
    assert (first.switch, first.on, first.by, first.at, first.clock_trusted) == (
        "take-messages",
        True,
        "ana",
        NOW,
        True,
    )
    assert (first.why, first.risk) == (ON.why, ON.risk)
    assert (second.on, second.why) == (False, "No longer.")
    assert decisions.last(decisions.read(practice.folder), Switch.TAKE_MESSAGES) == second


@pytest.mark.parametrize(
    "choice",
    [
        replace(ON, why=""),
        replace(ON, risk=" \n"),
        replace(ON, why="x" * 601),
        replace(ON, on=False, why=""),
        replace(ON, on=False, risk=""),
    ],
)
def test_without_a_reason_and_a_risk_nothing_is_decided(practice: Practice, choice: Choice) -> None:
    with pytest.raises(DecisionError):
        decide(practice, choice)
    assert decisions.read(practice.folder) == ()


@pytest.mark.parametrize("role", [Role.STAFF, Role.TECHNICIAN, Role.AUDITOR])
def test_only_an_admin_decides(practice: Practice, role: Role) -> None:
    practice.add("ben", role)
    with pytest.raises(NotForThisRoleError):
        decide(practice, replace(ON, by="ben"))
    with pytest.raises(PersonUnknownError):
        decide(practice, replace(ON, by="nobody"))
    assert decisions.deciders(practice.folder) == ("ana",)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"decisions": [{}]}', b'{"decisions": [{"switch": 1, "on": true}]}', b"\xff"]
)
def test_what_is_damaged_counts_as_off_and_is_not_written_over(practice: Practice, content: bytes) -> None:
    decide(practice)
    file = practice.folder / decisions.FILE
    file.write_bytes(content)
    assert not decisions.is_on(practice.folder, Switch.TAKE_MESSAGES)
    with pytest.raises(DecisionsDamagedError):
        decide(practice)
    assert file.read_bytes() == content


def test_the_file_is_not_read_again_while_it_stays_the_same(practice: Practice) -> None:
    decide(practice)
    assert decisions.is_on(practice.folder, Switch.TAKE_MESSAGES)
    file = practice.folder / decisions.FILE
    state, size = file.stat(), len(file.read_bytes())
    with file.open("r+b") as same:
        same.write(b"x" * size)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert decisions.is_on(practice.folder, Switch.TAKE_MESSAGES)


def test_a_decision_about_a_switch_of_a_newer_version_is_kept(practice: Practice) -> None:
    decide(practice)
    file = practice.folder / decisions.FILE
    data = json.loads(file.read_bytes())
    data["decisions"][0]["switch"] = "carrier-pigeons"
    planned.perform(practice.folder, Act.DECIDED, Change({decisions.FILE: json.dumps(data).encode()}))
    decide(practice)
    assert [item.switch for item in decisions.read(practice.folder)] == ["carrier-pigeons", "take-messages"]


def test_the_export_is_for_a_spreadsheet_in_which_nothing_is_calculated(practice: Practice) -> None:
    decide(practice, replace(ON, why='=HYPERLINK("x")', risk='A "file", lost'))
    rows = list(
        csv.DictReader(io.StringIO(decisions.as_csv(decisions.read(practice.folder), ZoneInfo("America/New_York"))))
    )
    assert rows[0]["why"] == '\'=HYPERLINK("x")'
    assert rows[0]["risk"] == 'A "file", lost'
    assert rows[0]["at"] == "2026-11-18T06:06:40-05:00"
    assert (rows[0]["by"], rows[0]["on"]) == ("ana", "True")
