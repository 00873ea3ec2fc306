"""A calling and an answering script against each other: every rate, coding, width and resolution, on a clean line and on one that loses and spoils."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import AnswererSilentError, BlockGivenUpError, FaxError, NotKeptError
from appliance.fax.answering import answer
from appliance.fax.calling import Letter, Sent, call
from appliance.fax.capabilities import Capabilities, Terms
from appliance.fax.frames import Kind
from appliance.fax.paper import Resolution, Width
from appliance.fax.rates import Rate
from appliance.fax.receiving import Call, Station
from appliance.fax.steps import Quality
from appliance.fax.t4 import Coding
from tests.fakes.fax_line import FakeLine, Fate, Side
from tests.fax.pictures import letter, odd, photograph


def make_page(seed: int, width: int = 1728, rows: int = 60) -> list[bytes]:
    """Runs of black and white, none of them regular."""
    drawn = random.Random(seed)
    page = []
    for _ in range(rows):
        octets = bytearray(width // 8)
        for _ in range(8):
            start = drawn.randrange(len(octets))
            for place in range(start, min(start + drawn.randrange(1, 30), len(octets))):
                octets[place] = drawn.choice((0xFF, 0xF0, 0x3C, 0x00))
        page.append(bytes(octets))
    return page


def exchange(
    line: FakeLine,
    terms: Terms,
    station: Station | None = None,
    between: Kind = Kind.MPS,
    sub_address: str = "",
    *,
    counted_anew: bool = False,
) -> tuple[Call, Sent, Side, Side]:
    """A whole call."""
    received, sent = Call(), Sent()
    plan = Letter(
        "5550100", len(line.letter), terms, tuple(line.count_frames(terms)), sub_address, between, counted_anew
    )
    called, caller = line.run(answer(station or Station("5550199"), received), call(plan, sent))
    return received, sent, called, caller


@pytest.mark.parametrize("rate", Rate, ids=str)
@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR], ids=lambda coding: coding.name)
def test_pages_arrive_exactly_at_every_rate(rate: Rate, coding: Coding) -> None:
    line = FakeLine([make_page(1), make_page(2)])
    received, sent, called, caller = exchange(line, Terms(rate, coding=coding))
    assert line.pages == line.letter
    assert (called.error, caller.error) == (None, None)
    assert received.complete
    assert received.sender == "5550100"
    assert [page.answer for page in received.pages] == [Kind.MCF, Kind.MCF]
    assert sent.confirmed == 2


@pytest.mark.parametrize("rate", Rate, ids=str)
@pytest.mark.parametrize("coding", Coding, ids=lambda coding: coding.name)
@pytest.mark.parametrize("small", [False, True], ids=["256", "64"])
def test_pages_arrive_exactly_at_every_rate_with_error_correction(rate: Rate, coding: Coding, small: bool) -> None:
    line = FakeLine([make_page(1), make_page(2)])
    received, sent, called, caller = exchange(line, Terms(rate, coding=coding, ecm=True, small_frames=small))
    assert line.pages == line.letter
    assert (called.error, caller.error) == (None, None)
    assert received.complete
    assert [page.answer for page in received.pages] == [Kind.MCF, Kind.MCF]
    assert (sent.confirmed, sent.given_up) == (2, 0)


@pytest.mark.parametrize("width", Width, ids=lambda width: width.name)
@pytest.mark.parametrize("resolution", Resolution, ids=lambda resolution: resolution.name)
@pytest.mark.parametrize("ecm", [False, True], ids=["no-ecm", "ecm"])
def test_pages_arrive_exactly_at_every_width_and_resolution(width: Width, resolution: Resolution, ecm: bool) -> None:
    line = FakeLine([make_page(3, resolution.dots(width))])
    received, _, _, _ = exchange(line, Terms(resolution=resolution, width=width, ecm=ecm))
    assert line.pages == line.letter
    assert received.pages[0].terms.resolution is resolution
    assert received.pages[0].terms.width is width


@pytest.mark.parametrize("pages", [1, 3, 20])
@pytest.mark.parametrize("between", [Kind.MPS, Kind.EOM], ids=lambda kind: kind.name)
@pytest.mark.parametrize("ecm", [False, True], ids=["no-ecm", "ecm"])
def test_any_number_of_pages_arrives(pages: int, between: Kind, ecm: bool) -> None:
    line = FakeLine([make_page(seed, rows=10) for seed in range(pages)])
    received, sent, called, caller = exchange(line, Terms(ecm=ecm), between=between)
    assert line.pages == line.letter
    assert (called.error, caller.error) == (None, None)
    assert received.complete
    assert sent.confirmed == pages


BLANK = [bytes(216)] * 1078
PAGES = {"letter": letter(), "photograph": photograph(length=300), "blank": BLANK, "2500 lines": (odd() * 9)[:2500]}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "terms",
    [Terms(), Terms(coding=Coding.MR), Terms(coding=Coding.MMR, ecm=True), Terms(ecm=True, small_frames=True)],
    ids=str,
)
def test_every_kind_of_page_arrives_exactly(name: str, terms: Terms) -> None:
    line = FakeLine([PAGES[name]])
    received, _, called, _ = exchange(line, terms)
    assert line.pages == line.letter
    assert received.complete
    assert received.pages[0].quality == Quality(len(PAGES[name]), 0, 0, ended=True)
    blocks = sum(entry.startswith("> CloseBlock") for entry in called.log)
    assert blocks == -(-sum(line.count_frames(terms)) // 256) * terms.ecm


def test_a_page_without_a_row_is_a_page_with_error_correction() -> None:
    line = FakeLine([[], make_page(1)])
    received, _, _, _ = exchange(line, Terms(coding=Coding.MMR, ecm=True))
    assert line.pages == line.letter
    assert [page.quality.ended for page in received.pages] == [True, True]
    assert received.complete


def test_the_mailbox_that_the_caller_names_is_told() -> None:
    received, _, called, _ = exchange(FakeLine([make_page(1)]), Terms(), sub_address="12")
    assert (received.sender, received.sub_address) == ("5550100", "12")
    assert "12 " not in "".join(entry for entry in called.log if "SUB" in entry)


def test_a_block_that_never_comes_whole_is_sent_slower_until_it_does() -> None:
    spoiled = [Fate.SPOILED, Fate.ARRIVES, Fate.ARRIVES]  # block, PPS, PPR
    line = FakeLine([make_page(1)], [Fate.ARRIVES] * 6 + spoiled * 4 + [Fate.ARRIVES, Fate.ARRIVES])
    received, sent, called, _ = exchange(line, Terms(ecm=True, small_frames=True))
    assert line.pages == line.letter
    assert received.complete
    assert sent.given_up == 0
    assert called.log.count("> Send CTR") == 1
    assert received.pages[0].terms.rate is Rate.V17_12000


def test_a_block_that_comes_whole_at_no_rate_is_given_up_and_the_page_marked() -> None:
    spoiled = [Fate.SPOILED, Fate.ARRIVES, Fate.ARRIVES]
    fates = [Fate.ARRIVES] * 6 + (spoiled * 4 + [Fate.ARRIVES, Fate.ARRIVES]) * len(Rate)
    line = FakeLine([make_page(1)], fates)
    received, sent, called, _ = exchange(line, Terms(coding=Coding.MMR, ecm=True, small_frames=True))
    assert isinstance(called.error, BlockGivenUpError)
    assert (sent.given_up, received.complete) == (1, False)
    assert [(page.answer, page.quality.ended) for page in received.pages] == [(Kind.ERR, False)]
    (rows,) = line.pages
    shown = rows[: len(rows) - received.pages[0].quality.damaged]
    assert shown == line.letter[0][: len(shown)]
    assert len(shown) < len(line.letter[0])


def test_a_spoiled_training_makes_the_caller_fall_back() -> None:
    arrives = Fate.ARRIVES
    line = FakeLine([make_page(1)], [arrives, arrives, arrives, arrives, Fate.SPOILED])
    received, _, _, caller = exchange(line, Terms())
    assert received.pages[0].terms.rate is Rate.V17_12000
    assert "< Heard FTT" in caller.log
    assert line.pages == line.letter


def test_a_page_that_was_cut_off_is_asked_for_again_and_both_are_kept() -> None:
    line = FakeLine([make_page(1)], [Fate.ARRIVES] * 6 + [Fate.CUT])
    received, sent, _, _ = exchange(line, Terms())
    assert [page.answer for page in received.pages] == [Kind.RTN, Kind.MCF]
    assert line.pages[1] == line.letter[0]
    assert received.complete
    assert sent.confirmed == 1


def test_a_confirmation_that_was_lost_is_said_again_and_the_page_kept_once() -> None:
    line = FakeLine([make_page(1), make_page(2)], [Fate.ARRIVES] * 8 + [Fate.LOST])
    received, sent, called, _ = exchange(line, Terms())
    assert called.log.count("> Send MCF") == 3
    assert line.pages == line.letter
    assert received.complete
    assert sent.confirmed == 2


def test_a_page_that_cannot_be_kept_is_not_confirmed() -> None:
    line = FakeLine([make_page(1)], keeps=lambda: False)
    received, sent, called, caller = exchange(line, Terms())
    assert isinstance(called.error, NotKeptError)
    assert not received.pages
    assert not received.complete
    assert isinstance(caller.error, FaxError)
    assert sent.confirmed == 0


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0])
def test_a_caller_without_error_correction_is_answered_when_its_page_is_kept(seconds: float) -> None:
    line = FakeLine([make_page(1), make_page(2)], keeping=seconds)
    received, sent, called, _ = exchange(line, Terms())
    assert line.pages == line.letter
    assert received.complete
    assert sent.confirmed == 2
    assert ("< Keeping" in called.log) == (seconds > 1.5)


def test_a_page_that_takes_too_long_to_keep_is_kept_and_was_never_confirmed() -> None:
    for terms in (Terms(), Terms(ecm=True)):
        line = FakeLine([make_page(1)], keeping=200.0)
        received, sent, called, _ = exchange(line, terms)
        assert isinstance(called.error, FaxError)
        assert sent.confirmed == 0
        assert [page.answer for page in received.pages] == [None]
        assert line.pages == line.letter


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0, 50.0])
def test_with_error_correction_the_caller_is_told_to_wait_until_its_page_is_kept(seconds: float) -> None:
    line = FakeLine([make_page(1), make_page(2)], keeping=seconds)
    received, sent, called, caller = exchange(line, Terms(ecm=True))
    assert (called.error, caller.error) == (None, None)
    assert line.pages == line.letter
    assert received.complete
    assert sent.confirmed == 2
    assert ("> Send RNR" in called.log) == (seconds > 1.5)
    assert called.log.count("> Send RNR") == called.log.count("< Heard RR")


def test_terms_that_were_not_offered_are_refused() -> None:
    line = FakeLine([make_page(1)])
    station = Station(offers=Capabilities(codings=frozenset({Coding.MH})))
    received, _, _, caller = exchange(line, Terms(coding=Coding.MR), station)
    assert isinstance(caller.error, FaxError)
    assert not received.pages


def test_a_line_without_anybody_ends_on_both_sides() -> None:
    line = FakeLine([make_page(1)], [Fate.LOST] * 1000)
    _, _, called, caller = exchange(line, Terms())
    assert type(called.error).__name__ == "NoFaxError"
    assert isinstance(caller.error, AnswererSilentError)


@pytest.mark.parametrize("coding", Coding, ids=lambda coding: coding.name)
@pytest.mark.parametrize("small", [True, False])
def test_with_error_correction_every_coding_arrives_exactly(coding: Coding, small: bool) -> None:
    line = FakeLine([make_page(1), make_page(2)])
    received, sent, called, caller = exchange(line, Terms(coding=coding, ecm=True, small_frames=small))
    assert line.pages == line.letter
    assert (called.error, caller.error, sent.confirmed) == (None, None, 2)
    assert received.complete


def test_with_error_correction_spoiled_frames_are_asked_for_again() -> None:
    line = FakeLine([make_page(1)], [Fate.ARRIVES] * 6 + [Fate.SPOILED])
    received, _, called, caller = exchange(line, Terms(coding=Coding.MMR, ecm=True))
    assert line.pages == line.letter
    assert sum(entry.startswith("> Send PPR") for entry in called.log) == 1
    assert [page.answer for page in received.pages] == [Kind.MCF]
    first, again = [int(entry.rpartition("=")[2]) for entry in caller.log if entry.startswith("> SendBlock")]
    assert again < first


@pytest.mark.parametrize("rows", [60, 600, 1100])
@pytest.mark.parametrize("terms", [Terms(), Terms(coding=Coding.MMR, ecm=True)], ids=["no-ecm", "ecm"])
@pytest.mark.parametrize("pages", [1, 2])
def test_a_page_whose_signal_breaks_off_in_its_middle_is_asked_for_again(rows: int, terms: Terms, pages: int) -> None:
    line = FakeLine([make_page(seed, rows=rows) for seed in range(pages)], [Fate.ARRIVES] * 6 + [Fate.SPLIT])
    received, sent, called, caller = exchange(line, terms)
    assert (called.error, caller.error) == (None, None)
    assert sent.confirmed == pages
    assert received.complete
    assert line.pages[-pages:] == line.letter
    assert "< Silent" not in called.log


MMR = Terms(coding=Coding.MMR, ecm=True)


@pytest.mark.parametrize("lost", range(30))
def test_pages_counted_anew_after_new_terms_are_never_taken_for_those_before(lost: int) -> None:
    letter = [make_page(seed, rows=20) for seed in range(3)]  # in as many frames, each
    line = FakeLine(letter, [Fate.ARRIVES] * lost + [Fate.LOST])
    assert len(set(line.count_frames(MMR))) == 1
    received, sent, _, _ = exchange(line, MMR, between=Kind.EOM, counted_anew=True)
    assert line.pages[: sent.confirmed] == letter[: sent.confirmed]
    assert not received.complete or line.pages == letter


THREE = [make_page(seed, rows=600) for seed in (5, 6, 7)]


def lose_second_page(pages: list[list[bytes]]) -> tuple[FakeLine, Sent]:
    """Three pages, of the second of which nothing is heard but the command behind it: the same as behind the first, which had been answered."""
    line = FakeLine(pages, [Fate.ARRIVES] * 9 + [Fate.LOST])
    _, sent, _, _ = exchange(line, Terms())
    return line, sent


@pytest.mark.parametrize("rows", [120, 250])
def test_a_page_that_is_lost_whole_behind_the_same_command_is_asked_for_again(rows: int) -> None:
    pages = [page[:rows] for page in THREE]
    line, sent = lose_second_page(pages)
    assert sent.confirmed == 3
    assert line.pages == pages


def test_a_long_page_of_which_nothing_is_heard_ends_the_call_unconfirmed() -> None:
    line, sent = lose_second_page(THREE)
    assert sent.confirmed == 1
    assert line.pages == THREE[:1]


@pytest.mark.xfail(
    reason="without error correction nothing tells a command that is said again from one behind a page that was lost whole and took less than 3.8 s"
)
def test_a_short_page_that_is_lost_whole_behind_the_same_command_is_asked_for_again() -> None:
    line, sent = lose_second_page([page[:20] for page in THREE])
    assert sent.confirmed == len(line.pages)


LETTER = [make_page(5, rows=12), make_page(6, rows=12)]
LONG_LETTER = [
    make_page(8, rows=200),
    make_page(9, rows=12),
    make_page(10, rows=12),
]  # the first is more than one block of small frames
MISSES = st.lists(
    st.sampled_from([*[Fate.ARRIVES] * 5, Fate.LOST, Fate.LATE, Fate.CUT, Fate.DOUBLED, Fate.SPLIT]), max_size=40
)
WORSE = st.lists(st.sampled_from([*[Fate.ARRIVES] * 3, *Fate]), max_size=60)
MOSTLY = st.lists(st.sampled_from([*[Fate.ARRIVES] * 12, *Fate]), max_size=80)
BETWEEN = st.sampled_from([Kind.MPS, Kind.EOM])
KEEPING = st.sampled_from([0.0, 0.0, 3.0, 9.0])


def check_ends(line: FakeLine, received: Call, called: Side, caller: Side) -> None:
    """Whatever was lost: errors are named, every page that was kept is told, and a call without an error is complete."""
    for side in (called, caller):
        assert side.error is None or isinstance(side.error, FaxError)
    assert [len(rows) for rows in line.pages] == [page.quality.rows for page in received.pages]
    assert received.complete == (called.error is None)


@given(WORSE, BETWEEN, KEEPING)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_on_a_bad_line_a_call_always_ends_with_its_pages_or_a_named_error(
    fates: list[Fate], between: Kind, keeping: float
) -> None:
    line = FakeLine(LETTER, fates, keeping=keeping)
    received, _, called, caller = exchange(line, Terms(), between=between)
    check_ends(line, received, called, caller)


@given(MISSES, BETWEEN, KEEPING)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_a_page_called_good_is_one_that_was_sent(fates: list[Fate], between: Kind, keeping: float) -> None:
    line = FakeLine(LETTER, fates, keeping=keeping)
    received, _, _, _ = exchange(line, Terms(), between=between)
    good = [rows for page, rows in zip(received.pages, line.pages, strict=True) if page.answer is Kind.MCF]
    assert all(rows in LETTER for rows in good)


@given(WORSE | MOSTLY, st.sampled_from(Coding), st.booleans(), BETWEEN, KEEPING)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_with_error_correction_no_wrong_page_is_ever_called_good(
    fates: list[Fate], coding: Coding, small: bool, between: Kind, keeping: float
) -> None:
    line = FakeLine(LONG_LETTER, fates, keeping=keeping)
    received, sent, called, caller = exchange(line, Terms(coding=coding, ecm=True, small_frames=small), between=between)
    check_ends(line, received, called, caller)
    good = [rows for page, rows in zip(received.pages, line.pages, strict=True) if page.answer is Kind.MCF]
    assert good == [page for page in LONG_LETTER if page in good]  # in their order, none twice
    if sent.confirmed == len(LONG_LETTER) and not sent.given_up:
        assert good == LONG_LETTER
        assert received.complete
