"""Notes on the page: who may write and read them, what is kept of what was typed, and what happens when it cannot be."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from html import unescape
from typing import Any

import pytest

from appliance import notes as kept
from appliance.access.roles import Role
from appliance.clock import Trust
from appliance.control.values import Verb
from appliance.deeds import Act
from appliance.errors import DaemonSilentError, NoRoomError, NoteOvertakenError
from appliance.notes import NoteStamp
from appliance.store import notebook
from tests.web.faxes import leave_fax, letter
from tests.web.practice import NAME, Practice, babble
from tests.web.roles import add_everybody, desk_of
from tests.web.staff import OWN, SCRIPT, Staff
from tests.web.test_attacks_words import OVERRIDE, WORDS
from web import requests

TEXT = "She asked for a Friday.\nCall her brother: Quillon Canary."


@pytest.fixture
def id(practice: Practice) -> str:
    return practice.leave(babble(1), "5551234567", "Maria Lopez", at=practice.clock.now() - 3600)


def texts(page: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'class="jotting-text" dir="auto">([^<]*)</p>', page)]


def token(page: str) -> str:
    [found] = re.findall(r'name="token" value="([0-9a-f]{32})"', page)
    return str(found)


def write(desk: Staff, id: str, text: str, headers: dict[str, str] = OWN) -> tuple[int, str]:
    """As browsers send it."""
    form = {"note": text.replace("\n", "\r\n")}
    answer = desk.ask("POST", f"/messages/{id}/notes", headers=headers, data=form, content_type="multipart/form-data")
    return answer.status_code, answer.text


def test_a_note_stands_under_its_message_with_who_and_when(practice: Practice, ana: Staff, id: str) -> None:
    assert "jotting" not in ana.get(f"/messages/{id}").text
    answer = ana.post(f"/messages/{id}/notes", note=TEXT)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/messages/{id}#notes")
    practice.clock.advance(300)
    practice.add_staff()
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    write(sam, id, "Called back.")
    page = ana.get(f"/messages/{id}").text
    assert texts(page) == [TEXT, "Called back."]
    told = re.findall(r'class="jotting-by"><strong>(\w+)</strong> <time datetime="[^"]+">([^<]+)<', page)
    assert told == [("Ana", "Friday 21 November 2025, 12:00"), ("Sam", "Friday 21 November 2025, 12:05")]
    assert "wrote a note" in page


def test_a_row_of_the_list_says_how_many_notes_there_are(practice: Practice, ana: Staff, id: str) -> None:
    practice.leave(babble(1), "5557654321")
    assert "note</span>" not in ana.get("/").text
    version = ana.pulse()["list"]
    write(ana, id, TEXT)
    assert ana.get("/").text.count("1 note</span>") == 1
    assert ana.pulse()["list"] != version
    write(ana, id, "Called back.")
    assert "2 notes</span>" in ana.script("/parts/list").text


def test_a_fax_takes_notes_too_and_says_so_above_its_pages(practice: Practice, ana: Staff) -> None:
    fax = leave_fax(practice, [letter(1)])
    assert "<span>Note</span>" in ana.get(f"/messages/{fax}").text
    write(ana, fax, TEXT)
    page = ana.get(f"/messages/{fax}").text
    assert texts(page) == [TEXT]
    assert "<span>1 note</span>" in page


def test_the_record_says_that_a_note_was_written_and_not_what(practice: Practice, ana: Staff, id: str) -> None:
    write(ana, id, TEXT)
    (deed,) = practice.record.told(Act.NOTED, id)
    assert (deed.by, deed.detail["number"], deed.sealed) == (NAME, "1", b"")
    page = ana.get("/record").text
    assert "wrote a note on a message" in page
    for place in (
        page,
        *(file.read_bytes().decode("latin-1") for file in practice.folder.rglob("*") if file.is_file()),
    ):
        assert "Canary" not in place


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.AUDITOR])
def test_a_technician_and_an_auditor_see_nothing_of_a_note(practice: Practice, id: str, role: Role) -> None:
    add_everybody(practice)
    desk_of(practice, Role.STAFF).post(f"/messages/{id}/notes", note=TEXT)
    desk = desk_of(practice, role)
    assert desk.post(f"/messages/{id}/notes", note="me too").status_code == 403
    for path in (f"/messages/{id}", f"/parts/messages/{id}", "/", "/status", "/record"):
        assert "Canary" not in desk.get(path).text
    assert practice.services.reader.row(id).notes == 1


def test_in_a_mailbox_of_others_there_is_nothing_to_write_on(practice: Practice, id: str) -> None:
    practice.add_staff(frozenset({"billing"}))
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    assert sam.post(f"/messages/{id}/notes", note=TEXT).status_code == 404
    assert sam.post(f"/messages/{'0' * 32}/notes", note=TEXT).status_code == 404
    assert practice.services.reader.row(id).notes == 0


@pytest.mark.parametrize("headers", [OWN, SCRIPT])
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write something first."),
        (" \n\u202e\x00 ", "Write something first."),
        ("x" * 4001, "at most 4,000 letters"),
    ],
)
def test_what_is_no_note_is_said_beside_the_field_and_nothing_typed_is_lost(
    practice: Practice, ana: Staff, id: str, *, typed: str, said: str, headers: dict[str, str]
) -> None:
    code, page = write(ana, id, typed, headers)
    assert code == 400
    assert said in page
    assert kept.clean(typed) in unescape(page)
    assert 'aria-invalid="true"' in page
    assert ("Maria Lopez" in page) is (headers is OWN)
    assert practice.services.reader.row(id).notes == 0


@pytest.mark.parametrize("letter", ["x", "ñ", "字"])
def test_the_longest_note_is_kept_whole(ana: Staff, id: str, letter: str) -> None:
    text = letter * (kept.LONGEST - 2) + "\n" + letter
    assert write(ana, id, text)[0] == 303
    assert texts(ana.get(f"/messages/{id}").text) == [text]
    assert ana.post(f"/messages/{id}/notes", note="x" * requests.LARGEST_TEXT).status_code == 413


def test_of_two_people_who_write_at_once_both_are_kept(
    practice: Practice, ana: Staff, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else is in between the look at the row and the question to the daemon."""
    control = practice.services.control
    ask = control.note

    def overtaken(stamp: NoteStamp, sealed: bytes) -> None:
        monkeypatch.undo()
        practice.note(id, "first", by="sam")
        ask(stamp, sealed)

    monkeypatch.setattr(control, "note", overtaken)
    assert write(ana, id, "second")[0] == 303
    assert texts(ana.get(f"/messages/{id}").text) == ["first", "second"]


@pytest.mark.parametrize("headers", [OWN, SCRIPT])
@pytest.mark.parametrize("error", [None, NoRoomError, NoteOvertakenError])
def test_a_note_that_the_box_cannot_keep_stands_in_its_field_again(
    practice: Practice,
    ana: Staff,
    id: str,
    *,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception] | None,
    headers: dict[str, str],
) -> None:
    def fail(*_: object) -> None:
        assert error
        raise error

    ana.get(f"/messages/{id}")
    if error:
        monkeypatch.setattr(practice.services.control, "note", fail)
    else:
        practice.daemon.silent = True
    code, page = write(ana, id, TEXT, headers)
    assert code == 503
    assert TEXT in unescape(page)
    assert "could not be kept" in page
    practice.daemon.silent = False
    assert texts(ana.get(f"/messages/{id}").text) == []


def test_a_message_that_is_full_of_notes_says_so(
    practice: Practice, ana: Staff, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST", 1)
    write(ana, id, TEXT)
    code, page = write(ana, id, "another")
    assert code == 400
    assert "There are 1 notes on this message already" in page


def test_a_damaged_note_says_so_and_the_others_stand(practice: Practice, ana: Staff, id: str) -> None:
    write(ana, id, "one")
    write(ana, id, "two")
    notebook.file_of(practice.folder, id, 1).write_bytes(b"?")
    page = ana.get(f"/messages/{id}").text
    assert "This note cannot be opened" in page
    assert "two</p>" in page
    assert "jotting-damaged" in page


def test_a_note_of_a_wrong_clock_says_so(practice: Practice, ana: Staff, id: str) -> None:
    write(ana, id, "one")
    assert "the time may be wrong" not in ana.get(f"/messages/{id}").text
    practice.clock.state = Trust.NOT_SYNCHRONISED
    write(ana, id, "two")
    assert ana.get(f"/messages/{id}").text.count("the time may be wrong") == 1


def test_a_form_that_is_sent_twice_at_once_keeps_one_note(practice: Practice, ana: Staff, id: str) -> None:
    """As a browser without scripts does it; the daemon is at the first one when the second comes."""
    form = {"note": TEXT, "token": token(ana.get(f"/messages/{id}").text)}
    note, asked = practice.daemon.answers[Verb.NOTE], threading.Barrier(2)

    def both(given: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            asked.wait(60)
        return note(given)

    practice.daemon.answers[Verb.NOTE] = both
    other, answers = ana.twin(), list[int]()
    send = [
        threading.Thread(
            target=lambda desk=desk: answers.append(desk.post(f"/messages/{id}/notes", None, **form).status_code)
        )
        for desk in (ana, other)
    ]
    for thread in send:
        thread.start()
    for thread in send:
        thread.join(60)
    assert answers == [303, 303]
    assert texts(ana.get(f"/messages/{id}").text) == [TEXT]


def test_a_note_whose_answer_was_lost_is_known_again(practice: Practice, ana: Staff, id: str) -> None:
    """By the form it came with, so that who writes the same or something else in another form has written another note."""
    note = practice.daemon.answers[Verb.NOTE]

    def keep_and_say_nothing(given: Any) -> Any:
        note(given)
        raise DaemonSilentError

    practice.daemon.answers[Verb.NOTE] = keep_and_say_nothing
    first = token(ana.get(f"/messages/{id}").text)
    answer = ana.post(f"/messages/{id}/notes", note=TEXT, token=first)
    assert (answer.status_code, token(answer.text)) == (503, first)
    practice.daemon.answers[Verb.NOTE] = note
    for _ in range(2):
        assert ana.post(f"/messages/{id}/notes", note=TEXT, token=first).status_code == 303
    page = ana.get(f"/messages/{id}").text
    assert texts(page) == [TEXT]
    assert token(page) != first
    ana.post(f"/messages/{id}/notes", note="Something else.", token=first)
    ana.post(f"/messages/{id}/notes", note=TEXT, token=token(page))
    assert texts(ana.get(f"/messages/{id}").text) == [TEXT, "Something else.", TEXT]


def test_a_kept_note_is_no_draft_any_more_and_a_refused_one_still_is(practice: Practice, ana: Staff, id: str) -> None:
    field = f"/messages/{id}:note"
    assert f'data-draft="{field}"' in ana.get(f"/messages/{id}").text
    ana.script("/drafts", field=field, text=TEXT)
    practice.daemon.silent = True
    write(ana, id, TEXT, SCRIPT)
    practice.daemon.silent = False
    assert ana.script("/drafts").get_json() == {field: TEXT}
    write(ana, id, TEXT, SCRIPT)
    assert ana.script("/drafts").get_json() == {}


@pytest.mark.parametrize("words", WORDS)
def test_nasty_words_are_shown_as_letters(practice: Practice, ana: Staff, id: str, words: str) -> None:
    write(ana, id, words)
    page = ana.get(f"/messages/{id}").text
    assert texts(page) == [words.replace(OVERRIDE, "")]
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    code, refused = write(ana, id, words + "x" * 4000)
    assert code == 400
    assert "<script>alert" not in refused
    assert refused.count("</textarea>") == 1


def test_purging_the_message_purges_its_notes(practice: Practice, ana: Staff, id: str) -> None:
    write(ana, id, TEXT)
    practice.inbox.remove(id, "erased")
    assert notebook.files(practice.folder) == ()
    assert ana.get(f"/messages/{id}").status_code == 404
    assert ana.post(f"/messages/{id}/notes", note=TEXT).status_code == 404
