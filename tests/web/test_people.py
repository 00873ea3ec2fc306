"""The page of people: an admin adds, changes and removes people, each with nobody else present; what cannot be stands beside its field."""

from __future__ import annotations

import html
import re

import pytest

from appliance.access import factors, one_time, people
from appliance.access.record import Record
from appliance.access.roles import ALL, MAY, Permission, Role
from appliance.access.unlock import unlock
from appliance.deeds import Act
from appliance.errors import NoRoomError
from tests import planned
from tests.web.practice import NAME, Practice, babble
from tests.web.practice import PASSWORD as ANAS
from tests.web.roles import PEOPLE, add_everybody
from tests.web.staff import OWN, Staff
from web import duties

PASSWORD = "gravel window socket plum"
SAM = {"name": "Sam", "role": "staff", "mailboxes": "billing", "password": PASSWORD}


def refused(desk: Staff, path: str, **form: str) -> str:
    """The page that says why not."""
    answer = desk.post(path, None, **form)
    assert answer.status_code == 422
    return html.unescape(answer.text)


def test_a_person_who_was_added_logs_in_and_sees_their_mailboxes_only(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1), name="Maria Lopez", mailbox="front-desk")
    practice.leave(babble(1), name="Samuel Okafor", mailbox="billing")
    answer = ana.post("/add-person", None, **SAM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/people")
    page = Staff(practice).log_in("sam", PASSWORD).get("/").text
    assert "Samuel Okafor" in page
    assert "Maria Lopez" not in page


def test_a_name_with_an_accent_is_taken_and_logs_in_with_it_or_without(practice: Practice, ana: Staff) -> None:
    assert ana.post("/add-person", None, **SAM | {"name": "Lucía"}).status_code == 303
    for name in ("Lucía", "lucia"):
        assert Staff(practice).log_in(name, PASSWORD, agreed=False).get("/policy").status_code == 200


def test_whoever_gives_a_password_sees_where_it_is_for(practice: Practice, ana: Staff) -> None:
    ana.post("/add-person", None, **SAM)
    assert f"{ana.base}/" in ana.get("/people").text


def test_the_new_password_is_shown_once_to_whoever_gives_it(practice: Practice, ana: Staff) -> None:
    ana.post("/add-person", None, **SAM)
    assert PASSWORD in ana.get("/people").text
    assert PASSWORD not in ana.get("/people").text
    assert PASSWORD not in repr(practice.sessions._kept)


def test_a_password_that_nobody_looks_at_is_forgotten_in_ten_minutes(practice: Practice, ana: Staff) -> None:
    ana.post("/add-person", None, **SAM)
    practice.clock.advance(500)
    ana.get("/status")
    practice.clock.advance(101)
    assert PASSWORD not in ana.get("/people").text


@pytest.mark.parametrize(
    ("wrong", "place", "said"),
    [
        ({"name": ""}, "name", "Type the name"),
        ({"name": "two words"}, "name", "a to z"),
        ({"name": "../ana"}, "name", "a to z"),
        ({"name": "x" * 33}, "name", "32"),
        ({"name": NAME}, "name", "already a person"),
        ({"role": ""}, "role", "Choose what"),
        ({"role": "king"}, "role", "Choose what"),
        ({"mailboxes": ""}, "mailboxes", "at least one mailbox"),
        ({"password": "short"}, "password", "15"),
        ({"password": "passwordpassword"}, "password", "many people"),
    ],
)
def test_what_cannot_be_stands_beside_its_field(
    practice: Practice, ana: Staff, wrong: dict[str, str], place: str, said: str
) -> None:
    form = {name: value for name, value in (SAM | wrong).items() if value}
    page = refused(ana, "/add-person", **form)
    found = re.search(rf'id="{place}-mistake"[^>]*>.*?</p>', page, re.DOTALL)
    assert found
    assert said in found[0]
    assert PASSWORD not in page
    assert len(people.list_people(practice.folder)) == 1


def test_nothing_but_the_password_is_lost_on_a_mistake(ana: Staff) -> None:
    page = refused(ana, "/add-person", **(SAM | {"password": "short"}))
    assert 'name="name" value="sam"' in page
    assert re.search(r'value="staff" required checked', page)
    assert re.search(r'value="billing" checked', page) or "billing" not in page


def test_other_words_are_drawn_and_what_was_typed_stays(ana: Staff) -> None:
    def offered(page: str) -> str:
        found = re.search(r'name="password" class="words" value="([a-z-]+)"', page)
        assert found
        return found[1]

    answer = ana.post("/add-person", None, **(SAM | {"another": "yes"}))
    assert answer.status_code == 200
    assert 'value="sam"' in answer.text
    assert len(offered(answer.text).split("-")) >= 4
    assert offered(answer.text) != offered(ana.get("/add-person").text)


def test_mailboxes_of_settings_messages_and_people_are_offered(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1), mailbox="recalls")
    practice.add_staff(frozenset({"billing"}))
    page = ana.get("/add-person").text
    assert {"*", "front-desk", "recalls", "billing"} <= set(re.findall(r'name="mailboxes" value="([^"]+)"', page))


def test_a_change_of_role_and_mailboxes_needs_nobody_else(practice: Practice, ana: Staff) -> None:
    add_everybody(practice)
    assert ana.post("/people/sam", role="staff", mailboxes="billing").status_code == 303
    assert people.find_person(practice.folder, "sam").mailboxes == {"billing"}
    assert "Sam is changed" in ana.get("/people").text
    assert "Sam is changed" not in ana.get("/people").text
    assert ana.post("/people/sam", role="auditor").status_code == 303
    sam = Staff(practice).log_in(*PEOPLE[Role.STAFF])
    assert sam.get("/").status_code == 403
    assert ana.post("/people/aude", role="staff", mailboxes="*").status_code == 303
    assert people.find_person(practice.folder, "aude").mailboxes == ALL
    assert Staff(practice).log_in(*PEOPLE[Role.AUDITOR]).get("/").status_code == 200


def test_the_last_admin_stays(practice: Practice, ana: Staff) -> None:
    assert "last admin" in refused(ana, f"/people/{NAME}", role="staff", mailboxes="*")
    assert "last admin" in refused(ana, f"/people/{NAME}/remove")
    page = ana.get(f"/people/{NAME}").text
    assert "only admin" in page
    assert f"/people/{NAME}/remove" not in page
    assert ana.get("/").status_code == 200


def test_a_forgotten_password_is_replaced_and_the_old_one_opens_nothing(practice: Practice, ana: Staff) -> None:
    add_everybody(practice)
    practice.leave(babble(1), name="Maria Lopez")
    assert "many people" in refused(ana, "/people/sam/password", password="aaaaaaaaaaaaaaaa")
    assert ana.post("/people/sam/password", password=PASSWORD).status_code == 303
    assert PASSWORD in ana.get("/people").text
    assert Staff(practice).post("/login", name="sam", password=PEOPLE[Role.STAFF][1]).status_code == 401
    practice.clock.advance(60)
    assert "Maria Lopez" in Staff(practice).log_in("sam", PASSWORD).get("/").text


def test_for_oneself_the_page_of_people_leads_to_ones_own_account(practice: Practice, ana: Staff) -> None:
    """Or whoever finds her screen open gives her a password that she does not know."""
    with unlock(practice.folder, NAME, ANAS).own as own:  # type: ignore[union-attr]  # it was just opened
        held = factors.open_held(practice.folder, NAME, own).with_codes(one_time.draw_codes())
        planned.write_factors(practice.folder, held.files(own))
    page = ana.get(f"/people/{NAME}").text
    assert 'href="/account"' in page
    assert "/people/ana/password" not in page
    assert "/people/ana/factors" not in page
    for method, path, where in (
        ("GET", "/people/ana/password", "/account/password"),
        ("POST", "/people/ana/password", "/account/password"),
        ("POST", "/people/ana/factors", "/account"),
    ):
        answer = ana.ask(method, path, headers=OWN, data={"password": PASSWORD} if method == "POST" else None)
        assert (answer.status_code, answer.headers["Location"]) == (303, where), path
    unlock(practice.folder, NAME, ANAS).wipe()
    assert factors.read(practice.folder, NAME).any


def test_who_was_removed_cannot_log_in(practice: Practice, ana: Staff) -> None:
    add_everybody(practice)
    page = ana.get("/people/sam/remove").text
    assert "What this does not do" in page
    assert ana.post("/people/sam/remove").status_code == 303
    assert 'href="/keys">Exchange the practice key' in ana.get("/people").text
    assert ana.post("/people/toni/remove").status_code == 303
    assert 'href="/keys">Exchange' not in ana.get("/people").text  # never held it
    assert Staff(practice).post("/login", name="sam", password=PEOPLE[Role.STAFF][1]).status_code == 401


@pytest.mark.parametrize(
    "path", ["/people/nobody", "/people/nobody/password", "/people/..%2Fana/remove", "/people/Ana"]
)
def test_somebody_who_does_not_exist_is_said_so(ana: Staff, path: str) -> None:
    answer = ana.get(path)
    assert answer.status_code == 404


def test_the_list_tells_when_somebody_logged_in_last(practice: Practice, ana: Staff) -> None:
    add_everybody(practice)
    Staff(practice).log_in(*PEOPLE[Role.STAFF])
    practice.clock.wall += 86_400
    page = ana.get("/people").text
    assert page.count("logged in Yesterday") == 2
    assert page.count("No second factor yet") == 4


def test_forty_people_of_which_some_have_long_names_stand_in_one_list(practice: Practice, ana: Staff) -> None:
    first = people.find_person(practice.folder, NAME)
    folder = practice.folder / people.FOLDER
    told = (folder / f"{NAME}.json").read_text()
    for number in range(39):
        name = f"{number:02}-" + "x" * 29
        (folder / f"{name}.json").write_text(told.replace(f'"name": "{first.name}"', f'"name": "{name}"'))
    page = ana.get("/people")
    assert page.status_code == 200
    assert page.text.count('class="person-name"') == 40
    assert len(page.text) < 60_000


def test_alone_an_admin_is_told_to_add_others(ana: Staff) -> None:
    assert "So far only you" in ana.get("/people").text


def test_each_permission_is_said_in_words_or_goes_without_saying() -> None:
    assert set(duties.DUTIES) | duties.UNSAID == set(Permission)
    assert not set(duties.DUTIES) & duties.UNSAID


@pytest.mark.parametrize("role", Role)
def test_a_role_is_told_by_what_it_may(practice: Practice, role: Role) -> None:
    with practice.app().test_request_context():
        said = duties.sentence(role)
    assert said.endswith(".")
    assert ("Never a message" in said) == (Permission.READ_MESSAGES not in MAY[role])


def test_a_role_of_whose_change_no_line_can_be_written_stays_as_it_is(
    practice: Practice, ana: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.add_staff()
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    assert sam.get("/").status_code == 200

    append = Record._append

    def refuse(record: Record, octets: bytes) -> None:
        if Act.PERSON_CHANGED.value.encode() in octets:
            raise NoRoomError
        append(record, octets)

    monkeypatch.setattr(Record, "_append", refuse)
    assert ana.post("/people/sam", role="technician").status_code >= 500
    assert people.find_person(practice.folder, "sam").role is Role.STAFF
    assert sam.get("/").status_code == 200
    monkeypatch.undo()
    ana.post("/people/sam", role="technician")
    assert sam.get("/").headers["Location"] == "/login"


def test_a_damaged_person_is_named_and_nobody_else_is_in_trouble(practice: Practice, ana: Staff) -> None:
    """On every page that shows people, and at every desk; a new password mends it."""
    add_everybody(practice)
    (practice.folder / people.FOLDER / "sam.json").write_bytes(b"\0" * 100)
    for path in ("/people", "/people/sam", "/people/sam/password", "/people/sam/remove", "/add-person", "/people/toni"):
        assert ana.get(path).status_code == 200, path
    for path in ("/people", "/people/sam"):
        assert "keys/people/sam.json is damaged" in ana.get(path).text
    for path in ("/record", "/policy/people", "/keys", "/switches", "/status", "/account"):
        assert ana.get(path).status_code == 200, path
    assert ana.post("/people/sam", role="auditor").status_code == 409
    desk = Staff(practice)
    assert "cannot be read" in desk.post("/login", name="sam", password=PEOPLE[Role.STAFF][1]).text
    assert desk.post("/login", name="sam", password="no such password").status_code == 401
    Staff(practice).log_in(*PEOPLE[Role.AUDITOR])
    assert ana.post("/people/sam/password", password=PASSWORD).status_code == 303
    practice.clock.advance(60)
    assert Staff(practice).log_in("sam", PASSWORD).get("/").status_code == 200
    assert "is damaged" not in ana.get("/people").text


def test_somebodys_damaged_second_factor_hides_nobody_and_can_be_taken_away(practice: Practice, ana: Staff) -> None:
    practice.add_staff()
    place = practice.folder / factors.FOLDER / "sam"
    place.mkdir(parents=True)
    (place / factors.CLEAR).write_bytes(b"{")
    assert ana.get("/people").status_code == 200
    assert 'action="/people/sam/factors"' in ana.get("/people/sam").text
    assert ana.post("/people/sam/factors").status_code == 303
    assert not place.exists()
