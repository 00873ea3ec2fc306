"""The fax line: a modem on its serial port, one call after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance import logs
from appliance.errors import FaxError, SerialError
from appliance.fax.answering import answer
from appliance.fax.class1 import Class1
from appliance.fax.keeping import KeepingThread
from appliance.fax.player import Receiver, play
from appliance.fax.profiles import GENERIC, Profile
from appliance.fax.receiving import Call, Station
from appliance.fax.tiff import Page
from appliance.serial_port import SerialPort

log = logs.get(__name__)

Fault = FaxError | SerialError


@dataclass(frozen=True, slots=True)
class Received:
    """What came of one call."""

    call: Call
    seconds: float  # from picking up to hanging up
    error: Fault | None
    transcript: tuple[str, ...]


class FaxLine:
    """An open modem. Use it in a `with` block. Raises `SerialError`, `ModemSilentError`, `ModemRefusedError`."""

    def __init__(self, device: Path, profile: Profile = GENERIC) -> None:
        self._port: Final = SerialPort(device, profile.speed)
        self._modem: Final = Class1(self._port, time.monotonic, profile)

    def __enter__(self) -> Self:
        try:
            self._modem.set_up()
        except BaseException:
            self._port.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(SerialError):
            self._modem.hang_up()
        self._port.close()

    def wait(self, within: float) -> bool:
        """Did the line ring within so many seconds?"""
        return self._modem.wait_ring(within) is not None

    def receive(self, station: Station, keep: Callable[[Page], bool]) -> Received:
        """Answer the ringing line and receive a fax. What went wrong is in the result: pages may have come all the same. `keep` puts a page where it is safe;
        it is called on a thread of its own, and when this returns it has returned for every page."""
        call, transcript, begin = Call(), list[str](), time.monotonic()
        error: Fault | None = None
        with KeepingThread(keep) as keeper:
            try:
                play(answer(station, call), Receiver(self._modem, keeper, transcript))
            except (FaxError, SerialError) as fault:
                error = fault
        seconds = time.monotonic() - begin
        log.info(
            "fax.received pages=%d complete=%s seconds=%.1f error=%s",
            len(call.pages),
            call.complete,
            seconds,
            type(error).__name__,
        )
        return Received(call, seconds, error, tuple(transcript))
