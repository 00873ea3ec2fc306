"""What each role can do, and what it cannot even see: every route of the page against the one table of permissions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance import cli
from appliance.access.roles import MAY, Permission, Role
from appliance.console.commands import COMMANDS
from tests.web.practice import Practice, babble
from tests.web.roles import LOGGED_IN, PEOPLE, PUBLIC, Question, add_everybody, desk_of, offered, questions
from tests.web.staff import OWN
from web import guard, places

SECRET = "Maria Lopez"


@pytest.fixture
def id(practice: Practice) -> str:
    """Somebody of each role, and one message."""
    add_everybody(practice)
    return practice.leave(babble(1), "5551234567", SECRET)


def parts(id: str) -> dict[str, str]:
    """Real parts of addresses: what is refused is refused though it is there."""
    return {"id": id, "name": PEOPLE[Role.STAFF][0], "number": "1"}


@pytest.mark.parametrize("role", Role)
def test_whatever_the_table_does_not_allow_a_role_is_refused_on_every_route(
    practice: Practice, id: str, role: Role
) -> None:
    app = practice.app()
    desk = desk_of(practice, role)
    refused = [question for question in questions(app) if not question.allowed_to(role)]
    for question in refused:
        answer = desk.ask(question.method, question.path(**parts(id)), headers=OWN)
        assert answer.status_code in {403, 404}, f"{role}: {question.method} {question.rule}"
        assert SECRET not in answer.text
    assert bool(refused) == (role is not Role.ADMIN)
    assert desk.get("/status").status_code == 200  # the refusals have not ended the session


@pytest.mark.parametrize("role", Role)
def test_no_page_of_a_role_leads_where_that_role_may_not_go(practice: Practice, id: str, role: Role) -> None:
    app = practice.app()
    walked = set()
    for page, address, endpoint in offered(app, desk_of(practice, role)):
        walked.add(page)
        assert endpoint, f"{page} leads to {address}, which is nowhere"
        declared = guard.declared(app, endpoint)
        assert declared is not None
        assert Question(address, "GET", endpoint, declared).allowed_to(role), f"{page} shows {role} {address}"
    assert walked >= {
        app.url_map._rules_by_endpoint[place.endpoint][0].rule
        for place in places.PLACES
        if place.permission in MAY[role]
    }


def test_every_route_asks_for_something_but_these(practice: Practice) -> None:
    """What anybody may use, and what whoever is logged in may: short lists that somebody has to read when they grow."""
    every = questions(practice.app())
    public = {question.rule for question in every if question.declared.public}
    between = {question.rule for question in every if question.declared.steps}
    nobodys = {question.rule for question in every if not question.declared.public and not question.declared.permission}
    assert public == PUBLIC
    assert all(rule.startswith(("/login/second", "/factors")) for rule in between)
    assert nobodys - between == LOGGED_IN


def test_nothing_is_allowed_that_nobody_can_do(practice: Practice) -> None:
    """What stands in the table is asked for by a route, by a word of the console, or by a verb of the command."""
    asked = {question.declared.permission for question in questions(practice.app())}
    asked |= {command.permission for command in COMMANDS}
    verbs = "".join(file.read_text(encoding="utf-8") for file in Path(cli.__file__).parent.glob("*.py"))
    asked |= {permission for permission in Permission if re.search(rf"Permission\.{permission.name}\b", verbs)}
    assert set(Permission) <= asked


def test_each_role_reads_messages_or_the_record_or_the_box_as_agreed() -> None:
    """The table itself, said a second time for what matters most."""
    assert {role for role in Role if Permission.READ_MESSAGES in MAY[role]} == {Role.ADMIN, Role.STAFF}
    assert {role for role in Role if Permission.SEE_RECORD in MAY[role]} == {Role.ADMIN, Role.AUDITOR}
    assert {role for role in Role if Permission.SEE_CALLS in MAY[role]} == {Role.ADMIN, Role.TECHNICIAN}
    for sole in (Permission.RUN_PEOPLE, Permission.RUN_KEYS, Permission.RUN_SWITCHES):
        assert {role for role in Role if sole in MAY[role]} == {Role.ADMIN}
