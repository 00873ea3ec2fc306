"""The calling script alone: what it does with answers that a receiving side of ours never gives, and under any event at any step."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import AnswererSilentError, FaxError, LineGoneError, TrainingFailedError
from appliance.fax.calling import TIMES, Letter, Sent, call
from appliance.fax.capabilities import Capabilities, Terms
from appliance.fax.frames import Frame, Kind
from appliance.fax.rates import Modulation
from appliance.fax.steps import Done, Event, Garbled, Gone, HangUp, Heard, Silent, Step
from appliance.fax.timers import ROUNDS
from appliance.fax.transcript import show_step

DIS = Heard(Frame(Kind.DIS, Capabilities().to_info()))
FRAMES = [Frame(kind) for kind in Kind] + [Frame(Kind.PPR, bytes(32)), Frame(Kind.PPR, b"\xff" * 32)]
EVENTS: st.SearchStrategy[Event] = st.sampled_from([Done(), Garbled(), Silent(), Gone(), DIS, *map(Heard, FRAMES)])
MOST_STEPS = 4000


def heard(kind: Kind) -> Event:
    return Heard(Frame(kind))


def run(events: list[Event], terms: Terms, pages: int = 1) -> tuple[list[str], Sent, Exception | None]:
    """The steps that the script asks for, when it hears `events` one after the other, and then nothing; what needs no answer is done."""
    sent, steps, said = Sent(), list[str](), iter(events)
    script = call(Letter("5550100", pages, terms, (3,) * pages), sent)
    try:
        step: Step = next(script)
        while len(steps) < MOST_STEPS:
            steps.append(show_step(step))
            step = script.send(next(said, Silent()) if steps[-1].startswith("Listen") else Done())
    except StopIteration:
        return steps, sent, None
    except FaxError as error:
        return steps, sent, error
    raise AssertionError("the script does not end")


def test_a_rate_that_fails_everywhere_ends_the_call() -> None:
    steps, _, error = run([DIS, *[heard(Kind.FTT)] * 20], Terms())
    assert isinstance(error, TrainingFailedError)
    assert sum(step.startswith("SendTraining") for step in steps) == 8


def test_an_answerer_that_hangs_up_is_heard_everywhere() -> None:
    for events in ([DIS, heard(Kind.DCN)], [DIS, heard(Kind.CFR), heard(Kind.DCN)]):
        steps, _, error = run(events, Terms())
        assert isinstance(error, LineGoneError)
        assert steps[-1] == show_step(HangUp())


def test_a_page_that_is_taken_with_new_training_is_sent_once() -> None:
    steps, sent, error = run(
        [DIS, heard(Kind.CFR), heard(Kind.RTP), heard(Kind.CFR), heard(Kind.MCF)], Terms(), pages=2
    )
    assert error is None
    assert sent.confirmed == 2
    assert sum(step.startswith("SendPage") for step in steps) == 2


def test_a_page_that_is_never_taken_is_given_up() -> None:
    steps, sent, error = run([DIS, heard(Kind.CFR), *[heard(Kind.RTN), heard(Kind.CFR)] * 9], Terms())
    assert isinstance(error, TrainingFailedError)
    assert sent.confirmed == 0
    assert sum(step.startswith("SendPage") for step in steps) == TIMES


def test_an_answerer_that_is_never_ready_is_given_up() -> None:
    steps, _, error = run([DIS, heard(Kind.CFR), *[heard(Kind.RNR)] * 99], Terms(ecm=True))
    assert isinstance(error, AnswererSilentError)
    assert steps.count("Send RR") == ROUNDS


def test_only_rates_that_the_answerer_has_are_tried() -> None:
    plain = Heard(Frame(Kind.DIS, Capabilities(modulations=frozenset({Modulation.V27TER})).to_info()))
    steps, _, _ = run([plain, heard(Kind.FTT), heard(Kind.FTT)], Terms())
    assert [step for step in steps if step.startswith("SendTraining")] == [
        "SendTraining V.27ter/4800",
        "SendTraining V.27ter/2400",
    ]


@given(st.lists(EVENTS, max_size=40), st.booleans(), st.integers(1, 3))
@settings(max_examples=300)
def test_whatever_is_answered_a_call_ends_in_a_fax_error_or_well(events: list[Event], ecm: bool, pages: int) -> None:
    steps, sent, error = run([DIS, *events], Terms(ecm=ecm), pages)
    assert error is not None or sent.confirmed == pages
    assert steps[-1] == show_step(HangUp())
