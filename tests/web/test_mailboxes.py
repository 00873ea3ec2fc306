"""What lies in a mailbox that a person may not open is not there for them: not in the list, nor under its address, nor to be changed."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import web
from appliance.access import people
from appliance.access.people import Role
from appliance.access.roles import MAY, Permission
from appliance.access.unlock import unlock
from appliance.errors import SealKeyError
from appliance.store import reader
from appliance.store.epochs import open_epoch
from appliance.store.keys import Identity
from tests import planned
from tests.web.faxes import leave_fax, letter
from tests.web.practice import NAME, PASSWORD, Practice, babble
from tests.web.roles import questions
from tests.web.staff import OWN, Staff

SAM = ("sam", "velvet harbor kettle moon")


def at_billing(practice: Practice) -> Staff:
    """Sam, who opens the mailbox `billing` and no other."""
    practice.add_staff(frozenset({"billing"}))
    return Staff(practice).log_in(*SAM)


def test_the_list_shows_ones_own_mailboxes(practice: Practice) -> None:
    practice.leave(babble(1), "5551234567", "Maria Lopez")
    practice.leave(babble(1), "5557654321", "Peter Quill", mailbox="billing")
    sam, ana = at_billing(practice), Staff(practice).log_in()
    for path in ("/", "/parts/list"):
        assert "Maria Lopez" not in sam.get(path).text
        assert "Peter Quill" in sam.get(path).text
        assert "Maria Lopez" in ana.get(path).text
    assert sam.post("/search", search="Maria").status_code == 303
    assert "Lopez" not in sam.get("/").text


def test_a_message_of_another_mailbox_is_not_found_on_any_route(practice: Practice) -> None:
    ids = [practice.leave(babble(1), "5551234567", "Maria Lopez"), leave_fax(practice, [letter()])]
    own = practice.leave(babble(1), "5557654321", "Peter Quill", mailbox="billing")
    sam, ana = at_billing(practice), Staff(practice).log_in()
    routes = [
        question
        for question in questions(practice.app())
        if "<id>" in question.rule and question.declared.permission in MAY[Role.STAFF]
        if question.declared.permission
        in {Permission.READ_MESSAGES, Permission.CHANGE_MESSAGES, Permission.TAKE_MESSAGES}
    ]
    assert len(routes) > 10
    form = {"heard": "yes", "page": "1", "by": "90"}
    before = practice.services.reader.list()
    for question in routes:
        for id in ids:
            answer = sam.ask(question.method, question.path(id=id, number="1"), headers=OWN, data=form)
            assert answer.status_code == 404, f"{question.method} {question.rule}"
            assert "Lopez" not in answer.text
    assert practice.services.reader.list() == before
    assert sam.get(f"/messages/{own}").status_code == 200
    assert all(ana.get(f"/messages/{id}").status_code == 200 for id in ids)


def test_a_message_that_is_not_ones_own_looks_like_one_that_never_was(practice: Practice) -> None:
    id = practice.leave(babble(1))
    sam = at_billing(practice)
    assert sam.get(f"/messages/{id}").text == sam.get(f"/messages/{'0' * 32}").text


def test_without_a_mailbox_staff_open_nothing(practice: Practice) -> None:
    id = practice.leave(babble(1), "5551234567", "Maria Lopez")
    practice.add_staff(frozenset())
    sam = Staff(practice).log_in(*SAM)
    assert "Lopez" not in sam.get("/").text
    assert sam.get(f"/messages/{id}/content").status_code == 404


def test_a_mailbox_more_opens_at_the_next_log_in(practice: Practice) -> None:
    id = practice.leave(babble(1))
    at_billing(practice)
    admin = unlock(practice.folder, NAME, PASSWORD)
    change = people.prepare_change(practice.folder, admin, "sam", Role.STAFF, ["billing", "front-desk"])
    planned.write_person(practice.folder, change)
    assert Staff(practice).log_in(*SAM).get(f"/messages/{id}").status_code == 200


def test_list_and_search_open_each_days_key_once_and_keep_none(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        practice.leave(babble(0.2), f"555000000{number}", "Maria Lopez")
        if number == 2:
            practice.clock.advance(86_400.0)
    ana = Staff(practice).log_in()
    opened: list[Identity] = []

    def noted(*given: Any) -> Identity:
        opened.append(open_epoch(*given))
        return opened[-1]

    monkeypatch.setattr(reader, "open_epoch", noted)
    ana.post("/search", search="lopez")
    assert ana.get("/").text.count('class="row ') == 6
    assert len(opened) == 2
    for key in opened:
        with pytest.raises(SealKeyError):
            key.to_bytes()


CARRIERS = {
    "mailboxes",
    "memory",
    "services",
    "server",
}  # the one way; the index in memory; what carries and makes both
HARMLESS = {"OpenMessage", "RECOVERED"}  # a message that somebody else has opened, and a word


@pytest.mark.parametrize("module", sorted(Path(web.__file__).parent.glob("*.py")), ids=lambda file: file.stem)
def test_no_other_module_of_the_page_reads_rows_or_opens_messages(module: Path) -> None:
    if module.stem in CARRIERS:
        return
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        match node:
            case ast.Attribute(attr="reader") | ast.Attribute(attr="rows", value=ast.Call(func=ast.Name(id="here"))):
                pytest.fail(f"line {node.lineno} goes around web/mailboxes.py")
            case ast.ImportFrom(module="appliance.store.reader", names=names):
                assert {name.name for name in names} <= HARMLESS, f"line {node.lineno}"
            case ast.ImportFrom(module=str() as origin):
                assert not origin.startswith(("appliance.store.vault", "appliance.store.epochs")), f"line {node.lineno}"
            case _:
                pass
