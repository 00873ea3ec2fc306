"""Trying out a modem: what is found, how long it took, and what a person is told to do."""

from __future__ import annotations

import pytest

from appliance.errors import SerialError
from appliance.fax.class1 import Class1
from appliance.fax.modem_test import Examination, Finding, Verdict
from appliance.fax.profiles import AUTO, CONEXANT, GENERIC, SOFT, Profile
from appliance.fax.rates import Rate
from tests.fakes.acting_modem import ActingModem, ActingPort, Fault
from tests.fakes.modem import FakeModem

OK: list[bytes | None] = [b"\r\nOK\r\n"]
ERROR: list[bytes | None] = [b"\r\nERROR\r\n"]
CONNECT: list[bytes | None] = [b"\r\nCONNECT\r\n"]
LISTS: dict[str, str] = {
    "+FCLASS=?": "0,1,2",
    "+FTH=?": "3",
    "+FRH=?": "(3)",
    "+FTM=?": "24,48,72,73,74,96,97,98,121,122,145,146",
    "+FRM=?": "(24,48,72-74,96-98,121,122,145,146)",
    "I3": "SPANDSP",
}


def good() -> dict[bytes, list[list[bytes | None]]]:
    """A modem that does everything."""
    commands = ("E0V1Q0", "H0", "H1", "Z", "S0=0", "+FCLASS=1", "+IFC=2,2", "+FAR=1", "+VCID=1", "&D2", "+VDR=1,6")
    says: dict[bytes, list[list[bytes | None]]] = {f"AT{command}\r".encode(): [OK] for command in commands}
    says |= {f"AT{asked}\r".encode(): [[f"\r\n{said}\r\n".encode(), *OK]] for asked, said in LISTS.items()}
    says |= {f"AT{question}\r".encode(): [ERROR] for question in ("I0", "+FMI?", "+FMM?")}
    says |= {f"AT+FTM={code}\r".encode(): [CONNECT] for code in (48, 96, 145)}
    says |= {b"AT+FTS=7\r": [OK], b"AT+FTH=3\r": [CONNECT], b"\x10\x03": [CONNECT + OK]}
    return says | {bytes(20) + b"\x10\x03": [OK], b"\x18": [OK]}


def examine(
    says: dict[bytes, list[list[bytes | None]]], profile: Profile = GENERIC, *, off_hook: bool = False
) -> tuple[Examination, dict[str, Finding]]:
    fake = FakeModem(says)
    examination = Examination(Class1(fake, fake.clock, profile), fake.clock, profile)
    examination.run(off_hook=off_hook)
    return examination, {finding.what: finding for finding in examination.findings}


def test_a_good_modem_does_everything() -> None:
    examination, found = examine(good(), AUTO, off_hook=True)
    assert {finding.outcome.verdict for finding in found.values()} == {Verdict.WORKS}
    assert all(finding.outcome.advice == "" for finding in found.values())
    assert examination.usable
    assert examination.profile is SOFT
    assert examination.rates == frozenset(Rate)
    assert examination.said == ("SPANDSP",)
    assert found["identity"].outcome.answer == "SPANDSP"
    assert found["sends V.17/14400"].outcome.command == "AT+FTM=145"
    assert found["receives V.29/9600"].seconds >= 1.0
    assert found["pauses"].seconds < 0.1


def test_the_line_is_left_alone_unless_asked_for() -> None:
    fake = FakeModem(good())
    Examination(Class1(fake, fake.clock, GENERIC), fake.clock, GENERIC).run(off_hook=False)
    assert b"ATH1\r" not in fake.written
    assert fake.written[-2:] == [b"ATH0\r", b"ATZ\r"]


def test_what_a_modem_lacks_is_named_and_does_not_stop_it() -> None:
    lacks = {b"AT+FAR=1\r": [ERROR], b"AT+VCID=1\r": [ERROR], b"AT#CID=1\r": [ERROR]}
    slower = {b"AT+FRM=?\r": [[b"\r\n24,48,72,96\r\n", *OK]], b"AT+FTH=?\r": [ERROR]}
    examination, found = examine(good() | lacks | slower)
    assert examination.usable
    lacking = {what for what, finding in found.items() if finding.outcome.verdict is Verdict.LACKS}
    assert lacking == {"adaptive reception", "caller id", "rates to receive", "frames to send"}
    assert found["caller id"].outcome.command == "AT+VCID=1 or AT#CID=1"
    assert found["caller id"].outcome.advice == "Without it callers' numbers are not known."


def test_a_modem_without_class_1_is_none() -> None:
    examination, found = examine(good() | {b"AT+FCLASS=?\r": [[b"\r\n0,2,2.0\r\n", *OK]]})
    assert not examination.usable
    assert "no Class 1" in found["fax classes"].outcome.advice
    assert "set-up" in found  # it answers, so the rest is tried all the same


def test_a_modem_that_refuses_its_set_up_is_another_kind() -> None:
    examination, found = examine(good() | {b"AT&K3\r": [ERROR]}, CONEXANT)
    assert not examination.usable
    assert "--profile generic" in found["set-up"].outcome.advice


def test_a_modem_that_says_nothing_is_given_up_with_advice() -> None:
    examination, found = examine({})
    assert list(found) == ["answers"]
    assert not examination.usable
    assert "Check its power and its cable" in found["answers"].outcome.advice


def test_a_modem_that_hung_is_brought_back_and_that_is_told() -> None:
    port = ActingPort(ActingModem(Fault.HANGS, 2))
    examination = Examination(Class1(port, port.clock, GENERIC), port.clock, GENERIC)
    examination.run(off_hook=False)
    assert examination.findings[0].outcome.verdict is Verdict.LACKS
    assert "its port was closed and opened again" in examination.findings[0].outcome.advice
    assert examination.usable


def test_a_modem_that_answers_slowly_is_told_of() -> None:
    class Slow(FakeModem):
        def read(self) -> bytes:
            self.now += 0.6
            return super().read()

    fake = Slow(good())
    examination = Examination(Class1(fake, fake.clock, GENERIC), fake.clock, GENERIC)
    examination.run(off_hook=False)
    assert "slowly" in examination.findings[0].outcome.advice


@pytest.mark.parametrize(
    ("says", "what", "advice"),
    [
        ({b"ATH1\r": [ERROR]}, "takes the line", "refuses ATH1"),
        ({b"AT+FTH=3\r": [ERROR]}, "sends frames", "refuses AT+FTH=3"),
        ({b"AT+FTM=96\r": [ERROR]}, "sends V.29/9600", "refuses AT+FTM=96"),
        ({b"AT+FRM=96\r": [ERROR]}, "receives V.29/9600", "refuses AT+FRM=96"),
        ({b"\x18": [[]]}, "receives V.27ter/4800", "hangs at AT+FRM=48"),
    ],
)
def test_what_fails_on_the_line_is_named(says: dict[bytes, list[list[bytes | None]]], what: str, advice: str) -> None:
    examination, found = examine(good() | says, off_hook=True)
    assert not examination.usable
    assert advice in found[what].outcome.advice


def test_a_modem_that_receives_at_once_is_stopped_too() -> None:
    examination, _ = examine(
        good() | {b"AT+FRM=96\r": [CONNECT], b"AT+FRH=3\r": [[b"\r\nNO CARRIER\r\n"]]}, off_hook=True
    )
    assert examination.usable


def test_a_modem_that_hangs_on_the_line_is_tried_no_further() -> None:
    whole = ActingPort(ActingModem())
    Examination(Class1(whole, whole.clock, GENERIC), whole.clock, GENERIC).run(off_hook=True)
    port = ActingPort(ActingModem(Fault.HANGS, whole.modem.turns - 8))
    examination = Examination(Class1(port, port.clock, GENERIC), port.clock, GENERIC)
    examination.run(off_hook=True)
    assert not examination.usable
    assert examination.findings[-1].outcome.verdict is Verdict.FAILS
    assert examination.findings[-1].what != "gives the line back"
    assert port.now < 60.0


def test_a_caller_in_the_midst_of_it_is_shown_nowhere() -> None:
    rings: list[bytes | None] = [b"\r\nRING\r\n\r\nNMBR = 5550100\r\n\r\n3\r\n", *OK]
    examination, _ = examine(good() | {b"AT+FTH=?\r": [rings]})
    assert "555" not in str(examination.findings)
    assert examination.usable


def test_a_modem_that_is_pulled_out_is_named() -> None:
    with pytest.raises(SerialError):
        examine(good() | {b"AT+FTH=?\r": [[None]]})
