"""My account: one's own password, second factors and sessions. What lets somebody in changes only after the password."""

from __future__ import annotations

import re

import pytest

from appliance.access import factors
from appliance.access.unlock import unlock
from appliance.errors import WrongPasswordError
from tests.web.practice import NAME, PASSWORD, Practice
from tests.web.staff import Staff
from tests.web.test_second_step import code, secret_on

NEW = "sailboat-thimble-granite-otter"


@pytest.fixture
def ana(practice: Practice) -> Staff:
    return Staff(practice).log_in()


def confirm(desk: Staff) -> None:
    assert desk.post("/account/confirm", password=PASSWORD).headers["Location"] == "/account#factors"


def test_the_new_password_opens_what_the_old_one_did_and_the_old_one_nothing(practice: Practice, ana: Staff) -> None:
    before = bytes(unlock(practice.folder, NAME, PASSWORD).practice.to_bytes())
    answer = ana.post("/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.headers["Location"] == "/account?done=password"
    assert "Your password is changed" in ana.get("/account?done=password").text
    assert bytes(unlock(practice.folder, NAME, NEW).practice.to_bytes()) == before
    with pytest.raises(WrongPasswordError):
        unlock(practice.folder, NAME, PASSWORD)


def test_changing_the_password_ends_ones_other_sessions_and_not_this_one(practice: Practice, ana: Staff) -> None:
    other, somebody = Staff(practice).log_in(), practice
    somebody.add_staff()
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    ana.post("/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert ana.pulse_status() == 200
    assert other.pulse_status() == 401
    assert sam.pulse_status() == 200


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("lantern copper river eight", NEW, NEW), "That is not your password"),
        ((PASSWORD, "short", "short"), "at least 15 characters"),
        ((PASSWORD, "passwordpassword", "passwordpassword"), "must not be one that many people use"),
        ((PASSWORD, NEW, NEW + "s"), "are not the same"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_no_password_is_shown_again(
    practice: Practice, ana: Staff, typed: tuple[str, str, str], says: str
) -> None:
    old, new, again = typed
    answer = ana.post("/account/password", old=old, new=new, again=again)
    assert answer.status_code == 422
    assert says in answer.text
    assert NEW not in answer.text
    assert old not in answer.text
    unlock(practice.folder, NAME, PASSWORD).wipe()


def test_somebody_at_an_open_screen_cannot_guess_the_password_quickly(practice: Practice, ana: Staff) -> None:
    for _ in range(3):
        ana.post("/account/password", old="lantern copper river eight", new=NEW, again=NEW)
    answer = ana.post("/account/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.status_code == 422
    assert "Wait" in answer.text


def test_four_words_are_offered_and_others_on_demand(ana: Staff) -> None:
    def offered(text: str) -> str:
        found = re.search(r'id="offered"[^>]*>([a-z]+-[a-z]+-[a-z]+-[a-z]+)<', text)
        assert found
        return found[1]

    first, second = offered(ana.get("/account/password").text), offered(ana.get("/account/password").text)
    assert first != second
    assert re.fullmatch(r"[a-z]+(-[a-z]+){3}", ana.script("/account/password").text)


@pytest.mark.parametrize("path", ["/factors/app", "/factors/passkey"])
def test_what_lets_somebody_in_changes_only_after_the_password(practice: Practice, ana: Staff, path: str) -> None:
    assert ana.get(path).headers["Location"] == "/account"
    assert ana.post(path).status_code == 401
    assert ana.post("/account/confirm", password="wrong and long enough").status_code == 401
    assert ana.get(path).headers["Location"] == "/account"
    confirm(ana)
    assert ana.get(path).status_code == 200
    practice.clock.advance(301)
    assert ana.get(path).headers["Location"] == "/account"


def test_setting_up_an_app_and_removing_it(practice: Practice, ana: Staff) -> None:
    other = Staff(practice).log_in()
    confirm(ana)
    secret = secret_on(ana.get("/factors/app").text)
    answer = ana.post("/factors/app", code=code(practice, secret))
    assert len(re.findall(r"<li>[2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4}</li>", answer.text)) == 10
    assert other.pulse_status() == 401
    page = ana.get("/account").text
    assert "An app on your telephone" in page
    assert "10 are left" in page
    assert ana.post("/factors/app/remove").status_code == 303
    assert not factors.read(practice.folder, NAME).app
    assert ana.pulse_status() == 200


def test_new_printed_codes_are_shown_and_counted(practice: Practice, ana: Staff) -> None:
    confirm(ana)
    first = ana.post("/factors/codes").text
    second = ana.post("/factors/codes").text
    assert first != second
    assert factors.read(practice.folder, NAME).codes == 10


def test_another_persons_open_step_is_of_no_use(practice: Practice, ana: Staff) -> None:
    practice.add_staff()
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    confirm(ana)
    step = ana._client.get_cookie("__Host-keepline-step", "localhost")
    assert step
    sam._client.set_cookie("__Host-keepline-step", step.value, domain="localhost", secure=True)
    assert sam.post("/factors/codes").status_code == 401
    assert not factors.read(practice.folder, NAME).any


def test_ones_sessions_are_listed_and_the_others_end_at_a_press(practice: Practice, ana: Staff) -> None:
    other = Staff(practice)
    other._client.environ_base["HTTP_USER_AGENT"] = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"
    )
    other.log_in()
    page = ana.get("/account").text
    assert "Safari on iPhone" in page
    assert "this one" in page
    assert ana.post("/account/sessions/end").status_code == 303
    assert other.pulse_status() == 401
    assert ana.pulse_status() == 200
    assert "Log me off everywhere else" not in ana.get("/account").text


def test_a_forged_browser_name_stays_a_word(practice: Practice, ana: Staff) -> None:
    other = Staff(practice)
    other._client.environ_base["HTTP_USER_AGENT"] = "<script>alert(1)</script>"
    other.log_in()
    assert "<script>alert" not in ana.get("/account").text


def test_a_technician_has_an_account_too(practice: Practice) -> None:
    practice.add_technician()
    toni = Staff(practice).log_in("toni", "gravel window socket plum")
    assert "Toni" in toni.get("/account").text
    assert toni.post("/account/password", old="gravel window socket plum", new=NEW, again=NEW).status_code == 303
