"""Our modem driver on iaxmodem behind the telephone company: rings, callers, and the commands that look at a modem."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.cli.main import main
from appliance.fax.caller_id import Presence, Ring
from appliance.fax.class1 import Class1, Rung
from appliance.fax.profiles import AUTO, SOFT
from appliance.fax.rates import Rate
from appliance.serial_port import SerialPort
from tests.rig.asterisk import Installed
from tests.rig.line import PhoneCompany
from tests.rig.patient import Patient
from tests.rig.soft_modem import SoftModem

pytestmark = pytest.mark.rig

PATIENCE = 40.0  # s; after a reset iaxmodem is busy for 5, and the company tries again each second


@pytest.fixture(scope="module")
def line(asterisk: Installed) -> Iterator[tuple[PhoneCompany, SoftModem]]:
    with PhoneCompany(asterisk) as company:
        modem = SoftModem(company, 0)
        modem.start()
        company.on_stop.append(modem.stop)
        yield company, modem


@pytest.fixture
def driver(line: tuple[PhoneCompany, SoftModem]) -> Iterator[Class1]:
    port = SerialPort(line[1].device, AUTO.speed)
    modem = Class1(port, time.monotonic, AUTO)
    modem.set_up()
    yield modem
    port.close()


@contextmanager
def ringing(patient: Patient, line: tuple[PhoneCompany, SoftModem], modem: Class1) -> Iterator[Ring]:
    """The patient calls, again and again for as long as the modem is busy with itself; the first ring."""
    company, rung = line
    until = time.monotonic() + PATIENCE
    while True:
        with patient.dial(company, rung.number):
            ring = modem.wait_ring(3.0)
            if ring is not None:
                yield ring
                return
        assert time.monotonic() < until


def test_who_calls_is_told_with_the_ring(line: tuple[PhoneCompany, SoftModem], driver: Class1) -> None:
    assert driver.profile is SOFT
    assert driver.rates == frozenset(Rate)
    with ringing(Patient("5550123", "Jane Roe"), line, driver) as ring:
        caller = ring.caller
        assert (caller.number, caller.name, caller.presence) == ("5550123", "Jane Roe", Presence.GIVEN)
        assert caller.at is not None
        again = driver.wait_ring(PATIENCE)
        assert again is not None
        assert again.caller == caller


def test_who_withholds_the_number_has_none(line: tuple[PhoneCompany, SoftModem], driver: Class1) -> None:
    with ringing(Patient(None), line, driver) as ring:
        assert (ring.caller.number, ring.caller.presence) == ("", Presence.WITHHELD)


def test_a_modem_in_the_midst_of_ringing_answers_and_goes_on(
    line: tuple[PhoneCompany, SoftModem], driver: Class1
) -> None:
    with ringing(Patient("5550123"), line, driver):
        assert driver.is_ready()
        again = driver.wait_ring(PATIENCE)
        assert again is not None
        assert again.caller.number == "5550123"
    assert driver.recover() is Rung.CANCELLED


def test_it_is_detected_and_everything_it_should_do_works(
    line: tuple[PhoneCompany, SoftModem], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (settings := tmp_path / "keepline.toml").touch()
    words = ["--settings", str(settings), "modem"]
    device = str(line[1].device)
    assert main([*words, "detect", "--device", device, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["is_fax"], found["profile"]) == (True, "soft")
    assert main([*words, "test", "--device", device, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["usable"]
    assert {finding["what"]: finding["answer"] for finding in told["findings"] if finding["verdict"] != "works"} == {}
