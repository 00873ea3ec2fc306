"""`keepline modem detect` and `keepline modem test`, on modems behind pseudo-terminals."""

from __future__ import annotations

import json
import os
import pty
import tty
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.cli import modem as commands
from appliance.cli.main import main
from appliance.serial_devices import SerialDevice
from appliance.serial_port import SerialPort
from tests.fakes.acting_modem import ActingModem, ActingTerminal, Fault

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "keepline.toml"
    file.touch()
    return file


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[ActingTerminal]:
    with ActingTerminal(tmp_path / "modem", ActingModem()) as terminal:
        yield terminal


def run(settings: Path, *words: object) -> int:
    return main(["--settings", str(settings), "modem", *map(str, words)])


def test_a_modem_is_tried_out_and_told_of(settings: Path, modem: ActingTerminal, capsys: Capture) -> None:
    assert run(settings, "test", "--device", modem.device) == 0
    said = capsys.readouterr().out
    assert "ATE0V1Q0" in said
    assert "It can be used. --line also tries it on the line." in said


def test_the_line_is_tried_too_when_asked_for(settings: Path, modem: ActingTerminal, capsys: Capture) -> None:
    assert run(settings, "test", "--device", modem.device, "--profile", "generic", "--line") == 0
    said = capsys.readouterr().out
    assert "receives V.17/14400" in said
    assert said.endswith("It can be used.\n")


def test_a_program_reads_what_was_found(settings: Path, modem: ActingTerminal, capsys: Capture) -> None:
    assert run(settings, "test", "--device", modem.device, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["usable"], found["profile"]) == (True, "generic")
    assert {finding["verdict"] for finding in found["findings"]} == {"works"}
    assert "V.17/14400" in found["rates"]


def test_a_modem_that_cannot_be_used_ends_with_8(settings: Path, tmp_path: Path, capsys: Capture) -> None:
    with ActingTerminal(tmp_path / "modem", ActingModem(Fault.SAYS_ERROR, 9)) as terminal:
        assert run(settings, "test", "--device", terminal.device) == 8
    said = capsys.readouterr()
    assert "this is no class 1 fax modem" in said.out.lower()
    assert "It cannot be used as it is." in said.out
    assert "cannot be used for faxes" in said.err


def test_what_it_lacks_is_counted(settings: Path, tmp_path: Path, capsys: Capture) -> None:
    with ActingTerminal(tmp_path / "modem", ActingModem(Fault.SAYS_ERROR, 17)) as terminal:
        assert run(settings, "test", "--device", terminal.device) == 0
    said = capsys.readouterr().out
    assert "adaptive reception (lacks): Without it" in said
    assert "1 of the things" in said


def test_a_kind_or_device_that_is_not_there_is_named(settings: Path, modem: ActingTerminal, capsys: Capture) -> None:
    assert run(settings, "test", "--device", modem.device, "--profile", "usr") == 2
    assert "usr5637" in capsys.readouterr().err
    assert run(settings, "test", "--device", "/dev/nothing") == 7
    assert run(settings, "detect", "--device", "/dev/nothing") == 7


def test_one_device_is_looked_at(settings: Path, modem: ActingTerminal, capsys: Capture) -> None:
    assert run(settings, "detect", "--device", modem.device, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["is_fax"]
    assert found["profile"] == "generic"
    assert "says nothing" in found["state"]


def test_a_device_in_use_is_left_alone(settings: Path, modem: ActingTerminal, capsys: Capture) -> None:
    port = SerialPort(modem.device, 115200)
    assert run(settings, "detect", "--device", modem.device) == 0
    port.close()
    assert "Another program uses" in " ".join(capsys.readouterr().out.split())
    assert modem.modem.turns == 0


def test_what_does_not_answer_is_no_modem(settings: Path, tmp_path: Path, capsys: Capture) -> None:
    near, far = pty.openpty()
    tty.setraw(far)
    try:
        assert run(settings, "detect", "--device", os.ttyname(far)) == 0
    finally:
        os.close(near)
        os.close(far)
    assert "does not answer AT" in capsys.readouterr().out


def test_a_device_that_goes_while_it_is_asked_is_told_of(settings: Path, tmp_path: Path, capsys: Capture) -> None:
    with ActingTerminal(tmp_path / "modem", ActingModem(Fault.VANISHES, 2)) as terminal:
        assert run(settings, "detect", "--device", terminal.device) == 0
    assert "has gone" in capsys.readouterr().out


def detected(devices: list[SerialDevice], capsys: Capture, *, ask_all: bool = False) -> list[dict[str, Any]]:
    commands.detect(Namespace(device=None, all=ask_all, json=True), lambda: tuple(devices))
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_only_modems_are_asked_unless_all_are_to_be(modem: ActingTerminal, capsys: Capture) -> None:
    console = SerialDevice(modem.device)
    (left,) = detected([console], capsys)
    assert "not looked at" in left["state"]
    assert modem.modem.turns == 0
    (asked,) = detected([console], capsys, ask_all=True)
    assert asked["is_fax"]


def test_a_modem_is_known_by_usb_and_called_by_the_name_that_stays(modem: ActingTerminal, capsys: Capture) -> None:
    stays = Path("/dev/keepline-fax")
    device = SerialDevice(modem.device, "0572:1329", "Conexant USB Modem", (stays,))
    (found,) = detected([device], capsys)
    assert (found["device"], found["profile"], found["is_fax"]) == (str(stays), "conexant", True)
    commands.detect(Namespace(device=None, all=False, json=False), lambda: (device,))
    assert "conexant: speaks Class 1 only" in capsys.readouterr().out


def test_a_modem_that_is_used_or_gone_is_told_of(modem: ActingTerminal, capsys: Capture) -> None:
    used = SerialDevice(modem.device, "0572:1329", "", (), ("faxgetty",))
    gone = SerialDevice(Path("/dev/nothing"), "0572:1329")
    states = [found["state"] for found in detected([used, gone], capsys)]
    assert states[0] == "in use by faxgetty: left alone"
    assert "is not there" in states[1]
    assert modem.modem.turns == 0


def test_a_modem_without_fax_is_told_apart(modem: ActingTerminal, capsys: Capture) -> None:
    modem.modem.lists["+FCLASS=?"] = "0,8"
    (found,) = detected([SerialDevice(modem.device, "0572:1329")], capsys)
    assert not found["is_fax"]
    assert "none for faxes" in found["state"]


def test_without_any_port_there_is_advice(capsys: Capture) -> None:
    commands.detect(Namespace(device=None, all=False, json=False), lambda: ())
    assert "dmesg" in capsys.readouterr().out
