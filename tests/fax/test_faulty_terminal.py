"""One thing goes wrong with a modem on a pseudo-terminal, each thing at each of its answers: that ends in time with a name, and the line works again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.errors import FaxError, SerialError
from appliance.fax.answering import answer
from appliance.fax.class1 import Class1
from appliance.fax.player import Receiver, play
from appliance.fax.profiles import GENERIC
from appliance.fax.receiving import Call, Station
from appliance.serial_port import SerialPort
from tests.fakes.acting_modem import ROWS, ActingModem, ActingTerminal, Fault
from tests.fakes.keeper import FakeKeeper
from tests.fax.test_faulty_modem import IN_ALL, LONGEST_CALL

SPEED = 25.0  # times real time
TICK = 0.25 / SPEED
FAULTS = (
    Fault.SAYS_NOTHING,
    Fault.SAYS_ERROR,
    Fault.SAYS_NO_CARRIER,
    Fault.SAYS_RUBBISH,
    Fault.SAYS_MUCH,
    Fault.BREAKS_OFF,
    Fault.HANGS,
    Fault.VANISHES,
)
ATTEMPTS = 5  # a machine that stands still for a moment looks like a modem that does


def fast() -> float:
    return time.monotonic() * SPEED


def call(modem: Class1, clock: Callable[[], float]) -> bool:
    """Is a page here, as it was sent? Ends in time, or with a name."""
    began, taken, keeper = clock(), Call(), FakeKeeper()
    with suppress(FaxError, SerialError):
        play(answer(Station("5550199"), taken), Receiver(modem, keeper))
    assert clock() - began < LONGEST_CALL
    return taken.complete and [list(page.rows) for page in keeper.pages] == [ROWS]


def works_again(modem: Class1, terminal: ActingTerminal) -> bool:
    for _ in range(ATTEMPTS):
        with suppress(FaxError, SerialError):
            modem.recover()
            terminal.modem.ring()
            if call(modem, fast):
                return True
    return False


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", range(IN_ALL))
def test_at_each_answer(tmp_path: Path, fault: Fault, at: int) -> None:
    with ActingTerminal(tmp_path / "modem", ActingModem(fault, at)) as terminal:
        port = SerialPort(terminal.device, GENERIC.speed, hardware_flow=True, tick=TICK)
        modem = Class1(port, fast, GENERIC)
        with suppress(FaxError, SerialError):
            modem.set_up()
            call(modem, fast)
        if fault is Fault.VANISHES and not terminal.device.exists():
            with pytest.raises(SerialError):
                modem.recover()
            terminal.plug_in()
        assert works_again(modem, terminal)
        port.close()
