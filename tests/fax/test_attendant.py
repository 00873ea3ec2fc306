"""The fax line at work: on a modem that does as it is told, on one that does not, on one that goes and comes back, and on two that modulate."""

from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.cli.faxes import await_ring
from appliance.cli.main import main
from appliance.condition import Modem, Refusal
from appliance.errors import SerialError, SettingsError
from appliance.fax import records
from appliance.fax.attendant import Attendant
from appliance.fax.caller_id import Ring
from appliance.fax.records import Outcome
from appliance.settings import Fax
from tests.fakes.clock import FakeClock
from tests.fax.test_back_to_back import make_page
from tests.rig import efax
from tests.rig.fax_modems import FaxModems
from tests.store.boxes import Box

PATIENCE = 60.0  # s


class TameModem:
    """A modem on a pseudo-terminal under the name `link`: says OK to everything but what is in `answers`, and rings when told."""

    def __init__(self, link: Path, answers: dict[str, str] | None = None) -> None:
        self.commands: list[str] = []
        self._answers = answers or {}
        self._terminal, self._other = pty.openpty()
        tty.setraw(self._other)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._other))
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._obey)
        self._thread.start()

    def say(self, line: str) -> None:
        os.write(self._terminal, f"\r\n{line}\r\n".encode())

    def unplug(self) -> None:
        self._gone.set()
        self._thread.join()
        for end in (self._terminal, self._other):
            with suppress(OSError):
                os.close(end)

    def _obey(self) -> None:
        said = b""
        while not self._gone.is_set():
            if select.select([self._terminal], [], [], 0.05)[0]:
                said += os.read(self._terminal, 1000)
            while b"\r" in said:
                line, _, said = said.partition(b"\r")
                command = line.decode("ascii", "replace").strip("\0\x03\x10\x18")
                self.commands.append(command)
                if answer := self._answers.get(command, "OK"):
                    self.say(answer)


class Line:
    """An attendant on the modem under `device`, and what it may do."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.device = folder / "modem"
        self.box = Box(folder / "store", ring_slots=60)
        self.refusal: Refusal | None = None
        self.asked = 0
        fax = Fax(device=str(self.device), **options)  # type: ignore[arg-type]  # a test's own
        self.attendant = Attendant(fax, self.box.inbox, self.box.folder, FakeClock(), self._may)
        self.attendant.start()

    @property
    def modem(self) -> Modem:
        return self.attendant.state().modem

    def wait(self, true: Callable[[], bool]) -> bool:
        """Until it is so; was it, in time?"""
        deadline = time.monotonic() + PATIENCE
        while not true() and time.monotonic() < deadline:
            threading.Event().wait(0.02)
        return true()

    def _may(self) -> Refusal | None:
        self.asked += 1
        return self.refusal


@pytest.fixture
def line(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Line]:
    line = Line(tmp_path, **getattr(request, "param", {}))
    yield line
    line.attendant.stop()
    line.box.inbox.close()


@pytest.fixture
def modem(line: Line) -> Iterator[TameModem]:
    modem = TameModem(line.device)
    assert line.wait(lambda: line.modem is Modem.READY)
    yield modem
    modem.unplug()


def test_it_answers_after_the_second_ring(line: Line, modem: TameModem) -> None:
    modem.say("RING")
    modem.say("NMBR = 5550100777")
    assert line.asked < 1
    modem.say("RING")
    assert line.wait(lambda: "ATA" in modem.commands)
    assert line.asked == 1


def test_what_cannot_be_kept_is_left_to_ring_and_answered_when_it_can(line: Line, modem: TameModem) -> None:
    line.refusal = Refusal.NO_ROOM
    modem.say("RING")
    modem.say("RING")
    assert line.wait(lambda: line.asked == 1)
    modem.say("RING")
    assert line.wait(lambda: line.asked == 2)
    assert "ATA" not in modem.commands
    line.refusal = None
    modem.say("RING")
    assert line.wait(lambda: "ATA" in modem.commands)


@pytest.mark.parametrize("line", [{"ring": "double", "rings": 1}], indirect=True)
def test_another_numbers_ring_is_not_answered(line: Line, modem: TameModem) -> None:
    modem.say("RING 1")
    modem.say("RING")
    modem.say("RING 2")
    assert line.wait(lambda: "ATA" in modem.commands)
    assert line.asked == 1


def test_a_call_without_a_fax_leaves_a_record_and_no_message(line: Line, modem: TameModem) -> None:
    modem.say("RING")
    modem.say("RING")
    assert line.wait(lambda: len(records.latest(line.box.folder)) == 1)
    (call,) = records.latest(line.box.folder)
    assert (call.outcome, call.pages, call.error) == (Outcome.NOTHING, 0, "LineGoneError")
    assert line.box.inbox.list() == ()
    assert line.wait(lambda: line.attendant.state().page == 0)


def test_a_modem_that_was_unplugged_is_found_again_under_its_name(line: Line, modem: TameModem) -> None:
    modem.unplug()
    assert line.wait(lambda: line.modem is Modem.ABSENT)
    other = TameModem(line.device)
    try:
        assert line.wait(lambda: line.modem is Modem.READY)
        other.say("RING")
        other.say("RING")
        assert line.wait(lambda: "ATA" in other.commands)
    finally:
        other.unplug()


def test_a_modem_that_was_killed_in_mid_call_is_hung_up_first(line: Line, modem: TameModem) -> None:
    assert line.wait(lambda: "ATH0" in modem.commands)


def test_without_a_modem_the_line_says_so(line: Line) -> None:
    assert line.wait(lambda: line.modem is Modem.ABSENT)


def test_a_modem_that_says_nothing_is_told_of_and_looked_for_again(line: Line) -> None:
    silent = TameModem(line.device, dict.fromkeys(("ATE0V1Q0", "ATH0", "+++ATH0"), ""))
    assert line.wait(lambda: line.modem is Modem.SILENT)
    silent.unplug()
    good = TameModem(line.device)
    try:
        assert line.wait(lambda: line.modem is Modem.READY)
    finally:
        good.unplug()


def test_a_modem_that_is_no_fax_modem_is_told_of(line: Line) -> None:
    voice_only = TameModem(line.device, {"AT+FCLASS=1": "ERROR"})
    try:
        assert line.wait(lambda: line.modem is Modem.WRONG)
    finally:
        voice_only.unplug()


def test_a_kind_of_modem_that_nobody_knows_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    box = Box(tmp_path / "store")
    with pytest.raises(SettingsError, match="There are: auto, generic"):
        Attendant(Fax(device="/dev/x", profile="hayes"), box.inbox, box.folder, FakeClock(), lambda: None)
    box.inbox.close()


@pytest.mark.rig
@pytest.mark.parametrize("line", [{"rings": 2}], indirect=True)
def test_who_called_is_in_the_envelope_and_nowhere_in_clear(line: Line, tmp_path: Path) -> None:
    rows = make_page(3, rows=400)  # efax divides by the whole seconds that a page took
    with FaxModems(tmp_path, 4.0, machine=("-c", "5559876543", "-N", "Quillon Canary")) as pair:
        line.device.symlink_to(pair.near)
        assert line.wait(lambda: line.modem is Modem.READY)
        sender = efax.send(pair.far, tmp_path / "efax.log", [efax.write_pbm(tmp_path / "page.pbm", rows)])
        assert line.wait(lambda: len(line.box.inbox.list()) == 1)
        assert sender.wait(30) == 0
    (row,) = line.box.inbox.list()
    with line.box.open(row) as message:
        envelope = message.header.envelope
    assert (envelope.caller_number, envelope.caller_name) == ("5559876543", "Quillon Canary")
    assert (envelope.sender_id, envelope.pages) == ("+1 555 0100", 1)
    for file in line.box.folder.rglob("*"):
        assert not file.is_file() or b"5559876543" not in file.read_bytes(), file


def test_the_bare_engine_looks_after_its_modem_while_nobody_calls() -> None:
    class RingsLate:
        def __init__(self) -> None:
            self.done: list[str] = []

        def wait(self, within: float) -> Ring | None:
            self.done.append(f"wait {within:.0f}")
            return Ring() if len(self.done) > 4 else None

        def check(self) -> None:
            self.done.append("check")

    line = RingsLate()
    await_ring(line)
    assert line.done == ["wait 30", "check", "wait 30", "check", "wait 30"]


def test_the_bare_engine_looks_at_its_modem_behind_each_call(line: Line, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (settings := tmp_path / "keepline.toml").touch()
    device = tmp_path / "another-modem"
    words = ["--settings", settings, "modem", "answer", "--device", device, "--out", tmp_path / "out"]
    modem, ended = TameModem(device), list[int]()
    engine = threading.Thread(target=lambda: ended.append(main([str(word) for word in words])))
    engine.start()
    try:
        assert line.wait(lambda: "AT&D2" in modem.commands)
        modem.say("RING")
        assert line.wait(lambda: modem.commands.count("AT+FCLASS=1") == 2)
        assert modem.commands.index("ATA") < len(modem.commands) - modem.commands[::-1].index("AT+FCLASS=1")
    finally:
        modem.unplug()
        engine.join(PATIENCE)
    assert ended == [SerialError.exit_code]
