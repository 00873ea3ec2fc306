"""A serial port of our own: used by nobody else, found again when it comes back, and plain about what is wrong."""

from __future__ import annotations

import errno
import os
import pty
import termios
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial

from appliance.errors import SerialError
from appliance.serial_port import SerialPort, say
from tests import other_user

NOBODY = 65534


@dataclass
class Plugged:
    """A modem that can be unplugged and plugged in again; `device` is a link, as udev makes it."""

    device: Path
    far: int = -1
    near: int = -1

    def plug(self) -> None:
        self.far, self.near = pty.openpty()
        tty.setraw(self.near)
        self.device.symlink_to(os.ttyname(self.near))

    def unplug(self) -> None:
        os.close(self.far)
        os.close(self.near)
        self.device.unlink()


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[Plugged]:
    plugged = Plugged(tmp_path / "modem")
    plugged.plug()
    yield plugged
    if plugged.device.is_symlink():
        plugged.unplug()


def test_what_has_come_is_there_without_waiting(modem: Plugged) -> None:
    port = SerialPort(modem.device, 115200, hardware_flow=True)
    assert port.pending() == b""
    os.write(modem.far, b"RING")
    assert port.read() == b"RING"
    os.write(modem.far, b"O")
    assert port.read() == b"O"
    assert port.pending() == b""
    port.close()


def test_what_came_before_it_was_opened_is_gone(modem: Plugged) -> None:
    os.write(modem.far, b"stale")
    port = SerialPort(modem.device, 115200)
    assert port.pending() == b""
    port.close()


def test_a_device_that_was_plugged_in_again_is_taken_up_under_its_name(modem: Plugged) -> None:
    port = SerialPort(modem.device, 115200)
    modem.unplug()
    with pytest.raises(SerialError, match=r"has gone|is not there"):
        port.read()
    with pytest.raises(SerialError, match="is not there"):
        port.reopen()
    with pytest.raises(SerialError):
        port.pending()
    modem.plug()
    port.reopen()
    os.write(modem.far, b"OK")
    assert port.read() == b"OK"
    port.close()


def test_who_comes_second_is_told_so(modem: Plugged) -> None:
    port = SerialPort(modem.device, 115200)
    with pytest.raises(SerialError, match="Another program uses"):
        SerialPort(modem.device, 115200)
    port.close()
    SerialPort(modem.device, 115200).close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_programs_that_look_at_no_lock_are_kept_out_too(modem: Plugged) -> None:
    name = os.ttyname(modem.near)
    os.chmod(name, 0o666)  # noqa: S103 - what keeps others out here is the port itself
    port = SerialPort(modem.device, 115200)
    assert other_user.end(other_user.start(NOBODY, lambda: _open(name))) != 0
    port.close()
    assert other_user.end(other_user.start(NOBODY, lambda: _open(name))) == 0


def _open(name: str) -> None:
    os.close(os.open(name, os.O_RDWR | os.O_NOCTTY))


def test_a_port_that_is_closed_says_so_and_is_closed_once_more_without_harm(modem: Plugged) -> None:
    port = SerialPort(modem.device, 115200)
    port.close()
    port.close()
    with pytest.raises(SerialError):
        port.write(b"AT")


@pytest.mark.parametrize("device", ["/dev/null", "/etc/hostname", "/"])
def test_what_is_no_serial_port_is_named(device: str) -> None:
    with pytest.raises(SerialError):
        SerialPort(Path(device), 115200)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "x"), "/dev/modem is not there"),
        (serial.SerialException(errno.EACCES, "x"), "may not use /dev/modem"),
        (serial.SerialException(errno.EAGAIN, "x"), "sudo fuser -v /dev/modem"),
        (termios.error(errno.EIO, "x"), "/dev/modem has gone"),
        (termios.error(errno.ENOTTY, "x"), "no serial port"),
        (serial.SerialException("returned no data"), "/dev/modem has gone"),
        (TypeError(), "/dev/modem has gone"),
        (serial.SerialTimeoutException(), "takes nothing"),
        (OSError(errno.ENOSYS, "x"), "serial port cannot be used"),
        (termios.error("odd"), "serial port cannot be used"),
    ],
)
def test_an_error_says_in_plain_words_what_to_do(error: Exception, words: str) -> None:
    assert words in str(SerialError(say(error, Path("/dev/modem"))))
