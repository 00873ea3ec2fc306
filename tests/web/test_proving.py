"""Once more, is it you? A screen that was left open changes no people, keys, switches and rules; whose it is is asked once and loses nothing typed."""

from __future__ import annotations

import re
from html import unescape

import pytest

from appliance.access import decisions, people, policy
from appliance.access.decisions import Switch
from appliance.access.roles import Role
from appliance.deeds import Act
from tests.web.practice import NAME, PASSWORD, Practice
from tests.web.roles import PEOPLE, add_everybody, questions
from tests.web.staff import OWN, Staff
from tests.web.test_claim import groups_of, typed
from tests.web.test_emergency import WHY
from tests.web.test_telling import told
from web.proving import LASTS

GRAVE = {
    ("GET", "/add-person"),
    ("POST", "/add-person"),
    ("POST", "/people/<name>"),
    ("GET", "/people/<name>/password"),
    ("POST", "/people/<name>/password"),
    ("POST", "/people/<name>/factors"),
    ("GET", "/people/<name>/remove"),
    ("POST", "/people/<name>/remove"),
    ("POST", "/keys/exchange"),
    ("GET", "/keys/sheet"),
    ("POST", "/keys/sheet/groups"),
    ("POST", "/keys/drop"),
    ("GET", "/policy/text/<language>"),
    ("POST", "/policy/text/<language>"),
    ("GET", "/switches/<name>"),
    ("POST", "/switches/<name>"),
}
NEW = {"name": "otto", "role": "admin", "password": "gravel window socket plum"}


@pytest.fixture
def left(practice: Practice, ana: Staff) -> Staff:
    """Ana's screen, some minutes after she went to get something."""
    add_everybody(practice)
    practice.clock.advance(LASTS)
    return ana


def fields(page: str) -> list[tuple[str, str]]:
    """What waits in the question's form."""
    form = page.partition('action="/confirm"')[2].partition("</form>")[0]
    return [(name, unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)]


def answer(desk: Staff, page: str, password: str = PASSWORD) -> tuple[int, str]:
    given = desk.ask("POST", "/confirm", headers=OWN, data=dict(fields(page)) | {"own_password": password})
    return given.status_code, given.headers.get("Location", given.text)


def test_what_is_grave_is_known_by_name(practice: Practice) -> None:
    found = {
        (question.method, question.rule)
        for question in questions(practice.app())
        if question.declared.proven and question.method != "HEAD"
    }
    assert found == GRAVE


def test_at_a_screen_that_was_left_nobody_and_nothing_is_changed(practice: Practice, left: Staff) -> None:
    before = {file: file.read_bytes() for file in (practice.folder / "keys").rglob("*") if file.is_file()}
    lines = len(told(practice, *Act))
    for method, rule in GRAVE:
        path = rule.replace("<name>", "take-messages" if "switches" in rule else "sam").replace("<language>", "en")
        form = NEW | {"reason": "sheet", "on": "no", "why": "because", "other": "none", "mailboxes": "*"}
        form |= {"drop": "yes", "text": "No rules.", "first": "QQQQQQ", "second": "PPPPPP"}
        given = left.ask(method, path, headers=OWN, data=form if method == "POST" else None)
        assert given.status_code == 401, rule
        assert "Is it you?" in given.text, rule
        assert not [secret for secret in (NEW["password"], "QQQQQQ", "PPPPPP") if secret in given.text], rule
    assert {file: file.read_bytes() for file in (practice.folder / "keys").rglob("*") if file.is_file()} == before
    assert decisions.is_on(practice.folder, Switch.TAKE_MESSAGES)
    assert len(told(practice, *Act)) == lines
    assert (
        left.get("/people").status_code == left.get("/people/sam").status_code == left.get("/keys").status_code == 200
    )


def test_after_the_password_the_page_opens_and_so_do_others_for_a_while(practice: Practice, left: Staff) -> None:
    page = left.get("/people/sam/password").text
    assert answer(left, page) == (303, "/people/sam/password")
    assert left.get("/people/sam/password").status_code == 200
    practice.clock.advance(LASTS - 1)
    assert left.get("/add-person").status_code == 200
    practice.clock.advance(1)
    assert left.get("/add-person").status_code == 401


def test_what_was_typed_is_sent_once_more_by_the_browser_itself(practice: Practice, left: Staff) -> None:
    """307: the same form to the same place, with all that waited in the question."""
    page = left.post("/people/sam", role="auditor").text
    assert ("role", "auditor") in fields(page)
    status, where = answer(left, page)
    assert (status, where) == (307, "/people/sam")
    assert left.ask("POST", where, headers=OWN, data=dict(fields(page))).status_code == 303
    assert people.find_person(practice.folder, "sam").role is Role.AUDITOR


def test_the_policy_sheet_waits_as_it_was_typed(practice: Practice, left: Staff) -> None:
    text = "# Rules\r\nLock the door.\r\n\r\nAnd “<b>bolt</b>” it."
    page = left.post("/policy/text/en", text=text).text
    assert "Lock the door" not in policy.sheet(practice.folder).text("en")
    assert dict(fields(page))["text"] == text
    assert answer(left, page) == (307, "/policy/text/en")
    assert left.ask("POST", "/policy/text/en", headers=OWN, data=dict(fields(page))).status_code == 303
    assert policy.sheet(practice.folder).text("en").endswith("And “<b>bolt</b>” it.")


def test_so_does_the_longest_one(practice: Practice, left: Staff) -> None:
    text, whole = "é" * policy.LONGEST, {"content_type": "multipart/form-data"}
    page = left.ask("POST", "/policy/text/es", headers=OWN, data={"text": text}, **whole).text
    assert 'enctype="multipart/form-data"' in page
    form = dict(fields(page))
    given = left.ask("POST", "/confirm", headers=OWN, data=form | {"own_password": PASSWORD}, **whole)
    assert (given.status_code, given.headers["Location"]) == (307, "/policy/text/es")
    assert left.ask("POST", "/policy/text/es", headers=OWN, data=form, **whole).status_code == 303
    assert policy.sheet(practice.folder).text("es") == text


def test_who_finds_the_new_sheet_beside_the_screen_does_not_end_the_exchange(practice: Practice, ana: Staff) -> None:
    """Who it belongs to is asked, and types the two groups once more: they wait in no page."""
    ana.post("/keys/exchange", reason="sheet")
    groups = groups_of(ana.get("/keys/sheet").text)
    ana.post("/keys/sheet", printed="yes")
    right = typed(groups, ana.get("/keys/sheet").text)
    practice.clock.advance(LASTS)
    page = ana.post("/keys/sheet/groups", None, **right).text
    assert "Is it you?" in page
    assert not [group for group in right.values() if group in page]
    assert answer(ana, page) == (307, "/keys/sheet/groups")
    again = ana.ask("POST", "/keys/sheet/groups", headers=OWN, data=dict(fields(page)))
    assert (again.status_code, again.headers["Location"]) == (303, "/keys/sheet")
    assert not told(practice, Act.ROTATION_BEGUN)
    assert ana.post("/keys/sheet/groups", None, **right).status_code == 303
    practice.services.exchanging.join(60)
    assert told(practice, Act.ROTATED)


def test_a_wrong_password_opens_nothing_is_on_record_and_loses_nothing(practice: Practice, left: Staff) -> None:
    page = left.post("/add-person", None, **NEW).text
    status, page = answer(left, page, "no such password")
    assert status == 401
    assert "That is not your password" in page
    assert {("name", "otto"), ("role", "admin"), ("then", "/add-person"), ("again", "yes")} <= set(fields(page))
    assert told(practice, Act.LOG_IN_FAILED)[-1].deed.by == NAME
    assert left.get("/add-person").status_code == 401
    for _ in range(2):
        answer(left, page, "no such password")
    assert "Wait" in answer(left, page)[1]


def test_the_proof_is_of_this_session_and_this_person(practice: Practice, left: Staff) -> None:
    other = Staff(practice).log_in()
    left.get("/status")
    practice.clock.advance(LASTS)
    page = left.get("/add-person").text
    assert answer(left, page, PEOPLE[Role.STAFF][1])[0] == 401
    practice.clock.advance(60)
    assert answer(left, page)[0] == 303
    assert other.get("/add-person").status_code == 401


@pytest.mark.parametrize(
    "then", ["https://evil.example/", "//evil.example/", "/people", "/logout", "", "/add-person?x=//y", "\\evil"]
)
def test_from_the_question_nobody_is_led_elsewhere(left: Staff, then: str) -> None:
    given = left.post("/confirm", then=then, again="no", own_password=PASSWORD)
    assert given.status_code == 400
    assert "Location" not in given.headers
    assert left.get("/add-person").status_code == 401


def test_who_came_in_with_the_sheet_has_no_password_and_is_not_asked(practice: Practice) -> None:
    somebody = Staff(practice)
    somebody.post("/emergency", why=WHY, sheet=practice.sheet)
    practice.clock.advance(LASTS)
    assert somebody.get("/add-person").status_code == 200
