"""Which pin each lamp and button is wired to: `hardware/pins.toml`, checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance.checks import nearest
from appliance.control.values import Lamp
from appliance.errors import BoardError

LAST: Final = 27  # the highest BCM number on a Pi's 40-pin header
TAKEN: Final = {
    0: "the add-on board's memory",
    1: "the add-on board's memory",
    2: "the clock chip (I2C)",
    3: "the clock chip (I2C)",
    14: "the serial port",
    15: "the serial port",
}


@dataclass(frozen=True, slots=True)
class LampPin:
    """A lamp: its BCM number, and whether it is lit when the pin is high."""

    pin: int
    active_high: bool = True


@dataclass(frozen=True, slots=True)
class ButtonPin:
    """A button: its BCM number, and whether it pulls the pin down (the Pi's own resistor holds it up) or up."""

    pin: int
    pull_up: bool = True


@dataclass(frozen=True, slots=True)
class Pins:
    """The whole panel."""

    lamps: Mapping[Lamp, LampPin]
    lock: ButtonPin


def read(file: Path) -> Pins:
    """The pins in `file`; raises `BoardError` that names the file, the mistake and the remedy."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BoardError(f"{file} does not exist. Copy hardware/pins.toml there.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BoardError(f"{file} cannot be read: {error}.") from None
    return _Reading(file).pins(data)


@dataclass(frozen=True, slots=True)
class _Reading:
    file: Path

    def pins(self, data: dict[str, Any]) -> Pins:
        self._known(data, ("lamps", "buttons"), "section")
        lamps, buttons = self._tables(data, "lamps", list(Lamp)), self._tables(data, "buttons", ["lock"])
        pins = Pins(
            {lamp: LampPin(*self._pin(f"lamps.{lamp}", lamps[lamp], "active_high")) for lamp in Lamp},
            ButtonPin(*self._pin("buttons.lock", buttons["lock"], "pull_up")),
        )
        self._each_once([*(lamp.pin for lamp in pins.lamps.values()), pins.lock.pin])
        return pins

    def _tables(self, data: dict[str, Any], section: str, names: list[str]) -> dict[str, Any]:
        found = data.get(section)
        if not isinstance(found, dict):
            raise self._error(f"[{section}.{names[0]}] is missing.")
        self._known(found, names, f"[{section}.…]")
        for name in names:
            if not isinstance(found.get(name), dict):
                raise self._error(f"[{section}.{name}] is missing: write it with a line such as `pin = 17`.")
        return found

    def _pin(self, where: str, table: dict[str, Any], sense: str) -> tuple[int, bool]:
        self._known(table, ("pin", sense), f"option in [{where}]")
        pin, value = table.get("pin"), table.get(sense, True)
        if type(pin) is not int or not 0 <= pin <= LAST:
            raise self._error(f"[{where}] pin takes a BCM number from 0 to {LAST}.")
        if pin in TAKEN:
            raise self._error(f"[{where}] pin {pin} belongs to {TAKEN[pin]}: take another.")
        if type(value) is not bool:
            raise self._error(f"[{where}] {sense} takes true or false.")
        return pin, value

    def _each_once(self, pins: list[int]) -> None:
        for pin in pins:
            if pins.count(pin) > 1:
                raise self._error(f"pin {pin} stands there twice.")

    def _known(self, data: dict[str, Any], names: Iterable[str], what: str) -> None:
        right = list(names)
        for name in data:
            if name not in right:
                raise self._error(f'there is no {what} "{name}". {nearest(name, right)}')

    def _error(self, message: str) -> BoardError:
        return BoardError(f"{self.file}: {message}")
