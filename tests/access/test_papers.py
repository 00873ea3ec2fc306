"""The record vouches for the papers that decide who may do what: an altered, older, deleted or forged one counts for nothing, and is named."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from appliance.access import (
    audit,
    decisions,
    emergency,
    papers,
    people,
    policy,
    practice,
    rotation,
    segments,
    signs,
    testimony,
    vouching,
)
from appliance.access.chain import Head
from appliance.access.decisions import Choice, Switch
from appliance.access.factors import FOLDER, open_held
from appliance.access.papers import Amiss
from appliance.access.people import Newcomer, Role
from appliance.access.unlock import unlock
from appliance.deeds import Act, Deed
from appliance.errors import DecisionsDamagedError
from appliance.night import Night
from appliance.store.keys import Identity
from tests import planned
from tests.access.box import Box
from tests.access.practice import ANA, OTHER, WORK

NOW = 1_795_000_000.0
PAPERS = (decisions.FILE, policy.SHEET, policy.ACKNOWLEDGED)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box where Ana has decided twice, set the policy sheet twice and agreed to it twice."""
    sheet = planned.found(tmp_path / "store", "ana", ANA, WORK)
    with Box(tmp_path / "store") as made:
        made.sheet = sheet.text
        use(made)
        yield made


def decide(box: Box, switch: Switch, on: bool) -> None:
    choice = Choice(switch, on, "ana", "It is needed.", "It may go wrong.")
    _, change = decisions.plan(box.folder, choice, NOW, True)
    box.record.perform(Deed(Act.DECIDED, "ana"), change)


def agree(box: Box, at: float = NOW) -> None:
    _, change = policy.plan_acknowledgement(box.folder, "ana", policy.sheet(box.folder).version, at, True)
    box.record.perform(Deed(Act.POLICY_ACKNOWLEDGED, "ana"), change)


def set_and_agree(box: Box, text: str) -> None:
    _, change = policy.plan_text(box.folder, "ana", "en", text, NOW)
    box.record.perform(Deed(Act.POLICY_SET, "ana"), change)
    agree(box)


def use(box: Box) -> None:
    decide(box, Switch.PASSWORD_ALONE, True)
    set_and_agree(box, "Be careful.")
    for paper in PAPERS:
        shutil.copy(box.folder / paper, box.folder.parent)  # somebody with the card keeps it
    decide(box, Switch.PASSWORD_ALONE, False)
    set_and_agree(box, "Be very careful.")


def earlier(box: Box, paper: Path) -> bytes:
    return (box.folder.parent / paper).read_bytes()


def agreed(box: Box) -> bool:
    return policy.has_acknowledged(box.folder, people.find_person(box.folder, "ana"))


def found(box: Box) -> list[str]:
    return [item.sentence for item in audit.compare(box.folder, box.record.head).found]


def forge(box: Box, paper: Path, key: str) -> None:
    """The last entry once more, with another time: so that it is one that the box never wrote."""
    data = json.loads((box.folder / paper).read_bytes())
    data[key].append(data[key][0] | {"at": NOW + 9})
    (box.folder / paper).write_text(json.dumps(data), encoding="utf-8")


def test_what_nobody_touched_fits_and_counts(box: Box) -> None:
    assert found(box) == []
    assert agreed(box)
    assert policy.sheet(box.folder).text("en") == "Be very careful."
    assert len(decisions.read(box.folder)) == 2


def test_a_switch_that_somebody_with_the_card_turned_on_stays_off_and_is_named(box: Box) -> None:
    forge(box, decisions.FILE, "decisions")
    assert not decisions.is_on(box.folder, Switch.PASSWORD_ALONE)
    assert found(box) == [f"decisions.json {Amiss.ALTERED}."]


@pytest.mark.parametrize("paper", PAPERS)
def test_an_earlier_version_that_was_put_back_is_named(box: Box, paper: Path) -> None:
    (box.folder / paper).write_bytes(earlier(box, paper))
    assert found(box) == [f"{paper} {Amiss.SET_BACK}."]


def test_an_earlier_version_that_was_put_back_counts_for_nothing(box: Box) -> None:
    """It was vouched for once: the second factor was not required then."""
    for paper in PAPERS:
        (box.folder / paper).write_bytes(earlier(box, paper))
    assert not decisions.is_on(box.folder, Switch.PASSWORD_ALONE)
    assert policy.sheet(box.folder).text("en") == policy.shipped("en")
    assert policy.acknowledgements(box.folder) == ()


@pytest.mark.parametrize("paper", PAPERS)
def test_a_deleted_one_is_named(box: Box, paper: Path) -> None:
    (box.folder / paper).unlink()
    assert found(box) == [f"{paper} {Amiss.DELETED}."]


def test_a_forged_agreement_and_a_forged_sheet_count_for_nothing(box: Box) -> None:
    forge(box, policy.ACKNOWLEDGED, "acknowledgements")
    assert policy.acknowledgements(box.folder) == ()
    data = json.loads((box.folder / policy.SHEET).read_bytes())
    data["texts"]["en"] = "Do as you like."
    (box.folder / policy.SHEET).write_text(json.dumps(data), encoding="utf-8")
    assert policy.sheet(box.folder).text("en") == policy.shipped("en")
    assert found(box) == [f"acknowledgements.json {Amiss.ALTERED}.", f"policy.json {Amiss.ALTERED}."]


def test_one_that_no_line_knows_is_named_and_counts_for_nothing(tmp_path: Path) -> None:
    planned.found(tmp_path / "store", "ana", ANA, WORK).forget()
    with Box(tmp_path / "store") as box:
        forged = {"keepline": 1, "by": "ana", "at": NOW, "texts": {"en": "Do as you like."}}
        (box.folder / policy.SHEET).write_text(json.dumps(forged), encoding="utf-8")
        assert found(box) == [f"policy.json {Amiss.SLIPPED_IN}."]
        assert policy.sheet(box.folder).text("en") == policy.shipped("en")


def test_nothing_altered_is_vouched_for_by_the_next_decision(box: Box) -> None:
    forge(box, decisions.FILE, "decisions")
    with pytest.raises(DecisionsDamagedError):
        decide(box, Switch.TAKE_MESSAGES, True)
    (box.folder / decisions.FILE).unlink()
    decide(box, Switch.TAKE_MESSAGES, True)
    assert [one.switch for one in decisions.read(box.folder)] == [Switch.TAKE_MESSAGES]
    assert found(box) == []


def test_nothing_forged_is_vouched_for_by_the_next_agreement(box: Box) -> None:
    forge(box, policy.ACKNOWLEDGED, "acknowledgements")
    agree(box, NOW + 60)
    assert [one.at for one in policy.acknowledgements(box.folder)] == [NOW + 60]
    assert (box.folder / "acknowledgements.damaged").exists()


def test_a_line_of_an_earlier_version_that_was_written_again_vouches_for_nothing(box: Box) -> None:
    """Each line is signed, so a copy is; but it does not stand where it stood, and the next start goes on behind the last true one."""
    old = next(line for line in segments.read(box.folder) if b'"decided"' in line)
    box.inbox.remember_record()
    with segments.files(box.folder)[-1].open("ab") as file:
        file.write(old + b"\n")
    box.restart()
    assert not box.record.must_hold(Head(*box.inbox.remembered))
    (box.folder / decisions.FILE).write_bytes(earlier(box, decisions.FILE))
    assert not decisions.is_on(box.folder, Switch.PASSWORD_ALONE)
    assert f"decisions.json {Amiss.SET_BACK}." in found(box)


def test_a_line_that_the_box_did_not_sign_vouches_for_nothing(box: Box) -> None:
    (box.folder / decisions.FILE).write_bytes(earlier(box, decisions.FILE))
    *lines, last = segments.read(box.folder)
    forged = json.loads(last)
    forged["sequence"] += 1
    forged["detail"] = {papers.DETAIL: f"decisions.json={signs.digest(earlier(box, decisions.FILE))}"}
    with segments.files(box.folder)[-1].open("ab") as file:
        file.write(json.dumps(forged, separators=(",", ":")).encode() + b"\n")
    assert len(lines) > 3
    assert not decisions.is_on(box.folder, Switch.PASSWORD_ALONE)
    assert f"decisions.json {Amiss.SET_BACK}." in found(box)


def test_a_record_of_before_takes_papers_as_they_are_once(box: Box) -> None:
    for file in segments.files(box.folder):
        kept = [line for line in file.read_bytes().splitlines(keepends=True) if b'"papers"' not in line]
        file.write_bytes(b"".join(kept))
    taken = vouching.first_word(box.folder)
    assert all(str(paper) in taken[papers.DETAIL] for paper in PAPERS)
    box.record.write(Deed(Act.STARTED, detail=taken))
    assert vouching.first_word(box.folder) == {}


def test_what_there_is_is_said_again_each_night_with_what_came_meanwhile(box: Box) -> None:
    report = audit.compare(box.folder, box.record.head)
    decide(box, Switch.TAKE_MESSAGES, True)
    box.record.restate(Deed(Act.CHECKED), report.papers, report.verdict.head.sequence)
    assert decisions.is_on(box.folder, Switch.TAKE_MESSAGES)
    *_, last = segments.read(box.folder)
    assert all(str(paper).encode() in last for paper in PAPERS)
    os.utime(box.folder / decisions.FILE)  # looked at anew
    assert decisions.is_on(box.folder, Switch.TAKE_MESSAGES)
    assert found(box) == []


def test_a_person_whose_role_was_changed_on_the_card_is_named(box: Box) -> None:
    file = box.folder / people.FOLDER / "ana.json"
    file.write_bytes(file.read_bytes().replace(b'"role": "admin"', b'"role": "auditor"'))
    assert found(box) == [f"keys/people/ana.json {Amiss.ALTERED}."]


def test_somebody_who_was_removed_and_is_put_back_is_named(box: Box) -> None:
    ana = unlock(box.folder, "ana", ANA)
    box.client.put_person(people.prepare_person(box.folder, ana, Newcomer("ben", Role.STAFF, OTHER), WORK), "ana")
    files = [box.folder / people.FOLDER / name for name in ("ben.age", "ben.json")]
    kept = [file.read_bytes() for file in files]
    assert found(box) == []
    box.client.remove_person(people.prepare_removal(box.folder, ana, "ben"), "ana")
    assert found(box) == []
    for file, octets in zip(files, kept, strict=True):
        file.write_bytes(octets)
    assert found(box) == [f"keys/people/{file.name} {Amiss.PUT_BACK}." for file in files]


def test_an_old_password_that_is_put_back_is_named(box: Box) -> None:
    file = box.folder / people.FOLDER / "ana.age"
    old = file.read_bytes()
    box.client.put_person(people.prepare_password(box.folder, "ana", ANA, OTHER, WORK), "ana")
    assert found(box) == []
    file.write_bytes(old)
    assert found(box) == [f"keys/people/ana.age {Amiss.SET_BACK}."]


def test_somebody_who_slipped_a_file_of_their_own_in_is_named(box: Box) -> None:
    ana = (box.folder / people.FOLDER / "ana.json").read_bytes()
    (box.folder / people.FOLDER / "eve.json").write_bytes(ana.replace(b'"ana"', b'"eve"'))
    assert found(box) == [f"keys/people/eve.json {Amiss.SLIPPED_IN}."]


def test_a_second_factor_that_was_slipped_in_or_set_back_is_named(box: Box) -> None:
    ana = unlock(box.folder, "ana", ANA)
    assert ana.own
    for step in (1, 2):  # set up, then used
        held = open_held(box.folder, "ana", ana.own)
        held = (
            replace(held, secrets=replace(held.secrets, used=step)) if held.factors.app else held.with_app("A" * 32, 1)
        )
        before = {file: file.read_bytes() for file in (box.folder / FOLDER / "ana").glob("*")}
        box.client.put_factors(held.files(ana.own), "ana")
        assert found(box) == []
    for file, octets in before.items():
        file.write_bytes(octets)
    assert found(box) == [f"keys/factors/ana/factors.age {Amiss.SET_BACK}."]
    clear = box.folder / FOLDER / "ana" / "factors.json"
    clear.write_bytes(clear.read_bytes().replace(b'"codes": 0', b'"codes": 9'))
    (box.folder / FOLDER / "ana" / f"{'0' * 32}.age").write_bytes(before[box.folder / FOLDER / "ana/factors.age"])
    assert found(box) == [
        f"keys/factors/ana/{'0' * 32}.age {Amiss.SLIPPED_IN}.",
        f"keys/factors/ana/factors.age {Amiss.SET_BACK}.",
        f"keys/factors/ana/factors.json {Amiss.ALTERED}.",
    ]


def test_a_use_of_the_sheet_that_somebody_wants_forgotten_is_named(box: Box) -> None:
    by_paper = emergency.unlock(box.folder, box.sheet)
    box.client.note_emergency("Nobody else can log in.", practice.proof_of(by_paper.practice))
    assert found(box) == []
    box.client.told([1], "ana")
    assert found(box) == []
    (box.folder / emergency.FILE).unlink()
    assert found(box) == [f"keys/emergency.json {Amiss.DELETED}."]


def test_a_roster_of_before_and_a_foreign_practice_key_are_named(box: Box) -> None:
    ana = unlock(box.folder, "ana", ANA)
    old = (box.folder / practice.SEALED).read_bytes()
    box.client.put_person(people.prepare_person(box.folder, ana, Newcomer("ben", Role.STAFF, OTHER), WORK), "ana")
    (box.folder / practice.SEALED).write_bytes(old)
    (box.folder / practice.PUBLIC).write_text(f"{Identity.generate().recipient}\n", encoding="ascii")
    assert found(box) == [f"keys/practice.age {Amiss.SET_BACK}.", f"keys/practice.pub {Amiss.ALTERED}."]


def test_a_key_for_the_records_names_that_somebody_put_there_is_named(box: Box) -> None:
    for file in (testimony.PUBLIC, testimony.SEALED):
        before = (box.folder / file).read_bytes()
        (box.folder / file).write_text(f"{Identity.generate().recipient}\n", encoding="ascii")
        assert found(box) == [f"{file} {Amiss.ALTERED}."]
        (box.folder / file).write_bytes(before)
    (box.folder / testimony.SEALED).unlink()
    assert found(box) == [f"{testimony.SEALED} {Amiss.DELETED}."]


def test_a_records_key_that_the_box_makes_anew_is_vouched_for(box: Box) -> None:
    for file in (testimony.PUBLIC, testimony.SEALED):
        (box.folder / file).unlink()
    box.record.settle()
    assert found(box) == []
    *_, last = segments.readable(segments.read(box.folder))
    assert last.deed.act is Act.KEYS_MENDED


def test_a_record_that_said_nothing_of_its_own_key_takes_it_as_it_is_once(box: Box) -> None:
    for file in segments.files(box.folder):
        before = file.read_text(encoding="ascii")
        for place in papers.LATER:
            before = re.sub(rf" {place}=[0-9a-f]+", "", before)
        file.write_text(before, encoding="ascii")
    taken = vouching.first_word(box.folder)
    assert set(papers.parse(taken[papers.DETAIL])) == set(papers.LATER)
    box.record.write(Deed(Act.STARTED, detail=taken))
    assert vouching.first_word(box.folder) == {}


def test_an_exchanged_practice_key_fits(box: Box) -> None:
    box.leave()
    with rotation.start(box.folder, unlock(box.folder, "ana", ANA), new_sheet=True) as exchange:
        assert list(exchange.run(box.client, "ana"))
    assert found(box) == []


def test_the_night_names_what_was_altered_and_vouches_for_nothing_of_it(box: Box) -> None:
    night = Night(box.folder, box.inbox, box.record, box.clock, ZoneInfo("UTC"), 2)
    forge(box, decisions.FILE, "decisions")
    assert [item.place for item in night.run().found] == ["decisions.json"]
    assert night.audit
    assert night.audit.first == f"decisions.json {Amiss.ALTERED}."
    assert [item.place for item in night.run().found] == ["decisions.json"]
    assert not decisions.is_on(box.folder, Switch.PASSWORD_ALONE)
