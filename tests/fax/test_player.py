"""The player with error correction: frames in a modem's bits become a page, and no hole is ever shown."""

from __future__ import annotations

from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import LineStoppedError, SerialError
from appliance.fax.answering import answer
from appliance.fax.at import stuff
from appliance.fax.capabilities import Terms
from appliance.fax.class1 import Class1
from appliance.fax.ecm import FCD, RCP, Part
from appliance.fax.frames import Frame, Kind, check_sequence, pack_inner
from appliance.fax.hdlc import pack
from appliance.fax.keeping import KeepingThread
from appliance.fax.player import Receiver, play
from appliance.fax.profiles import GENERIC
from appliance.fax.rates import Rate
from appliance.fax.receiving import Call, Station
from appliance.fax.steps import (
    Answering,
    BlockAgain,
    BlockCame,
    BlockLost,
    BlockMisses,
    BlockWhole,
    CheckTraining,
    CloseBlock,
    Done,
    EndPage,
    GiveUpBlock,
    Interrupted,
    KeepPage,
    Kept,
    NotKept,
    Quality,
    Send,
    Silent,
    TakeBlock,
    TakePage,
    Trained,
)
from appliance.fax.steps import Event as Outcome
from appliance.fax.t4 import Coding
from appliance.fax.t4_encoder import Encoder
from appliance.fax.tiff import Page
from tests.fakes.keeper import FakeKeeper
from tests.fakes.modem import FakeModem
from tests.fax.test_back_to_back import make_page

OK, CONNECT, NO_CARRIER = b"\r\nOK\r\n", b"\r\nCONNECT\r\n", b"\r\nNO CARRIER\r\n"
ROWS = make_page(1, rows=40)
SIZES = [64, 256]


def pieces(size: int, rows: list[bytes] = ROWS) -> list[bytes]:
    """A page's FCD frames."""
    encoder = Encoder(Coding.MMR, 1728)
    for row in rows:
        encoder.add(row)
    image = encoder.finish()
    cut = [image[start : start + size] for start in range(0, len(image), size)]
    return [bytes((0xFF, 0x03, FCD, number)) + octets for number, octets in enumerate(cut)]


def cut(octets: bytes) -> list[bytes | None]:
    """As a serial port hands them over, some at a time."""
    return [octets[start : start + 300] for start in range(0, len(octets), 300)]


def receiver(keeper: FakeKeeper, *signals: list[bytes]) -> Receiver:
    """With a modem that hears these signals, one after the other."""
    end = [bytes((0xFF, 0x13, RCP))] * 3
    said: list[list[bytes | None]] = [
        cut(CONNECT + stuff(pack([*signal, *end], flags=9)) + NO_CARRIER) for signal in signals
    ]
    fake = FakeModem({b"AT+FRM=146\r": said})
    return Receiver(Class1(fake, fake.clock, GENERIC), keeper)


@pytest.mark.parametrize("size", SIZES)
def test_a_page_is_put_together_of_what_came_first_and_what_came_later(size: int) -> None:
    keeper = FakeKeeper()
    terms, frames = Terms(coding=Coding.MMR, ecm=True, small_frames=size == 64), pieces(size)
    part = Part(0, 0, len(frames))
    ours = receiver(keeper, frames[:1] + frames[2:], frames[1:2])
    assert ours.perform(TakeBlock(terms)) == BlockCame()
    missing = ours.perform(CloseBlock(part))
    assert isinstance(missing, BlockMisses)
    assert missing.bitmap[0] & 0b111 == 0b010
    assert ours.perform(TakeBlock(terms)) == BlockCame()
    assert ours.perform(CloseBlock(part)) == BlockWhole()
    assert ours.perform(EndPage(terms)) == Done()
    assert ours.perform(KeepPage(2.0)) == Kept(Quality(40, 0, 0, ended=True))
    assert list(keeper.pages[0].rows) == ROWS
    assert ours.perform(CloseBlock(part)) == BlockAgain()
    assert ours.perform(CloseBlock(Part(5, 3, 1))) == BlockLost()
    assert ours.perform(KeepPage(2.0)) == NotKept()  # there is no other page


def test_what_stands_behind_a_gap_is_never_shown() -> None:
    keeper = FakeKeeper()
    terms, frames = Terms(coding=Coding.MMR, ecm=True), pieces(256)
    part = Part(0, 0, len(frames))
    ours = receiver(keeper, frames[:2] + frames[3:])
    ours.perform(TakeBlock(terms))
    assert isinstance(ours.perform(CloseBlock(part)), BlockMisses)
    assert ours.perform(GiveUpBlock(part)) == Done()
    ours.perform(EndPage(terms))
    (quality,) = keeper.qualities
    assert not quality.ended
    rows = list(keeper.pages[0].rows)
    whole = rows[: len(rows) - quality.damaged]
    assert whole == ROWS[: len(whole)]
    assert len(whole) < len(ROWS)


class Vanishing(FakeModem):
    """Answers each command with the next of `answers`, whatever it is."""

    def __init__(self, answers: list[bytes | None]) -> None:
        super().__init__({})
        self.answers = iter(answers)

    def write(self, octets: bytes) -> None:
        self.coming.append(next(self.answers))


def wire(kind: Kind, info: bytes = b"") -> bytes:
    """A caller's frame as the modem hands it over."""
    octets = Frame(kind, info).to_octets(by_caller=True)
    return CONNECT + stuff(octets + check_sequence(octets)) + OK


def image() -> bytes:
    """The page as the modem hands it over, behind a while of nothing."""
    encoder = Encoder(Coding.MH, 1728)
    for row in ROWS:
        encoder.add(row)
    return CONNECT + stuff(b"\xff" * 500 + encoder.finish()) + NO_CARRIER


TRAINING = CONNECT + stuff(bytes(2700)) + NO_CARRIER
ANSWER: list[bytes | None] = [OK, CONNECT, OK]  # silence, carrier, frame


def test_a_whole_call_is_played_to_its_end() -> None:
    greeting: list[bytes | None] = [CONNECT, CONNECT, OK, wire(Kind.DCS, Terms().to_info()), TRAINING, *ANSWER]
    pages: list[bytes | None] = [
        image(),
        wire(Kind.MPS),
        *ANSWER,
        CONNECT + stuff(b"") + NO_CARRIER,
        wire(Kind.MPS),
        *ANSWER,
    ]
    again: list[bytes | None] = [wire(Kind.DCS, Terms().to_info()), TRAINING, *ANSWER, image(), wire(Kind.EOP), *ANSWER]
    fake = Vanishing([*greeting, *pages, *again, wire(Kind.DCN), OK])
    call, keeper = Call(), FakeKeeper()
    ours = Receiver(Class1(fake, fake.clock, GENERIC), keeper)
    play(answer(Station(), call), ours)
    assert [list(page.rows) for page in keeper.pages] == [ROWS, ROWS]
    assert [page.answer for page in call.pages] == [Kind.MCF, Kind.MCF]
    assert "> Send RTN" in ours.transcript  # of the second page nothing came
    assert call.complete


def test_how_long_frames_came_in_place_of_a_page_is_told() -> None:
    late: list[list[bytes | None]] = [[b"", b"", b"\r\n+FCERROR\r\n"]]
    fake = FakeModem({b"AT+FRM=146\r": late})
    ours = Receiver(Class1(fake, fake.clock, GENERIC), FakeKeeper())
    assert ours.perform(TakePage(Terms())) == Interrupted(0.0)
    silent = FakeModem({})
    assert Receiver(Class1(silent, silent.clock, GENERIC), FakeKeeper()).perform(TakePage(Terms())) == Silent()


class Stopping(Vanishing):
    """The program ends where the modem would vanish."""

    def read(self) -> bytes:
        try:
            return super().read()
        except SerialError:
            raise LineStoppedError from None


@pytest.mark.parametrize(("modem", "end"), [(Vanishing, SerialError), (Stopping, LineStoppedError)])
def test_a_page_that_came_is_known_when_the_modem_vanishes_behind_it(
    modem: type[Vanishing], end: type[Exception]
) -> None:
    greeting: list[bytes | None] = [CONNECT, CONNECT, OK, wire(Kind.DCS, Terms().to_info()), TRAINING, *ANSWER]
    fake = modem([*greeting, image(), None])
    call, keeper = Call(), FakeKeeper()
    with pytest.raises(end):
        play(answer(Station(), call), Receiver(Class1(fake, fake.clock, GENERIC), keeper))
    assert [list(page.rows) for page in keeper.pages] == [ROWS]
    assert [page.quality.rows for page in call.pages] == [len(ROWS)]
    assert not call.complete


def test_the_caller_hears_rnr_while_its_page_is_kept_on_another_thread() -> None:
    frames = pieces(256)
    block = pack([*frames, *[bytes((0xFF, 0x13, RCP))] * 3], flags=9)
    terms = wire(Kind.DCS, Terms(coding=Coding.MMR, ecm=True).to_info())
    greeting: list[bytes | None] = [CONNECT, CONNECT, OK, terms, TRAINING, *ANSWER]
    end = wire(Kind.PPS, pack_inner(Kind.EOP) + Part(0, 0, len(frames)).to_info())
    page: list[bytes | None] = [CONNECT + stuff(block) + NO_CARRIER, end, *ANSWER, wire(Kind.RR), *ANSWER]
    fake = Vanishing([*greeting, *page, wire(Kind.DCN), OK])
    told, kept, call = Event(), list[Page](), Call()

    class Watched(Receiver):
        def perform(self, step: Answering) -> Outcome:
            if step == Send((Frame(Kind.RNR),)):
                told.set()
            return super().perform(step)

    def keep(page: Page) -> bool:
        kept.append(page)
        return told.wait(60)

    with KeepingThread(keep) as keeper:
        ours = Watched(Class1(fake, fake.clock, GENERIC), keeper)
        play(answer(Station(), call), ours)
    assert [list(page.rows) for page in kept] == [ROWS]
    assert [step for step in ours.transcript if step in {"> Send RNR", "< Heard RR", "> Send MCF"}] == [
        "> Send RNR",
        "< Heard RR",
        "> Send MCF",
    ]
    assert call.complete


class Sender(FakeModem):
    """Each reception hears `signal`."""

    def __init__(self) -> None:
        super().__init__({})
        self.signal: list[bytes] = []

    def write(self, octets: bytes) -> None:
        if octets.startswith(b"AT+FRM"):
            end = [bytes((0xFF, 0x13, RCP))] * 3
            self.coming.extend(cut(CONNECT + stuff(pack([*self.signal, *end], flags=9)) + NO_CARRIER))


@given(st.lists(st.sets(st.integers(0, 30)), max_size=3), st.booleans())
@settings(max_examples=40)
def test_whatever_gets_lost_and_is_sent_once_more_each_page_is_what_was_sent(lost: list[set[int]], again: bool) -> None:
    terms, fake, keeper = Terms(coding=Coding.MMR, ecm=True, small_frames=True), Sender(), FakeKeeper()
    ours = Receiver(Class1(fake, fake.clock, GENERIC), keeper)
    letter = [ROWS, make_page(2, rows=25)]
    for number, rows in enumerate(letter):
        frames = pieces(64, rows)
        for block, sent in enumerate(
            (frames[:20], [frame[:3] + bytes((frame[3] - 20,)) + frame[4:] for frame in frames[20:]])
        ):
            part = Part(number, block, len(sent))
            for gone in (*lost, set[int]()):
                fake.signal = [frame for place, frame in enumerate(sent) if place not in gone]
                assert ours.perform(TakeBlock(terms)) == BlockCame()
                if ours.perform(CloseBlock(part)) == BlockWhole():
                    break
            if again and block == 0:  # the sender has not heard our MCF and sends the block once more, not only its PPS
                fake.signal = sent
                assert ours.perform(TakeBlock(terms)) == BlockCame()
                assert ours.perform(CloseBlock(part)) == BlockAgain()
        assert ours.perform(EndPage(terms)) == Done()
    assert [list(page.rows) for page in keeper.pages] == letter
    assert all(quality.ended and not quality.damaged for quality in keeper.qualities)


def test_a_block_behind_a_new_training_is_not_the_one_before_even_if_nothing_of_it_is_heard() -> None:
    terms, frames = Terms(coding=Coding.MMR, ecm=True), pieces(256)
    part = Part(0, 0, len(frames))
    ours = receiver(FakeKeeper(), frames)
    ours.perform(TakeBlock(terms))
    ours.perform(CloseBlock(part))
    ours.perform(EndPage(terms))
    assert ours.perform(CloseBlock(part)) == BlockAgain()
    training = FakeModem({b"AT+FRM=145\r": [[CONNECT + bytes(2700) + b"\x10\x03" + NO_CARRIER]]})
    ours.modem = Class1(training, training.clock, GENERIC)
    assert ours.perform(CheckTraining(Rate.V17_14400)) == Trained(clean=True)
    assert isinstance(ours.perform(CloseBlock(part)), BlockMisses)
