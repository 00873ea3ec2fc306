"""Fax calls for admin and technician: how each ended and what was said, and nothing of anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.fax import records
from appliance.fax.frames import Kind
from appliance.fax.records import CallRecord, Outcome
from tests.web.faxes import leave_fax, letter
from tests.web.practice import TECHNICIAN, TECHNICIAN_PASSWORD, Practice
from tests.web.staff import Staff
from web import conversation
from web.conversation import Remark, Side

EFAX = Path(__file__).parents[1] / "transcripts" / "fax" / "efax-three-pages.t30"
TRANSCRIPTS = sorted(EFAX.parent.glob("*.t30"))


def lines_of(file: Path) -> tuple[str, ...]:
    return tuple(line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] in "<>")


@pytest.fixture
def toni(practice: Practice) -> Staff:
    """The technician."""
    practice.add_technician()
    return Staff(practice).log_in(TECHNICIAN, TECHNICIAN_PASSWORD)


@pytest.fixture
def names(practice: Practice) -> list[str]:
    """Two calls: a good one, and after it one that broke off."""
    now = practice.clock.now()
    good = CallRecord(now - 7200, Outcome.COMPLETE, 3, 63.4, "", lines_of(EFAX))
    bad = CallRecord(now - 60, Outcome.PARTIAL, 1, 20.0, "CallerHungUpError", ("> PickUp", "< Gone"))
    return [records.add(practice.folder, call).name for call in (good, bad)]


def test_calls_stand_newest_first_in_plain_words(toni: Staff, names: list[str]) -> None:
    page = toni.get("/fax-calls").text
    told = (
        "A part of the fax came.",
        "11:59",
        "1 page, 20 seconds",
        "The fax came whole.",
        "10:00",
        "3 pages, 1 minute 3 seconds",
    )
    places = [page.index(words) for words in told]
    assert places == sorted(places)
    assert "The sending fax ended the call before it had said that it was done." in page


def test_a_caller_who_is_no_fax_needs_nobody(practice: Practice, toni: Staff) -> None:
    records.add(practice.folder, CallRecord(practice.clock.now(), Outcome.NOTHING, 0, 31.2, "NoFaxError", ()))
    page = toni.get("/fax-calls").text
    assert "No fax called." in page
    assert "31 seconds · Nobody who called spoke fax." in page
    assert "call-quiet" in page
    assert "Nothing was said." in toni.get("/fax-calls/000001").text


def test_one_call_is_told_as_a_conversation(toni: Staff, names: list[str]) -> None:
    page = toni.get(f"/fax-calls/{names[0]}").text
    for words in (
        '<b translate="no">DCS</b> This is how I am going to send.',
        "V.17/14400 FINE",
        "I have it, and it is kept.",
        "(private)",
    ):
        assert words in page
    broken = toni.get(f"/fax-calls/{names[1]}").text
    assert "ask the sender for the rest" in broken
    assert "The line was cut." in broken


def test_the_transcript_is_a_file(practice: Practice, toni: Staff, names: list[str]) -> None:
    answer = toni.get(f"/fax-calls/{names[0]}.t30")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="call-{names[0]}.t30"'
    assert answer.data == records.file_of(practice.folder, names[0]).read_bytes()
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_technician_finds_the_way_and_no_message(practice: Practice, toni: Staff, names: list[str]) -> None:
    id = leave_fax(practice, [letter()])
    assert 'href="/fax-calls"' in toni.get("/status").text
    assert 'href="/fax-calls"' in toni.get("/parts/status").text
    for path in ("", "/pages/1.png", "/sketch.png", "/fax.pdf", "/fax.tiff"):
        assert toni.get(f"/messages/{id}{path}").status_code == 403


def test_an_admin_may_look_and_staff_and_strangers_may_not(practice: Practice, ana: Staff, names: list[str]) -> None:
    assert ana.get("/fax-calls").status_code == 200  # Ana is admin
    for path in ("/fax-calls", f"/fax-calls/{names[0]}", f"/fax-calls/{names[0]}.t30"):
        assert Staff(practice).get(path).status_code == 303
    practice.add_staff()
    sam = Staff(practice).log_in("sam", "velvet harbor kettle moon")
    assert sam.get("/fax-calls").status_code == 403
    assert 'href="/fax-calls"' not in sam.get("/status").text


@pytest.mark.parametrize("name", ["000099", "..%2f000001", "1", "000001.t30.t30", "%00"])
def test_a_call_that_is_not_there_is_not_found(toni: Staff, names: list[str], name: str) -> None:
    for path in (f"/fax-calls/{name}", f"/fax-calls/{name}.t30"):
        assert toni.get(path).status_code == 404


def test_a_record_that_cannot_be_read_says_so(practice: Practice, toni: Staff, names: list[str]) -> None:
    records.file_of(practice.folder, names[0]).write_bytes(b"\xff")
    answer = toni.get(f"/fax-calls/{names[0]}")
    assert answer.status_code == 410
    assert "The record of this call cannot be read" in answer.text


def test_without_calls_the_page_says_what_will_be_there(toni: Staff) -> None:
    assert "No calls yet." in toni.get("/fax-calls").text


def test_every_frame_of_t30_has_its_meaning() -> None:
    assert set(conversation.FRAMES) == set(Kind.__members__)


@pytest.mark.parametrize("file", TRANSCRIPTS, ids=lambda file: str(file.stem))
def test_every_line_of_a_real_call_is_understood(file: Path) -> None:
    told = conversation.tell(lines_of(file))
    assert len(told) > 3
    assert all(remark.meaning for remark in told), [remark for remark in told if not remark.meaning]


def test_frames_of_one_turn_are_told_apart_though_their_fields_have_commas() -> None:
    csi, dis = conversation.tell(["> Send CSI+ (private), DIS 00ee [V.17,V.29 STANDARD, FINE]"])
    assert (csi.side, csi.word, csi.detail) == (Side.BOX, "CSI", "(private)")
    assert (dis.word, dis.detail) == ("DIS", "00ee [V.17,V.29 STANDARD, FINE]")


def test_a_page_that_came_is_told_in_words() -> None:
    (came,) = conversation.tell(["< PageCame rows=2156 damaged=12 worst-run=4 cut"])
    assert came.meaning == "A page came: 2,156 lines, 12 of them damaged, 4 in a row at most, without its end."


def test_a_line_of_a_later_version_stands_as_it_is() -> None:
    assert conversation.tell(["> Juggle 3"]) == (Remark(Side.HERE, "", "", "> Juggle 3"),)
    assert conversation.tell(["< Heard XYZ 00"]) == (Remark(Side.SENDER, "", "", "XYZ 00"),)
