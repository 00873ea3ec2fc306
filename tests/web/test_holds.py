"""On hold, on the page: who may, what it asks, what it shows, and what it refuses."""

from __future__ import annotations

import re

import pytest

from appliance.access import ledger, testimony
from appliance.access.chain import Line
from appliance.access.roles import Role
from appliance.access.segments import read
from appliance.access.unlock import unlock
from appliance.deeds import Act, Deed
from appliance.errors import NoRoomError
from appliance.messages import Row
from tests.web.faxes import leave_fax, letter
from tests.web.practice import NAME, PASSWORD, Practice, babble
from tests.web.roles import add_everybody, desk_of
from tests.web.staff import OWN, Staff

WHY = "Maria Lopez sues; her lawyer wrote on Monday."
DAY = 86_400.0


@pytest.fixture
def id(practice: Practice) -> str:
    return practice.leave(babble(1), "5551234567", "Maria Lopez")


def row(practice: Practice, id: str) -> Row:
    return practice.services.reader.row(id)


def told(practice: Practice) -> list[Deed]:
    deeds = [Line.from_bytes(line).deed for line in read(practice.folder)]
    return [deed for deed in deeds if deed.act in {Act.HELD, Act.RELEASED, Act.ERASED}]


def test_a_message_is_put_on_hold_with_a_reason_and_shows_by_whom_and_why(
    practice: Practice, ana: Staff, id: str
) -> None:
    assert f"/messages/{id}/hold" in ana.get(f"/messages/{id}").text
    assert "until an admin lifts the hold" in ana.get(f"/messages/{id}/hold").text
    answer = ana.post(f"/messages/{id}/hold", why=f"  {WHY}\n")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/messages/{id}")
    assert row(practice, id).held
    page = ana.get(f"/messages/{id}").text
    assert re.search(r"On hold since [^<]+, by <b>Ana</b>\.", page)
    assert WHY in page
    assert "On hold: it stays until the hold is lifted." in page
    assert f'action="/messages/{id}/erase"' not in page
    assert f"/messages/{id}/release" in page
    assert "put it on hold" in page  # among who has opened it
    assert '<span class="row-note row-held">' in ana.get("/").text


def test_the_reason_is_on_record_sealed_with_whose_message_it_was(practice: Practice, ana: Staff, id: str) -> None:
    ana.post(f"/messages/{id}/hold", why=WHY)
    ana.post(f"/messages/{id}/release", why="It was settled.")
    assert [(deed.act, deed.by, deed.subject, deed.detail) for deed in told(practice)] == [
        (Act.HELD, NAME, id, {}),
        (Act.RELEASED, NAME, id, {}),
    ]
    assert b"Lopez" not in b"".join(read(practice.folder))
    with testimony.open_key(practice.folder, unlock(practice.folder, NAME, PASSWORD).practice) as key:
        opened = [testimony.open_sealed(deed.sealed, key) for deed in told(practice)]
    assert [(one["name"], one["why"]) for one in opened] == [("Maria Lopez", WHY), ("Maria Lopez", "It was settled.")]
    shown = ana.get("/record?what=changed").text
    assert "put a message on hold" in shown
    assert WHY in shown


def test_what_is_on_hold_is_not_erased_and_the_page_says_why(practice: Practice, ana: Staff, id: str) -> None:
    ana.post(f"/messages/{id}/hold", why=WHY)
    answer = ana.post(f"/messages/{id}/erase")
    assert answer.status_code == 409
    assert "It stays until an admin lifts the hold, so it cannot be erased." in answer.text
    part = ana.script(f"/messages/{id}/erase", erase="yes")
    assert (part.status_code, part.mimetype) == (409, "text/plain")
    assert row(practice, id).erase_at is None
    assert [deed.act for deed in told(practice)] == [Act.HELD]
    ana.post(f"/messages/{id}/release", why="It was settled.")
    assert ana.post(f"/messages/{id}/erase").status_code == 303
    assert row(practice, id).erase_at is not None


def test_a_hold_takes_back_a_colleagues_erasure(practice: Practice, ana: Staff, id: str) -> None:
    form = ana.get(f"/messages/{id}/hold").text
    ana.post(f"/messages/{id}/erase")
    assert "</form>" in form
    assert ana.post(f"/messages/{id}/hold", why=WHY).status_code == 303
    assert (row(practice, id).held, row(practice, id).erase_at) == (True, None)


@pytest.mark.parametrize("way", ["hold", "release"])
@pytest.mark.parametrize("why", ["", "   \n ", "\x00\x01"])
def test_without_a_reason_nothing_is_done_and_the_form_says_so_beside_the_field(
    practice: Practice, ana: Staff, id: str, way: str, why: str
) -> None:
    if way == "release":
        practice.inbox.hold(id, True)
    before = row(practice, id)
    answer = ana.post(f"/messages/{id}/{way}", why=why)
    assert answer.status_code == 400
    assert re.search(r'id="why-mistake" role="alert">.*Say why, in a sentence', answer.text)
    assert 'aria-describedby="why-mistake why-hint" aria-invalid="true"' in answer.text
    assert (row(practice, id), told(practice)) == (before, [])


def test_whoever_comes_second_reads_that_and_keeps_what_was_typed(practice: Practice, ana: Staff, id: str) -> None:
    ana.post(f"/messages/{id}/hold", why=WHY)
    answer = ana.post(f"/messages/{id}/hold", why="Another <matter>.")
    assert answer.status_code == 409
    assert "The message was put on hold, or its hold was lifted, a moment ago." in answer.text
    assert "Another &lt;matter&gt;." in answer.text
    assert "is on hold already" in ana.get(f"/messages/{id}/hold").text
    ana.post(f"/messages/{id}/release", why="It was settled.")
    assert "is not on hold" in ana.get(f"/messages/{id}/release").text
    assert [deed.act for deed in told(practice)] == [Act.HELD, Act.RELEASED]


def test_who_asks_twice_with_the_same_reason_has_what_they_asked_for(practice: Practice, ana: Staff, id: str) -> None:
    for way in ("hold", "release"):
        for _ in range(2):
            answer = ana.post(f"/messages/{id}/{way}", why=WHY)
            assert (answer.status_code, answer.headers["Location"]) == (303, f"/messages/{id}")
    assert [deed.act for deed in told(practice)] == [Act.HELD, Act.RELEASED]
    add_everybody(practice)
    ana.post(f"/messages/{id}/hold", why=WHY)
    assert desk_of(practice, Role.STAFF).post(f"/messages/{id}/hold", why=WHY).status_code == 409


def test_staff_put_on_hold_and_read_why_and_only_an_admin_lifts_it(practice: Practice, id: str) -> None:
    add_everybody(practice)
    sam, ana = desk_of(practice, Role.STAFF), desk_of(practice, Role.ADMIN)
    assert sam.post(f"/messages/{id}/hold", why=WHY).status_code == 303
    page = sam.get(f"/messages/{id}").text
    assert WHY in page
    assert "An admin can lift the hold." in page
    assert "/release" not in page
    assert sam.get(f"/messages/{id}/release").status_code == 403
    assert sam.post(f"/messages/{id}/release", why="Enough.").status_code == 403
    assert row(practice, id).held
    assert "by <b>Sam</b>" in ana.get(f"/messages/{id}").text
    assert ana.post(f"/messages/{id}/release", why="Enough.").status_code == 303
    assert not row(practice, id).held


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.AUDITOR])
@pytest.mark.parametrize("way", ["hold", "release"])
def test_who_reads_no_messages_holds_none(practice: Practice, id: str, role: Role, way: str) -> None:
    add_everybody(practice)
    desk = desk_of(practice, role)
    for method in ("GET", "POST"):
        answer = desk.ask(method, f"/messages/{id}/{way}", headers=OWN, data={"why": WHY})
        assert answer.status_code == 403
    assert (row(practice, id).held, told(practice)) == (False, [])


def test_lifting_a_hold_says_what_becomes_of_the_message(practice: Practice, ana: Staff, id: str) -> None:
    practice.inbox.hold(id, True)
    assert "if nobody does, for 60 days" in ana.get(f"/messages/{id}/release").text
    practice.hear(id)
    assert "30 days after it was heard." in ana.get(f"/messages/{id}/release").text
    practice.inbox.mark_heard(id, False)
    practice.hear(id, at=practice.clock.now() - 40 * DAY)
    assert "it will be purged in the coming night" in ana.get(f"/messages/{id}/release").text


def test_a_hold_that_no_line_tells_of_still_shows(practice: Practice, ana: Staff, id: str) -> None:
    practice.inbox.hold(id, True)
    assert "On hold." in ana.get(f"/messages/{id}").text


def test_a_damaged_message_and_a_fax_can_be_kept_too(practice: Practice, ana: Staff, id: str) -> None:
    fax = leave_fax(practice, [letter()])
    (practice.folder / "vault" / f"{id}.age").write_bytes(b"rubbish")
    for one in (id, fax):
        assert ana.post(f"/messages/{one}/hold", why=WHY).status_code == 303
        assert WHY in ana.get(f"/messages/{one}").text


def test_where_no_line_can_be_written_nothing_is_put_on_hold(
    practice: Practice, ana: Staff, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise NoRoomError

    ana.get(f"/messages/{id}/hold")
    monkeypatch.setattr(practice.record, "write", full)
    assert ana.post(f"/messages/{id}/hold", why=WHY).status_code == 503
    monkeypatch.undo()
    assert not row(practice, id).held


def test_the_hold_of_a_message_is_found_behind_many_lines(practice: Practice, ana: Staff, id: str) -> None:
    ana.post(f"/messages/{id}/hold", why=WHY)
    for _ in range(60):
        practice.record.write(Deed(Act.LOOKED, NAME, id))
    assert len(ledger.of_message(practice.folder, id)) > 60
    assert WHY in ana.get(f"/messages/{id}").text
