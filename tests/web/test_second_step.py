"""From the password to the list: what is asked for, what is set up, and that nothing else can be reached in between."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from appliance.access import decisions, factors, segments
from appliance.access.decisions import Switch
from appliance.access.practice import proof_of
from appliance.access.unlock import unlock
from appliance.clock import Trust
from appliance.errors import NoProofError
from appliance.store.keys import Identity
from tests.fakes.authenticator import Authenticator
from tests.web.practice import NAME, PASSWORD, Practice, babble
from tests.web.staff import Staff

WRONG = "lantern copper river eight"


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Practice]:
    """A practice that has not decided that a password alone will do."""
    with Practice(tmp_path, password_alone=False) as made:
        made.agree(NAME)
        yield made


@pytest.fixture
def ana(strict: Practice) -> Staff:
    return Staff(strict)


def enter(desk: Staff, password: str = PASSWORD) -> str:
    """Name and password; where that leads."""
    answer = desk.post("/login", name=NAME, password=password)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def secret_on(page: str) -> str:
    found = re.search(r"secret=([A-Z2-7]{32})", page)
    assert found
    return found[1]


def code(practice: Practice, secret: str, later: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(practice.clock.now() // 30) + later)


def enrol(practice: Practice, desk: Staff) -> tuple[str, list[str]]:
    """The app's secret and the printed codes, after a first log-in."""
    assert enter(desk) == "/factors"
    secret = secret_on(desk.get("/factors/app").text)
    answer = desk.post("/factors/app", code=code(practice, secret))
    assert answer.status_code == 200, answer.text
    codes = re.findall(r"<li>([2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4})</li>", answer.text)
    practice.clock.advance(30)
    return secret, codes


def test_without_any_factor_the_password_leads_to_setting_one_up_and_to_nothing_else(
    strict: Practice, ana: Staff
) -> None:
    strict.leave(babble(1), name="Maria Lopez")
    assert enter(ana) == "/factors"
    assert ana.cookie is None
    assert "Set up your second factor" in ana.get("/factors").text
    for path in ("/", "/status", "/account", "/account/password", "/parts/list", "/login/second", "/switches"):
        answer = ana.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"] == "/login"
    assert ana.post("/factors/app/remove").status_code == 401
    assert ana.post("/account/password", old=PASSWORD, new=WRONG, again=WRONG).status_code == 401


def test_a_recorded_decision_lets_a_password_alone_do(strict: Practice, ana: Staff) -> None:
    strict.switch(Switch.PASSWORD_ALONE, True)
    assert enter(ana) == "/"
    assert ana.get("/").status_code == 200


def test_a_decision_that_somebody_put_on_the_card_lets_no_password_alone_do(strict: Practice, ana: Staff) -> None:
    strict.switch(Switch.PASSWORD_ALONE, True)
    on = (strict.folder / decisions.FILE).read_bytes()
    strict.switch(Switch.PASSWORD_ALONE, False)
    for forged in (on, (strict.folder / decisions.FILE).read_bytes().replace(b'"on": false', b'"on": true')):
        (strict.folder / decisions.FILE).write_bytes(forged)
        assert enter(ana) == "/factors"


def test_the_decision_does_not_spare_who_has_a_second_factor(strict: Practice, ana: Staff) -> None:
    enrol(strict, ana)
    strict.switch(Switch.PASSWORD_ALONE, True)
    assert enter(Staff(strict)) == "/login/second"


def test_setting_up_an_app_logs_in_and_shows_ten_codes_once(strict: Practice, ana: Staff) -> None:
    _, codes = enrol(strict, ana)
    assert len(codes) == 10
    assert ana.get("/").status_code == 200
    has = factors.read(strict.folder, NAME)
    assert (has.app, has.codes) == (True, 10)
    for path in ("/account", "/factors", "/factors/app"):
        assert not any(one in ana.get(path).text for one in codes)


def test_a_mistyped_first_code_keeps_the_square(strict: Practice, ana: Staff) -> None:
    enter(ana)
    secret = secret_on(ana.get("/factors/app").text)
    answer = ana.post("/factors/app", code="000000")
    assert answer.status_code == 422
    assert "not the code the app shows now" in answer.text
    assert secret_on(answer.text) == secret
    assert not factors.read(strict.folder, NAME).any


def test_the_second_log_in_asks_for_the_code_and_takes_it_once(strict: Practice, ana: Staff) -> None:
    secret, _ = enrol(strict, ana)
    desk, other = Staff(strict), Staff(strict)
    assert enter(desk) == enter(other) == "/login/second"
    assert "Code from your app" in desk.get("/login/second").text
    assert desk.get("/").headers["Location"] == "/login"
    digits = code(strict, secret)
    assert desk.post("/login/second", code=digits).headers["Location"] == "/"
    assert desk.get("/").status_code == 200
    answer = other.post("/login/second", code=digits)
    assert answer.status_code == 401
    assert "used before" in answer.text


def test_a_step_is_good_once_and_for_five_minutes(strict: Practice, ana: Staff) -> None:
    _, codes = enrol(strict, ana)
    desk = Staff(strict)
    enter(desk)
    strict.clock.advance(299)
    assert desk.get("/login/second").status_code == 200
    strict.clock.advance(2)
    assert desk.get("/login/second").headers["Location"] == "/login"
    assert desk.post("/login/second", code=codes[0]).status_code == 401
    enter(desk)
    step = desk._client.get_cookie("__Host-keepline-step", "localhost")
    assert step
    assert desk.post("/login/second", code=codes[0]).status_code == 303
    desk._client.set_cookie("__Host-keepline-step", step.value, domain="localhost", secure=True)
    assert desk.post("/login/second", code=codes[1]).status_code == 401


def test_without_a_trusted_clock_the_page_says_so_and_a_printed_code_does(strict: Practice, ana: Staff) -> None:
    secret, codes = enrol(strict, ana)
    strict.facts = {"trust": Trust.NOT_SYNCHRONISED}
    strict.clock.advance(2)
    desk = Staff(strict)
    enter(desk)
    page = desk.get("/login/second").text
    assert "does not know the right time" in page
    assert "Printed code" in page
    answer = desk.post("/login/second", code=code(strict, secret))
    assert answer.status_code == 401
    assert "Use a passkey or a printed code" in answer.text
    assert desk.post("/login/second", code=codes[4]).status_code == 303


def test_without_a_trusted_clock_somebody_new_gets_printed_codes_for_now(strict: Practice, ana: Staff) -> None:
    strict.facts = {"trust": Trust.NOT_SYNCHRONISED}
    enter(ana)
    assert "Printed codes, for now" in ana.get("/factors").text
    answer = ana.post("/factors/codes")
    assert answer.status_code == 200
    assert ana.get("/").status_code == 200
    assert factors.read(strict.folder, NAME).codes == 10


def test_with_a_trusted_clock_printed_codes_alone_are_not_offered(strict: Practice, ana: Staff) -> None:
    enter(ana)
    assert ana.post("/factors/codes").status_code == 400
    assert not factors.read(strict.folder, NAME).any


def test_wrong_codes_wait_longer_and_the_password_again_does_not_help(strict: Practice, ana: Staff) -> None:
    secret, _ = enrol(strict, ana)
    desk = Staff(strict)
    enter(desk)
    for _ in range(3):
        assert desk.post("/login/second", code="nonsense").status_code == 401
    enter(desk)
    answer = desk.post("/login/second", code=code(strict, secret))
    assert answer.status_code == 401
    assert "Wait 1 second, then try again" in answer.text
    strict.clock.advance(2)
    assert desk.post("/login/second", code=code(strict, secret)).status_code == 303


def test_the_lock_button_closes_the_way_in_as_well(strict: Practice, ana: Staff) -> None:
    _, codes = enrol(strict, ana)
    desk = Staff(strict)
    enter(desk)
    strict.services.lock()
    assert desk.post("/login/second", code=codes[0]).status_code == 401
    assert ana.pulse_status() == 401


def test_an_admins_reset_ends_the_persons_sessions_and_leads_to_setting_up_again(strict: Practice, ana: Staff) -> None:
    enrol(strict, ana)
    assert ana.get("/").status_code == 200
    practice = unlock(strict.folder, NAME, PASSWORD).practice
    with pytest.raises(NoProofError):
        strict.daemon.reset_factors(NAME, "otto", proof_of(Identity.generate()))
    assert ana.get("/").status_code == 200
    strict.daemon.reset_factors(NAME, "otto", proof_of(practice))
    assert ana.get("/").headers["Location"] == "/login"
    assert enter(Staff(strict)) == "/factors"


def test_every_step_is_on_record_with_what_was_shown(strict: Practice, ana: Staff) -> None:
    secret, codes = enrol(strict, ana)
    desk = Staff(strict)
    enter(desk)
    desk.post("/login/second", code="nonsense")
    desk.post("/login/second", code=code(strict, secret))
    desk.post("/logout")
    lines = (strict.folder / "record").rglob("*") if (strict.folder / "record").is_dir() else [strict.folder / "record"]
    text = "".join(file.read_text(encoding="utf-8") for file in lines if file.is_file())
    for word in ("factor-changed", "log-in-failed", "logged-in", '"app"', "logged-off"):
        assert word in text, word
    assert not any(one in text for one in (*codes, secret, PASSWORD))


def test_nothing_secret_stands_in_an_address_or_a_header(strict: Practice, ana: Staff) -> None:
    enter(ana)
    answer = ana.get("/factors/app")
    secret = secret_on(answer.text)
    assert not any(secret in value for _, value in answer.headers)
    assert answer.headers["Cache-Control"] == "no-store"


def question_on(page: str) -> str:
    found = re.search(r'data-question="([^"]+)"', page)
    assert found
    return html.unescape(found[1])


def make_passkey(desk: Staff, device: Authenticator) -> int:
    page = desk.get("/factors/passkey").text
    return desk.post("/factors/passkey", answer=device.make(question_on(page))).status_code


def test_nobody_takes_the_id_of_somebody_elses_passkey(strict: Practice, ana: Staff) -> None:
    assert enter(ana) == "/factors"
    assert make_passkey(ana, Authenticator(host="localhost", origin=ana.base)) == 200
    strict.add_staff()
    strict.agree("sam")
    sam = Staff(strict)
    sam.post("/login", name="sam", password="velvet harbor kettle moon")
    assert make_passkey(sam, Authenticator(host="localhost", origin=sam.base)) == 422
    assert make_passkey(sam, Authenticator(host="localhost", origin=sam.base, id=b"another one's")) == 200


def test_a_wrong_passkey_in_ones_account_leaves_a_line(practice: Practice) -> None:
    desk = Staff(practice).log_in()
    assert desk.post("/account/confirm/passkey", answer="{}").status_code == 401
    newest = list(segments.read(practice.folder))[-1]
    assert b'"act":"log-in-failed","by":"ana"' in newest
    assert b'"with":"passkey"' in newest
