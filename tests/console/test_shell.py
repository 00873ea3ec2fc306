"""The technician's console on a real pseudo-terminal, a person (pexpect) at the far end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pexpect
import pytest

from appliance.console import pin
from appliance.console.commands import Question, tell_fingerprint
from appliance.console.shell import DELAYS, Console
from appliance.control.server import Server, Users
from appliance.control.values import Fingerprint, Level, Part, Status, Verb
from appliance.deeds import Act
from appliance.errors import DaemonSilentError, FoundedError, NoPinError, SerialError
from appliance.serial_port import SerialPort
from tests.fakes.clock import FakeClock
from tests.fakes.terminals import PATIENCE, Cable

PIN = "739154"
STATUS = Status(1_772_500_000.0, (Part("Line", Level.GOOD, "Ready to answer."),), 1, 3, None, None, {})


class Counted(SerialPort):
    """Counts the octets that were read: what was read before the clock goes on counts as typed before it."""

    taken = 0

    def read(self) -> bytes:
        octets = super().read()
        self.taken += len(octets)
        return octets


class Box:
    """A console on a thread of its own, a cable to it, and a clock that jumps over long waits."""

    def __init__(self, folder: Path) -> None:
        self.cable = Cable(folder / "tty")
        self.clock = FakeClock()
        self.pin: str | None = PIN
        self.silent = self.claimed = False
        self.tried: list[str] = []
        self.stop = threading.Event()
        self.console = Console(
            self._ask, self._fits, ZoneInfo("UTC"), 600.0, self.stop, self._claim, self.clock.monotonic
        )
        self.console.answers = {
            Question.FINGERPRINT: lambda: tell_fingerprint(Fingerprint("0123456789ABCDEF" * 4, "AB" * 20))
        }
        self.told: list[Act] = []
        self.console.tell = self.told.append
        self.open()

    def open(self) -> None:
        self._port = Counted(self.cable.device, 115_200)
        self._thread = threading.Thread(target=self._attend)
        self._thread.start()

    def type(self, text: str) -> None:
        """The person types; returns when the console has read it."""
        before, until = self._port.taken, time.monotonic() + PATIENCE
        self.cable.person.send(text)
        while self._port.taken < before + len(text):
            assert time.monotonic() < until, "nobody reads"
            time.sleep(0.001)

    def attended(self) -> None:
        """Returns when nobody attends to the port any more."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self._port.close()

    def close(self) -> None:
        self.stop.set()
        self.attended()
        self.cable.unplug()

    def _attend(self) -> None:
        with suppress(SerialError):
            self.console.attend(self._port)

    def _ask(self) -> Status:
        if self.silent:
            raise DaemonSilentError
        return STATUS

    def _claim(self) -> str:
        if self.claimed:
            raise FoundedError
        return "7K2M-9QXD"

    def _fits(self, typed: str) -> bool:
        self.tried.append(typed)
        if self.pin is None:
            raise NoPinError
        return typed == self.pin


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    yield box
    box.close()


def log_in(box: Box, typed: str = PIN) -> None:
    box.cable.person.send("\r")
    box.cable.person.expect_exact("PIN: ")
    box.cable.person.send(typed + "\r")


def enter(box: Box) -> None:
    log_in(box)
    box.cable.person.expect_exact("keepline> ")


def test_a_technician_logs_in_asks_and_leaves(box: Box) -> None:
    person = box.cable.person
    enter(box)
    person.send("status\r")
    person.expect_exact("Line  good       Ready to answer.")
    person.expect_exact("keepline> ")
    person.send("lines\r")
    person.expect_exact("Calls in progress: 1")
    person.send("help\r")
    person.expect_exact("log off")
    person.send("quit\r")
    person.expect_exact("Logged off. Press Enter to log in again.")
    enter(box)


def test_a_technician_asks_for_the_fingerprint(box: Box) -> None:
    enter(box)
    box.cable.person.send("fingerprint\r")
    box.cable.person.expect_exact("  0123 4567 89AB CDEF\r\n")
    box.cable.person.expect_exact("ABAB ABAB")


def test_a_technician_ends_every_session_of_the_page(box: Box) -> None:
    locked = threading.Event()
    box.console.lock = locked.set
    enter(box)
    box.cable.person.send("lock\r")
    box.cable.person.expect_exact("Everybody is logged off the page.")
    assert locked.is_set()


def test_the_pin_is_never_shown(box: Box) -> None:
    log_in(box)
    assert box.cable.person.expect_exact([PIN, "keepline> "]) == 1


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_other_terminals_line_endings_work_too(box: Box, ending: str) -> None:
    person = box.cable.person
    person.send(ending)
    person.expect_exact("PIN: ")
    person.send(PIN + ending)
    person.expect_exact("keepline> ")
    person.send("quit" + ending)
    person.expect_exact("log in again.")
    person.send(ending)
    person.expect_exact("PIN: ")
    assert box.tried == [PIN]


def test_who_comes_with_the_right_pin_or_a_wrong_one_is_on_record(box: Box) -> None:
    box.type("\r")
    box.cable.person.expect("PIN: ")
    box.type("000000\r")
    box.cable.person.expect("That is not the PIN")
    box.clock.advance(DELAYS[0])
    box.cable.person.expect("PIN: ")
    box.type(f"{PIN}\r")
    box.cable.person.expect("Logged in")
    assert box.told == [Act.LOG_IN_FAILED, Act.LOGGED_IN]


def test_wrong_pins_make_everybody_wait_longer_each_time(box: Box) -> None:
    person = box.cable.person
    log_in(box, "111111")
    for count, delay in enumerate(DELAYS[:4], 1):
        person.expect_exact("That is not the PIN.")
        person.expect_exact(f"Wait {delay:g} second")
        box.type(PIN + "\r111111\r")  # counts for nothing
        box.clock.advance(delay - 0.01)
        assert len(box.tried) == count
        box.clock.advance(0.02)
        person.expect_exact("PIN: ")
        person.send("222222\r")
    person.expect_exact("That is not the PIN.")
    box.clock.advance(max(DELAYS))
    person.expect_exact("PIN: ")
    person.send(PIN + "\r")
    person.expect_exact("keepline> ")
    assert box.tried == ["111111", "222222", "222222", "222222", "222222", PIN]


def test_pulling_the_cable_does_not_shorten_the_wait(box: Box) -> None:
    log_in(box, "111111")
    box.cable.person.expect_exact("Wait 1 second")
    box.cable.unplug()
    box.attended()
    box.cable.plug()
    box.open()
    box.cable.person.send("\r")
    box.cable.person.expect_exact("Wait 1 second")
    box.clock.advance(1.01)
    box.cable.person.expect_exact("PIN: ")


def test_the_wait_never_ends_growing_but_never_locks_for_good(box: Box) -> None:
    for _ in range(3 * len(DELAYS)):
        box.console.admits("111111")
    assert box.console.wait() == max(DELAYS)
    assert box.console.admits(PIN)
    box.console.admits("111111")
    assert box.console.wait() == min(DELAYS)


def test_who_types_nothing_is_logged_off(box: Box) -> None:
    enter(box)
    box.cable.person.send("sta")
    box.cable.person.expect_exact("sta")
    box.clock.advance(601)
    box.cable.person.expect_exact("Logged off: nothing was typed for a while.")
    enter(box)
    box.cable.person.send("tus\r")
    box.cable.person.expect_exact('There is no "tus".')


def test_a_pin_prompt_does_not_wait_for_ever(box: Box) -> None:
    box.cable.person.send("\r")
    box.cable.person.expect_exact("PIN: ")
    box.clock.advance(61)
    box.cable.person.expect_exact("Logged off")


def test_pulling_the_cable_logs_off(box: Box) -> None:
    enter(box)
    box.cable.unplug()
    box.attended()
    box.cable.plug()
    box.open()
    box.cable.person.send("status\r")
    box.cable.person.expect_exact("PIN: ")


def test_ctrl_d_logs_off(box: Box) -> None:
    enter(box)
    box.cable.person.send("\x04")
    box.cable.person.expect_exact("Logged off.")


def test_noise_on_the_line_changes_nothing(box: Box) -> None:
    person = box.cable.person
    enter(box)
    person.send(bytes(range(0x80, 0x100)) * 50 + b"\x00\x1b[\x1b\xff\x00\x15")
    person.send(os.urandom(20_000).replace(b"q", b"").replace(b"Q", b"").replace(b"\x04", b""))
    person.send(b"\r\r\x15status\r")
    person.expect_exact("Ready to answer.")


def test_a_wrong_word_is_answered_with_the_right_one(box: Box) -> None:
    enter(box)
    box.cable.person.send("statsu\r")
    box.cable.person.expect_exact('There is no "statsu". Did you mean "status"?')


def test_a_daemon_that_does_not_answer_is_told_of_and_the_session_goes_on(box: Box) -> None:
    enter(box)
    box.silent = True
    box.cable.person.send("status\r")
    box.cable.person.expect_exact("The daemon does not answer.")
    box.cable.person.expect_exact("keepline> ")


def test_without_a_pin_nobody_gets_in_and_it_says_what_to_do(box: Box) -> None:
    box.pin = None
    log_in(box, "000000")
    box.cable.person.expect(r"keepline\s+console\s+--set-pin")


def test_nothing_is_said_to_a_cable_nobody_has_touched(box: Box) -> None:
    assert box.cable.person.expect([pexpect.TIMEOUT, "."], timeout=0.5) == 0


class Lines:
    """A port with modem lines: what comes in is laid out beforehand, the far end's line falls after it."""

    def __init__(self, *arriving: bytes) -> None:
        self.arriving = list(arriving)
        self.held: list[bool | None] = []
        self.said = b""

    def read(self) -> bytes:
        if not self.arriving:
            raise SerialError
        return self.arriving.pop(0)

    def write(self, octets: bytes, /) -> None:
        self.said += octets

    def is_connected(self) -> bool | None:
        return self.held.pop(0)


@pytest.mark.parametrize(("held", "answered"), [([True, True, False, False], 0), ([True] * 4, 1), ([None] * 4, 1)])
def test_a_far_end_that_lets_go_of_the_line_is_logged_off(held: list[bool | None], answered: int) -> None:
    port = Lines(b"\r", PIN.encode() + b"\r", b"", b"status\r", b"")
    port.held = [*held, None]
    console = Console(lambda: STATUS, lambda typed: typed == PIN, ZoneInfo("UTC"), 600.0, threading.Event(), lambda: "")
    with pytest.raises(SerialError):
        console.attend(port)
    assert port.said.count(b"Logged in") == 1
    assert port.said.count(b"Ready to answer.") == answered


PROGRAM = """
import sys
from pathlib import Path
from appliance import settings
from appliance.console import shell
shell.serve(settings.read(Path(sys.argv[1])))
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    file = tmp_path / "keepline.toml"
    file.write_text(
        f'[store]\nfolder = "{tmp_path}"\n[control]\npath = "{tmp_path}/control.sock"\n[console]\ndevice = "{tmp_path}/tty"\n'
    )
    pin.write(tmp_path, PIN)
    command = [sys.executable, "-c", PROGRAM, str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def heard(program: subprocess.Popen[str], word: str) -> str:
    """Reads the program's log up to a line with `word`."""
    assert program.stderr
    for line in program.stderr:
        if word in line:
            return line
    raise AssertionError(f"ended without {word}")


def test_the_program_waits_for_its_port_survives_its_loss_and_asks_the_daemon(
    tmp_path: Path, program: subprocess.Popen[str]
) -> None:
    heard(program, "console.no_port")
    cable = Cable(tmp_path / "tty")
    heard(program, "console.open")
    for _ in range(2):
        cable.person.send("\r")
        cable.person.expect_exact("PIN: ")
        cable.person.send(PIN + "\r")
        cable.person.expect_exact("keepline> ")
        cable.unplug()
        heard(program, "console.gone")
        cable.plug()
        heard(program, "console.open")
    uid = os.getuid()
    server = Server(tmp_path / "control.sock", Users(uid, uid, uid), {Verb.STATUS: lambda _: STATUS})
    server.start()
    cable.person.send(f"\r{PIN}\rstatus\r")
    cable.person.expect_exact("Ready to answer.")
    server.stop()
    cable.person.expect_exact("keepline> ")
    cable.person.send("status\r")
    cable.person.expect_exact("The daemon does not answer.")
    program.send_signal(signal.SIGTERM)
    assert program.wait(PATIENCE) == 0
    cable.unplug()


def test_a_port_is_for_one_program_at_a_time(tmp_path: Path) -> None:
    cable = Cable(tmp_path / "tty")
    port = SerialPort(cable.device, 115_200)
    with pytest.raises(SerialError):
        SerialPort(cable.device, 115_200)
    port.close()
    port.close()
    cable.unplug()


def test_a_port_that_has_gone_says_so_in_plain_words(tmp_path: Path) -> None:
    cable = Cable(tmp_path / "tty")
    port = SerialPort(cable.device, 115_200)
    assert port.is_connected() is None
    cable.unplug()
    with pytest.raises(SerialError, match="has gone: it was unplugged"):
        port.read()
    with pytest.raises(SerialError):
        port.write(b"x")
    port.close()


def test_an_end_that_takes_nothing_counts_as_gone(tmp_path: Path) -> None:
    cable = Cable(tmp_path / "tty")
    port = SerialPort(cable.device, 115_200)
    with pytest.raises(SerialError):
        port.write(bytes(1_000_000))
    port.close()
    cable.unplug()


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is open to root")
def test_a_port_that_is_forbidden_ends_the_program_so_that_it_is_started_with_new_rights(
    tmp_path: Path, program: subprocess.Popen[str]
) -> None:
    (tmp_path / "tty").touch(mode=0o000)
    assert program.wait(PATIENCE) != 0


def test_the_code_that_claims_a_new_box_is_shown_to_the_technician_only(box: Box) -> None:
    log_in(box, "111111")
    box.cable.person.expect_exact("not the PIN")
    box.clock.advance(600)
    box.cable.person.send("\r")
    box.cable.person.expect_exact("PIN: ")
    box.cable.person.send(PIN + "\r")
    box.cable.person.expect_exact("keepline> ")
    box.cable.person.send("claim\r")
    box.cable.person.expect_exact("7K2M-9QXD")
    box.claimed = True
    box.cable.person.send("claim\r")
    box.cable.person.expect_exact("belongs to a practice already")
