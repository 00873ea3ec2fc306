"""One fax on its way in: each page sealed before it counts, and in the end a message that says how it came."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import (
    BadStorageError,
    BadTurnError,
    CallerHungUpError,
    FaxError,
    LineStoppedError,
    NoRoomError,
    SerialError,
)
from appliance.fax import tiff
from appliance.fax.capabilities import Terms
from appliance.fax.frames import Kind as Word
from appliance.fax.receiving import Call, PageTaken
from appliance.fax.sealing import Arriving
from appliance.fax.steps import Quality
from appliance.messages import Envelope, Row
from tests.store.boxes import Box, fax_page

CALLER = Envelope(caller_number="5550100777", caller_name="Jane Canary")
GOOD = PageTaken(Terms(), Quality(60, 0, 0, True), Word.MCF)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path / "store", ring_slots=40)


def arriving(box: Box, call: Call) -> Arriving:
    return Arriving(box.inbox, {"101": "billing"}.get, CALLER, call)  # type: ignore[arg-type]  # no other is asked for


def receive(box: Box, pages: list[PageTaken], error: FaxError | SerialError | None = None) -> tuple[Row, Envelope]:
    """A fax of `pages`, up to its end or `error`; its row and envelope."""
    call = Call(sender="5550142", sub_address="101")
    fax = arriving(box, call)
    for number, taken in enumerate(pages):
        quality = taken.quality
        page = replace(fax_page(number), damaged=quality.damaged, worst_run=quality.worst_run)
        assert fax.keep(page)
        call.pages.append(taken)
    call.complete = error is None
    fax.finish(error)
    (row,) = box.inbox.list()
    with box.open(row) as message:
        found = [list(page.rows) for page in tiff.read(message.read(0, message.size))]
        assert found == [list(fax_page(number).rows) for number in range(len(pages))]
        return row, message.header.envelope


def test_a_whole_fax_says_who_sent_it_and_nothing_else(box: Box) -> None:
    row, envelope = receive(box, [GOOD, GOOD])
    assert (row.stamp.mailbox, row.pages) == ("billing", 2)
    assert envelope == replace(CALLER, pages=2, sender_id="5550142")


def test_what_was_not_good_is_told_in_plain_words(box: Box) -> None:
    damaged = PageTaken(Terms(), Quality(60, 3, 2, True), Word.RTP)
    refused = PageTaken(Terms(), Quality(60, 1, 1, False), Word.RTN)
    _, envelope = receive(box, [GOOD, damaged, refused])
    assert envelope.notes == (
        "page 2: 3 damaged lines",
        "page 3: 1 damaged line",
        "page 3: its end is missing",
        "page 3: hard to read, so the sending machine was asked to send it again",
    )


@pytest.mark.parametrize(
    ("error", "pages", "note"),
    [
        (CallerHungUpError(), 2, "partial: the sending machine hung up after 2 pages"),
        (SerialError(), 1, "partial: the fax modem went away after 1 page"),
        (LineStoppedError(), 1, "partial: the box was shut down after 1 page"),
        (BadTurnError(), 1, "partial: the call broke off after 1 page"),
    ],
)
def test_a_call_that_broke_off_keeps_its_whole_pages_and_says_partial(
    box: Box, error: FaxError, pages: int, note: str
) -> None:
    row, envelope = receive(box, [GOOD] * pages, error)
    assert row.pages == envelope.pages == pages
    assert envelope.notes == (note,)


def test_a_call_without_a_page_leaves_no_message(box: Box) -> None:
    arriving(box, Call()).finish(CallerHungUpError())
    assert box.inbox.list() == ()


def test_a_page_is_on_the_disk_before_it_counts(box: Box) -> None:
    fax = arriving(box, Call(sub_address="101"))
    fax.keep(fax_page(0))
    box.restart()
    (row,) = box.inbox.list()
    assert (row.pages, row.recovered) == (1, True)


def test_a_page_that_finds_no_room_is_not_kept_and_those_before_are(box: Box) -> None:
    call = Call(sub_address="101")
    fax = arriving(box, call)
    fax.keep(fax_page(0))
    with pytest.raises(NoRoomError):
        fax.keep(fax_page(1, rows=2000))
    assert not fax.keep(fax_page(2)), "a page is never put in another's place"
    fax.finish(CallerHungUpError())
    (row,) = box.inbox.list()
    assert (row.pages, row.recovered) == (1, False)


def test_a_first_page_that_finds_no_room_leaves_nothing(box: Box) -> None:
    fax = arriving(box, Call(sub_address="101"))
    with pytest.raises(NoRoomError):
        fax.keep(fax_page(0, rows=2000))
    fax.finish(CallerHungUpError())
    assert box.inbox.list() == ()
    assert box.restart() == 0


def test_a_page_that_the_card_refuses_is_not_kept(box: Box) -> None:
    fax = arriving(box, Call(sub_address="101"))
    box.inbox._disk.good = False
    with pytest.raises(BadStorageError):
        fax.keep(fax_page(0))
