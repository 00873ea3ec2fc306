"""Whoever is not let in leaves a line, whatever it was: also when files are damaged, and when the password was right and nothing followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.access import factors, people, segments
from appliance.access.attempts import ALONE
from appliance.access.people import Newcomer
from appliance.access.roles import ALL, Role
from appliance.access.unlock import unlock
from appliance.deeds import Act
from tests.web.practice import NAME, PASSWORD, Practice
from tests.web.staff import Staff
from tests.web.test_second_step import code, enrol, enter

SAM, HIS = "sam", "velvet harbor kettle moon"
OF_A_MESSAGE = "This message cannot be opened"
NO_STEP = {"from": "127.0.0.1", "why": "no second step"}
DAMAGED = {"from": "127.0.0.1", "why": "damaged"}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Practice]:
    """Where a second factor is required."""
    with Practice(tmp_path, password_alone=False) as made:
        made.agree(NAME)
        yield made


def failed(practice: Practice) -> list[tuple[str, dict[str, str]]]:
    """Whose log-ins failed, and how, as the record tells."""
    practice.services.drop_ended()
    practice.services.tell_refused()
    deeds = [line.deed for line in segments.readable(segments.read(practice.folder))]
    return [(deed.by, deed.detail) for deed in deeds if deed.act is Act.LOG_IN_FAILED]


def restore_older_files(practice: Practice) -> None:
    """Sam's, from before an admin gave him a new key."""
    admin = unlock(practice.folder, NAME, PASSWORD)
    newcomer = Newcomer(SAM, Role.STAFF, HIS, ALL)
    practice.daemon.put_person(people.prepare_person(practice.folder, admin, newcomer, 15), NAME)
    saved = {file: file.read_bytes() for file in (practice.folder / people.FOLDER).glob("sam.*")}
    new = people.prepare_new_key(practice.folder, admin, SAM, "marble pigeon ticket cloud", 15)
    practice.daemon.put_person(new, NAME)
    for file, content in saved.items():
        file.write_bytes(content)


def test_files_from_before_a_new_key_are_told_in_plain_words_and_on_record(practice: Practice) -> None:
    restore_older_files(practice)
    answer = Staff(practice).post("/login", name=SAM, password=HIS)
    assert answer.status_code == 401
    assert OF_A_MESSAGE not in answer.text
    assert "is not sealed to this person" in answer.text
    assert failed(practice) == [(SAM, DAMAGED)]


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda text: text[:100], lambda text: text.replace(b"age-encryption", b"xge-encryption")],
    ids=["empty", "cut", "altered"],
)
def test_a_damaged_practice_key_is_told_at_both_doors(practice: Practice, damage: Callable[[bytes], bytes]) -> None:
    file = practice.folder / "keys/practice.age"
    file.write_bytes(damage(file.read_bytes()))
    sheet = Staff(practice).post("/emergency", sheet=practice.sheet, why="everybody forgot their password")
    password = Staff(practice).post("/login", name=NAME, password=PASSWORD)
    for answer in (sheet, password):
        assert answer.status_code == 401
        assert "The practice key (keys/practice.age and keys/practice.pub) cannot be read" in answer.text
    assert failed(practice) == [("", DAMAGED), (NAME, DAMAGED)]


def test_a_damaged_key_of_ones_own_is_told_where_the_password_is_changed(practice: Practice) -> None:
    desk = Staff(practice).log_in()
    file = practice.folder / people.FOLDER / f"{NAME}.age"
    file.write_bytes(file.read_bytes()[:-5])
    new = "marble pigeon ticket cloud"
    answer = desk.post("/account/password", old=PASSWORD, new=new, again=new)
    assert OF_A_MESSAGE not in answer.text
    assert failed(practice) == [(NAME, DAMAGED)]


def test_damaged_second_factors_are_on_record(strict: Practice) -> None:
    enrol(strict, Staff(strict))
    (strict.folder / factors.FOLDER / NAME / factors.CLEAR).write_text("{")
    assert Staff(strict).post("/login", name=NAME, password=PASSWORD).status_code == 401
    assert failed(strict) == [(NAME, DAMAGED)]


def test_a_right_password_that_nothing_follows_is_on_record_once(strict: Practice) -> None:
    enrol(strict, Staff(strict))
    enter(Staff(strict))
    assert failed(strict) == []
    strict.clock.advance(301)
    for _ in range(2):
        assert failed(strict) == [(NAME, NO_STEP)]


def test_so_is_one_after_which_no_second_factor_was_set_up(strict: Practice) -> None:
    enter(Staff(strict))
    strict.clock.advance(301)
    assert failed(strict) == [(NAME, NO_STEP)]


@pytest.mark.parametrize("end", ["again", "back", "lock"])
def test_so_is_one_that_was_replaced_given_up_or_ended(strict: Practice, end: str) -> None:
    enrol(strict, Staff(strict))
    desk = Staff(strict)
    enter(desk)
    match end:
        case "again":
            enter(desk)
        case "back":
            desk.post("/login/back")
        case _:
            strict.daemon.lock(NAME)
    assert failed(strict) == [(NAME, NO_STEP)]


def test_whoever_took_the_second_step_or_failed_at_it_has_no_other_line(strict: Practice) -> None:
    secret, _ = enrol(strict, Staff(strict))
    desk, other = Staff(strict), Staff(strict)
    enter(desk)
    assert desk.post("/login/second", code=code(strict, secret)).status_code == 303
    enter(other)
    assert other.post("/login/second", code="111111").status_code == 401
    strict.clock.advance(301)
    assert failed(strict) == [(NAME, {"from": "127.0.0.1", "with": "code"})]


def test_many_of_them_are_told_as_a_sum(strict: Practice) -> None:
    enrol(strict, Staff(strict))
    for _ in range(ALONE + 3):
        enter(Staff(strict))
    strict.clock.advance(301)
    told = failed(strict)
    assert told[:-1] == [(NAME, NO_STEP)] * ALONE
    assert told[-1] == (NAME, {"from": "127.0.0.1", "further": "3"})


def test_what_cannot_be_written_now_is_told_later(strict: Practice) -> None:
    enter(Staff(strict))
    strict.clock.advance(301)
    strict.daemon.silent = True
    strict.services.drop_ended()
    strict.daemon.silent = False
    assert failed(strict) == [(NAME, {"from": "127.0.0.1", "further": "1"})]


def test_wrong_passkeys_are_all_counted(strict: Practice) -> None:
    desk = Staff(strict)
    for _ in range(40):
        desk.post("/login/passkey", answer="{}", derived="AAAA")
        strict.clock.advance(1)
    told = failed(strict)
    alone = [detail for _, detail in told if detail.get("with") == "passkey alone"]
    sums = [int(detail["further"]) for _, detail in told if "further" in detail]
    assert len(alone) + sum(sums) == 40
    assert len(alone) < 12
