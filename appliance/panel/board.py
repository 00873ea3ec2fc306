"""The door to gpiozero: real pins, its mock pins, or none. The library is loaded only when there are pins."""

# ruff: noqa: PLC0415 - see above: most boxes on a desk have no panel, and the daemon's memory counts

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from appliance import logs
from appliance.control.values import Lamp, Light
from appliance.errors import BoardError
from appliance.panel import pins as wiring
from appliance.panel.pins import Pins
from appliance.settings import Panel as PanelSettings

log = logs.get(__name__)

BLINK: Final = 0.5  # s lit, and s dark


class Board(Protocol):
    """Lamps to light and a button to hear."""

    fault: str | None  # what is wrong with it and what to do, None when all is well

    def light(self, lamp: Lamp, light: Light) -> None:
        """Light one lamp; raises `BoardError`."""

    def listen(self, on_edge: Callable[[bool], None]) -> None:
        """Call `on_edge` from a thread of the board's own when the lock button closes (True) or opens."""

    def close(self) -> None:
        """All lamps off, all pins free."""


class NoBoard:
    """No lamps and no button, by wish or because of a `fault`."""

    def __init__(self, fault: str | None = None) -> None:
        self.fault = fault

    def light(self, lamp: Lamp, light: Light) -> None:
        pass

    def listen(self, on_edge: Callable[[bool], None]) -> None:
        pass

    def close(self) -> None:
        pass


class PinBoard:
    """Lamps and lock button on the pins of a gpiozero `factory`."""

    fault: str | None = None

    def __init__(self, pins: Pins, factory: Any) -> None:
        from gpiozero import LED, Button

        self._factory = factory
        self._lamps = {
            lamp: LED(wired.pin, active_high=wired.active_high, pin_factory=factory)
            for lamp, wired in pins.lamps.items()
        }
        self._lock = Button(pins.lock.pin, pull_up=pins.lock.pull_up, pin_factory=factory)

    def light(self, lamp: Lamp, light: Light) -> None:
        led = self._lamps[lamp]
        try:
            match light:
                case Light.OFF:
                    led.off()
                case Light.ON:
                    led.on()
                case Light.BLINKING:
                    led.blink(BLINK, BLINK)
        except Exception as error:  # gpiozero's, lgpio's and the system's have no family in common
            raise BoardError from error

    def listen(self, on_edge: Callable[[bool], None]) -> None:
        self._lock.when_pressed = lambda: on_edge(True)
        self._lock.when_released = lambda: on_edge(False)

    def close(self) -> None:
        for device in (self._lock, *self._lamps.values(), self._factory):
            device.close()


def make_board(settings: PanelSettings) -> Board:
    """The board the settings ask for. One that cannot be had is none with a `fault`: calls are answered without lamps, too."""
    if settings.board == "none":
        return NoBoard()
    try:
        return PinBoard(wiring.read(settings.pins), _factory(settings.board))
    except BoardError as error:
        fault = str(error)
    except Exception:  # whatever the hardware's libraries raise
        log.exception("panel.unreachable")
        fault = str(BoardError())
    log.error("panel.fault %s", fault)
    return NoBoard(fault)


def _factory(board: str) -> Any:
    if board == "mock":
        from gpiozero.pins.mock import MockFactory

        return MockFactory()
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()
