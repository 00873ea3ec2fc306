"""Whoever is on the way in while everybody is logged off, or while somebody changes what they may do, does not arrive with what counted before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.access import people, rotation, segments
from appliance.access.people import Newcomer
from appliance.access.roles import ALL, Role
from appliance.access.unlock import unlock
from appliance.control.values import Verb
from appliance.deeds import Act
from tests.web.practice import NAME, PASSWORD, Practice
from tests.web.staff import Staff
from tests.web.test_second_step import code, secret_on
from web.services import PageServices

BEA, HERS = "bea", "velvet harbor kettle moon"
SAYS = "everybody was logged off, or somebody changed what you may do. Log in again."


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Practice]:
    """Where a second factor is required, and Bea is an admin beside Ana."""
    with Practice(tmp_path, password_alone=False) as made:
        admin = unlock(made.folder, NAME, PASSWORD)
        newcomer = Newcomer(BEA, Role.ADMIN, HERS, ALL)
        made.daemon.put_person(people.prepare_person(made.folder, admin, newcomer, 15), NAME)
        made.agree(BEA)
        yield made


@pytest.fixture
def desk(strict: Practice) -> Staff:
    return Staff(strict)


@pytest.fixture
def secret(strict: Practice) -> str:
    """Of the app that Bea has set up."""
    first = Staff(strict)
    enter(first)
    made = secret_on(first.get("/factors/app").text)
    assert first.post("/factors/app", code=code(strict, made)).status_code == 200
    assert first.post("/logout").status_code == 303
    strict.clock.advance(60)
    return made


def enter(desk: Staff) -> None:
    assert desk.post("/login", name=BEA, password=HERS).status_code == 303


def demote(practice: Practice) -> None:
    admin = unlock(practice.folder, NAME, PASSWORD)
    change = people.prepare_change(practice.folder, admin, BEA, Role.TECHNICIAN, ())
    practice.daemon.put_person(change, NAME)


def remove(practice: Practice) -> None:
    admin = unlock(practice.folder, NAME, PASSWORD)
    practice.daemon.remove_person(people.prepare_removal(practice.folder, admin, BEA), NAME)


def lock(practice: Practice) -> None:
    practice.daemon.lock(NAME)


def exchange(practice: Practice) -> None:
    with rotation.start(practice.folder, unlock(practice.folder, NAME, PASSWORD), False) as made:
        for _ in made.run(practice.daemon, NAME):
            pass


CHANGES = pytest.mark.parametrize("change", [demote, remove, lock, exchange])


def first(practice: Practice, verb: Verb, act: Callable[[], object], fits: Callable[[Any], bool] = bool) -> None:
    """In the daemon's queue `act` comes before the next question of this kind."""
    answer = practice.daemon.answers[verb]

    def asked(arguments: Any) -> Any:
        if fits(arguments):
            practice.daemon.answers[verb] = answer
            act()
        return answer(arguments)

    practice.daemon.answers[verb] = asked


def is_log_in(arguments: Any) -> bool:
    return bool(arguments["deed"]["act"] == Act.LOGGED_IN)


def newest(practice: Practice) -> bytes:
    return list(segments.read(practice.folder))[-1]


def refused(practice: Practice, desk: Staff, status: int, text: str) -> None:
    assert (status, SAYS in text) == (401, True)
    assert desk.cookie is None
    assert len(practice.sessions) == len(practice.services.steps) == 0
    assert desk.get("/people").headers["Location"] == "/login"


@CHANGES
def test_who_waits_while_the_log_in_is_written_down_does_not_get_in_with_what_was(
    strict: Practice, desk: Staff, secret: str, change: Callable[[Practice], None]
) -> None:
    enter(desk)
    first(strict, Verb.RECORD, lambda: change(strict), is_log_in)
    answer = desk.post("/login/second", code=code(strict, secret))
    refused(strict, desk, answer.status_code, answer.text)


@pytest.mark.parametrize("change", [demote, lock, exchange])
def test_nor_who_waits_while_a_code_is_used_up(
    strict: Practice, desk: Staff, secret: str, change: Callable[[Practice], None]
) -> None:
    enter(desk)
    first(strict, Verb.PUT_FACTORS, lambda: change(strict))
    answer = desk.post("/login/second", code=code(strict, secret))
    refused(strict, desk, answer.status_code, answer.text)


@pytest.mark.parametrize("change", [demote, lock, exchange])
def test_nor_who_sets_up_a_second_factor_meanwhile(
    strict: Practice, desk: Staff, change: Callable[[Practice], None]
) -> None:
    enter(desk)
    made = secret_on(desk.get("/factors/app").text)
    first(strict, Verb.PUT_FACTORS, lambda: change(strict))
    answer = desk.post("/factors/app", code=code(strict, made))
    refused(strict, desk, answer.status_code, answer.text)


@CHANGES
def test_nor_whose_password_is_looked_at_meanwhile(
    strict: Practice, desk: Staff, secret: str, monkeypatch: pytest.MonkeyPatch, change: Callable[[Practice], None]
) -> None:
    look = strict.services.second.open_held

    def changed(unlocked: people.Unlocked) -> Any:
        held = look(unlocked)
        change(strict)
        return held

    monkeypatch.setattr(strict.services.second, "open_held", changed)
    answer = desk.post("/login", name=BEA, password=HERS)
    refused(strict, desk, answer.status_code, answer.text)


def test_nor_who_comes_with_the_recovery_sheet_when_everybody_is_logged_off(strict: Practice, desk: Staff) -> None:
    first(strict, Verb.RECORD, lambda: lock(strict), is_log_in)
    answer = desk.post("/emergency", sheet=strict.sheet, why="everybody forgot their password")
    refused(strict, desk, answer.status_code, answer.text)


def test_the_record_tells_that_the_session_ended_as_it_began(strict: Practice, desk: Staff, secret: str) -> None:
    enter(desk)
    first(strict, Verb.RECORD, lambda: demote(strict), is_log_in)
    desk.post("/login/second", code=code(strict, secret))
    strict.services.drop_ended()
    line = newest(strict)
    assert b'"act":"session-ended","by":"bea"' in line
    assert b'"why":"overtaken"' in line


def test_the_next_log_in_has_what_counts_now(strict: Practice, desk: Staff, secret: str) -> None:
    enter(desk)
    first(strict, Verb.RECORD, lambda: demote(strict), is_log_in)
    desk.post("/login/second", code=code(strict, secret))
    strict.clock.advance(60)
    enter(desk)
    assert desk.post("/login/second", code=code(strict, secret)).headers["Location"] == "/status"


def test_a_change_by_somebody_else_is_not_taken_for_the_persons_own(
    strict: Practice, desk: Staff, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(desk)
    assert desk.post("/login/second", code=code(strict, secret)).status_code == 303
    new = "marble pigeon ticket cloud"
    with monkeypatch.context() as deaf:  # the page has not heard yet what was changed
        deaf.setattr(PageServices, "drop_changed", lambda _: None)
        demote(strict)
        assert desk.post("/account/password", old=HERS, new=new, again=new).status_code == 303
    strict.services.drop_changed()
    assert desk.get("/people").headers["Location"] == "/login"
