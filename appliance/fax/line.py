"""The fax line: a modem on its serial port, one call after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance import logs
from appliance.errors import FaxError, LineStoppedError, ModemError, SerialError
from appliance.fax.answering import answer
from appliance.fax.caller_id import Ring
from appliance.fax.class1 import Class1
from appliance.fax.keeping import KeepingThread
from appliance.fax.player import Receiver, play
from appliance.fax.profiles import AUTO, Profile
from appliance.fax.receiving import Call, Station
from appliance.fax.records import Outcome
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

    def outcome(self, pages: int) -> Outcome:
        """What became of it; `pages` that are safe may be more than were confirmed."""
        if self.call.complete and self.error is None:
            return Outcome.COMPLETE
        return Outcome.PARTIAL if pages else Outcome.NOTHING


class FaxLine:
    """An open modem. Use it in a `with` block. Raises `SerialError`, `ModemSilentError`, `ModemRefusedError`."""

    def __init__(
        self,
        device: Path,
        profile: Profile = AUTO,
        stopped: Callable[[], bool] = lambda: False,
        *,
        distinctive: bool = False,
    ) -> None:
        """`stopped`: is the program ending? Then a call in progress breaks off with `LineStoppedError`. `distinctive`: does it matter how the line rings?"""
        self._port: Final = SerialPort(device, profile.speed, hardware_flow=profile.hardware_flow)
        self._tap: Final = _Tap(self._port, stopped)
        self._modem: Final = Class1(self._tap, time.monotonic, profile, distinctive=distinctive)

    def __enter__(self) -> Self:
        try:
            self._modem.set_up()
            self._modem.hang_up()  # whoever had the modem before may have been killed in the midst of a call
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

    def wait(self, within: float) -> Ring | None:
        """The next ring, if the line rings within so many seconds."""
        return self._modem.wait_ring(within)

    def check(self) -> None:
        """See between calls that the modem is as it should be, and bring it back when it is not. Raises as opening it does."""
        try:
            self._modem.check_up()
        except ModemError:
            log.warning("modem.recovered how=%s", self._modem.recover().name)

    def receive(self, station: Station, keep: Callable[[Page], bool], call: Call | None = None) -> Received:
        """Answer the ringing line and receive a fax. What went wrong is in the result: pages may have come all the same. `keep` puts a page where it is safe;
        it is called on a thread of its own, and when this returns it has returned for every page."""
        call, transcript, begin = call or Call(), list[str](), time.monotonic()
        error: Fault | None = None
        with KeepingThread(keep) as keeper:
            try:
                self._tap.open = True
                play(answer(self._fit(station), call), Receiver(self._modem, keeper, transcript))
            except (FaxError, SerialError) as fault:
                error = _bare(fault)
            finally:
                self._tap.open = False
        if isinstance(error, LineStoppedError):
            with suppress(SerialError, FaxError):
                self._modem.hang_up()
        seconds = time.monotonic() - begin
        log.info(
            "fax.received pages=%d complete=%s seconds=%.1f error=%s",
            len(call.pages),
            call.complete,
            seconds,
            type(error).__name__ if error else "",
        )
        return Received(call, seconds, error, tuple(transcript))

    def _fit(self, station: Station) -> Station:
        """Offer callers only what the modem receives."""
        offers = station.offers
        return replace(station, offers=replace(offers, modulations=offers.modulations & self._modem.modulations))


def _bare(fault: Fault) -> Fault:
    """Without the frames it was raised through: they would hold the call, and who called, until Python next looks for circles."""
    fault.__cause__ = fault.__context__ = None
    return fault.with_traceback(None)


class _Tap:
    """The port as the modem's driver uses it, until the program ends in the midst of a call."""

    def __init__(self, port: SerialPort, stopped: Callable[[], bool]) -> None:
        self.open = False  # a call is in progress
        self._port: Final = port
        self._stopped: Final = stopped

    def read(self) -> bytes:
        if self.open and self._stopped():
            raise LineStoppedError
        return self._port.read()

    def pending(self) -> bytes:
        return self._port.pending()

    def write(self, octets: bytes) -> None:
        self._port.write(octets)

    def reopen(self) -> None:
        self._port.reopen()
