"""From a sending machine to a sealed message: soft modems that modulate, the real daemon, and pages that are exact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.control.values import Lamp, Light
from appliance.fax import records, tiff
from appliance.fax.records import Outcome
from tests.fax.test_back_to_back import make_page
from tests.rig import efax
from tests.rig.fax_box import FaxBox
from tests.rig.fax_modems import FaxModems

pytestmark = [pytest.mark.rig, pytest.mark.timeout(300)]

SPEED = 8.0  # times real time
READY = "Ready to receive."

Letter = list[list[bytes]]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the modems are. Each test plugs in its own: the box's is another device each time, under the same name."""
    return tmp_path_factory.mktemp("line")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, line: Path) -> Iterator[FaxBox]:
    with FaxBox(tmp_path_factory.mktemp("box"), line / "near", more='sub_addresses = { 101 = "billing" }') as box:
        yield box


def write(folder: Path, letter: Letter) -> Path:
    file = folder / "letter.tif"
    file.write_bytes(tiff.assemble([tiff.encode(tiff.Page(rows, 1728, 204, 196)) for rows in letter]))
    return file


def wait_for_page(box: FaxBox, number: int) -> None:
    box.wait_for(lambda: box.fax_sentence() == f"Receiving page {number}.", f"page {number} is not told of")


def test_a_fax_is_sealed_and_opens_with_the_practices_key(box: FaxBox, line: Path, tmp_path: Path) -> None:
    letter = [make_page(seed, rows=400) for seed in range(2)]
    before, calls = len(box.rows()), len(records.latest(box.store))
    files = [efax.write_pbm(tmp_path / f"page-{number}.pbm", rows) for number, rows in enumerate(letter)]
    with FaxModems(line, SPEED) as pair:
        box.wait_until_ready()
        sender = efax.send(pair.far, tmp_path / "efax.log", files)
        wait_for_page(box, 2)
        assert box.status().lamps[Lamp.LINE] is Light.BLINKING
        row = box.wait_for_messages(before + 1)[0]
        assert sender.wait(30) == 0
    assert (row.pages, row.recovered, row.stamp.mailbox) == (2, False, "front-desk")
    envelope, pages = box.open(row)
    assert (envelope.sender_id, envelope.pages, envelope.notes) == ("+1 555 0100", 2, ())
    assert [efax.find_shift(sent, came) is not None for sent, came in zip(letter, pages, strict=True)] == [True] * 2
    box.wait_for(lambda: len(records.latest(box.store)) == calls + 1, "the call is not recorded")
    call = records.latest(box.store)[0]
    assert (call.outcome, call.pages, call.error) == (Outcome.COMPLETE, 2, "")
    assert "555" not in "".join(call.transcript)


def test_a_sub_address_leads_to_its_mailbox(box: FaxBox, line: Path, tmp_path: Path) -> None:
    letter = [make_page(5, rows=60), make_page(6, rows=60), make_page(7, rows=60)]
    before = len(box.rows())
    with FaxModems(line, SPEED, machine=("-f", write(tmp_path, letter), "-a", "101")) as pair:
        row = box.wait_for_messages(before + 1)[0]
        box.wait_for(lambda: box.fax_sentence() == READY, "the line does not get ready again")
    assert pair.confirmed == 3
    assert row.stamp.mailbox == "billing"
    assert box.open(row)[1] == letter


def test_a_modem_that_is_unplugged_in_mid_fax_costs_no_whole_page(box: FaxBox, line: Path, tmp_path: Path) -> None:
    letter = [make_page(8, rows=60), make_page(9, rows=400)]
    before = len(box.rows())
    with FaxModems(line, SPEED, machine=("-f", write(tmp_path, letter))) as pair:
        wait_for_page(box, 2)
    row = box.wait_for_messages(before + 1)[0]
    envelope, pages = box.open(row)
    assert pair.confirmed <= 1
    assert pages == letter[:1]
    assert envelope.notes == ("partial: the fax modem went away after 1 page",)
    box.wait_for(lambda: "cable" in box.fax_sentence(), "the missing modem is not told of")
    assert box.status().lamps[Lamp.FAULT] is Light.ON


def test_a_box_that_is_shut_down_in_mid_fax_keeps_what_came(box: FaxBox, line: Path, tmp_path: Path) -> None:
    letter = [make_page(10, rows=60), make_page(11, rows=400)]
    before, calls = len(box.rows()), len(records.latest(box.store))
    with FaxModems(line, SPEED, machine=("-f", write(tmp_path, letter))):
        wait_for_page(box, 2)
        assert box.stop() == 0
    assert len(records.latest(box.store)) == calls + 1
    box.start()
    assert len(box.rows()) == before + 1
    row = box.rows()[0]
    envelope, pages = box.open(row)
    assert not row.recovered, "it was finished in good order"
    assert pages == letter[:1]
    assert envelope.notes == ("partial: the box was shut down after 1 page",)
