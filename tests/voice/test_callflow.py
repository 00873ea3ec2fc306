"""The conversation: replayed from transcripts, and under any event at any step."""

from __future__ import annotations

import itertools
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import VoiceError
from appliance.voice import callflow
from appliance.voice.callflow import (
    AwaitKept,
    Discard,
    Done,
    Ending,
    Event,
    HungUp,
    Keep,
    Kept,
    Limits,
    NotKept,
    Outcome,
    Play,
    Pressed,
    Recorded,
    Refused,
    Sound,
    Step,
    take_message,
    turn_away,
)

LIMITS = Limits(longest=180.0, silence=8.0, shortest=1.0)
TRANSCRIPTS = sorted((Path(__file__).parents[1] / "transcripts" / "voice").glob("*.txt"))

EVENTS = st.one_of(
    st.sampled_from([Done(), HungUp(), Refused(), Kept(), NotKept()]),
    st.builds(Pressed, st.sampled_from("0123456789*#ABCD")),
    st.builds(Recorded, st.sampled_from(Ending), st.floats(0, 1800)),
)


def event(line: str) -> Event:
    """The event that a transcript shows as `line`."""
    name, *carried = line.split()
    kind: Any = getattr(callflow, name)
    hints = get_type_hints(kind)
    return kind(*(hints[item.name](value) for item, value in zip(fields(kind), carried, strict=True)))  # type: ignore[no-any-return]  # whatever kind it is


@pytest.mark.parametrize("file", TRANSCRIPTS, ids=lambda file: file.stem)
def test_the_conversation_goes_as_written(file: Path) -> None:
    script, step, came = take_message(LIMITS), None, None
    for line in file.read_text(encoding="utf-8").splitlines():
        sign, _, words = line.partition(" ")
        match sign:
            case ">":
                step = next(script) if came is None else script.send(came)
                assert str(step) == words
            case "<":
                came = event(words)
                assert str(came) == words
            case "=":
                assert came is not None
                with pytest.raises(StopIteration) as end:
                    script.send(came)
                assert end.value.value == Outcome(words)
            case _:
                assert sign == "#"


#: Events as they come, or such as lead to the end of a message and then anything: chance alone seldom gets that far.
CALLS = st.one_of(
    st.lists(EVENTS, max_size=12),
    st.builds(
        lambda ending, then: [Done(), Done(), Done(), Recorded(ending, 5.0), Done(), *then],
        st.sampled_from(Ending),
        st.lists(EVENTS, max_size=5),
    ),
)


def walk(events: list[Event]) -> tuple[list[tuple[Step, Event]], Outcome | VoiceError]:
    """What happens when `events` come one after the other, and HungUp ever after."""
    script = take_message(LIMITS)
    seen: list[tuple[Step, Event]] = []
    step = next(script)
    try:
        for came in [*events, *[HungUp()] * 20]:
            seen.append((step, came))
            step = script.send(came)
    except StopIteration as end:
        return seen, end.value
    except VoiceError as error:
        return seen, error
    raise AssertionError("the conversation does not end")


@given(CALLS)
def test_any_event_at_any_step_ends_the_conversation_in_an_outcome_or_a_voice_error(events: list[Event]) -> None:
    walk(events)


@given(CALLS)
def test_a_caller_hears_kept_only_once_the_message_is_kept(events: list[Event]) -> None:
    seen, _ = walk(events)
    for (before, came), (step, _) in itertools.pairwise(seen):
        if step == Play(Sound.KEPT):
            assert isinstance(before, AwaitKept)
            assert came == Kept()


@given(
    st.sampled_from([e for e in Ending if e is not Ending.REFUSED]), st.floats(1.0, 180), st.lists(EVENTS, max_size=5)
)
def test_sound_that_was_recorded_is_handed_over_whatever_comes_next(
    ending: Ending, sound: float, then: list[Event]
) -> None:
    seen, _ = walk([Done(), Done(), Done(), Recorded(ending, sound), *then])
    steps = [step for step, _ in seen]
    assert steps[4] == Keep()
    assert Discard() not in steps


def test_callers_beyond_the_lines_hear_that_they_are_busy() -> None:
    script = turn_away()
    assert next(script) == Play(Sound.BUSY)
    with pytest.raises(StopIteration) as end:
        script.send(HungUp())
    assert end.value.value is Outcome.TURNED_AWAY
