"""From a sending machine to a sealed message: soft modems that modulate, the real daemon, and pages that are exact."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.control.values import Lamp, Light
from appliance.fax import records
from appliance.fax.records import Outcome
from tests.fax.test_back_to_back import make_page
from tests.rig import efax
from tests.rig.fax_box import FaxBox
from tests.rig.fax_modems import FaxModems

pytestmark = [pytest.mark.rig, pytest.mark.timeout(300)]

SPEED = 8.0  # times real time


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaxModems]:
    with FaxModems(tmp_path_factory.mktemp("line"), SPEED) as pair:
        yield pair


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, pair: FaxModems) -> Iterator[FaxBox]:
    with FaxBox(tmp_path_factory.mktemp("box"), pair.near, more='sub_addresses = { 101 = "billing" }\n') as box:
        yield box


def send(pair: FaxModems, folder: Path, letter: list[list[bytes]]) -> subprocess.Popen[bytes]:
    """efax calls and sends."""
    files = [efax.write_pbm(folder / f"page-{number}.pbm", rows) for number, rows in enumerate(letter)]
    return efax.send(pair.far, folder / "efax.log", files)


def test_a_fax_is_sealed_and_opens_with_the_practices_key(box: FaxBox, pair: FaxModems, tmp_path: Path) -> None:
    letter = [make_page(seed, rows=400) for seed in range(2)]
    box.wait_until_ready()
    before = len(box.rows())
    sender = send(pair, tmp_path, letter)
    box.wait_for(lambda: box.fax_sentence() == "Receiving page 2.", "page 2 is not told of")
    assert box.status().lamps[Lamp.LINE] is Light.BLINKING
    row = box.wait_for_messages(before + 1)[0]
    assert sender.wait(30) == 0
    assert (row.pages, row.recovered, row.stamp.mailbox) == (2, False, "front-desk")
    envelope, pages = box.open(row)
    assert (envelope.sender_id, envelope.pages, envelope.notes) == ("+1 555 0100", 2, ())
    assert [efax.find_shift(sent, came) is not None for sent, came in zip(letter, pages, strict=True)] == [True] * 2
    box.wait_for(lambda: len(records.latest(box.store)) == before + 1, "the call is not recorded")
    call = records.latest(box.store)[0]
    assert (call.outcome, call.pages, call.error) == (Outcome.COMPLETE, 2, "")
    assert "555" not in "".join(call.transcript)
