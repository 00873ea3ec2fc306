"""The wiring file: the one we ship, and every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.control.values import Lamp
from appliance.errors import BoardError
from appliance.panel import pins
from appliance.panel.pins import ButtonPin, LampPin

SHIPPED = Path(__file__).parents[2] / "hardware" / "pins.toml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "pins.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_the_shipped_file_wires_the_whole_panel() -> None:
    found = pins.read(SHIPPED)
    assert found.lamps == {Lamp.MESSAGE: LampPin(17), Lamp.LINE: LampPin(27), Lamp.FAULT: LampPin(22)}
    assert found.lock == ButtonPin(23)


def test_senses_can_be_turned(tmp_path: Path) -> None:
    assert pins.read(changed(tmp_path, "pull_up = true", "pull_up = false")).lock == ButtonPin(23, pull_up=False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("pin = 17", "pin = 27", "pin 27 stands there twice"),
        ("pin = 17", "pin = 14", "pin 14 belongs to the serial port"),
        ("pin = 17", "pin = 3", "pin 3 belongs to the clock chip"),
        ("pin = 17", "pin = 28", "takes a BCM number from 0 to 27"),
        ("pin = 17", "pin = true", "takes a BCM number"),
        ("pin = 17", "pni = 17", 'Did you mean "pin"?'),
        ("pull_up = true", "pull_up = 1", "takes true or false"),
        ("[lamps.fault]", "[lamps.falt]", 'Did you mean "fault"?'),
        ("[buttons.lock]", "[buttons2.lock]", 'Did you mean "buttons"?'),
        ("[lamps.line]", "[lamps.message.line]", 'there is no option in [lamps.message] "line"|is missing'),
        ("pin = 17", "pin =", "cannot be read"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = changed(tmp_path, old, new)
    with pytest.raises(BoardError) as caught:
        pins.read(file)
    assert str(file) in str(caught.value)
    assert any(part in str(caught.value) for part in said.split("|"))


def test_a_missing_lamp_is_named(tmp_path: Path) -> None:
    file = tmp_path / "pins.toml"
    file.write_text("[lamps.message]\npin = 5\n[buttons.lock]\npin = 6\n", encoding="utf-8")
    with pytest.raises(BoardError, match=r"\[lamps.line\] is missing"):
        pins.read(file)


def test_a_missing_file_says_where_to_take_one_from(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"Copy hardware/pins\.toml"):
        pins.read(tmp_path / "pins.toml")
