"""The answering script alone: replayed from transcripts, and under any event at any step."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import (
    BadFrameError,
    BlockLostError,
    CallerHungUpError,
    CallerSilentError,
    FaxError,
    LineStoppedError,
    NotKeptError,
    PollingRefusedError,
    SerialError,
    TermsError,
    TrainingFailedError,
    TranscriptError,
)
from appliance.fax.answering import answer
from appliance.fax.capabilities import Capabilities, Terms
from appliance.fax.frames import Frame, Kind, pack_identity, pack_inner
from appliance.fax.rates import Modulation, Rate
from appliance.fax.receiving import Call, Station
from appliance.fax.steps import (
    BlockAgain,
    BlockCame,
    BlockLost,
    BlockMisses,
    BlockWhole,
    Done,
    EndPage,
    Event,
    Garbled,
    Gone,
    HangUp,
    Heard,
    Interrupted,
    Keeping,
    KeepPage,
    Kept,
    NotKept,
    PageCame,
    Quality,
    Silent,
    Step,
    Trained,
)
from appliance.fax.t4 import Coding
from appliance.fax.timers import IDLE, TRAININGS, TRIES, TURNS
from appliance.fax.transcript import read_event, show_event, show_step

TRANSCRIPTS = sorted((Path(__file__).parents[1] / "transcripts" / "fax").glob("*.t30"))
ECM = Frame(Kind.DCS, Terms(ecm=True).to_info())
PPS = Frame(Kind.PPS, pack_inner(Kind.MPS) + bytes(3))
PPS_NULL = Frame(Kind.PPS, pack_inner(None) + bytes(3))
EOR = Frame(Kind.EOR, pack_inner(Kind.EOP))
CTC = Frame(Kind.CTC, Terms().to_info()[:2])
DCS = Frame(Kind.DCS, Terms().to_info())
PLAIN: list[Event] = [
    Done(),
    Garbled(),
    Silent(),
    Interrupted(1.2),
    Interrupted(9.0),
    NotKept(),
    Keeping(),
    Gone(),
    BlockCame(),
    BlockWhole(),
    BlockAgain(),
    BlockLost(),
    BlockMisses(bytes(32)),
    Trained(clean=True),
    Trained(clean=False),
]
GOOD = Quality(10, 0, 0, True)
QUALITIES = st.builds(Quality, st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000), st.booleans())
EVENTS = st.one_of(
    st.sampled_from(PLAIN),
    st.builds(Heard, st.builds(Frame, st.sampled_from(Kind), st.binary(max_size=20), st.booleans())),
    st.sampled_from([Heard(frame) for frame in (DCS, ECM, PPS, PPS_NULL, EOR, CTC)]),
    st.builds(PageCame, QUALITIES),
    st.builds(Kept, QUALITIES),
)
STATION = Station("5550199")
MOST_STEPS = 2000
STARTS: st.SearchStrategy[list[Event]] = st.sampled_from(
    [
        [],
        [Heard(DCS), Trained(clean=True), Done()],
        [Heard(ECM), Trained(clean=True), Done(), BlockCame(), Heard(PPS)],
    ]
)
KEPT: st.SearchStrategy[Event] = st.sampled_from([Kept(GOOD), NotKept(), Keeping()])


def replay(events: list[Event], station: Station = STATION) -> tuple[list[str], Call, Exception | None]:
    """The steps that the script asks for, when it is told `events` and then nothing but silence."""
    call = Call()
    steps: list[str] = []
    script = answer(station, call)
    given_events = iter(events)
    try:
        step: Step = next(script)
        while len(steps) < MOST_STEPS:
            steps.append(show_step(step))
            step = script.send(next(given_events, Silent()))
    except StopIteration:
        return steps, call, None
    except FaxError as error:
        return steps, call, error
    raise AssertionError("the script does not end")


@pytest.mark.parametrize("file", TRANSCRIPTS, ids=lambda file: file.stem)
def test_a_call_goes_as_written(file: Path) -> None:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    steps, call, error = replay([read_event(line[2:]) for line in lines if line.startswith("< ")])
    assert [f"> {step}" for step in steps] == [line for line in lines if line.startswith(">")]
    (end,) = [line[2:] for line in lines if line.startswith("=")]
    assert f"{len(call.pages)} pages {'complete' if call.complete else type(error).__name__}" == end


@given(st.lists(EVENTS, max_size=40))
@settings(max_examples=500)
def test_any_event_at_any_step_ends_in_a_fax_error_or_well(events: list[Event]) -> None:
    steps, call, error = replay(events)
    assert steps[0] == "PickUp"
    if error is None:
        assert call.complete
        assert steps[-1] == "HangUp"


@given(st.lists(EVENTS, min_size=1, max_size=6), STARTS)
@settings(max_examples=200)
def test_a_call_ends_however_long_the_caller_goes_on_the_same_way(events: list[Event], start: list[Event]) -> None:
    steps, call, error = replay([Done(), Done(), *start, *events * (4 * MOST_STEPS)])
    assert error is not None or call.complete
    assert len(steps) < MOST_STEPS


@pytest.mark.parametrize("end", [SerialError, LineStoppedError])
@given(st.lists(EVENTS, max_size=20), STARTS, st.integers(0, 60), KEPT)
def test_where_nothing_can_be_performed_any_more_the_call_ends_with_what_came(
    end: type[Exception], events: list[Event], start: list[Event], at: int, kept: Event
) -> None:
    call = Call()
    script = answer(Station(), call)
    step: Step = next(script)
    given_events = iter([Done(), Done(), *start, *events])
    try:
        for _ in range(at):
            step = script.send(next(given_events, Silent()))
    except (StopIteration, FaxError):
        return
    with pytest.raises((end, NotKeptError)):  # noqa: PT012 - the script's steps up to there are what is looked at
        step = script.throw(end())
        while True:
            assert isinstance(step, EndPage | KeepPage)  # nothing that needs a modem
            step = script.send(kept if isinstance(step, KeepPage) else Done())
    assert not call.coming or not isinstance(kept, Kept)


@given(
    st.lists(EVENTS, max_size=12),
    STARTS,
)
@settings(max_examples=500)
def test_no_page_is_confirmed_before_it_is_kept(events: list[Event], start: list[Event]) -> None:
    came = [Done(), Done(), *start, *events]
    _, call, _ = replay(came)
    kept = sum(isinstance(event, Kept) for event in came)
    pages_confirmed = sum(page.answer is Kind.MCF for page in call.pages)
    assert pages_confirmed <= kept


@given(EVENTS)
def test_an_event_reads_back_as_it_was_shown_but_for_what_is_private(event: Event) -> None:
    shown = show_event(event)
    again = read_event(shown)
    assert show_event(again) == shown or "(private)" in shown
    assert type(again) is type(event)


def test_a_transcript_never_shows_a_number() -> None:
    for kind in (Kind.CSI, Kind.TSI, Kind.SUB, Kind.PWD, Kind.SID, Kind.CIG, Kind.NSF, Kind.UNKNOWN):
        shown = show_event(Heard(Frame(kind, pack_identity("5550100"))))
        assert shown == f"Heard {kind.name} (private)"


@pytest.mark.parametrize("line", ["", "Nothing", "Heard XYZ", "Heard DCS zz", "Trained", "PageCame rows=a b c d"])
def test_what_is_no_transcript_is_refused(line: str) -> None:
    with pytest.raises(TranscriptError):
        read_event(line)


def test_polling_is_refused() -> None:
    steps, _, error = replay([Done(), Done(), Heard(Frame(Kind.DTC, bytes(3)))])
    assert type(error).__name__ == "PollingRefusedError"
    assert steps[-2:] == ["Send DCN", "HangUp"]


def test_our_own_echo_is_not_taken_for_the_caller() -> None:
    dis = Frame(Kind.DIS, b"\x00\x40\x00")
    steps, _, _ = replay(
        [Done(), Done(), Heard(Frame(Kind.CSI, b"", final=False)), Heard(dis), Heard(DCS), Trained(clean=True)]
    )
    assert steps[2:5] == ["Listen 3.0"] * 3
    assert steps[6] == "Send CFR"


def test_a_hang_up_puts_the_receiver_down() -> None:
    steps, _, error = replay([Done(), Gone()])
    assert type(error).__name__ == "LineGoneError"
    assert steps[-1] == show_step(HangUp())


def test_with_error_correction_a_page_is_confirmed_only_when_whole_and_kept() -> None:
    came: list[Event] = [Done(), Done(), Heard(ECM), Trained(clean=True), Done(), BlockCame(), Heard(PPS)]
    steps, _, _ = replay([*came, BlockMisses(bytes(32))])
    assert steps[7] == "CloseBlock page=0 block=0 frames=1"
    assert steps[8] == f"Send PPR {bytes(32).hex()}"
    steps, call, _ = replay([*came, BlockWhole(), Done(), Kept(GOOD)])
    assert [step.split()[0] for step in steps[7:10]] == ["CloseBlock", "EndPage", "KeepPage"]
    assert steps[10] == "Send MCF"
    assert [page.answer for page in call.pages] == [Kind.MCF]
    steps, call, error = replay([*came, BlockWhole(), Done(), NotKept()])
    assert "Send MCF" not in steps
    assert type(error).__name__ == "NotKeptError"


def test_a_block_that_is_confirmed_twice_is_one_page() -> None:
    came: list[Event] = [Done(), Done(), Heard(ECM), Trained(clean=True), Done(), BlockCame(), Heard(PPS)]
    _, call, _ = replay(
        [
            *came,
            BlockWhole(),
            Done(),
            Kept(GOOD),
            Done(),
            Interrupted(1.2),
            Interrupted(9.0),
            Heard(PPS),
            BlockAgain(),
            Done(),
        ]
    )
    assert len(call.pages) == 1


def test_a_caller_that_repeats_no_more_leaves_a_page_that_is_marked() -> None:
    came: list[Event] = [
        Done(),
        Done(),
        Heard(ECM),
        Trained(clean=True),
        Done(),
        BlockCame(),
        Heard(PPS),
        BlockMisses(bytes(32)),
        Done(),
        Silent(),
    ]
    end = Heard(Frame(Kind.EOR, pack_inner(Kind.EOP)))
    steps, call, _ = replay([*came, end, Done(), Done(), Kept(Quality(4, 0, 0, False)), Done(), Heard(Frame(Kind.DCN))])
    assert "GiveUpBlock page=0 block=0 frames=1" in steps
    assert [page.answer for page in call.pages] == [Kind.ERR]
    assert not call.complete


def test_a_block_that_follows_a_lost_one_ends_the_call() -> None:
    _, call, error = replay(
        [Done(), Done(), Heard(ECM), Trained(clean=True), Done(), BlockCame(), Heard(PPS), BlockLost()]
    )
    assert isinstance(error, BlockLostError)
    assert not call.pages


def test_a_page_that_is_hard_to_read_is_kept_and_asked_for_again() -> None:
    poor = Quality(100, 20, 15, ended=True)
    page: list[Event] = [PageCame(poor), Heard(Frame(Kind.MPS)), Kept(poor), Done()]
    steps, call, _ = replay([Done(), Done(), Heard(DCS), Trained(clean=True), Done(), *page])
    assert "Send RTN" in steps
    assert [page.answer for page in call.pages] == [Kind.RTN]


def test_a_slower_rate_is_agreed_to_and_starts_long() -> None:
    slower = Heard(Frame(Kind.CTC, Terms(rate=Rate.V29_7200).to_info()[:2]))
    steps, _, _ = replay([Done(), Done(), Heard(ECM), Trained(clean=True), Done(), BlockCame(), slower, Done()])
    assert steps[7] == "Send CTR"
    assert steps[8].startswith("TakeBlock V.29/7200")
    assert steps[8].endswith("long")


def test_a_page_of_which_nothing_came_is_not_taken_for_the_one_before() -> None:
    page: list[Event] = [PageCame(GOOD), Heard(Frame(Kind.MPS)), Kept(GOOD), Done()]
    came: list[Event] = [Done(), Done(), Heard(DCS), Trained(clean=True), Done(), *page]
    other: list[Event] = [Interrupted(1.2), Heard(Frame(Kind.EOP))]
    late: list[Event] = [Silent(), Heard(Frame(Kind.MPS))]
    for lost in (other, late):
        steps, call, _ = replay([*came, *lost])
        assert steps[-1] == "HangUp"
        assert [step for step in steps if step.startswith("Send ")][2:4] == ["Send MCF", "Send RTN"]
        assert not call.complete
    steps, _, _ = replay([*came, Interrupted(1.2), Heard(Frame(Kind.MPS))])
    assert steps.count("Send MCF") == 2


def start(dcs: Frame = DCS) -> list[Event]:
    """A call up to its first page."""
    return [Done(), Done(), Heard(dcs), Trained(clean=True), Done()]


def test_a_line_on_which_no_training_survives_is_named() -> None:
    attempt: list[Event] = [Heard(DCS), Trained(clean=False), Done()]
    steps, _, error = replay([Done(), Done(), *attempt * 20])
    assert isinstance(error, TrainingFailedError)
    assert steps.count("Send FTT") == TRAININGS


@pytest.mark.parametrize("terms", [Terms(coding=Coding.MR), Terms(ecm=True), Terms(rate=Rate.V29_9600)], ids=str)
def test_terms_that_we_did_not_offer_are_refused(terms: Terms) -> None:
    offers = Capabilities(modulations=frozenset({Modulation.V27TER}), codings=frozenset({Coding.MH}), ecm=False)
    steps, _, error = replay([Done(), Done(), Heard(Frame(Kind.DCS, terms.to_info()))], Station(offers=offers))
    assert isinstance(error, TermsError)
    assert steps[-2:] == ["Send DCN", "HangUp"]


def test_a_rate_that_we_did_not_offer_is_refused_in_the_midst_of_a_call_too() -> None:
    offers = Capabilities(modulations=frozenset({Modulation.V27TER, Modulation.V29}))
    dcs = Frame(Kind.DCS, Terms(rate=Rate.V29_9600, ecm=True).to_info())
    _, _, error = replay([*start(dcs), BlockCame(), Heard(CTC)], Station(offers=offers))
    assert isinstance(error, TermsError)


@pytest.mark.parametrize("lost", [PageCame(Quality(0, 0, 0, False)), Silent(), Interrupted(9.0)], ids=show_event)
def test_a_page_that_got_lost_is_never_confirmed_by_our_last_answer(lost: Event) -> None:
    page: list[Event] = [PageCame(GOOD), Heard(Frame(Kind.MPS)), Kept(GOOD), Done()]
    asks: list[Event] = [lost, Heard(Frame(Kind.CRP)), lost, Heard(Frame(Kind.MPS))]
    steps, _, _ = replay([*start(), *page, *asks])
    assert [step for step in steps if step in {"Send MCF", "Send RTN"}] == ["Send MCF", "Send RTN"]


def test_a_page_that_is_not_kept_however_often_the_caller_asks_is_not_confirmed() -> None:
    asked: list[Event] = [Heard(Frame(Kind.EOP)), Keeping()]
    steps, call, error = replay([*start(), PageCame(GOOD), *asked * 9, Kept(GOOD)])
    assert isinstance(error, NotKeptError)
    assert steps.count("KeepPage 1.5") == TRIES
    assert "Send MCF" not in steps
    steps, call, _ = replay([*start(), PageCame(GOOD), *asked * 2, Heard(DCS), Gone(), Done(), Kept(GOOD)])
    assert steps[-1] == "KeepPage 600.0"
    assert [page.answer for page in call.pages] == [None]


def test_a_caller_that_hangs_up_without_sending_a_refused_page_again_has_not_sent_all() -> None:
    bad = Quality(100, 20, 3, True)
    steps, call, error = replay(
        [*start(), PageCame(bad), Heard(Frame(Kind.EOP)), Kept(bad), Done(), Heard(Frame(Kind.DCN))]
    )
    assert "Send RTN" in steps
    assert isinstance(error, CallerHungUpError)
    assert not call.complete


def test_a_block_that_is_not_named_ends_the_call() -> None:
    _, _, error = replay([*start(ECM), BlockCame(), Heard(Frame(Kind.PPS, pack_inner(Kind.EOP)))])
    assert isinstance(error, BadFrameError)
    _, _, error = replay([*start(ECM), BlockCame(), Heard(EOR)])
    assert isinstance(error, BlockLostError)


def test_a_caller_that_says_nothing_that_we_know_is_listened_to_for_a_while_only() -> None:
    unknown: list[Event] = [Heard(Frame(Kind.UNKNOWN))] * 50
    steps, _, error = replay([*start(), Interrupted(1.2), *unknown])
    assert isinstance(error, CallerSilentError)
    assert sum(step.startswith("Listen") for step in steps) == 1 + TURNS  # one for the terms


def test_a_caller_whose_pages_never_get_further_is_given_up() -> None:
    round_: list[Event] = [BlockCame(), Heard(PPS), BlockMisses(bytes(32)), Done()]
    steps, _, error = replay([*start(ECM), *round_ * 200])
    assert isinstance(error, TrainingFailedError)
    assert sum(step.startswith("Send PPR") for step in steps) == IDLE


@pytest.mark.parametrize("clean", [False, True], ids=["after FTT", "in place of a page"])
def test_a_caller_that_wants_to_be_sent_to_is_refused_wherever_it_says_so(clean: bool) -> None:
    trained: list[Event] = [Trained(clean), Done(), *([Interrupted(0.5)] if clean else [])]
    steps, _, error = replay([Done(), Done(), Heard(DCS), *trained, Heard(Frame(Kind.DTC, bytes(3)))])
    assert isinstance(error, PollingRefusedError)
    assert steps[-2:] == ["Send DCN", "HangUp"]


@pytest.mark.parametrize(("terms", "takes"), [(DCS, "TakePage"), (ECM, "TakeBlock")], ids=["without ECM", "with ECM"])
def test_behind_an_echo_of_our_answer_the_page_is_taken_at_once(terms: Frame, takes: str) -> None:
    steps, _, _ = replay([*start(terms), Interrupted(0.5), Heard(Frame(Kind.CFR))])
    at = steps.index("Send CFR")
    assert [step.split()[0] for step in steps[at + 1 : at + 4]] == [takes, "Listen", takes]


def test_a_command_said_again_behind_the_echo_of_our_answer_is_answered_again() -> None:
    again: list[Event] = [Interrupted(0.5), Heard(Frame(Kind.MCF)), Interrupted(3.4), Heard(Frame(Kind.MPS))]
    first: list[Event] = [PageCame(GOOD), Heard(Frame(Kind.MPS)), Kept(GOOD), Done()]
    steps, call, _ = replay([*start(), *first, *again])
    assert steps.count("Send MCF") == 2
    assert len(call.pages) == 1


def test_terms_that_make_no_sense_are_shown_as_such() -> None:
    assert show_event(Heard(Frame(Kind.DCS, b"\x00"))) == "Heard DCS 00 [is too short for a DCS.]"
    assert "insists" in show_event(Heard(Frame(Kind.DCS, bytes.fromhex("0022b880808080808808"))))


def test_a_maker_is_shown_and_what_it_says_is_not() -> None:
    assert show_event(Heard(Frame(Kind.NSF, b"\x00\x00\x0e5550100"))) == "Heard NSF 00000e (private)"
