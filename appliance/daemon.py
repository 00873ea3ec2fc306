"""The composition root: builds inbox, line, sweep, panel and control socket from the settings, and runs them until told to end.

Everything here is wiring. The daemon is the only writer of index, vault and keys folder; it holds no key that opens a received message.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import Final
from zoneinfo import ZoneInfo

from appliance import answers, condition, logs, process, service_manager
from appliance.access import certificates, claim, practice
from appliance.access.record import Record
from appliance.answers import Parts
from appliance.chronicle import Chronicle
from appliance.clock import SystemClock
from appliance.condition import Facts, FaxFacts, Refusal
from appliance.control.server import Server, own_users
from appliance.control.values import Event, Fault, Level, Part, Status
from appliance.errors import CertificateError, NoRoomError, NotFoundedError, RecordKeyError, StoreError
from appliance.fax.attendant import Attendant
from appliance.messages import Kind, Row
from appliance.night import Night
from appliance.panel.board import make_board
from appliance.panel.panel import Panel
from appliance.panel.signals import BoxFacts, lamps
from appliance.retention.schedule import Schedule
from appliance.retention.sweep import Sweep
from appliance.settings import MEGABYTE, Settings
from appliance.store.inbox import PIECE, Inbox, RingSet
from appliance.voice import lookout
from appliance.voice.line import VoiceLine
from appliance.voice.prompts import Prompts

log = logs.get(__name__)

SEALING: Final = 2  # rings for messages whose callers have gone and which are still being sealed
FAX_SEALING: Final = 1  # the same for faxes
LOOK_AFTER: Final = 1.0  # s between looks at the box's condition
LOOK_AT_ASTERISK: Final = 10.0  # s
LOOK_AT_CERTIFICATE: Final = 3600.0  # s
FAULT_STAYS: Final = 15.0  # s that a fault must last to be remembered


class Daemon:
    """All parts, wired. `start` and `stop` once each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        folder = settings.store.folder
        voice = settings.voice
        self._clock = SystemClock(settings.time.marker)
        voicemails = RingSet(voice.calls_at_once + SEALING, voice.longest_message)
        self._record = Record(folder, self._clock)
        self._inbox = Inbox(folder, voicemails, self._clock, self._changed, self._fax_rings(), self._record)
        self._fax = self._make_fax_line()
        self._line = VoiceLine(voice, self._inbox, Prompts.load(folder / "prompts"))
        self._sweep = Sweep(self._inbox, settings.retention, self._clock, settings.practice.zone)
        self._schedule = Schedule(self._sweep, self._clock)
        self._panel = Panel(make_board(settings.panel), on_lock=self._lock)
        users = own_users(settings.control.page_user, settings.control.console_user)
        self._parts = Parts(
            folder=folder,
            undo=settings.retention.undo,
            clock=self._clock,
            inbox=self._inbox,
            record=self._record,
            sweep=self._sweep,
            sweep_soon=self._schedule.soon,
            drop_sessions=self._drop_sessions,
            publish=self._publish,
            status=self._status,
        )
        zone = ZoneInfo(settings.practice.zone)
        self._night = Night(folder, self._inbox, self._record, self._clock, zone, settings.retention.hour)
        self._chronicle = Chronicle(self._record, self._clock)
        self._control = Server(settings.control.path, users, answers.table(self._parts))
        self._certificate_seen = (0.0, 0.0)  # monotonic, and by the wall clock
        self._asterisk_answers = False
        self._fault: Part | None = None
        self._fault_since = 0.0  # monotonic
        self._last_fault: Fault | None = None
        self._rows: tuple[Row, ...] = ()  # as they were read last
        self._readable = True
        self._ended = threading.Event()

    def start(self) -> None:
        """Recover what a power cut left, then open the line, the socket and the schedule."""
        torn = self._record.open()
        recovered = self._inbox.start()
        if recovered:
            log.warning("inbox.recovered messages=%d", recovered)
        claim.make_ready(self._settings.store.folder)
        self._chronicle.started(self._settings.store.folder, self._inbox, torn)
        self._chronicle.settings(self._settings.store.folder, self._settings)
        self._renew_certificate()
        self._line.start()
        if self._fax:
            self._fax.start()
        self._control.start()
        self._schedule.start()
        self._panel.start()
        threading.Thread(target=self._watch_asterisk, name="lookout", daemon=True).start()
        log.info("daemon.started")

    def stop(self) -> None:
        """Keep what is being recorded, then end."""
        self._ended.set()
        self._schedule.stop()
        if self._fax:
            self._fax.stop()
        self._line.stop()
        self._control.stop()
        self._panel.stop()
        self._night.stop()
        with suppress(StoreError):  # bad storage has been told of
            self._chronicle.stopped(self._inbox)
        self._inbox.close()
        self._record.close()
        log.info("daemon.stopped")

    def watch(self) -> None:
        """Keep panel and service manager told of the box's condition until `end` is called."""
        while not self._ended.wait(LOOK_AFTER):
            facts = self._facts()
            self._remember_fault(facts)
            self._panel.show(lamps(self._box_facts(facts)))
            self._schedule.check()
            with suppress(StoreError):  # bad storage has been told of
                self._chronicle.look_at_clock()
                self._chronicle.look_at_attempts(self._parts.attempts)
                self._chronicle.look_at_pin(self._settings.store.folder, self._settings)
            self._night.watch()
            if self._certificate_is_due():
                self._renew_certificate()
            service_manager.alive()

    def end(self) -> None:
        """Let `watch` return."""
        self._ended.set()

    def _fax_rings(self) -> RingSet | None:
        fax = self._settings.fax
        return RingSet(1 + FAX_SEALING, fax.longest_fax * MEGABYTE // PIECE) if fax.port else None

    def _make_fax_line(self) -> Attendant | None:
        settings = self._settings
        if settings.fax.port is None:
            return None
        return Attendant(settings.fax, self._inbox, settings.store.folder, self._clock, self._fax_refusal)

    def _certificate_is_due(self) -> bool:
        """To be looked at each hour, and when the clock was put right: what was made on a wrong clock may be good no longer, or not yet."""
        uptime, date = self._certificate_seen
        passed = self._clock.monotonic() - uptime, abs(self._clock.now() - date)
        return max(passed) > LOOK_AT_CERTIFICATE

    def _renew_certificate(self) -> None:
        """Made here, because whoever holds the CA's key could pass for the page: the page itself cannot read it."""
        self._certificate_seen = (self._clock.monotonic(), self._clock.now())
        try:
            certificates.ensure(self._settings.store.folder, self._settings.page.names, self._clock.now())
        except CertificateError:
            log.exception("certificate.failed")

    def _changed(self) -> None:
        self._control.publish(Event.CHANGED)

    def _publish(self, event: Event) -> None:
        self._control.publish(event)

    def _drop_sessions(self) -> None:
        log.info("page.locked")
        self._control.publish(Event.LOCKED)

    def _lock(self) -> None:
        """The button on the panel: nobody knows who pressed it."""
        try:
            answers.lock(self._parts, by="")
        except StoreError:
            log.exception("record.failed")  # the button works all the same

    def _watch_asterisk(self) -> None:
        voice = self._settings.voice
        while True:
            self._asterisk_answers = lookout.answers(voice.asterisk_host, voice.asterisk_port)
            if self._ended.wait(LOOK_AT_ASTERISK if self._asterisk_answers else LOOK_AFTER):
                return

    def _facts(self) -> Facts:
        rows = self._list()
        free, size = self._room()
        return Facts(
            now=self._clock.now(),
            trust=self._clock.trust(self._inbox.last_event()),
            asterisk_answers=self._asterisk_answers,
            calls=self._line.calls,
            storage_good=self._inbox.storage_good and self._record.disk.good and self._readable,
            free_bytes=free,
            disk_bytes=size,
            rows=rows,
            founded=(self._settings.store.folder / practice.PUBLIC).exists(),
            names_callers=self._names_callers(),
            next_purge=self._sweep.next_purge(),
            last_fault=self._last_fault,
            panel_fault=self._panel.fault,
            fax=self._fax_facts(),
            record=self._night.state(),
            audit=self._night.audit,
        )

    def _fax_facts(self) -> FaxFacts | None:
        if self._fax is None:
            return None
        state = self._fax.state()
        return FaxFacts(state.modem, state.page, self._fax_refusal())

    def _fax_refusal(self) -> Refusal | None:
        """Why a fax that called now would be left to ring: the sender tries again later, and hears no promise."""
        try:
            self._inbox.must_take(Kind.FAX)
        except NoRoomError:
            return Refusal.NO_ROOM
        except NotFoundedError:
            return Refusal.NOT_FOUNDED
        except RecordKeyError:
            return Refusal.NO_RECORD_KEY
        except (StoreError, OSError):
            return Refusal.BAD_STORAGE
        return None if self._readable else Refusal.BAD_STORAGE

    def _names_callers(self) -> bool:
        try:
            self._record.must_seal()
        except RecordKeyError:
            return False
        except StoreError:
            pass  # bad storage is told of elsewhere
        return True

    def _list(self) -> tuple[Row, ...]:
        """A card that cannot be read is a fault to show, and no reason to end: callers must still be told that no message is taken."""
        try:
            self._rows, readable = self._inbox.list(), True
        except StoreError:
            readable = False
        if readable != self._readable:
            log.error("inbox.readable now=%s", readable)
        self._readable = readable
        return self._rows

    def _room(self) -> tuple[int, int]:
        """Octets free and in all; none where nothing can be asked."""
        try:
            disk = os.statvfs(self._settings.store.folder)
        except OSError:
            return 0, 0
        return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize

    def _box_facts(self, facts: Facts) -> BoxFacts:
        return BoxFacts(
            new_messages=condition.new_messages(facts.rows),
            line_ready=facts.asterisk_answers and facts.storage_good and facts.founded and facts.names_callers,
            calls=facts.calls_in_progress,
            level=condition.level(facts),
        )

    def _remember_fault(self, facts: Facts) -> None:
        """The last fault that stayed: Asterisk takes a moment to start, and that is none."""
        fault = next((part for part in condition.parts(facts) if part.level is Level.FAULT), None)
        if fault != self._fault:
            self._fault, self._fault_since = fault, self._clock.monotonic()
        if fault is None or self._clock.monotonic() - self._fault_since < FAULT_STAYS:
            return
        if self._last_fault is None or self._last_fault.sentence != fault.sentence:
            log.error("box.fault part=%s", fault.name)
            self._last_fault = Fault(facts.now, fault.text, fault.values)

    def _status(self) -> Status:
        facts = self._facts()
        return condition.status(facts, lamps(self._box_facts(facts)))


def run(settings: Settings) -> None:
    """`keepline run`: until SIGTERM or SIGINT."""
    process.overwrite_small_things()
    logs.start(settings.log.level)
    process.harden()
    daemon = Daemon(settings)
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _number, _frame: daemon.end())
    daemon.start()
    service_manager.ready()
    try:
        daemon.watch()
    finally:
        service_manager.stopping()
        daemon.stop()
