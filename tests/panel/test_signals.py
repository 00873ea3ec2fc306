"""Lamps and presses, without pins."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.control.values import Lamp, Level, Light
from appliance.panel.signals import QUIET, BoxFacts, Presses, lamps


def facts(new_messages: int = 0, line_ready: bool = True, calls: int = 0, level: Level = Level.GOOD) -> BoxFacts:
    return BoxFacts(new_messages, line_ready, calls, level)


def test_a_box_that_is_well_and_has_nothing_new_shows_a_ready_line() -> None:
    assert lamps(facts()) == {Lamp.MESSAGE: Light.OFF, Lamp.LINE: Light.ON, Lamp.FAULT: Light.OFF}


def test_a_new_message_blinks() -> None:
    assert lamps(facts(new_messages=1))[Lamp.MESSAGE] is Light.BLINKING


@pytest.mark.parametrize("ready", [True, False])
def test_a_call_in_progress_blinks(ready: bool) -> None:
    assert lamps(facts(line_ready=ready, calls=2))[Lamp.LINE] is Light.BLINKING


def test_a_line_that_is_not_answered_is_dark() -> None:
    assert lamps(facts(line_ready=False))[Lamp.LINE] is Light.OFF


@pytest.mark.parametrize(
    ("level", "light"),
    [(Level.GOOD, Light.OFF), (Level.ATTENTION, Light.BLINKING), (Level.FAULT, Light.ON)],
)
def test_the_fault_lamp_tells_how_bad_it_is(level: Level, light: Light) -> None:
    assert lamps(facts(level=level))[Lamp.FAULT] is light


def test_a_press_counts_at_once_and_letting_go_does_not() -> None:
    presses = Presses()
    assert presses.edge(True, 10.0)
    assert not presses.edge(False, 10.3)
    assert presses.edge(True, 11.0)


def test_bounces_when_pressed_and_when_let_go_are_no_presses() -> None:
    presses = Presses()
    pressed = [presses.edge(n % 2 == 0, 10.0 + n * 0.001) for n in range(9)]
    let_go = [presses.edge(n % 2 == 1, 15.0 + n * 0.001) for n in range(9)]
    assert pressed == [True, *[False] * 8]
    assert let_go == [False] * 9


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 1.0))))
def test_presses_are_never_closer_than_a_quiet_time(edges: list[tuple[bool, float]]) -> None:
    presses, at, counted = Presses(), 0.0, []
    for pressed, later in edges:
        at += later
        if presses.edge(pressed, at):
            counted.append(at)
    assert all(after - before >= QUIET for before, after in pairwise(counted))
