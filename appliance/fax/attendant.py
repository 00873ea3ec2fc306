"""The fax line at work: owns the modem, counts rings, answers when a fax could be kept, and seals what comes.

A thread of its own serves the modem; another ends messages and writes down calls, so that the next call finds the modem free. A modem that has gone, says
nothing or says rubbish is opened and set up again until it is there: unplugging and plugging in needs nobody. As long as nothing can be kept the line is left
to ring, so that the sending machine tries again later instead of hearing a promise.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from appliance import logs
from appliance.clock import Clock
from appliance.condition import Modem, Refusal
from appliance.errors import (
    BadTurnError,
    FaxError,
    KeeplineError,
    ModemRefusedError,
    SerialError,
    SettingsError,
    StoreError,
)
from appliance.fax import records
from appliance.fax.caller_id import CallerId, Ring
from appliance.fax.line import FaxLine, Received
from appliance.fax.profiles import PROFILES
from appliance.fax.receiving import Call, Station
from appliance.fax.records import CallRecord
from appliance.fax.sealing import Arriving, Inbox
from appliance.fax.timers import CHECK, Tolerance
from appliance.logs import Private
from appliance.messages import Envelope
from appliance.settings import Fax

log = logs.get(__name__)

LOOK: Final = 0.5  # s that the line is listened to at once
SAME_CALL: Final = 8.0  # s from ring to ring at most: 6 s in North America, 5 s elsewhere
RETRY: Final = 0.5  # s until a modem that was not there is looked for again
_ENDING: Final = 30.0  # s for a call to be hung up and sealed when the program ends


@dataclass(frozen=True, slots=True)
class FaxState:
    """How the fax line is."""

    modem: Modem
    page: int  # that is just coming, counted from 1; 0 when no fax is


@dataclass(frozen=True, slots=True)
class _Ended:
    """A call that is over and not yet sealed."""

    arrived_at: float  # s since 1970, UTC
    arriving: Arriving
    received: Received


class Attendant:
    """The fax line of `options`. `start` and `stop` once each; `state` at any time, from any thread."""

    def __init__(
        self, options: Fax, inbox: Inbox, folder: Path, clock: Clock, refusal: Callable[[], Refusal | None]
    ) -> None:
        """`folder` is the store's. `refusal`: why a call that rings now must not be answered, if so. Raises `SettingsError` for an unknown kind of modem."""
        if options.profile not in PROFILES:
            raise SettingsError(f'[fax] profile: there is no "{options.profile}". There are: {", ".join(PROFILES)}.')
        self._options: Final = options
        self._device: Final = options.port or Path("/dev/null")
        self._refusal: Final = refusal
        self._profile: Final = PROFILES[options.profile]
        self._inbox: Final = inbox
        self._folder: Final = folder
        self._clock: Final = clock
        self._station: Final = Station(
            options.identity, tolerance=Tolerance(bad_share=options.damaged_share / 100, bad_run=options.damaged_run)
        )
        self._ending: Final = threading.Event()
        self._modem = Modem.STARTING
        self._arriving: Arriving | None = None
        self._ended: Final[SimpleQueue[_Ended | None]] = SimpleQueue()
        self._line: Final = threading.Thread(target=self._work, name="keepline-fax", daemon=True)
        self._sealing: Final = threading.Thread(target=self._seal, name="keepline-fax-sealing", daemon=True)

    def start(self) -> None:
        """Take faxes from now on."""
        self._sealing.start()
        self._line.start()

    def stop(self) -> None:
        """Take no more calls; the one in progress is hung up and what came of it is kept."""
        self._ending.set()
        until = time.monotonic() + _ENDING
        self._line.join(_ENDING)
        self._ended.put(None)
        self._sealing.join(max(0.0, until - time.monotonic()))
        if self._line.is_alive() or self._sealing.is_alive():
            log.error("fax.unsealed reason=slow-card")  # its ring is recovered at the next start

    def state(self) -> FaxState:
        """How the line is now."""
        arriving = self._arriving
        return FaxState(self._modem, arriving.pages + 1 if arriving else 0)

    def _work(self) -> None:
        while not self._ending.is_set():
            modem = self._serve()
            if self._modem is Modem.READY:  # until now: what an error was raised through may still hold who called
                gc.collect()
            self._found(modem)
            self._ending.wait(RETRY)

    def _serve(self) -> Modem:
        """Until the program ends or the modem fails: then how it is."""
        try:
            tells = self._options.ring != "any"
            with FaxLine(self._device, self._profile, self._ending.is_set, distinctive=tells) as line:
                self._found(Modem.READY)
                self._attend(line)
                return Modem.READY
        except ModemRefusedError:
            return Modem.WRONG
        except SerialError:
            return Modem.ABSENT
        except FaxError:
            return Modem.SILENT
        except Exception:  # whatever it was, the next caller is served
            log.exception("fax.failed reason=bug")
            return Modem.SILENT

    def _found(self, modem: Modem) -> None:
        if modem is not self._modem:
            (log.info if modem is Modem.READY else log.error)("fax.modem state=%s", modem)
        self._modem = modem

    def _attend(self, line: FaxLine) -> None:
        """Call after call, until the program ends. Raises `SerialError`, `FaxError` when the modem is no longer as it should be."""
        rings, last = 0, time.monotonic()
        while not self._ending.is_set():
            if ring := line.wait(LOOK):
                now = time.monotonic()
                rings, last = rings + 1 if now - last < SAME_CALL else 1, now
                if rings >= self._options.rings and self._is_ours(ring) and self._may_answer():
                    self._answer(line, ring.caller)
                    line.check()
                    rings, last = 0, time.monotonic()
                ring = None  # who called stays in no name, also when the next wait is the modem's last
            elif time.monotonic() - last > CHECK:
                line.check()
                rings, last = 0, time.monotonic()

    def _is_ours(self, ring: Ring) -> bool:
        return self._options.ring in {"any", ring.kind}

    def _may_answer(self) -> bool:
        refusal = self._refusal()
        if refusal:
            log.warning("fax.unanswered reason=%s", refusal.name)
        return refusal is None

    def _answer(self, line: FaxLine, caller: CallerId) -> None:
        call, arrived_at = Call(), self._clock.now()
        known = Envelope(caller_number=caller.number, caller_name=caller.name)
        self._arriving = Arriving(self._inbox, self._options.mailbox_of, known, call)
        log.info("fax.arrived from=%s name=%s", Private(caller.number), Private(caller.name))
        try:
            received = line.receive(self._station, self._arriving.keep, call)
        except Exception:  # whatever it was, what came is kept
            log.exception("fax.failed reason=bug")
            received = Received(call, 0.0, BadTurnError(), ())
        self._ended.put(_Ended(arrived_at, self._arriving, received))
        self._arriving = None

    def _seal(self) -> None:
        """On the sealing thread: end what came, one call after the other."""
        while self._end_next():
            pass

    def _end_next(self) -> bool:
        """Nothing of a call stays in a name behind it: who called is not to be found in the memory of a box that waits."""
        ended = self._ended.get()
        if ended is None:
            return False
        error = ended.received.error
        name = type(error).__name__ if error else ""
        try:
            ended.arriving.finish(error)
        except KeeplineError as failed:
            log.error("fax.failed reason=%s", type(failed).__name__)
            name = type(failed).__name__ if isinstance(failed, StoreError) else name
        except Exception:
            log.exception("fax.failed reason=bug")
        self._remember(ended, name)
        return True

    def _remember(self, ended: _Ended, error: str) -> None:
        received, pages = ended.received, ended.arriving.pages
        record = CallRecord(
            arrived_at=ended.arrived_at,
            outcome=received.outcome(pages),
            pages=pages,
            seconds=received.seconds,
            error=error,
            transcript=received.transcript,
        )
        try:
            records.add(self._folder, record)
        except OSError as failed:
            log.error("fax.unrecorded errno=%s", failed.errno)
