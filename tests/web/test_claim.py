"""First start: nothing but the claim; four steps, of which only the last one founds the practice; and no secret outlives them."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.access import certificates, claim, people, segments
from appliance.access import practice as keys
from appliance.deeds import Act
from tests.access.practice import key_by_sheet
from tests.web.practice import Practice
from tests.web.roles import questions
from tests.web.staff import OWN, Staff

PASSWORD = "gravel window socket plum"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Practice]:
    """A box that belongs to nobody."""
    with Practice(tmp_path, founded=False) as made:
        yield made


@pytest.fixture
def desk(empty: Practice) -> Staff:
    """Somebody who has just plugged it in."""
    return Staff(empty)


def code_of(box: Practice) -> str:
    return claim.show(box.folder)


def to_sheet(box: Practice, desk: Staff) -> list[str]:
    """As far as the sheet; its groups."""
    assert desk.post("/claim/code", code=code_of(box).lower()).status_code == 303
    assert desk.post("/claim/person", name="Ana", password=PASSWORD).status_code == 303
    box.clock.advance(60)  # nobody prints in no time
    return groups_of(desk.get("/claim").text)


def groups_of(page: str) -> list[str]:
    return re.findall(r'<span class="paper-number">\d+</span> <span class="words">([^<]+)</span>', page)


def asked_for(page: str) -> tuple[int, int]:
    one, other = map(int, re.findall(r"Group (\d+)</label>", page))
    return one, other


def typed(groups: list[str], page: str) -> dict[str, str]:
    one, other = asked_for(page)
    return {"first": groups[one - 1].lower(), "second": f" {groups[other - 1]} "}


def test_every_page_of_an_unclaimed_box_leads_to_its_claim(empty: Practice, desk: Staff) -> None:
    for question in questions(empty.app()):
        answer = desk.ask(question.method, question.path(), headers=OWN)
        if question.declared.unclaimed:
            assert answer.status_code != 401
        elif question.method in {"GET", "HEAD"}:
            assert (answer.status_code, answer.headers["Location"]) == (303, "/claim"), question.rule
        else:
            assert answer.status_code == 401, question.rule


def test_before_anything_is_typed_the_device_can_be_made_to_trust_the_box(empty: Practice, desk: Staff) -> None:
    certificates.ensure(empty.folder, empty.settings.page.names, time.time())
    assert 'href="/trust"' in desk.get("/claim").text
    assert "fingerprint" in desk.get("/trust").text
    assert desk.get("/trust/keepline.crt").status_code == 200


def test_a_box_is_claimed_in_four_steps_and_the_first_admin_logs_in(empty: Practice, desk: Staff) -> None:
    groups = to_sheet(empty, desk)
    assert not (empty.folder / keys.PUBLIC).exists()
    desk.post("/claim/sheet", printed="yes")
    answer = desk.post("/claim/groups", None, **typed(groups, desk.get("/claim").text))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?why=claimed")
    assert "yours now" in desk.get("/login?why=claimed").text
    answer = desk.post("/login", name="Ana", password=PASSWORD)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/factors")  # a second factor is set up before anything else
    key_by_sheet(empty.folder, "".join(groups)).wipe()
    assert any(f'"{Act.CLAIMED}"'.encode() in line for line in segments.read(empty.folder))


def test_the_sheet_can_be_gone_back_to_until_it_is_confirmed_and_never_after(empty: Practice, desk: Staff) -> None:
    groups = to_sheet(empty, desk)
    desk.post("/claim/sheet", printed="yes")
    assert not groups_of(desk.get("/claim").text)
    desk.post("/claim/sheet")
    assert groups_of(desk.get("/claim").text) == groups
    desk.post("/claim/sheet", printed="yes")
    desk.post("/claim/groups", None, **typed(groups, desk.get("/claim").text))
    assert desk.get("/claim").headers["Location"] == "/login"
    assert desk.post("/claim/sheet").status_code == 303
    assert desk.get("/claim").headers["Location"] == "/login"


def test_whoever_was_second_is_not_told_that_the_box_is_theirs(empty: Practice, desk: Staff) -> None:
    groups, code = to_sheet(empty, desk), code_of(empty)
    desk.post("/claim/sheet", printed="yes")
    page = desk.get("/claim").text
    empty.daemon.claim(code, "192.0.2.7", people.prepare_founding("ben", PASSWORD, 15)[0])
    answer = desk.post("/claim/groups", None, **typed(groups, page))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")


def test_wrong_groups_found_nothing_and_say_which(empty: Practice, desk: Staff) -> None:
    groups = to_sheet(empty, desk)
    desk.post("/claim/sheet", printed="yes")
    page = desk.get("/claim").text
    one, other = asked_for(page)
    answer = desk.post("/claim/groups", first=groups[one - 1], second="QQQQQQ")
    assert answer.status_code == 422
    assert f"Groups {one} and {other} are not as on the sheet" in html.unescape(answer.text)
    assert not (empty.folder / keys.PUBLIC).exists()
    assert desk.post("/claim/groups", None, **typed(groups, page)).status_code == 303


@pytest.mark.parametrize("code", ["", "ABCD-EFGH", "x" * 500])
def test_without_the_code_nobody_gets_further(empty: Practice, desk: Staff, code: str) -> None:
    answer = desk.post("/claim/code", code=code)
    assert answer.status_code == 422
    assert "That is not this box’s claim code" in html.unescape(answer.text).replace("'", "’")
    for path in ("/claim/person", "/claim/sheet", "/claim/groups"):
        answer = desk.post(path, name="ana", password=PASSWORD, printed="yes", first="A", second="B")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/claim")
    assert "Claim code" in desk.get("/claim").text
    assert not (empty.folder / keys.PUBLIC).exists()


def test_whoever_guesses_codes_waits(empty: Practice, desk: Staff) -> None:
    for _ in range(4):
        empty.clock.advance(31)
        desk.post("/claim/code", code="ABCD-EFGH")
    answer = desk.post("/claim/code", code=code_of(empty))
    assert answer.status_code == 422
    assert "Wait" in answer.text


@pytest.mark.parametrize(
    ("form", "place", "said"),
    [
        ({"name": "", "password": PASSWORD}, "name", "Type the name"),
        ({"name": "a b", "password": PASSWORD}, "name", "a to z"),
        ({"name": "ana", "password": "short"}, "password", "15"),
        ({"name": "ana", "password": "passwordpassword1"}, "password", "many people"),
    ],
)
def test_why_not_stands_beside_the_field(
    empty: Practice, desk: Staff, form: dict[str, str], place: str, said: str
) -> None:
    desk.post("/claim/code", code=code_of(empty))
    answer = desk.post("/claim/person", None, **form)
    assert answer.status_code == 422
    found = re.search(rf'id="{place}-mistake"[^>]*>.*?</p>', html.unescape(answer.text), re.DOTALL)
    assert found
    assert said in found[0]
    assert form["password"] not in answer.text


def test_another_browser_sees_nothing_of_a_claim_under_way(empty: Practice, desk: Staff) -> None:
    groups = to_sheet(empty, desk)
    other = desk.get("/claim").text
    stranger = Staff(empty)
    assert groups[1] in other
    assert "Claim code" in stranger.get("/claim").text


def test_after_half_an_hour_the_sheet_is_gone_and_the_claim_begins_again(empty: Practice, desk: Staff) -> None:
    to_sheet(empty, desk)
    empty.clock.advance(1801)
    answer = desk.get("/claim")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/claim")
    assert "Claim code" in desk.get("/claim").text


def test_no_secret_stands_in_memory_in_an_address_or_in_a_hidden_field(empty: Practice, desk: Staff) -> None:
    groups = to_sheet(empty, desk)
    kept = repr(empty.services.visits._kept)
    page = desk.get("/claim")
    assert re.findall(r'type="hidden" name="([^"]*)"', page.text) == [
        "back"
    ]  # where the choice of a language leads back
    assert not re.findall(rf'(?:href|action|src)="[^"]*(?:{"|".join(groups)})', page.text)
    for secret in (*groups[1:], PASSWORD, code_of(empty).replace("-", "")):
        assert secret not in kept
    for visit in empty.services.visits._kept.values():
        assert visit.pending
        assert "".join(groups).encode() not in visit.pending.sheet.sealed
    assert page.headers["Cache-Control"] == "no-store"


def test_a_claimed_box_cannot_be_claimed_again(practice: Practice) -> None:
    stranger = Staff(practice)
    assert stranger.get("/claim").headers["Location"] == "/login"
    assert stranger.post("/claim/code", code="ABCD-EFGH").headers["Location"] == "/login"
