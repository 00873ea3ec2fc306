"""The page of keys: the practice key is exchanged when somebody left, and with a new sheet when the old one was used."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Callable

import pytest

from appliance.access import emergency, rotation, segments
from appliance.access import practice as keys
from appliance.access.chain import Line
from appliance.access.roles import RECOVERY
from appliance.access.unlock import unlock
from appliance.deeds import Act, Deed
from appliance.errors import WrongSheetError
from tests.access.practice import key_by_sheet
from tests.web.practice import NAME, PASSWORD, Practice, babble
from tests.web.staff import Staff
from tests.web.test_claim import asked_for, groups_of, typed

WHY = "Nobody could log in any more."


def public(practice: Practice) -> str:
    return (practice.folder / keys.PUBLIC).read_text()


def finished(practice: Practice) -> None:
    practice.services.exchanging.join(60)
    assert practice.services.exchanging.mistake == ""


def log_in_again(practice: Practice, desk: Staff) -> Staff:
    """The daemon has told the page to end every session."""
    practice.services.lock()
    return desk.log_in()


def test_what_there_is_stands_in_plain_words(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1))
    practice.add_staff()
    practice.add_technician()
    page = ana.get("/keys").text
    assert "2 people, and the recovery sheet" in page
    assert "1 day’s key is kept" in page
    assert "in use since" in page


def test_somebody_left_so_the_key_is_another_and_every_message_still_opens(practice: Practice, ana: Staff) -> None:
    id = practice.leave(babble(1), name="Maria Lopez")
    before = public(practice)
    with unlock(practice.folder, NAME, PASSWORD).practice as old:
        assert ana.post("/keys/exchange", reason="left").status_code == 303
        finished(practice)
        assert public(practice) != before
        assert str(old.recipient) == before.strip()
    log_in_again(practice, ana)
    assert ana.get(f"/messages/{id}/content").status_code == 200
    key_by_sheet(practice.folder, practice.sheet).wipe()


def test_who_left_since_the_key_was_exchanged_is_named_until_it_is(practice: Practice, ana: Staff) -> None:
    practice.add_staff()
    ana.post("/people/sam/remove")
    assert "have left or read no messages any more: Sam." in ana.get("/keys").text
    ana.post("/keys/exchange", reason="left")
    finished(practice)
    assert "have left" not in log_in_again(practice, ana).get("/keys").text


def test_without_a_reason_nothing_is_exchanged(practice: Practice, ana: Staff) -> None:
    before = public(practice)
    answer = ana.post("/keys/exchange")
    assert answer.status_code == 422
    assert "Choose why" in answer.text
    assert public(practice) == before


def test_a_new_sheet_counts_only_after_two_of_its_groups_were_typed_back(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1), name="Maria Lopez")
    before = public(practice)
    assert ana.post("/keys/exchange", reason="sheet").headers["Location"] == "/keys/sheet"
    groups = groups_of(ana.get("/keys/sheet").text)
    assert len(groups) > 5
    ana.post("/keys/sheet", printed="yes")
    page = ana.get("/keys/sheet").text
    assert not groups_of(page)
    one, other = asked_for(page)
    answer = ana.post("/keys/sheet/groups", first="QQQQQQ", second="QQQQQQ")
    assert answer.status_code == 422
    assert f"Groups {one} and {other}" in answer.text
    assert (public(practice), rotation.is_under_way(practice.folder)) == (before, False)
    ana.post("/keys/sheet")
    assert groups_of(ana.get("/keys/sheet").text) == groups
    assert ana.post("/keys/sheet/groups", None, **typed(groups, page)).status_code == 303
    finished(practice)
    assert public(practice) != before
    key_by_sheet(practice.folder, "".join(groups)).wipe()
    with pytest.raises(WrongSheetError):
        key_by_sheet(practice.folder, practice.sheet)
    assert "Maria Lopez" in log_in_again(practice, ana).get("/").text
    assert not groups_of(ana.get("/keys").text)


def test_whoever_thinks_better_of_it_leaves_everything_as_it_was(practice: Practice, ana: Staff) -> None:
    before = public(practice)
    ana.post("/keys/exchange", reason="sheet")
    assert ana.post("/keys/sheet", printed="never").headers["Location"] == "/keys"
    assert ana.get("/keys/sheet").headers["Location"] == "/keys"
    assert public(practice) == before


def test_neither_key_nor_sheet_lies_open_in_memory_meanwhile(practice: Practice, ana: Staff) -> None:
    ana.post("/keys/exchange", reason="sheet")
    groups = groups_of(ana.get("/keys/sheet").text)
    kept = next(iter(practice.sessions._kept.values())).memory["page"].exchange
    assert "".join(groups).encode() not in kept.pending.sheet.sealed
    assert b"AGE-SECRET-KEY" not in kept.key.sealed + kept.pending.sheet.sealed
    assert kept.beginning.proof == b""
    practice.clock.advance(599)
    ana.get("/status")
    practice.clock.advance(599)
    ana.get("/status")
    practice.clock.advance(599)
    ana.get("/status")
    practice.clock.advance(10)
    assert ana.get("/keys/sheet").status_code == 401  # somebody else may sit there by now
    assert ana.post("/confirm", then="/keys/sheet", again="no", own_password=PASSWORD).status_code == 303
    assert ana.get("/keys/sheet").headers["Location"] == "/keys"  # half an hour is over


def wait_until(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def interrupt(practice: Practice) -> None:
    """The power goes after the first words of an exchange."""
    admin = unlock(practice.folder, NAME, PASSWORD)
    with rotation.start(practice.folder, admin, new_sheet=False) as made:
        steps = made.run(practice.daemon, NAME)
        next(steps)
        steps.close()
    admin.wipe()
    assert rotation.is_under_way(practice.folder)


def test_an_interrupted_exchange_goes_on_with_the_password(practice: Practice, ana: Staff) -> None:
    id = practice.leave(babble(1))
    before = public(practice)
    interrupt(practice)
    page = ana.get("/keys").text
    assert "An exchange was interrupted" in page
    assert "2 of 2 keys are sealed to the new one." in page
    answer = ana.post("/keys/resume", password="not this one at all")
    assert answer.status_code == 422
    assert 'id="password-mistake"' in answer.text
    assert b'"act":"log-in-failed","by":"ana"' in list(segments.read(practice.folder))[-1]
    assert ana.post("/keys/resume", password=PASSWORD).status_code == 303
    finished(practice)
    assert public(practice) != before
    assert log_in_again(practice, ana).get(f"/messages/{id}/content").status_code == 200


def test_who_came_in_with_the_sheet_goes_on_with_the_new_one(practice: Practice) -> None:
    id = practice.leave(babble(1))
    inside = Staff(practice)
    inside.post("/emergency", why=WHY, sheet=practice.sheet)
    with rotation.start(practice.folder, emergency.unlock(practice.folder, practice.sheet), new_sheet=True) as made:
        assert made.sheet is not None
        sheet = made.sheet.text
        next(steps := made.run(practice.daemon, RECOVERY))
        steps.close()
    assert "The groups of the new sheet" in inside.get("/keys").text
    answer = inside.post("/keys/resume", password=practice.sheet)
    assert answer.status_code == 422
    assert "not the sheet which was printed for this exchange" in answer.text
    assert b'"with":"recovery sheet"' in list(segments.read(practice.folder))[-1]
    assert inside.post("/keys/resume", password=sheet.lower()).status_code == 303
    finished(practice)
    key_by_sheet(practice.folder, sheet).wipe()
    practice.services.lock()
    ana = Staff(practice).log_in()
    ana.post("/emergency/notice", read="1")
    assert ana.get(f"/messages/{id}/content").status_code == 200


def test_where_no_new_sheet_was_printed_who_came_in_with_the_sheet_can_only_drop_it(practice: Practice) -> None:
    practice.leave(babble(1))
    interrupt(practice)
    inside = Staff(practice)
    inside.post("/emergency", why=WHY, sheet=practice.sheet)
    page = inside.get("/keys").text
    assert "begun without a new recovery sheet" in page
    assert "/keys/resume" not in page
    assert inside.post("/keys/resume", password=practice.sheet).status_code == 422
    assert inside.post("/keys/drop", drop="yes").status_code == 303
    assert not rotation.is_under_way(practice.folder)


def test_damaged_keys_are_named_and_the_exchange_goes_on_without_those_that_are_ticked(
    practice: Practice, ana: Staff
) -> None:
    lost, kept = practice.leave(babble(1), name="Maria Lopez"), ""
    practice.clock.advance(86_400)
    practice.services.sessions.close_all()
    kept = practice.leave(babble(1), name="Samuel Okafor")
    oldest, _ = sorted((practice.folder / "epochs").glob("*.age"))
    octets = bytearray(oldest.read_bytes())
    octets[-20] ^= 1
    for file in (oldest, practice.folder / "keys/record.age"):
        file.write_bytes(octets)
    ana.log_in().post("/keys/exchange", reason="left")
    finished(practice)
    page = ana.get("/keys").text
    assert "2 keys cannot be opened, so the exchange stopped" in page
    assert "the key to 1 message that came Friday 21 November 2025, 12:00" in page
    assert "the key to names and numbers in the record so far" in page
    assert re.findall(r'name="without" value="([^"]+)"', page) == [oldest.stem, "record"]
    refused = ana.post("/keys/resume", password="not this one at all", without=oldest.stem)
    assert "That is not your password. Capital letters count." in refused.text
    assert re.findall(r'name="without" value="([^"]+)" checked', refused.text) == [oldest.stem]
    ana.post("/keys/resume", password=PASSWORD, without=oldest.stem)
    finished(practice)
    assert rotation.is_under_way(practice.folder)
    ana.post("/keys/resume", password=PASSWORD, without=[oldest.stem, "record"])
    finished(practice)
    assert not rotation.is_under_way(practice.folder)
    assert not oldest.exists()
    log_in_again(practice, ana)
    assert "Samuel Okafor" in ana.get("/").text
    assert ana.get(f"/messages/{kept}/content").status_code == 200
    page = ana.get(f"/messages/{lost}").text
    assert "Maria Lopez" not in page
    page = ana.get("/record?what=people").text
    assert "gave up a key that could not be opened" in page
    assert "destroyed the key of a day · <span" in page


def test_an_interrupted_exchange_can_be_dropped(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1))
    before = public(practice)
    interrupt(practice)
    assert ana.post("/keys/drop").status_code == 400
    assert ana.post("/keys/drop", drop="yes").status_code == 303
    assert (public(practice), rotation.is_under_way(practice.folder)) == (before, False)
    assert "Exchange the practice key" in ana.get("/keys").text


def test_after_the_sheet_was_used_only_an_exchange_with_a_new_one_ends_the_banner(practice: Practice) -> None:
    inside = Staff(practice)
    inside.post("/emergency", why=WHY, sheet=practice.sheet)
    page = inside.get("/keys").text
    assert re.findall(r'name="reason" value="(\w+)"', page) == ["sheet"]
    assert inside.post("/keys/exchange", reason="left").status_code == 422
    inside.post("/keys/exchange", reason="sheet")
    groups = groups_of(inside.get("/keys/sheet").text)
    inside.post("/keys/sheet", printed="yes")
    inside.post("/keys/sheet/groups", None, **typed(groups, inside.get("/keys/sheet").text))
    finished(practice)
    practice.services.lock()
    ana = Staff(practice).log_in()
    ana.post("/emergency/notice", read="1")
    page = ana.get("/").text
    assert 'class="banner"' not in page


def test_while_it_goes_on_the_page_says_how_far_it_is_before_anything_else(
    practice: Practice, ana: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        practice.leave(babble(1))
        practice.clock.advance(86_400)
    ana.log_in()
    goes_on, put, commit = threading.Event(), practice.daemon.put_epochs, practice.daemon.commit_rotation

    def wait_and_put(*given: object) -> None:
        assert goes_on.wait(60)
        put(*given)  # type: ignore[arg-type]  # handed on as it came

    def wait_and_commit(*given: object) -> None:
        goes_on.clear()
        practice.services.lock()
        assert goes_on.wait(60)
        commit(*given)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(practice.daemon, "put_epochs", wait_and_put)
    monkeypatch.setattr(practice.daemon, "commit_rotation", wait_and_commit)
    ana.post("/keys/exchange", reason="left")
    page = ana.get("/keys").text
    assert "0 of 4 keys are sealed to the new one. When all are" in page
    assert page.index('role="status"') < page.index("What there is")
    goes_on.set()
    wait_until(lambda: not goes_on.is_set())
    assert "The practice key was exchanged" in ana.get("/login?why=locked").text, "it ends in this moment"
    assert "Each is looked at once more" in ana.log_in().get("/keys").text
    goes_on.set()
    finished(practice)


def test_whoever_was_logged_off_by_it_is_told_why(practice: Practice, ana: Staff) -> None:
    ana.post("/keys/exchange", reason="left")
    finished(practice)
    practice.services.lock()
    assert "The practice key was exchanged" in ana.get("/login?why=locked").text
    practice.clock.advance(61)
    assert "The practice key was exchanged" not in ana.get("/login?why=locked").text


def test_the_daemons_silence_stops_it_and_leaves_everything_as_it_was(practice: Practice, ana: Staff) -> None:
    before = public(practice)
    practice.daemon.silent = True
    assert ana.post("/keys/exchange", reason="left").status_code == 303
    practice.services.exchanging.join(60)
    practice.daemon.silent = False
    assert public(practice) == before
    assert "mistake" in ana.get("/keys").text


def test_the_day_of_the_sheet_is_told_by_the_record(practice: Practice, ana: Staff) -> None:
    assert "made longer ago" in ana.get("/keys").text  # this practice was founded without a daemon
    ana.post("/keys/exchange", reason="sheet")
    groups = groups_of(ana.get("/keys/sheet").text)
    ana.post("/keys/sheet", printed="yes")
    ana.post("/keys/sheet/groups", None, **typed(groups, ana.get("/keys/sheet").text))
    finished(practice)
    assert "made Friday 21 November 2025, 12:00" in log_in_again(practice, ana).get("/keys").text


def checked(practice: Practice) -> list[tuple[str, dict[str, str]]]:
    """Trials of keys on record."""
    deeds = [Line.from_bytes(line).deed for line in segments.read(practice.folder)]
    return [(deed.by, deed.detail) for deed in deeds if deed.act is Act.CHECKED and deed.detail["what"] == "keys"]


def tried(practice: Practice, desk: Staff, **form: str) -> str:
    """The page after a trial, in plain letters."""
    answer = desk.post("/keys/trial", None, **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/keys#trial")
    practice.services.trying.join(60)
    return html.unescape(desk.get("/keys").text)


def test_ones_password_is_tried_against_everything_and_that_is_on_record(practice: Practice, ana: Staff) -> None:
    id = practice.leave(babble(1), name="Maria Lopez")
    practice.note(id, "She called twice.")
    practice.clock.advance(86_400)
    practice.leave(babble(1))
    page = tried(practice, ana.log_in(), **{"with": "password", "own": PASSWORD})
    assert "Your password opens the practice key, 2 days’ keys, 2 messages, 1 note and names and numbers" in page
    assert "does not open" not in page
    assert "Maria Lopez" not in page
    assert checked(practice) == [(NAME, {"what": "keys", "shut": "0"})]
    assert "Ana tried what a password or the sheet opens" in " ".join(
        re.sub("<[^>]+>", "", ana.get("/record").text).split()
    )


def test_the_sheet_is_tried_as_well_and_is_not_used_by_that(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1))
    page = tried(practice, ana, **{"with": "sheet", "sheet": practice.sheet.lower()})
    assert "The recovery sheet opens the practice key, 1 day’s key, 1 message and names and numbers" in page
    assert checked(practice) == [(NAME, {"what": "keys", "with": "recovery sheet", "shut": "0"})]
    assert not emergency.demands_rotation(practice.folder)
    assert practice.sheet not in page


def test_what_it_does_not_open_is_counted(practice: Practice, ana: Staff) -> None:
    lost = practice.leave(babble(1))
    practice.clock.advance(86_400)
    practice.leave(babble(1))
    hurt = practice.leave(babble(1), name="Samuel Okafor")
    oldest, _ = sorted((practice.folder / "epochs").glob("*.age"))
    for file in (oldest, practice.folder / "vault" / f"{hurt}.age", practice.folder / "keys/record.age"):
        octets = bytearray(file.read_bytes())
        octets[60] ^= 1
        file.write_bytes(octets)
    page = tried(practice, ana.log_in(), **{"with": "password", "own": PASSWORD})
    assert "Your password opens the practice key, 1 day’s key and 1 message." in page
    assert "It does not open 1 day’s key, 2 messages and names and numbers in the record. Restore" in page
    assert checked(practice)[-1][1]["shut"] == "4"
    (practice.folder / "vault" / f"{lost}.age").unlink()
    assert "It does not open 1 day’s key, 2 messages" in tried(practice, ana, **{"with": "password", "own": PASSWORD})


def test_what_is_wrong_opens_nothing_is_said_beside_its_field_and_on_record(practice: Practice, ana: Staff) -> None:
    for way, field, wrong, kept in (
        ("password", "own", "not this one at all", {}),
        ("sheet", "sheet", "AGE-SECRET-KEY-1", {"with": "recovery sheet"}),
    ):
        answer = ana.post("/keys/trial", None, **{"with": way, field: wrong})
        assert answer.status_code == 422
        assert f'id="{field}-mistake"' in answer.text
        assert wrong not in answer.text.replace("beginning with AGE-SECRET-KEY-1.", "")
        deed = Line.from_bytes(list(segments.read(practice.folder))[-1]).deed
        assert (deed.act, deed.by) == (Act.LOG_IN_FAILED, NAME)
        assert deed.detail == {"from": "127.0.0.1"} | kept
    assert checked(practice) == []
    for _ in range(3):
        answer = ana.post("/keys/trial", None, **{"with": "password", "own": "not this one at all"})
    assert "Wait" in answer.text


def test_nothing_is_told_of_a_trial_where_no_line_can_be_written(practice: Practice, ana: Staff) -> None:
    practice.daemon.silent = True
    page = tried(practice, ana, **{"with": "password", "own": PASSWORD})
    assert "opens the practice key" not in page
    assert 'class="mistake"' in page


def test_who_came_in_with_the_sheet_can_try_it_and_has_no_password(practice: Practice) -> None:
    inside = Staff(practice)
    inside.post("/emergency", why=WHY, sheet=practice.sheet)
    assert 'name="own"' not in inside.get("/keys").text
    assert "The recovery sheet opens" in tried(practice, inside, **{"with": "sheet", "sheet": practice.sheet})


def test_while_a_trial_goes_on_the_page_says_how_far_it_is(
    practice: Practice, ana: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.leave(babble(1))
    goes_on, record = threading.Event(), practice.daemon.record

    def wait_and_record(deed: Deed) -> None:
        assert deed.act is not Act.CHECKED or goes_on.wait(60)
        record(deed)

    monkeypatch.setattr(practice.daemon, "record", wait_and_record)
    ana.post("/keys/trial", None, **{"with": "password", "own": PASSWORD})
    wait_until(lambda: "2 of 2 keys and messages are tried." in ana.script("/parts/trial").text)
    page = ana.get("/keys").text
    assert "2 of 2 keys and messages are tried." in page
    assert 'name="own"' not in page
    answer = ana.post("/keys/trial", None, **{"with": "password", "own": PASSWORD})
    assert answer.status_code == 422
    goes_on.set()
    practice.services.trying.join(60)
    assert ana.script("/parts/trial").text == ""
    assert "Your password opens the practice key" in html.unescape(ana.get("/keys").text)
