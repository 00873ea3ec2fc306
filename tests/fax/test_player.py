"""The player with error correction: frames in a modem's bits become a page, and no hole is ever shown."""

from __future__ import annotations

import pytest

from appliance.fax.at import stuff
from appliance.fax.capabilities import Terms
from appliance.fax.class1 import Class1
from appliance.fax.ecm import FCD, RCP, Part
from appliance.fax.hdlc import pack
from appliance.fax.player import Receiver
from appliance.fax.profiles import GENERIC
from appliance.fax.steps import (
    BlockAgain,
    BlockCame,
    BlockLost,
    BlockMisses,
    BlockWhole,
    CloseBlock,
    Done,
    EndPage,
    GiveUpBlock,
    KeepPage,
    Kept,
    NotKept,
    PageCame,
    TakeBlock,
)
from appliance.fax.t4 import Coding
from appliance.fax.t4_encoder import Encoder
from appliance.fax.tiff import Page
from tests.fakes.modem import FakeModem
from tests.fax.test_back_to_back import make_page

ROWS = make_page(1, rows=40)
SIZES = [64, 256]


def pieces(size: int) -> list[bytes]:
    """A page's FCD frames."""
    encoder = Encoder(Coding.MMR, 1728)
    for row in ROWS:
        encoder.add(row)
    image = encoder.finish()
    cut = [image[start : start + size] for start in range(0, len(image), size)]
    return [bytes((0xFF, 0x03, FCD, number)) + octets for number, octets in enumerate(cut)]


def receiver(kept: list[Page], *signals: list[bytes]) -> Receiver:
    """With a modem that hears these signals, one after the other."""
    end = [bytes((0xFF, 0x13, RCP))] * 3
    said: list[list[bytes | None]] = [
        [b"\r\nCONNECT\r\n" + stuff(pack([*signal, *end], flags=9)) + b"\r\nNO CARRIER\r\n"] for signal in signals
    ]
    fake = FakeModem({b"AT+FRM=146\r": said})

    def keep(page: Page) -> bool:
        kept.append(page)
        return True

    return Receiver(Class1(fake, fake.clock, GENERIC), keep)


@pytest.mark.parametrize("size", SIZES)
def test_a_page_is_put_together_of_what_came_first_and_what_came_later(size: int) -> None:
    kept: list[Page] = []
    terms, frames = Terms(coding=Coding.MMR, ecm=True, small_frames=size == 64), pieces(size)
    part = Part(0, 0, len(frames))
    ours = receiver(kept, frames[:1] + frames[2:], frames[1:2])
    assert ours.perform(TakeBlock(terms)) == BlockCame()
    missing = ours.perform(CloseBlock(part))
    assert isinstance(missing, BlockMisses)
    assert missing.bitmap[0] & 0b111 == 0b010
    assert ours.perform(TakeBlock(terms)) == BlockCame()
    assert ours.perform(CloseBlock(part)) == BlockWhole()
    came = ours.perform(EndPage(terms))
    assert isinstance(came, PageCame)
    assert (came.quality.rows, came.quality.damaged, came.quality.ended) == (40, 0, True)
    assert ours.perform(KeepPage()) == Kept()
    assert list(kept[0].rows) == ROWS
    assert ours.perform(CloseBlock(part)) == BlockAgain()
    assert ours.perform(CloseBlock(Part(5, 3, 1))) == BlockLost()
    assert ours.perform(KeepPage()) == NotKept()  # there is no other page


def test_what_stands_behind_a_gap_is_never_shown() -> None:
    kept: list[Page] = []
    terms, frames = Terms(coding=Coding.MMR, ecm=True), pieces(256)
    part = Part(0, 0, len(frames))
    ours = receiver(kept, frames[:2] + frames[3:])
    ours.perform(TakeBlock(terms))
    assert isinstance(ours.perform(CloseBlock(part)), BlockMisses)
    assert ours.perform(GiveUpBlock(part)) == Done()
    came = ours.perform(EndPage(terms))
    assert isinstance(came, PageCame)
    assert not came.quality.ended
    ours.perform(KeepPage())
    rows = list(kept[0].rows)
    whole = rows[: len(rows) - came.quality.damaged]
    assert whole == ROWS[: len(whole)]
    assert len(whole) < len(ROWS)
