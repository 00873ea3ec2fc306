"""The page of switches: to look, to decide, to export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from appliance.access import decisions
from appliance.access.decisions import Decision, Switch
from appliance.access.people import Role
from tests.web.practice import Practice
from tests.web.staff import Staff

FORM = {"on": "yes", "why": "The lab has no fax.", "risk-0": "0", "other": "The lab loses it."}


@pytest.fixture
def nothing_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A practice that has decided nothing but that a password is enough."""
    with Practice(tmp_path_factory.mktemp("new"), downloads=False, password_alone=True) as practice:
        yield practice


@pytest.fixture
def new(nothing_on: Practice) -> Staff:
    return Staff(nothing_on).log_in()


def downloads(practice: Practice) -> list[Decision]:
    """What was decided about them."""
    return [made for made in decisions.read(practice.folder) if made.switch == Switch.TAKE_MESSAGES]


def test_everything_is_shown_and_off_but_what_was_decided(new: Staff) -> None:
    page = new.get("/switches").text
    for feature in decisions.FEATURES:
        assert feature.title in page
        assert feature.does in page
    assert page.count("<strong>Off</strong>") == len(Switch) - 1
    assert page.count("Nobody has decided about this yet.") == len(Switch) - 1


def test_an_admin_decides_and_the_page_says_who_when_why_and_at_what_risk(nothing_on: Practice, new: Staff) -> None:
    assert new.post("/switches/take-messages", None, **FORM).headers["Location"] == "/switches"
    page = new.get("/switches").text
    assert "Downloads: switched on" in page
    assert "The lab has no fax." in page
    assert "Ana, <time" in page
    assert "Friday 21 November 2025, 12:00" in page
    risk = decisions.BY_SWITCH[Switch.TAKE_MESSAGES].risks_on[0]
    assert f"{risk} The lab loses it." in page
    [made] = downloads(nothing_on)
    assert (made.on, made.by) == (True, "ana")
    new.post("/switches/take-messages", None, **(FORM | {"on": "no"}))
    assert [item.on for item in downloads(nothing_on)] == [True, False]


def test_a_form_that_is_sent_twice_is_one_decision(nothing_on: Practice, new: Staff) -> None:
    for _ in range(2):
        assert new.post("/switches/take-messages", None, **FORM).status_code == 303
    assert len(downloads(nothing_on)) == 1
    new.post("/switches/take-messages", None, **(FORM | {"why": "And the other lab too."}))
    assert len(downloads(nothing_on)) == 2


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"why": " "}, "Say why, in a sentence"),
        ({"risk-0": "", "other": ""}, "Choose at least one risk"),
        ({"why": "x" * 601}, "at most 600 letters"),
    ],
)
def test_what_lacks_is_told_beside_the_field_and_nothing_typed_is_lost(
    nothing_on: Practice, new: Staff, change: dict[str, str], mistake: str
) -> None:
    answer = new.post("/switches/take-messages", None, **(FORM | change))
    assert answer.status_code == 400
    assert mistake in answer.text
    for typed in (FORM | change).values():
        assert typed.strip() in answer.text
    assert downloads(nothing_on) == []


def test_what_is_written_never_becomes_part_of_the_page(new: Staff) -> None:
    new.post("/switches/take-messages", None, **(FORM | {"why": "<script>alert(1)</script>"}))
    assert "<script>alert" not in new.get("/switches").text


def test_an_auditor_looks_and_exports_and_decides_nothing(practice: Practice) -> None:
    practice._add("olga", Role.AUDITOR, "velvet harbor kettle moon")
    olga = Staff(practice).log_in("olga", "velvet harbor kettle moon")
    page = olga.get("/switches").text
    assert "The practice needs it." in page
    assert "Switch off …" not in page
    assert olga.post("/switches/take-messages", None, **FORM).status_code == 403
    assert olga.get("/switches/take-messages").status_code == 403
    saved = olga.get("/switches/decisions.csv")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="keepline-decisions.csv"'
    [row] = [row for row in csv.DictReader(io.StringIO(saved.text)) if row["switch"] == "take-messages"]
    assert (row["by"], row["on"]) == ("ana", "True")
    assert olga.get("/switches/decisions.json").get_json()[0]["why"] == "The practice needs it."


def test_staff_see_no_switches(practice: Practice) -> None:
    practice.add_staff()
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    assert "Switches" not in sam.get("/").text
    for path in ("/switches", "/switches/take-messages", "/switches/decisions.csv", "/switches/decisions.json"):
        assert sam.get(path).status_code == 403


def test_what_does_not_exist_cannot_be_switched(ana: Staff) -> None:
    assert ana.get("/switches/carrier-pigeons").status_code == 404
    assert ana.post("/switches/carrier-pigeons", None, **FORM).status_code == 404


def test_a_damaged_file_is_told_in_words(practice: Practice, ana: Staff) -> None:
    (practice.folder / decisions.FILE).write_bytes(b"{")
    page = ana.get("/switches").text
    assert "The file of decisions (decisions.json) is damaged or was altered" in page
    assert "Switch on …" not in page
