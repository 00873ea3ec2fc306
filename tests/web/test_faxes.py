"""A fax on the page without any script: its pages as pictures, as PDF and TIFF, turned, marked, erased; and what nobody may have."""

from __future__ import annotations

import io
import logging
import re
import struct
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from werkzeug.test import TestResponse

from appliance.fax import pictures, tiff
from appliance.messages import Envelope, State
from tests.web.faxes import leave_fax, leave_file, letter, lose_power_during
from tests.web.practice import Practice, babble
from tests.web.staff import OWN, Staff
from web import faxes
from web.guard import COOKIE

WESTSIDE = Envelope(caller_number="5550102001", caller_name="WESTSIDE ORTHODONTICS", sender_id="+1 555 010 2001")


@pytest.fixture
def id(practice: Practice) -> str:
    """Three pages, the second in standard resolution, the third with damaged lines."""
    notes = ("page 3: 4 damaged lines", "partial: the sending machine hung up after 3 pages")
    return leave_fax(
        practice,
        [letter(1), letter(2, down=98), replace(letter(3), damaged=4, worst_run=2)],
        replace(WESTSIDE, notes=notes),
    )


def picture(answer: TestResponse) -> Image.Image:
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "image/png"
    return Image.open(io.BytesIO(answer.data))


def row_of(page: str, id: str) -> str:
    start = page.index(f'id="m-{id}"')
    return page[start : page.index("</li>", start)]


def test_a_row_tells_what_came_from_whom_and_how_well(ana: Staff, id: str) -> None:
    row = row_of(ana.get("/").text, id)
    for words in ("Westside Orthodontics", "Fax, 3 pages", "Partial", "4 damaged lines", "sketch.png", "New."):
        assert words in row
    assert "claimed" not in row


def test_a_machine_that_alone_says_who_sent_is_set_apart(practice: Practice, ana: Staff) -> None:
    id = leave_fax(practice, [letter()], Envelope(sender_id=" CITY\x07 LAB 7788 "))
    unknown = leave_fax(practice, [letter()], Envelope())
    page = ana.get("/").text
    assert '<span class="row-who claimed">Sent by CITY LAB 7788</span>' in row_of(page, id)
    assert '<span class="row-who">Unknown sender</span>' in row_of(page, unknown)
    message = ana.get(f"/messages/{id}").text
    assert "That is what the sending machine calls itself: a hint, no proof." in message
    assert "calls itself" not in ana.get(f"/messages/{unknown}").text


def test_the_search_finds_what_the_machine_calls_itself(practice: Practice, ana: Staff, id: str) -> None:
    leave_fax(practice, [letter()], Envelope(sender_id="CITY LAB 7788"))
    for search in ("city", "7788"):
        ana.post("/search", search=search)
        assert "CITY LAB 7788" in (page := ana.get("/").text)
        assert "Westside" not in page


def test_an_open_fax_shows_every_page_with_its_marks(ana: Staff, id: str) -> None:
    page = ana.get(f"/messages/{id}").text
    assert page.count("<figure") == 3
    for number in (1, 2, 3):
        assert f"Page {number} of 3" in page
        assert f"/messages/{id}/pages/{number}.png?turn=0&amp;width=800 800w" in page
    assert page.count("damaged lines, 2 of them in a row: they repeat the line above.") == 1
    assert "calls itself <b>+1 555 010 2001</b>" in page
    assert "Partial: the sending machine hung up after 3 pages." in page
    sizes = re.findall(r'width="(\d+)" height="(\d+)" alt="Page', page)
    assert sizes == [("1728", "2244"), ("1728", "2244"), ("1728", "2244")]  # standard resolution is as high as fine


def test_pages_are_drawn_dot_for_dot_or_smaller(practice: Practice, ana: Staff, id: str) -> None:
    file = ana.post(f"/messages/{id}/fax.tiff").data
    came = Image.open(io.BytesIO(file))
    for number in (1, 2, 3):
        came.seek(number - 1)
        whole = picture(ana.get(f"/messages/{id}/pages/{number}.png"))
        assert whole.tobytes() == came.tobytes()
        assert picture(ana.get(f"/messages/{id}/pages/{number}.png?width=800")).size == (800, 1039)
    assert picture(ana.get(f"/messages/{id}/pages/1.png?width=800&turn=90")).size == (800, 616)
    assert picture(ana.get(f"/messages/{id}/sketch.png")).size == faxes.SKETCH


def test_both_files_hold_every_dot_and_no_name(practice: Practice, ana: Staff, id: str) -> None:
    pdf, file = ana.post(f"/messages/{id}/fax.pdf"), ana.post(f"/messages/{id}/fax.tiff")
    assert pdf.headers["Content-Disposition"] == 'attachment; filename="fax-2025-11-21-1200.pdf"'
    assert file.headers["Content-Disposition"] == 'attachment; filename="fax-2025-11-21-1200.tiff"'
    assert (pdf.mimetype, file.mimetype) == ("application/pdf", "image/tiff")
    assert pdf.content_length == len(pdf.data)
    assert pdf.headers["Cache-Control"] == file.headers["Cache-Control"] == "no-store"
    came = Image.open(io.BytesIO(file.data))
    for number, page in enumerate(pypdfium2.PdfDocument(pdf.data)):
        came.seek(number)
        (image,) = page.get_objects()
        assert image.get_bitmap().to_pil().convert("1").tobytes() == came.tobytes()
    assert file.data == tiff.assemble([letter(1), letter(2, down=98), replace(letter(3), damaged=4, worst_run=2)])


def test_turning_is_remembered_for_this_session_only(practice: Practice, ana: Staff, id: str) -> None:
    answer = ana.post(f"/messages/{id}/turn", page="all", by="right")
    assert answer.headers["Location"] == f"/messages/{id}#page-1"
    assert ana.script(f"/messages/{id}/turn", page="2", by="left").status_code == 204
    page = ana.get(f"/messages/{id}").text
    turns = re.findall(r'src="/messages/[0-9a-f]+/pages/(\d)\.png\?turn=(\d+)', page)
    assert turns == [("1", "90"), ("2", "0"), ("3", "90")]
    rotations = [page.get_rotation() for page in pypdfium2.PdfDocument(ana.post(f"/messages/{id}/fax.pdf").data)]
    assert rotations == [90, 0, 90]
    other = Staff(practice).log_in().get(f"/messages/{id}").text
    assert "turn=90" not in other


def test_a_fax_is_read_where_a_voicemail_is_heard(practice: Practice, ana: Staff, id: str) -> None:
    assert "Mark as read" in ana.get(f"/messages/{id}").text
    assert "after somebody has read it" in ana.get(f"/messages/{id}").text
    ana.post(f"/messages/{id}/heard", heard="yes")
    page = ana.get(f"/messages/{id}").text
    assert "30 days after it was read." in page
    assert "<h2>Read</h2>" in page
    assert "Read. " in row_of(page, id)
    voice = practice.leave(babble(1))
    practice.hear(voice)
    assert "<h2>Heard and read</h2>" in ana.get("/").text


def test_a_fax_is_erased_and_had_back(practice: Practice, ana: Staff, id: str) -> None:
    ana.post(f"/messages/{id}/erase")
    assert "Erased: Westside Orthodontics, 3 pages." in ana.get("/").text
    ana.post(f"/messages/{id}/undo")
    assert practice.inbox.list()[0].state is State.NEW


@pytest.mark.parametrize(
    "path",
    [
        "pages/0.png",
        "pages/4.png",
        "pages/-1.png",
        "pages/1e1.png",
        "pages/99999.png",
        "pages/%D9%A1.png",
        "pages/x.png",
        "pages/../content.png",
    ],
)
def test_a_page_that_is_not_there_is_not_found(ana: Staff, id: str, path: str) -> None:
    assert ana.get(f"/messages/{id}/{path}").status_code == 404


@pytest.mark.parametrize(
    "query", ["width=801", "width=-1", "width=1e9", "width=", "turn=45", "turn=", "turn=x", "turn=360"]
)
def test_a_scale_that_the_page_never_asks_for_is_refused(ana: Staff, id: str, query: str) -> None:
    answer = ana.get(f"/messages/{id}/pages/1.png?{query}")
    assert answer.status_code == (200 if query == "width=" else 400)


@pytest.mark.parametrize("form", [{}, {"page": "all"}, {"page": "all", "by": "up"}, {"page": "0", "by": "left"}])
def test_a_turn_that_is_none_is_refused(ana: Staff, id: str, form: dict[str, Any]) -> None:
    assert ana.post(f"/messages/{id}/turn", **form).status_code in {400, 404}


def test_a_voicemail_has_no_pages(practice: Practice, ana: Staff) -> None:
    id = practice.leave(babble(1))
    for path in ("pages/1.png", "sketch.png", "fax.pdf", "fax.tiff"):
        assert ana.get(f"/messages/{id}/{path}").status_code == 404
    assert ana.post(f"/messages/{id}/turn", page="all", by="left").status_code == 404


def test_a_fax_that_ends_in_the_midst_of_a_page_shows_its_whole_pages(practice: Practice, ana: Staff) -> None:
    octets = tiff.assemble([letter(1), letter(2)])[:-1000]
    id = leave_file(practice, octets, Envelope(pages=2))
    page = ana.get(f"/messages/{id}").text
    assert page.count("<figure") == 1
    assert "What came after page 1 cannot be shown: the file is damaged there, or ends too soon." in page
    assert ana.get(f"/messages/{id}/pages/2.png").status_code == 404
    assert len(pypdfium2.PdfDocument(ana.post(f"/messages/{id}/fax.pdf").data)) == 1


@pytest.mark.parametrize("rest", [b"", b"the beginning of a third page"])
def test_a_recovered_fax_shows_its_whole_pages(practice: Practice, ana: Staff, rest: bytes) -> None:
    """The power went after two pages, or in the midst of the third's way to the disk."""
    lose_power_during(practice, [letter(1), letter(2)], rest, Envelope(sender_id="CITY LAB"))
    (id,) = (row.stamp.id for row in practice.inbox.list())
    page = ana.get(f"/messages/{id}").text
    assert "Fax, 2 pages" in row_of(page, id)
    assert page.count("<figure") == 2
    assert "Partial: recovered after an interruption. Pages that were still coming in may be missing." in page
    assert "cannot be shown" not in page[: page.index("<figure")]
    for number in (1, 2):
        shown = picture(ana.get(f"/messages/{id}/pages/{number}.png"))
        assert shown.tobytes() == Image.open(io.BytesIO(tiff.assemble([letter(number)]))).tobytes()
    assert len(pypdfium2.PdfDocument(ana.post(f"/messages/{id}/fax.pdf").data)) == 2
    saved = Image.open(io.BytesIO(ana.post(f"/messages/{id}/fax.tiff").data))
    assert getattr(saved, "n_frames", 0) == 2


@pytest.mark.parametrize("octets", [b"GIF89a nothing of ours", b"II*\0\x08\0\0\0\xff\xff", b"II*\0" + bytes(4)])
def test_a_file_that_is_no_fax_says_so_and_can_be_erased(practice: Practice, ana: Staff, octets: bytes) -> None:
    id = leave_file(practice, octets, Envelope(pages=1))
    page = ana.get(f"/messages/{id}")
    assert page.status_code == 200
    assert "No whole page of this fax can be shown. Ask the sender to send it again." in page.text
    assert f'action="/messages/{id}/erase"' in page.text
    for path in ("pages/1.png", "sketch.png", "fax.pdf"):
        answer = ana.post(f"/messages/{id}/{path}") if path == "fax.pdf" else ana.get(f"/messages/{id}/{path}")
        assert answer.status_code in {404, 410}
        assert "Traceback" not in answer.text


def test_a_page_whose_sealed_part_is_damaged_takes_no_other_with_it(practice: Practice, ana: Staff) -> None:
    id = leave_fax(practice, [letter(number) for number in range(1, 9)])
    file = practice.folder / "vault" / f"{id}.age"
    sealed = bytearray(file.read_bytes())
    assert len(sealed) > 3 * 65_536
    sealed[len(sealed) // 2] ^= 1
    file.write_bytes(sealed)
    page = ana.get(f"/messages/{id}").text
    shown = page.count("<figure")
    assert 2 < shown < 8  # the way to the others lay in what is damaged
    assert f"What came after page {shown} cannot be shown" in page
    answers = [ana.get(f"/messages/{id}/pages/{number}.png") for number in range(1, shown + 1)]
    assert [answer.status_code for answer in answers] == [200] * (shown - 1) + [410]
    assert "It can be neither shown nor saved." in answers[-1].text
    assert ana.get(f"/messages/{id}/sketch.png").status_code == 200
    refused = ana.post(f"/messages/{id}/fax.pdf")
    assert refused.status_code == 410
    assert "Traceback" not in refused.text


def test_a_page_longer_than_any_paper_says_how_much_of_it_is_shown(practice: Practice, ana: Staff) -> None:
    long = tiff.encode(tiff.Page([b"\x0f" + bytes(303)] * 20_000, 2432, 204, 196))
    id = leave_fax(practice, [long])
    assert "Its first 13,569 lines are shown" in ana.get(f"/messages/{id}").text
    assert picture(ana.get(f"/messages/{id}/pages/1.png?width=800")).width == 800
    assert picture(ana.get(f"/messages/{id}/pages/1.png")).size == (2432, 13_569)


def test_of_more_pages_than_anybody_reads_the_first_are_shown(practice: Practice, ana: Staff) -> None:
    small = tiff.encode(tiff.Page([bytes(216)], 1728, 204, 196))
    page = ana.get(f"/messages/{leave_fax(practice, [small] * 230)}").text
    assert page.count("<figure") == 200
    assert "This fax has more than 200 pages." in page


def test_a_chain_of_pages_that_leads_back_ends(practice: Practice, ana: Staff) -> None:
    octets = bytearray(tiff.assemble([letter(1), letter(2)]))
    second = struct.unpack_from("<L", octets, 10 + 12 * 19)[0]
    struct.pack_into("<L", octets, second + 2 + 12 * 19, 8)
    id = leave_file(practice, bytes(octets), Envelope(pages=2))
    assert ana.get(f"/messages/{id}").text.count("<figure") == 2


def test_sketches_are_drawn_once_for_a_session(
    practice: Practice, ana: Staff, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ana.get(f"/messages/{id}/sketch.png").data
    monkeypatch.setattr(pictures, "sketch", lambda *_: b"")
    assert ana.get(f"/messages/{id}/sketch.png").data == first
    assert Staff(practice).log_in().get(f"/messages/{id}/sketch.png").data == b""


def test_nothing_of_a_fax_is_for_strangers_or_kept_by_browsers(practice: Practice, ana: Staff, id: str) -> None:
    stranger = Staff(practice)
    for path in ("pages/1.png", "pages/1.png?width=800", "sketch.png", "fax.pdf", "fax.tiff"):
        assert ana.get(f"/messages/{id}/{path}").headers["Cache-Control"] == "no-store"
        assert stranger.get(f"/messages/{id}/{path}").status_code == 303
        assert stranger.get(f"/messages/{id}/{path}", Cookie=f"{COOKIE}=guess").status_code == 303


def test_no_address_no_file_name_and_no_log_line_tells_who_sent(
    practice: Practice, ana: Staff, id: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        ana.get(f"/messages/{id}{path}") for path in ("", "/pages/1.png", "/sketch.png", "/fax.pdf", "/fax.tiff")
    ]
    told = [caplog.text, *(str(answer.headers) for answer in answers)]
    told += re.findall(r'(?:href|src|srcset|action)="([^"]*)"', answers[0].text)
    assert len(told) > 20
    for text in told:
        assert not re.search(r"5550102001|010 2001|westside", text, re.IGNORECASE)


def test_a_session_that_ends_breaks_a_download_off(practice: Practice, ana: Staff, id: str) -> None:
    answer = ana.ask("POST", f"/messages/{id}/fax.pdf", headers=OWN, buffered=False)
    pieces = answer.iter_encoded()
    assert next(pieces).startswith(b"%PDF")
    practice.sessions.close_all()
    assert sum(map(len, pieces)) == 0
