"""The first two promises for a fax: the daemon cannot read back what it took, and nothing in clear is ever on a disk nor stays in its memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.fax import tiff
from appliance.fax.t4 import Coding, turn_octets
from appliance.fax.t4_encoder import Encoder
from tests.fax.test_back_to_back import make_page
from tests.rig import efax
from tests.rig.fax_box import FaxBox
from tests.rig.fax_modems import FaxModems
from tests.whole.search import core_of, files_below, find, pieces, spellings

pytestmark = [pytest.mark.rig, pytest.mark.timeout(300)]

SPEED = 8.0  # times real time
NUMBER, NAME = "5559876543", "Quillon Canary"
IDENTITY = "+1 555 0100"  # efax says it is this
ROWS = 200


@pytest.fixture(scope="module")
def canary() -> list[bytes]:
    """A page that nothing else looks like: dots in the middle of white lines."""
    dots = random.Random(20)
    return [bytes(40) + dots.randbytes(60) + bytes(116) for _ in range(ROWS)]


def needles(canary: list[bytes]) -> dict[str, bytes]:
    """Every form in which page and people could lie somewhere."""
    found: dict[str, bytes] = {}
    for number in range(0, ROWS, 20):
        dots = canary[number][42:74]
        found[f"row {number}"] = dots
        found[f"row {number}, white on black"] = bytes(octet ^ 255 for octet in dots)
        found[f"row {number}, turned"] = turn_octets(dots)
    for coding in (Coding.MH, Coding.MMR):
        encoder = Encoder(coding, 1728)
        for row in canary:
            encoder.add(row)
        image = encoder.finish()
        found |= pieces(f"{coding.name} image", image, 16) | pieces(
            f"{coding.name} image, turned", turn_octets(image), 16
        )
    return found | spellings("number", NUMBER) | spellings("name", NAME) | spellings("identity", IDENTITY)


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, canary: list[bytes]) -> Iterator[FaxBox]:
    """A box that has received the canary twice, without error correction and with it; while it came the disk was searched, too."""
    line, folder = tmp_path_factory.mktemp("line"), tmp_path_factory.mktemp("box")
    spool = tmp_path_factory.mktemp("spool")
    who = ("-c", NUMBER, "-N", NAME)
    with FaxBox(folder, line / "near", rings=2) as box:
        with FaxModems(line, SPEED, machine=who) as pair:
            box.wait_until_ready()
            files = [
                efax.write_pbm(spool / f"{number}.pbm", page) for number, page in enumerate((canary, make_page(1)))
            ]
            sender = efax.send(pair.far, spool / "efax.log", files)
            box.wait_for(lambda: box.fax_sentence() == "Receiving page 2.", "page 2 does not come")
            assert find(needles(canary), files_below(folder)) == []
            box.wait_for_messages(1)
            sender.wait(30)
        letter = spool / "letter.tif"
        letter.write_bytes(tiff.assemble([tiff.encode(tiff.Page(canary, 1728, 204, 196))]))
        with FaxModems(line, SPEED, machine=("-f", letter, "-i", IDENTITY, *who)):
            box.wait_for_messages(2)
            box.wait_until_ready()
        yield box


def test_the_canary_came_exactly(box: FaxBox, canary: list[bytes]) -> None:
    corrected, plain = box.rows()
    envelope, pages = box.open(corrected)
    assert pages == [canary]
    assert envelope.sender_id == IDENTITY
    envelope, pages = box.open(plain)
    assert efax.find_shift(canary, pages[0]) is not None
    assert (envelope.caller_number, envelope.caller_name, envelope.sender_id) == (NUMBER, NAME, IDENTITY)


def test_no_trace_of_page_number_name_or_identity_is_on_the_disk(box: FaxBox, canary: list[bytes]) -> None:
    assert find(needles(canary), files_below(box.folder)) == []


def test_the_search_would_find_what_it_looks_for(box: FaxBox, canary: list[bytes]) -> None:
    planted = box.folder / "planted"
    strip = tiff.encode(tiff.Page(canary, 1728, 204, 196))
    planted.write_bytes(b"x" + tiff.assemble([strip]) + canary[20] + NAME.encode("utf-16-le"))
    try:
        found = " ".join(find(needles(canary), files_below(box.folder)))
    finally:
        planted.unlink()
    assert "row 20 " in found
    assert "MMR image, turned at" in found
    assert "name (UTF-16)" in found


def test_no_trace_stays_in_the_idle_daemons_memory(box: FaxBox, canary: list[bytes], tmp_path: Path) -> None:
    core = core_of(box.daemon.pid, tmp_path)
    try:
        assert core.stat().st_size > 10_000_000
        assert find(needles(canary), [core]) == []
    finally:
        core.unlink()
