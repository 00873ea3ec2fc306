"""One thing goes wrong with the modem, each thing at each of its answers: the call ends in time with a name for what happened, and the next one is whole."""

from __future__ import annotations

from contextlib import suppress

import pytest

from appliance.errors import FaxError, ModemError, SerialError
from appliance.fax.answering import answer
from appliance.fax.class1 import Class1
from appliance.fax.player import Receiver, play
from appliance.fax.profiles import AUTO, GENERIC, Profile
from appliance.fax.receiving import Call, Station
from appliance.fax.timers import RECOVERY
from tests.fakes.acting_modem import ROWS, ActingModem, ActingPort, Fault
from tests.fakes.keeper import FakeKeeper

LONGEST_CALL = 300.0  # s: T1 and every retry
LONGEST_SET_UP = 40.0  # s


def call(modem: Class1) -> tuple[Call, FakeKeeper]:
    """What came, and was kept, of one call. Raises what ended it."""
    taken, keeper = Call(), FakeKeeper()
    try:
        play(answer(Station("5550199"), taken), Receiver(modem, keeper))
    finally:
        assert len(keeper.pages) <= 1
        assert all(list(page.rows) == ROWS for page in keeper.pages if page.damaged == 0)
    return taken, keeper


def turns(profile: Profile) -> tuple[int, int]:
    """How many answers setting up takes, and setting up and a call."""
    acting = ActingModem()
    port = ActingPort(acting)
    modem = Class1(port, port.clock, profile)
    modem.set_up()
    before = acting.turns
    taken, _ = call(modem)
    assert taken.complete
    return before, acting.turns


IN_SET_UP, IN_ALL = turns(GENERIC)
IN_AUTO, _ = turns(AUTO)


def check_that_the_next_call_is_whole(modem: Class1, port: ActingPort) -> None:
    began = port.now
    modem.recover()
    assert port.now - began < RECOVERY
    port.modem.ring()
    taken, keeper = call(modem)
    assert taken.complete
    assert list(keeper.pages[0].rows) == ROWS


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("at", range(IN_AUTO))
def test_at_each_answer_of_its_set_up(fault: Fault, at: int) -> None:
    port = ActingPort(ActingModem(fault, at))
    modem = Class1(port, port.clock, AUTO)
    with suppress(ModemError, SerialError):
        modem.set_up()
    assert port.now < LONGEST_SET_UP
    check_that_the_next_call_is_whole(modem, port)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("at", range(IN_SET_UP, IN_ALL))
def test_at_each_answer_of_a_call(fault: Fault, at: int) -> None:
    port = ActingPort(ActingModem(fault, at))
    modem = Class1(port, port.clock, GENERIC)
    modem.set_up()
    with suppress(FaxError, SerialError):
        call(modem)
    assert port.now < LONGEST_CALL
    check_that_the_next_call_is_whole(modem, port)


@pytest.mark.parametrize("fault", Fault)
def test_while_it_hangs_up_at_the_end(fault: Fault) -> None:
    port = ActingPort(ActingModem(fault, IN_ALL - 1))
    modem = Class1(port, port.clock, GENERIC)
    modem.set_up()
    taken = Call()
    try:
        play(answer(Station("5550199"), taken), Receiver(modem, FakeKeeper()))
    except SerialError:
        assert fault is Fault.VANISHES
    assert taken.complete  # the caller had said that it was all
