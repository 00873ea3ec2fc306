"""Log in, log off, and how long a session lasts."""

from __future__ import annotations

import pytest

from appliance.access import segments
from appliance.access.chain import Line
from appliance.access.roles import Role
from appliance.deeds import Act
from tests.web.practice import NAME, PASSWORD, TECHNICIAN, TECHNICIAN_PASSWORD, Practice, babble
from tests.web.roles import add_everybody, desk_of
from tests.web.staff import Staff

WRONG = "lantern copper river eight"


def test_the_right_password_opens_the_list(practice: Practice) -> None:
    practice.leave(babble(1), name="Maria Lopez")
    answer = Staff(practice).log_in().get("/")
    assert answer.status_code == 200
    assert "Maria Lopez" in answer.text
    assert ">Ana<" in answer.text
    assert "until 00:00" in answer.text  # noon and twelve hours


@pytest.mark.parametrize(
    ("name", "password"),
    [(NAME, WRONG), ("nobody", PASSWORD), ("", ""), ("../ana", PASSWORD), ("ana", "x" * 5000), ("ana\x00", PASSWORD)],
)
def test_a_wrong_pair_is_told_beside_the_field_and_never_which_half(
    practice: Practice, name: str, password: str
) -> None:
    answer = Staff(practice).post("/login", name=name, password=password)
    assert answer.status_code == 401
    assert "Name and password do not belong together" in answer.text
    assert 'aria-describedby="mistake"' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_the_typed_name_is_shown_again_and_the_password_is_not(practice: Practice) -> None:
    answer = Staff(practice).post("/login", name='"><script>alert(1)</script>', password=WRONG)
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text
    assert WRONG not in answer.text


def test_somebody_who_guesses_is_told_how_long_to_wait(practice: Practice) -> None:
    desk = Staff(practice)
    for _ in range(4):
        practice.clock.advance(60)
        desk.post("/login", name=NAME, password=WRONG)
    answer = desk.post("/login", name=NAME, password=PASSWORD)
    assert answer.status_code == 401
    assert "Wait 2 seconds, then try again" in answer.text
    practice.clock.advance(3)
    desk.log_in()


@pytest.mark.parametrize("silent", [False, True])
def test_the_lock_on_the_page_logs_everybody_off_and_is_on_record(practice: Practice, ana: Staff, silent: bool) -> None:
    practice.add_technician()
    toni = Staff(practice).log_in(TECHNICIAN, TECHNICIAN_PASSWORD)
    assert "Log everybody off" in toni.get("/status").text
    practice.daemon.silent = silent
    answer = toni.post("/lock")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?why=everybody")
    assert [desk.pulse_status() for desk in (ana, toni)] == [401, 401]
    lines = [Line.from_bytes(line).deed for line in segments.read(practice.folder)]
    assert [deed.by for deed in lines if deed.act is Act.LOCKED] == ([] if silent else [TECHNICIAN])


def test_who_may_not_lock_sees_no_lock(practice: Practice) -> None:
    add_everybody(practice)
    aude = desk_of(practice, Role.AUDITOR)
    assert "Log everybody off" not in aude.get("/status").text


def test_logging_off_ends_the_session_also_for_a_copied_cookie(practice: Practice, ana: Staff) -> None:
    cookie = ana.cookie or ""
    answer = ana.post("/logout")
    assert answer.headers["Location"] == "/login?why=off"
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert ana.cookie is None
    assert practice.sessions.get(cookie, activity=False) is None
    assert "You are logged off." in ana.get("/login?why=off").text


def test_logging_in_again_ends_the_session_before(practice: Practice, ana: Staff) -> None:
    before = ana.cookie or ""
    ana.log_in()
    assert practice.sessions.get(before, activity=False) is None


def test_polling_is_no_activity(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1))
    id = practice.inbox.list()[0].stamp.id
    for _ in range(11):
        practice.clock.advance(59)
        if ana.script("/pulse").status_code == 401:
            break
        for path in (
            "/parts/list",
            "/parts/strip",
            "/parts/status",
            "/parts/verifying",
            "/parts/exchange",
            "/parts/trial",
            "/record/verify",
            f"/parts/messages/{id}",
            f"/messages/{id}/wave.svg",
        ):
            ana.script(path)
    assert practice.clock.uptime == pytest.approx(1000 + 11 * 59, abs=60)
    assert ana.script("/pulse").status_code == 401
    assert ana.get("/").headers["Location"] == "/login"


@pytest.mark.parametrize("what", ["stay", "/", "/status"])
def test_a_person_who_does_something_stays(practice: Practice, ana: Staff, what: str) -> None:
    for _ in range(4):
        practice.clock.advance(500)
        answer = ana.script("/stay", still="here") if what == "stay" else ana.get(what)
        assert answer.status_code in {200, 204}
    assert ana.pulse()["ends_in"] == 600.0


def test_the_end_is_announced_a_minute_before(practice: Practice, ana: Staff) -> None:
    def pulse() -> dict[str, object]:
        return {name: value for name, value in ana.pulse().items() if name not in {"list", "box"}}

    practice.clock.advance(539)
    assert pulse() == {"ends_in": 61.0, "warning": False, "can_stay": True}
    practice.clock.advance(1)
    assert pulse() == {"ends_in": 60.0, "warning": True, "can_stay": True}


def test_after_the_longest_time_staying_does_not_help(practice: Practice, ana: Staff) -> None:
    for _ in range(12 * 12 - 1):
        practice.clock.advance(300)
        assert ana.script("/stay", still="here").status_code == 204
    practice.clock.advance(250)
    assert ana.pulse()["can_stay"] is False
    practice.clock.advance(50)
    assert ana.script("/stay", still="here").status_code == 401


def test_the_lock_button_ends_every_session(practice: Practice, ana: Staff) -> None:
    practice.sessions.close_all()
    assert ana.script("/pulse").status_code == 401


def test_a_technician_starts_at_the_status_page(practice: Practice) -> None:
    practice.add_technician()
    toni = Staff(practice)
    answer = toni.post("/login", name=TECHNICIAN, password=TECHNICIAN_PASSWORD)
    assert answer.headers["Location"] == "/status"
    assert toni.get("/login").headers["Location"] == "/status"


def test_without_scripts_the_page_leaves_by_itself_when_the_session_ends(practice: Practice, ana: Staff) -> None:
    practice.clock.advance(100)
    assert '<meta http-equiv="refresh" content="600;url=/login?why=idle">' in ana.get("/").text


def test_a_made_up_reason_is_not_repeated(practice: Practice) -> None:
    assert "evil" not in Staff(practice).get("/login?why=evil").text


def test_the_key_is_overwritten_when_the_request_is_over(
    practice: Practice, ana: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = practice.sessions.get(ana.cookie or "", activity=True)
    assert session is not None
    closed: list[bool] = []
    monkeypatch.setattr(type(session), "close", lambda self: closed.append(True))
    ana.get("/")
    assert closed == [True]
