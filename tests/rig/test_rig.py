"""The rig itself: a real call goes through both Asterisks whole, the box's Asterisk keeps nothing, and nothing is left behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.rig import ulaw
from tests.rig.asterisk import find
from tests.rig.compare import correlation, frames_lost, holds_exactly
from tests.rig.errors import AsteriskMissingError, CallEndedError, RefusedError
from tests.rig.line import PhoneCompany, Place
from tests.rig.patient import Call, Patient
from tests.rig.probe import Probe, answered_by
from tests.rig.speech import babble, speech

WORDS = "This is Jane Doe. Please call me back."
GREETING = "Please leave your name and number."
SOON = 60.0  # s; it takes less than 0.1


@pytest.fixture
def probe(company: PhoneCompany) -> Iterator[Probe]:
    with answered_by(Probe(), company) as answering:
        yield answering


def test_both_asterisks_run_as_somebody_without_rights(company: PhoneCompany) -> None:
    for asterisk in (company.box_asterisk, company.company):
        status = Path(f"/proc/{asterisk.pid}/status").read_text(encoding="utf-8")
        assert "\nUid:\t0\t" not in status
        assert "\nCapEff:\t0000000000000000\n" in status


def test_the_box_listens_for_sip_on_its_address_only_and_takes_no_connections(company: PhoneCompany) -> None:
    found = listening(company.box_asterisk.pid)
    assert ("udp", company.box_place) in found
    assert not {place for protocol, place in found if protocol.startswith("tcp")}
    others = {place.address for _, place in found} - {company.box_place.address}
    assert others <= {"0.0.0.0", "0" * 32}  # noqa: S104 - PJSIP's own name lookups, which are never asked: every address is a number


def test_a_call_brings_the_callers_number_and_name(company: PhoneCompany, probe: Probe) -> None:
    with Patient("5550123", "Jane Doe").call(company):
        pass
    assert [(call["agi_callerid"], call["agi_calleridname"]) for call in probe.calls] == [("5550123", "Jane Doe")]


@pytest.mark.parametrize("straight", [False, True])
def test_who_withholds_the_number_has_none(company: PhoneCompany, probe: Probe, straight: bool) -> None:
    with Patient(None).call(company, straight=straight):
        pass
    assert [(call["agi_callerid"], call["agi_calleridname"]) for call in probe.calls] == [("unknown", "unknown")]


def test_what_is_spoken_arrives_sample_by_sample(company: PhoneCompany, probe: Probe) -> None:
    spoken = speech(WORDS)
    with Patient("5550123").call(company) as call:
        call.wait(0.2)
        call.say(spoken)
        call.wait(0.2)
    assert probe.hung_up.wait(SOON)
    heard = bytes(probe.heard["5550123"])
    assert correlation(spoken, heard) > 0.99
    assert holds_exactly(heard, ulaw.carried(spoken))


def test_the_patient_hears_the_greeting(company: PhoneCompany) -> None:
    assert any(_hears_it_whole(company) for _ in range(3))  # on a busy machine a frame may come late


def _hears_it_whole(company: PhoneCompany) -> bool:
    greeting = speech(GREETING)
    with answered_by(Probe(greeting), company), Patient().call(company) as call:
        try:
            call.hear_until(lambda heard: correlation(greeting, heard) > 0.99, within=6)
        except CallEndedError:
            return False
    return True


def test_keys_arrive_in_order(company: PhoneCompany, probe: Probe) -> None:
    with Patient().call(company) as call:
        call.wait(0.2)
        call.press("0123456789*#")
        call.wait(0.2)
    assert probe.hung_up.wait(SOON)
    assert probe.keys == "0123456789*#"


def test_the_daemon_hangs_up_and_the_patient_sees_it(company: PhoneCompany) -> None:
    with answered_by(Probe(speech("Bye."), ends_calls=True), company), Patient().call(company) as call:
        call.wait_ended()


def test_a_call_that_has_ended_is_not_handed_over_again(company: PhoneCompany, probe: Probe) -> None:
    for _ in range(2):
        with Patient().call(company):
            pass
    assert len(probe.calls) == 2


def test_who_hangs_up_while_it_rings_is_not_answered(company: PhoneCompany) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the AGI connection and says nothing
        company.hand_calls_to(*silent.getsockname()[:2])
        with Patient().dial(company) as call:
            agi, _ = silent.accept()
        assert call.status == 0
        agi.close()


def test_without_the_daemon_nobody_answers(company: PhoneCompany) -> None:
    with pytest.raises(RefusedError) as refused:
        Patient().call(company)
    assert refused.value.status >= 400


def test_who_is_not_the_ata_is_not_heard(company: PhoneCompany, probe: Probe) -> None:
    stranger = Call(Patient("5550666"), "127.0.0.1", company.box_place, "5550100", asserted=True)
    with pytest.raises(RefusedError):
        stranger.wait_answered(5.0)
    assert not probe.calls


def test_four_calls_at_once_arrive_whole(company: PhoneCompany, probe: Probe) -> None:
    spoken = {f"555010{count}": babble(4.0, seed=count) for count in range(4)}

    def leave_message(number: str) -> None:
        with Patient(number).call(company) as call:
            call.wait(0.2)
            call.say(spoken[number])
            call.wait(0.2)

    with ThreadPoolExecutor(len(spoken)) as patients:
        list(patients.map(leave_message, spoken))
    assert {number: frames_lost(said, bytes(probe.heard[number])) for number, said in spoken.items()} == dict.fromkeys(
        spoken, 0
    )


def test_the_boxs_asterisk_writes_no_caller_anywhere(company: PhoneCompany, probe: Probe) -> None:
    for name in ("Quentin Canary", 'Quentin "Q" Canary', "Canary ${CALLERID(num)},;) $[1+1]", "Canary " * 40):
        for straight in (False, True):
            with Patient("5558642", name).call(company, straight=straight) as call:
                call.press("5")
    assert len(probe.calls) == 8
    assert not written(company.box_asterisk.folder, b"5558642", b"Canary")


def test_the_boxs_asterisk_does_not_even_log_what_it_cannot_read(company: PhoneCompany, probe: Probe) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ata:
        ata.bind((company.place.address, 0))
        for packet in (
            b'INVITE sip:1@x SIP/2.0\r\nFrom: "Canary <<<\r\n\r\n',
            b"Canary" * 50,
            b"OPTIONS sip:Canary SIP/2.0\r\nCSeq: Canary\r\n\r\n",
        ):
            ata.sendto(packet, (company.box_place.address, company.box_place.port))
    with Patient("5558642").call(company):  # by then those were read
        pass
    assert not written(company.box_asterisk.folder, b"Canary", b"5558642")


def test_a_machine_without_asterisk_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPLINE_CACHE", str(tmp_path))
    with pytest.raises(AsteriskMissingError, match=r"\./install\.sh test"):
        find()


def written(folder: Path, *canaries: bytes) -> list[Path]:
    """Files in which any of these stands."""
    return [
        path for path in folder.rglob("*") if path.is_file() and any(canary in path.read_bytes() for canary in canaries)
    ]


def listening(pid: int) -> set[tuple[str, Place]]:
    """Where this process listens for TCP connections or UDP packets."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            inodes.add(os.readlink(link))
    found = set()
    for protocol, states in (("tcp", {"0A"}), ("udp", {"07"}), ("tcp6", {"0A"}), ("udp6", {"07"})):
        for line in Path(f"/proc/net/{protocol}").read_text(encoding="utf-8").splitlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            if fields[3] in states and f"socket:[{fields[9]}]" in inodes:
                host = socket.inet_ntoa(bytes.fromhex(address)[::-1]) if len(address) == 8 else address
                found.add((protocol, Place(host, int(port, 16))))
    return found
