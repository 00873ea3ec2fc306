"""Whoever looks, plays or takes is on record before anything is given; where no line can be written, nothing is given."""

from __future__ import annotations

from unittest import mock

import pytest

from appliance.access import papers, segments, testimony
from appliance.access import unlock as unlock_module
from appliance.access.attempts import ALONE, MOST_SUMS
from appliance.access.chain import Line
from appliance.access.unlock import unlock
from appliance.deeds import Act, Deed
from appliance.errors import ControlError, WrongPasswordError
from tests.web.practice import NAME, PASSWORD, Practice, babble
from tests.web.staff import Staff
from web import telling
from web.telling import AGAIN


@pytest.fixture
def id(practice: Practice) -> str:
    return practice.leave(babble(3), "+15550102030", "Harriet Canary")


def told(practice: Practice, *acts: Act) -> list[Line]:
    found = [Line.from_bytes(line) for line in segments.read(practice.folder)]
    return [line for line in found if line.deed.act in acts]


def deeds(practice: Practice, id: str) -> list[tuple[Act, str]]:
    return [(line.deed.act, line.deed.by) for line in told(practice, *Act) if line.deed.subject == id][1:]


def test_a_look_is_one_line_however_many_parts_the_page_asks_for(practice: Practice, ana: Staff, id: str) -> None:
    for _ in range(3):
        assert ana.get(f"/messages/{id}").status_code == 200
        assert ana.script(f"/parts/messages/{id}").status_code == 200
    assert deeds(practice, id) == [(Act.LOOKED, "ana")]
    practice.clock.uptime += AGAIN
    ana.post("/stay")
    Staff(practice).log_in().get(f"/messages/{id}")
    assert deeds(practice, id) == [(Act.LOOKED, "ana")] * 2


def test_the_list_is_covered_by_the_log_in(practice: Practice, ana: Staff, id: str) -> None:
    assert ana.get("/").status_code == 200
    assert deeds(practice, id) == []
    assert [line.deed.by for line in told(practice, Act.LOGGED_IN)] == ["ana"]


def test_a_play_is_one_line_whichever_ranges_the_browser_asks_for(practice: Practice, ana: Staff, id: str) -> None:
    for start in (0, 1000, 2000):
        assert ana.get(f"/messages/{id}/content", Range=f"bytes={start}-").status_code == 206
    assert deeds(practice, id) == [(Act.PLAYED, "ana")]


@pytest.mark.parametrize("path", ["", "/content"])
def test_nothing_is_shown_when_no_line_can_be_written(practice: Practice, ana: Staff, id: str, path: str) -> None:
    practice.daemon.silent = True
    answer = ana.get(f"/messages/{id}{path}")
    assert answer.status_code == 503
    assert b"Canary" not in answer.data
    assert b"RIFF" not in answer.data


def test_nobody_logs_in_unrecorded(practice: Practice) -> None:
    practice.daemon.silent = True
    assert Staff(practice).post("/login", name=NAME, password=PASSWORD).status_code == 503
    assert len(practice.sessions) == 0


def test_a_wrong_password_is_told_of_the_person_and_never_what_was_typed(practice: Practice) -> None:
    stranger = Staff(practice)
    stranger.post("/login", name=NAME, password="no such password at all")
    stranger.post("/login", name=PASSWORD, password=NAME)  # the password in the wrong field
    failed = told(practice, Act.LOG_IN_FAILED)
    assert [line.deed.by for line in failed] == [NAME, ""]
    assert b"lantern" not in b"".join(segments.read(practice.folder))


def test_attempts_that_nobody_looked_at_are_one_line_an_address_with_their_number(
    practice: Practice, ana: Staff
) -> None:
    stranger = Staff(practice)
    for _ in range(9):
        stranger.post("/login", name=NAME, password="no such password at all")
    looked_at = len(told(practice, Act.LOG_IN_FAILED))
    assert looked_at < 9
    practice.daemon.silent = True
    practice.services.tell_refused()  # nobody takes a line now
    practice.daemon.silent = False
    practice.services.tell_refused()
    practice.services.tell_refused()
    lines = told(practice, Act.LOG_IN_FAILED)[looked_at:]
    assert [line.deed.detail for line in lines] == [{"from": "127.0.0.1", "refused": str(9 - looked_at)}]
    assert f"{9 - looked_at} times too soon" in ana.get("/record").text


def test_a_host_with_ever_new_addresses_and_names_cannot_fill_the_record(practice: Practice, ana: Staff) -> None:
    """Ten minutes of it, four attempts a second, each with a password that is looked at as often as the doorkeeper lets it."""
    stranger, sent = Staff(practice), 4 * 600
    wrong = mock.patch.object(unlock_module, "unlock", side_effect=WrongPasswordError)
    before = len(told(practice, *Act))
    with wrong:
        for number in range(sent):
            practice.clock.advance(0.25)
            stranger._client.environ_base["REMOTE_ADDR"] = f"2001:db8:{number % 40:x}:2::{number:x}"
            stranger.post("/login", name=f"name{number}", password="no such password at all")
            if number % 240 == 239:
                practice.services.tell_refused()
    lines = told(practice, Act.LOG_IN_FAILED)
    assert len(told(practice, *Act)) - before == len(lines) <= 10 * (ALONE + MOST_SUMS + 2)
    alone = [line for line in lines if not {"further", "refused"} & set(line.deed.detail)]
    sums = [int(line.deed.detail.get("further") or line.deed.detail["refused"]) for line in lines if line not in alone]
    assert len(alone) + sum(sums) == sent, "none is lost"


def test_further_failures_are_told_with_whose_and_from_where(practice: Practice, ana: Staff) -> None:
    with practice.app().test_request_context():
        for number in range(ALONE + 5):
            telling.log_in_failed(NAME, f"2001:db8::{number}")
    practice.services.tell_refused()
    last = told(practice, Act.LOG_IN_FAILED)[-1].deed
    assert (last.by, last.detail) == (NAME, {"from": "2001:db8::/64", "further": "5"})
    assert "5 further failures" in ana.get("/record").text


def test_logging_off_is_told(practice: Practice, ana: Staff) -> None:
    ana.post("/logout")
    assert [line.deed.by for line in told(practice, Act.LOGGED_OFF)] == ["ana"]


def test_a_download_asks_first_for_whom_and_is_told(practice: Practice, ana: Staff, id: str) -> None:
    question = ana.get(f"/messages/{id}/voicemail.wav")
    assert "somebody outside the practice" in question.text
    assert deeds(practice, id) == []
    answer = ana.post(f"/messages/{id}/voicemail.wav", goes="own")
    assert answer.data.startswith(b"RIFF")
    assert deeds(practice, id) == [(Act.TAKEN, "ana")]


def test_what_is_given_to_somebody_else_says_whom_and_why_sealed(practice: Practice, ana: Staff, id: str) -> None:
    path = f"/messages/{id}/voicemail.wav"
    answer = ana.post(path, goes="outside", whom="Dr. Otherwise", why="referral")
    assert answer.data.startswith(b"RIFF")
    (line,) = told(practice, Act.DISCLOSED)
    key = testimony.open_key(practice.folder, unlock(practice.folder, NAME, PASSWORD).practice)
    assert testimony.open_sealed(line.deed.sealed, key) == {
        "number": "+15550102030",
        "name": "Harriet Canary",
        "whom": "Dr. Otherwise",
        "why": "referral",
    }
    assert b"Otherwise" not in b"".join(segments.read(practice.folder))


def test_where_the_key_for_names_is_lost_nothing_is_given_away(practice: Practice, ana: Staff, id: str) -> None:
    """A line would not say whose message it was, and to whom it was given."""
    (practice.folder / testimony.PUBLIC).unlink()
    answer = ana.post(f"/messages/{id}/voicemail.wav", goes="outside", whom="Dr. Otherwise", why="referral")
    assert answer.status_code >= 500
    assert b"RIFF" not in answer.data
    assert "keys mend" in answer.text
    assert told(practice, Act.DISCLOSED) == []


@pytest.mark.parametrize("missing", ["whom", "why"])
def test_a_disclosure_without_whom_or_why_gives_nothing_and_keeps_the_rest(
    practice: Practice, ana: Staff, id: str, missing: str
) -> None:
    said = {"whom": "Dr. Otherwise", "why": "referral"} | {missing: " "}
    answer = ana.post(f"/messages/{id}/voicemail.wav", goes="outside", whom=said["whom"], why=said["why"])
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert ("referral" if missing == "whom" else "Dr. Otherwise") in answer.text
    assert deeds(practice, id) == []


def test_under_each_message_stands_who_has_opened_it(practice: Practice, ana: Staff, id: str) -> None:
    ana.get(f"/messages/{id}")
    ana.get(f"/messages/{id}/content")
    practice.add_staff()
    page = Staff(practice).log_in("sam", "velvet harbor kettle moon").get(f"/messages/{id}").text
    seen = page.partition("Who has opened this")[2].partition("</details>")[0]
    assert "<strong>Ana</strong> played it" in seen
    assert "<strong>Ana</strong> opened it" in seen
    assert "<strong>Sam</strong> opened it" in seen


def test_erasing_and_having_back_are_told(practice: Practice, ana: Staff, id: str) -> None:
    ana.post(f"/messages/{id}/erase")
    ana.post(f"/messages/{id}/undo")
    ana.post(f"/messages/{id}/heard", heard="yes")
    assert [act for act, _ in deeds(practice, id)] == [Act.ERASED, Act.UNERASED, Act.MARKED]


@pytest.mark.parametrize(("uptime", "why"), [(601.0, "idle"), (12 * 3600.0 + 1, "idle")])
def test_a_session_that_ends_by_itself_is_told(practice: Practice, ana: Staff, uptime: float, why: str) -> None:
    practice.clock.uptime += uptime
    practice.services.drop_ended()
    practice.services.drop_ended()
    (line,) = told(practice, Act.SESSION_ENDED)
    assert (line.deed.by, line.deed.detail["why"]) == ("ana", why)


@pytest.mark.parametrize("act", [Act.EMERGENCY, Act.FACTOR_CHANGED, Act.PASSWORD_CHANGED, Act.CLAIMED, Act.ROTATED])
def test_the_page_cannot_have_a_line_written_of_what_the_daemon_does(practice: Practice, act: Act) -> None:
    before = practice.record.head
    with pytest.raises(ControlError):
        practice.daemon.record(Deed(act, NAME))
    assert practice.record.head == before


@pytest.mark.parametrize("act", [Act.CHECKED, Act.LOOKED])
def test_the_page_cannot_have_a_line_vouch_for_a_paper(practice: Practice, act: Act) -> None:
    before = practice.record.head
    with pytest.raises(ControlError):
        practice.daemon.record(Deed(act, NAME, detail={papers.DETAIL: f"decisions.json={'0' * 64}"}))
    assert practice.record.head == before
