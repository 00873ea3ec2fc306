"""The way in with the recovery sheet: asked why, slowed down like a log-in, told to every admin, and not over until the keys are exchanged."""

from __future__ import annotations

import html
import re

import pytest

from appliance.access import decisions, emergency
from appliance.access.decisions import Switch
from appliance.access.practice import proof_of
from appliance.access.roles import NOT_BY_SHEET, Role
from tests.web.practice import NAME, Practice, babble
from tests.web.roles import add_everybody, desk_of, offered
from tests.web.staff import OWN, Staff
from web import guard

WHY = "All three admins are ill, and the pharmacy waits."


def typed(sheet: str) -> str:
    """As a tired person types it."""
    return "\n".join(sheet[place : place + 6].lower() for place in range(0, len(sheet), 6)) + " \n"


def test_the_log_in_page_shows_the_way(practice: Practice) -> None:
    assert 'href="/emergency"' in Staff(practice).get("/login").text


def test_the_sheet_and_a_reason_open_every_message_under_a_red_banner(practice: Practice) -> None:
    id = practice.leave(babble(1), name="Maria Lopez", mailbox="billing")
    desk = Staff(practice)
    answer = desk.post("/emergency", why=WHY, sheet=typed(practice.sheet))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = desk.get("/").text
    assert "Maria Lopez" in page
    assert "You are in with the recovery sheet" in page
    assert "Recovery sheet</strong>" in page
    assert desk.get(f"/messages/{id}/content").status_code == 200
    assert desk.get("/people").status_code == 200


def test_whoever_is_inside_gives_people_new_passwords(practice: Practice) -> None:
    add_everybody(practice)
    desk = Staff(practice)
    desk.post("/emergency", why=WHY, sheet=practice.sheet)
    assert desk.post(f"/people/{NAME}/password", password="gravel window socket plum two").status_code == 303
    assert Staff(practice).post("/login", name=NAME, password="gravel window socket plum two").status_code == 303


def test_what_only_a_person_does_is_not_offered_to_the_sheet(practice: Practice) -> None:
    desk = Staff(practice)
    desk.post("/emergency", why=WHY, sheet=practice.sheet)
    app = practice.app()
    walked = set()
    for page, address, endpoint in offered(app, desk):
        walked.add(page)
        declared = guard.declared(app, endpoint)
        assert declared is not None, address
        assert declared.permission not in NOT_BY_SHEET, f"{page} leads to {address}"
    assert walked >= {"/", "/people", "/keys", "/switches", "/policy", "/record"}
    assert "I have read this" not in desk.get("/policy").text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/account"),
        ("GET", "/switches/take-messages"),
        ("POST", "/switches/take-messages"),
        ("POST", "/policy/text/en"),
        ("POST", "/policy"),
        ("POST", "/emergency/notice"),
    ],
)
def test_and_refused_in_words_when_it_is_asked_for(practice: Practice, method: str, path: str) -> None:
    desk = Staff(practice)
    desk.post("/emergency", why=WHY, sheet=practice.sheet)
    form = {"on": "no", "why": "It must be.", "other": "None.", "text": "No rules.", "version": "0", "read": "1"}
    answer = desk.ask(method, path, headers=OWN, data=form if method == "POST" else None)
    assert answer.status_code == 403
    assert "the recovery sheet is none" in answer.text
    assert decisions.is_on(practice.folder, Switch.TAKE_MESSAGES)


@pytest.mark.parametrize("why", ["", "because", " " * 40, "x" * 700, "one\x00two three four"])
def test_without_a_reason_the_sheet_opens_nothing(practice: Practice, why: str) -> None:
    desk = Staff(practice)
    answer = desk.post("/emergency", why=why, sheet=practice.sheet)
    assert answer.status_code == 422
    assert 'id="why-mistake"' in answer.text
    assert practice.sheet not in answer.text
    assert desk.get("/").headers["Location"] == "/login"
    assert not emergency.read(practice.folder)


@pytest.mark.parametrize("wrong", ["", "AGE-SECRET-KEY-1", "nonsense" * 9, "x" * 4000])
def test_a_wrong_sheet_opens_nothing_and_the_reason_stays_typed(practice: Practice, wrong: str) -> None:
    desk = Staff(practice)
    answer = desk.post("/emergency", why=WHY, sheet=wrong)
    assert answer.status_code == 401
    assert "not this practice’s recovery sheet" in html.unescape(answer.text).replace("'", "’")
    assert WHY in answer.text
    assert not emergency.read(practice.folder)


def test_whoever_guesses_sheets_waits_as_at_the_log_in_and_keeps_out_nobody_who_holds_it(practice: Practice) -> None:
    desk = Staff(practice)
    for _ in range(4):
        practice.clock.advance(31)
        assert desk.post("/emergency", why=WHY, sheet="x").status_code == 401
    told = practice.record.head.sequence
    answer = desk.post("/emergency", why=WHY, sheet="x")
    assert answer.status_code == 401
    assert "Wait" in answer.text
    assert practice.record.head.sequence == told, "whoever must wait fills no card with lines"
    assert desk.post("/emergency", why=WHY, sheet=practice.sheet).status_code == 303


def test_nothing_opens_where_no_line_of_it_can_be_written(practice: Practice) -> None:
    practice.daemon.silent = True
    desk = Staff(practice)
    assert desk.post("/emergency", why=WHY, sheet=practice.sheet).status_code == 503
    assert desk.cookie is None


def test_every_admin_reads_when_and_why_before_anything_else_and_once(practice: Practice, ana: Staff) -> None:
    assert ana.get("/").status_code == 200
    Staff(practice).post("/emergency", why=WHY, sheet=practice.sheet)
    assert ana.get("/").headers["Location"] == "/emergency/notice"
    page = ana.get("/emergency/notice").text
    assert WHY in page
    assert "Friday 21 November 2025, 12:00" in page
    assert ana.post("/emergency/notice", read="1").headers["Location"] == "/"
    page = ana.get("/").text
    assert "Exchange the practice key and print a new sheet" in page
    assert Staff(practice).log_in().get("/").status_code == 200


def test_a_trial_is_read_by_every_admin_as_what_it_was(practice: Practice, ana: Staff) -> None:
    with emergency.unlock(practice.folder, practice.sheet).practice as key:
        proof = proof_of(key)
    practice.daemon.note_trial(proof)
    assert ana.get("/").headers["Location"] == "/emergency/notice"
    page = ana.get("/emergency/notice").text
    assert "The recovery sheet was tried" in page
    assert "could read everything" not in page
    Staff(practice).post("/emergency", why=WHY, sheet=practice.sheet)
    page = ana.get("/emergency/notice").text
    assert "The recovery sheet was used" in page
    assert "A trial at the box: no message was shown." in page
    assert WHY in page
    ana.post("/emergency/notice", read=["1", "2"])
    assert "a trial at the box, which showed nothing" in ana.get("/record").text


def test_an_access_that_came_while_an_admin_read_of_another_is_told_as_well(practice: Practice, ana: Staff) -> None:
    Staff(practice).post("/emergency", why=WHY, sheet=practice.sheet)
    shown = ana.get("/emergency/notice").text
    Staff(practice).post("/emergency", why="Nobody has read of this one yet.", sheet=practice.sheet)
    ana.post("/emergency/notice", read=re.findall(r'name="read" value="(\d+)"', shown)[0])
    assert ana.get("/").headers["Location"] == "/emergency/notice"
    page = ana.get("/emergency/notice").text
    assert "Nobody has read of this one yet." in page
    assert WHY not in page


@pytest.mark.parametrize("role", [Role.STAFF, Role.TECHNICIAN, Role.AUDITOR])
def test_others_are_not_held_up(practice: Practice, role: Role) -> None:
    add_everybody(practice)
    Staff(practice).post("/emergency", why=WHY, sheet=practice.sheet)
    page = desk_of(practice, role).get("/status")
    assert page.status_code == 200
    assert WHY not in page.text
    assert "recovery sheet" not in page.text.lower()
