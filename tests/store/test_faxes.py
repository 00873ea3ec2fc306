"""A fax in the store: it grows page by page, and a page counts when all of it is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import BadStorageError, NoRoomError, NotFoundedError
from appliance.fax import tiff
from appliance.messages import Envelope, Kind, Row
from appliance.store.delivery import Delivery
from appliance.store.inbox import Inbox, RingSet
from appliance.store.reader import RECOVERED
from appliance.store.slots import PIECE, SLOT, Word, read_slot
from tests.fakes.clock import FakeClock
from tests.store.boxes import Box, fax, fax_page

FROM = Envelope(caller_number="5550100777", sender_id="5550100")


def begin(box: Box, pages: int) -> Delivery:
    delivery = box.begin(Kind.FAX, FROM)
    for piece in fax(pages):
        delivery.append(piece)
    return delivery


def rows_of(box: Box, row: Row) -> list[list[bytes]]:
    """The pages of a message as anybody's TIFF library reads them."""
    return [list(page.rows) for page in tiff.read(box.content(row))]


def sent(pages: int) -> list[list[bytes]]:
    return [list(fax_page(number).rows) for number in range(pages)]


def slots_of(file: Path) -> list[Word | None]:
    """What stands in a ring from slot 2 on."""
    with file.open("rb") as ring:
        found = [read_slot(ring, number) for number in range(2, file.stat().st_size // SLOT)]
    return [slot.word if slot else None for slot in found]


def wipe(file: Path, number: int) -> None:
    """Slot `number`, counted from the first part, was never written."""
    with file.open("r+b") as ring:
        ring.seek((2 + number) * SLOT)
        ring.write(bytes(SLOT))


def recovered(box: Box) -> Row:
    assert box.restart() == 1
    (row,) = box.inbox.list()
    assert row.recovered
    assert box.amiss() == []
    return row


def test_a_fax_that_was_finished_is_a_whole_file(box: Box) -> None:
    row = begin(box, 3).finish(Envelope(pages=3))
    assert rows_of(box, row) == sent(3)
    assert box.content(row)[:4] == b"II*\0"
    assert tiff.assemble([tiff.encode(page) for page in tiff.read(box.content(row))])


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_an_interrupted_fax_keeps_every_page_that_was_safe(box: Box, pages: int) -> None:
    begin(box, pages)
    row = recovered(box)
    assert row.pages == pages
    assert rows_of(box, row) == sent(pages)
    with box.open(row) as message:
        assert message.header.envelope.pages == pages
        assert (message.header.envelope.sender_id, message.header.envelope.notes) == ("5550100", (RECOVERED,))


def test_an_interrupted_fax_reads_the_same_in_any_pieces(box: Box) -> None:
    begin(box, 2)
    row = recovered(box)
    with box.open(row) as message:
        whole = message.read(0, message.size)
        assert b"".join(message.read(start, 7) for start in range(0, message.size, 7)) == whole


@pytest.mark.parametrize("lost", [-1, -2])
def test_a_page_that_was_on_its_way_does_not_count(box: Box, lost: int) -> None:
    delivery = begin(box, 3)
    file = delivery.arrival.ring.file
    words = slots_of(file)
    ends = [place for place, word in enumerate(words) if word is Word.PAGE]
    assert ends[2] - ends[1] > 1, "the page takes several slots"
    wipe(file, ends[2] + 1 + lost)
    row = recovered(box)
    assert row.pages == 2
    assert rows_of(box, row) == sent(2)


def test_nothing_of_a_page_that_was_on_its_way_stays_behind_the_others(box: Box) -> None:
    file = begin(box, 3).arrival.ring.file
    ends = [place for place, word in enumerate(slots_of(file)) if word is Word.PAGE]
    wipe(file, ends[2])
    row = recovered(box)
    assert (box.folder / "vault" / f"{row.stamp.id}.ring").stat().st_size == (2 + ends[1] + 1) * SLOT


def test_without_any_whole_page_there_is_no_message(box: Box) -> None:
    file = begin(box, 1).arrival.ring.file
    wipe(file, slots_of(file).index(Word.PAGE))
    assert box.restart() == 0
    assert box.inbox.list() == ()


@pytest.mark.parametrize("hurt", [0, 1, 2])
def test_damage_costs_one_page_and_is_told(box: Box, hurt: int) -> None:
    file = begin(box, 4).arrival.ring.file
    ends = [place for place, word in enumerate(slots_of(file)) if word is Word.PAGE]
    begins = [0, *(end + 1 for end in ends)]
    wipe(file, begins[hurt])
    row = recovered(box)
    left = [page for number, page in enumerate(sent(4)) if number != hurt]
    assert row.pages == 3
    assert rows_of(box, row) == left
    with box.open(row) as message:
        assert message.header.envelope.notes[1] == f"{ends[hurt] + 1 - begins[hurt]} damaged parts are missing"
        whole = message.read(0, message.size)
        assert b"".join(message.read(start, 5) for start in range(0, message.size, 5)) == whole


def test_a_lost_end_of_a_page_costs_the_next_one_too_and_no_other(box: Box) -> None:
    file = begin(box, 4).arrival.ring.file
    ends = [place for place, word in enumerate(slots_of(file)) if word is Word.PAGE]
    wipe(file, ends[0])
    row = recovered(box)
    assert row.pages == 2
    assert rows_of(box, row) == sent(4)[2:]


def test_a_fax_that_was_whole_in_its_ring_comes_back_whole(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = begin(box, 2)

    def full(*_: object) -> None:
        raise NoRoomError

    monkeypatch.setattr(box.inbox._ground.vault, "keep", full)
    with pytest.raises(NoRoomError):
        delivery.finish(Envelope(pages=2, notes=("page 1: 3 damaged lines",)))
    row = recovered(box)
    assert (row.pages, rows_of(box, row)) == (2, sent(2))
    with box.open(row) as message:
        assert message.header.envelope.notes == ("page 1: 3 damaged lines", RECOVERED)


@pytest.fixture
def office(tmp_path: Path) -> Box:
    """A box whose faxes have rings of their own."""
    box = Box(tmp_path / "office", rings=1)
    box.inbox.close()
    box.inbox = Inbox(box.folder, RingSet(1, 4), box.clock, faxes=RingSet(1, 20))
    box.inbox.start()
    return box


def test_faxes_have_rings_of_their_own(office: Box) -> None:
    call = office.begin()
    row = begin(office, 3).finish(Envelope(pages=3))
    assert rows_of(office, row) == sent(3)
    waiting = begin(office, 1)
    with pytest.raises(NoRoomError):
        office.inbox.must_take(Kind.FAX)
    with pytest.raises(NoRoomError):
        office.begin(Kind.FAX)
    waiting.abandon()
    office.inbox.must_take(Kind.FAX)
    call.abandon()
    names = sorted(file.name for file in (office.folder / "journal").glob("*"))
    assert names == ["0.ring", "fax-0.ring"]
    office.inbox.close()


def test_a_fax_longer_than_its_ring_keeps_what_came_before(office: Box) -> None:
    delivery, pieces, taken = office.begin(Kind.FAX), fax(100), 0
    while sum(-(-len(piece) // PIECE) for piece in pieces[: taken + 1]) <= 21:
        delivery.append(pieces[taken])
        taken += 1
    with pytest.raises(NoRoomError):
        delivery.append(pieces[taken])
    row = delivery.finish(Envelope(pages=taken))
    assert taken > 1
    assert rows_of(office, row) == sent(taken)
    office.inbox.close()


def test_a_store_that_can_take_nothing_says_so_beforehand(office: Box) -> None:
    (office.folder / "keys" / "practice.pub").unlink()
    with pytest.raises(NotFoundedError):
        office.inbox.must_take(Kind.FAX)
    office.inbox._disk.good = False
    with pytest.raises(BadStorageError):
        office.inbox.must_take(Kind.FAX)
    office.inbox.close()


def test_a_fax_that_a_former_daemon_began_comes_back_without_a_fax_line(office: Box) -> None:
    begin(office, 2)
    office.inbox.close()
    office.inbox = Inbox(office.folder, RingSet(1, 4), FakeClock())
    assert office.inbox.start() == 1
    (row,) = office.inbox.list()
    assert rows_of(office, row) == sent(2)
    office.inbox.close()
