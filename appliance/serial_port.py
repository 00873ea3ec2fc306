"""The door to pyserial: one serial port, opened for us alone, that says plainly when it has gone and what to do about it."""

from __future__ import annotations

import errno
import fcntl
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import serial

from appliance.errors import SerialError

TICK: Final = 0.25  # s that `read` waits at most
PATIENCE: Final = 5.0  # s in which the other end must take what is written

_DROP: Final = 2  # ticks: so long DTR is off between closing and opening, else a modem does not notice; S25 is 50 ms by default, V.250 leaves it open
_NO_LINES: Final = {
    errno.ENOTTY,
    errno.EINVAL,
}  # what a pseudo-terminal, which has no modem lines, answers when asked for them

_ABSENT: Final = "{} is not there. Check that it is plugged in and has power; `keepline modem detect` lists the modems that are there."
_WORDS: Final = {
    errno.ENOENT: _ABSENT,
    errno.ENODEV: _ABSENT,
    errno.ENXIO: _ABSENT,
    errno.EACCES: "This user may not use {}. Run it with sudo; for the daemon see that the udev rules of the installation are in place.",
    errno.EPERM: "This user may not use {}. Run it with sudo; for the daemon see that the udev rules of the installation are in place.",
    errno.EBUSY: "Another program uses {}. `sudo fuser -v {}` names it.",
    errno.EAGAIN: "Another program uses {}. `sudo fuser -v {}` names it.",
    errno.EIO: "{} has gone: it was unplugged, lost its power or was reset. It is taken up again when it is back.",
    errno.ENOTTY: "{} is no serial port.",
}


class SerialPort:
    """An open port, 8 data bits, no parity. Every method raises `SerialError` once the device has gone."""

    def __init__(self, device: Path, speed: int, *, hardware_flow: bool = False, tick: float = TICK) -> None:
        """`hardware_flow`: RTS and CTS. `tick`: s that `read` waits at most.

        Raises `SerialError` when the device is not there, is not ours to use, or is used by somebody else."""
        self._device: Final = device
        self._speed: Final = speed
        self._hardware_flow: Final = hardware_flow
        self._tick: Final = tick
        self._port = self._open()

    def _open(self) -> serial.Serial:
        with _plainly(self._device):
            port = serial.Serial(
                str(self._device),
                self._speed,
                timeout=self._tick,
                write_timeout=PATIENCE,
                rtscts=self._hardware_flow,
                exclusive=True,
            )
            fcntl.ioctl(
                port.fd, termios.TIOCEXCL
            )  # programs that look at no lock cannot open it either, but for root's
            return port

    def reopen(self) -> None:
        """Close it and open what is there now under its name: a device that was plugged in again is another one. Raises `SerialError`."""
        self.close()
        time.sleep(self._tick * _DROP)
        self._port = self._open()

    def read(self) -> bytes:
        """What has come in; nothing after a tick without an octet."""
        with _plainly(self._device):
            first: bytes = self._port.read(1)
            return first + self._port.read(self._port.in_waiting) if first else b""

    def pending(self) -> bytes:
        """What has come in already; never waits."""
        with _plainly(self._device):
            octets: bytes = self._port.read(self._port.in_waiting)
            return octets

    def write(self, octets: bytes) -> None:
        """Returns when the system has taken all of it. An end that takes nothing for `PATIENCE` seconds counts as gone."""
        with _plainly(self._device):
            self._port.write(octets)

    def is_connected(self) -> bool | None:
        """Does somebody hold the other end (data set ready or carrier)? None when the port has no such lines."""
        try:
            with _plainly(self._device):
                return bool(self._port.dsr or self._port.cd)
        except SerialError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_LINES:
                return None
            raise

    def close(self) -> None:
        """Gives the port back; never fails."""
        try:
            if self._port.is_open:
                with suppress(OSError, termios.error):
                    fcntl.ioctl(self._port.fd, termios.TIOCNXCL)
            self._port.close()
        except (OSError, termios.error):
            self._port.fd = None


@contextmanager
def _plainly(device: Path) -> Iterator[None]:
    """pyserial's, the system's and the terminal's errors as ours."""
    try:
        yield
    except (
        OSError,
        termios.error,
        TypeError,
    ) as error:  # TypeError: pyserial's own, when the port was closed meanwhile
        raise SerialError(say(error, device)) from error


def say(error: Exception, device: Path) -> str:
    """What happened to `device`, for a person; "" when the system's number says nothing we know."""
    match error:
        case serial.SerialTimeoutException():
            return f"{device} takes nothing: what is behind it hangs, or holds us back by its flow control. Unplug it for ten seconds."
        case OSError(errno=int(number)):
            return _WORDS.get(number, "").replace("{}", str(device))
        case termios.error(args=(int(number), *_)):
            return _WORDS.get(number, "").replace("{}", str(device))
        case serial.SerialException() | TypeError():  # a read that finds nothing where something was promised
            return _WORDS[errno.EIO].replace("{}", str(device))
        case _:
            return ""
