"""The panel on gpiozero's mock pins: lamps as they are lit, presses as they are heard."""

from __future__ import annotations

import itertools
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero.pins.mock import MockFactory

from appliance.control.values import Lamp, Light
from appliance.errors import BoardError
from appliance.panel import pins
from appliance.panel.board import BLINK, NoBoard, PinBoard, make_board
from appliance.panel.panel import DARK, Panel
from appliance.settings import Panel as PanelSettings

PATIENCE = 20.0  # s that anything may take on a busy machine
SHIPPED = Path(__file__).parents[2] / "hardware" / "pins.toml"
READY = {Lamp.MESSAGE: Light.BLINKING, Lamp.LINE: Light.ON, Lamp.FAULT: Light.OFF}


class Locks:
    """Counts what the lock button does."""

    def __init__(self) -> None:
        self.heard: queue.Queue[None] = queue.Queue()
        self.fails = False

    def __call__(self) -> None:
        self.heard.put(None)
        if self.fails:
            raise ValueError("whatever")


class Handmade:
    """A board whose lamps the test sees and breaks, and whose button it presses."""

    fault: str | None = None

    def __init__(self) -> None:
        self.lit: queue.Queue[tuple[Lamp, Light]] = queue.Queue()
        self.broken = False
        self.edge: Callable[[bool], None] = lambda pressed: None

    def light(self, lamp: Lamp, light: Light) -> None:
        self.lit.put((lamp, light))
        if self.broken:
            raise BoardError

    def listen(self, on_edge: Callable[[bool], None]) -> None:
        self.edge = on_edge

    def close(self) -> None:
        pass


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.reset()


@pytest.fixture
def locks() -> Locks:
    return Locks()


@pytest.fixture
def panel(factory: MockFactory, locks: Locks) -> Iterator[Panel]:
    """On mock pins; between any two edges of the button a second goes by."""
    panel = Panel(PinBoard(pins.read(SHIPPED), factory), locks, monotonic=itertools.count(0.0, 1.0).__next__)
    panel.start()
    yield panel
    panel.stop()


def press(factory: MockFactory, locks: Locks) -> None:
    """Presses the lock button and waits until it is heard: whatever the panel was told before has been done by then."""
    factory.pin(23).drive_low()
    factory.pin(23).drive_high()
    locks.heard.get(timeout=PATIENCE)


def states(factory: MockFactory) -> list[bool]:
    return [factory.pin(number).state for number in (17, 27, 22)]


def test_lamps_are_lit_as_told_and_go_out_at_the_end(panel: Panel, factory: MockFactory, locks: Locks) -> None:
    panel.show({Lamp.MESSAGE: Light.ON, Lamp.LINE: Light.ON, Lamp.FAULT: Light.OFF})
    press(factory, locks)
    assert states(factory) == [True, True, False]
    panel.show({Lamp.MESSAGE: Light.OFF})
    press(factory, locks)
    assert states(factory) == [False, True, False]
    panel.stop()
    assert states(factory) == [False, False, False]


def test_a_blinking_lamp_blinks_until_told_otherwise(panel: Panel, factory: MockFactory, locks: Locks) -> None:
    lamp = factory.pin(17)
    panel.show({Lamp.MESSAGE: Light.BLINKING})
    until = time.monotonic() + PATIENCE
    while len(lamp.states) < 4 and time.monotonic() < until:
        threading.Event().wait(BLINK / 5)
    lamp.assert_states([False, True, False, True])
    panel.show({Lamp.MESSAGE: Light.ON})
    press(factory, locks)
    assert lamp.state


def test_the_state_is_how_the_lamps_are_lit(panel: Panel, factory: MockFactory, locks: Locks) -> None:
    assert panel.state() == DARK
    panel.show(READY)
    press(factory, locks)
    assert panel.state() == READY


def test_a_press_locks_once_however_long_it_is_held(panel: Panel, factory: MockFactory, locks: Locks) -> None:
    factory.pin(23).drive_low()
    locks.heard.get(timeout=PATIENCE)
    factory.pin(23).drive_high()
    press(factory, locks)
    assert locks.heard.empty()


def test_a_bouncing_press_locks_once(factory: MockFactory, locks: Locks) -> None:
    now = [100.0]
    panel = Panel(PinBoard(pins.read(SHIPPED), factory), locks, monotonic=lambda: now[0])
    panel.start()
    for _ in range(5):
        now[0] += 0.001
        factory.pin(23).drive_low()
        factory.pin(23).drive_high()
    now[0] += 1.0
    press(factory, locks)
    panel.stop()
    assert locks.heard.qsize() == 1


def test_a_press_is_heard_after_one_that_went_wrong(panel: Panel, factory: MockFactory, locks: Locks) -> None:
    locks.fails = True
    press(factory, locks)
    press(factory, locks)


def test_showing_again_what_is_shown_touches_no_lamp() -> None:
    board, locks = Handmade(), Locks()
    panel = Panel(board, locks)
    panel.start()
    for _ in range(3):
        panel.show(READY)
    panel.stop()
    assert [board.lit.get_nowait() for _ in range(board.lit.qsize())] == [
        (Lamp.MESSAGE, Light.BLINKING),
        (Lamp.LINE, Light.ON),
    ]


def test_a_lamp_that_cannot_be_lit_is_a_fault_until_it_can() -> None:
    board, locks = Handmade(), Locks()
    panel = Panel(board, locks)
    panel.start()
    board.broken = True
    panel.show(READY)
    board.edge(True)
    locks.heard.get(timeout=PATIENCE)
    assert panel.fault == str(BoardError())
    assert panel.state() == DARK
    board.broken = False
    panel.show(READY)
    panel.stop()
    assert panel.fault is None
    assert panel.state() == READY


def test_without_a_board_the_lamps_are_still_known() -> None:
    panel = Panel(NoBoard(), Locks())
    panel.start()
    panel.show(READY)
    panel.stop()
    assert panel.state() == READY
    assert panel.fault is None


def test_the_settings_choose_the_board(tmp_path: Path) -> None:
    assert isinstance(make_board(PanelSettings()), NoBoard)
    mock = make_board(PanelSettings(board="mock", pins=SHIPPED))
    assert isinstance(mock, PinBoard)
    mock.close()


@pytest.mark.parametrize("board", ["mock", "gpio"])
def test_a_board_that_cannot_be_had_is_a_fault_and_keeps_nothing_else_from_starting(
    tmp_path: Path, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)  # as on a machine that has no such pins
    file = SHIPPED if board == "gpio" else tmp_path / "missing.toml"
    panel = Panel(make_board(PanelSettings(board=board, pins=file)), Locks())
    assert panel.fault
    panel.stop()


def test_gpiozero_is_loaded_only_when_there_are_pins() -> None:
    program = (
        "import sys; from appliance.panel.board import make_board; from appliance.settings import Panel; "
        "make_board(Panel()); print('gpiozero' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.strip() == "False"
