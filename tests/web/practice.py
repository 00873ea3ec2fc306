"""A small practice for tests of the page: a real sealed store and real people. Clock and box's condition are set by hand, and the daemon answers at once."""

from __future__ import annotations

import asyncio
import math
import random
import socket
import threading
import time
from array import array
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flask import Flask

from appliance import answers, condition
from appliance.access import certificates, claim, people, policy
from appliance.access.decisions import Choice, Switch
from appliance.access.people import Newcomer, Role
from appliance.access.record import Record
from appliance.access.roles import ALL
from appliance.access.sessions import Sessions
from appliance.access.unlock import unlock
from appliance.answers import Parts
from appliance.clock import Trust
from appliance.condition import Facts
from appliance.control.client import Client
from appliance.control.values import Event, RecordState, Verb, pack
from appliance.errors import DaemonSilentError
from appliance.messages import Envelope, Kind
from appliance.notes import NoteStamp
from appliance.panel.signals import BoxFacts, lamps
from appliance.retention.sweep import Sweep
from appliance.settings import Page, Retention, Settings
from appliance.settings import Practice as PracticeSettings
from appliance.store import journal
from appliance.store.inbox import Inbox, RingSet
from appliance.store.reader import Reader
from tests import planned
from tests.fakes.clock import FakeClock
from tests.rig.ports import free_port
from web import create_app
from web.gateway import Gateway
from web.server import make_server
from web.services import PageServices

NAME, PASSWORD = "ana", "lantern copper river seven"
TECHNICIAN, TECHNICIAN_PASSWORD = "toni", "gravel window socket plum"
SECOND = 16_000  # octets of sound
SLOTS = journal.slots_for(90)  # the longest message a test leaves
NOON = 1_763_744_400.0  # Friday 21 November 2025, 12:00 in New York


def babble(seconds: float, seed: int = 1) -> bytes:
    """Sound with the ups and downs of somebody who speaks."""
    draw = random.Random(seed)
    samples = array("h")
    while len(samples) < seconds * 8000:
        phrase = draw.uniform(0.25, 1)
        for _ in range(draw.randint(3, 9)):
            count, level, pitch = draw.randint(800, 2200), phrase * draw.uniform(0.2, 1), draw.uniform(90, 240)
            samples.extend(
                int(12_000 * level * math.sin(math.pi * place / count) * math.sin(2 * math.pi * pitch * place / 8000))
                for place in range(count)
            )
        samples.extend([0] * draw.randint(1500, 5000))
    return samples[: round(seconds * 8000)].tobytes()


class Daemon(Client):
    """The daemon without its socket: what the page asks is answered by the practice itself, unless it is `silent`."""

    def __init__(self, answers: dict[Verb, Any]) -> None:
        super().__init__(Path("/nowhere"))
        self.answers = answers
        self.silent = False

    def _ask(self, verb: Verb, **arguments: Any) -> Any:
        if self.silent:
            raise DaemonSilentError
        return pack(self.answers[verb](pack(arguments)))


@dataclass
class Practice:
    """Made in `folder` on entering. `clock`, `facts` and `sessions` may be changed by the test at any time."""

    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(wall=NOON))
    idle: float = 600.0
    retention: Retention = field(default_factory=Retention)
    zone: str = "America/New_York"
    downloads: bool = True  # Ana has decided so
    password_alone: bool = True  # and so
    founded: bool = True  # else the box belongs to nobody yet

    def __enter__(self) -> Self:
        self.settings = Settings(
            practice=PracticeSettings(name="Elm Street Dental", zone=self.zone),
            retention=self.retention,
            page=Page(port=free_port(), names=("localhost", "127.0.0.1")),
        )
        if self.founded:
            self.sheet = planned.found(self.folder, NAME, PASSWORD, 15).text
        claim.make_ready(self.folder)
        self.record = Record(self.folder, self.clock)
        self.record.open()
        self.inbox = Inbox(self.folder, RingSet(2, SLOTS), self.clock, witness=self.record)
        self.inbox.start()
        self.facts: dict[str, Any] = {}
        self.daemon = Daemon(self._answers())
        self.sessions = Sessions(self.clock, self.idle, 12 * 3600.0)
        self.services = PageServices(
            self.settings, Reader(self.folder), self.folder, self.daemon, self.sessions, self.clock
        )
        if self.downloads and self.founded:
            self.switch(Switch.TAKE_MESSAGES, True)
        if self.password_alone and self.founded:
            self.switch(Switch.PASSWORD_ALONE, True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.inbox.close()
        self.record.close()

    def app(self) -> Flask:
        """The page."""
        return create_app(self.services)

    def add_technician(self) -> None:
        """Somebody who may see how the box is, and no message."""
        self._add(TECHNICIAN, Role.TECHNICIAN, TECHNICIAN_PASSWORD)

    def add_staff(self, mailboxes: frozenset[str] = ALL) -> None:
        """Somebody who may read messages, and nothing more."""
        self._add("sam", Role.STAFF, "velvet harbor kettle moon", mailboxes)

    def switch(self, switch: Switch, on: bool) -> None:
        """Ana decides."""
        choice = Choice(switch, on, NAME, "The practice needs it.", "A file stays behind.")
        self.daemon.decide(choice)

    def agree(self, name: str) -> None:
        """This person has read the policy sheet before, and agreed."""
        if not policy.has_acknowledged(self.folder, people.find_person(self.folder, name)):
            version = policy.sheet(self.folder).version
            self.daemon.acknowledge_policy(name, version)

    def leave(
        self, sound: bytes, number: str = "", name: str = "", *, at: float | None = None, mailbox: str = "front-desk"
    ) -> str:
        """A caller leaves a message at `at`; its id. Later messages must come later."""
        present, self.clock.wall = self.clock.wall, self.clock.wall if at is None else at
        try:
            envelope = Envelope(caller_number=number, caller_name=name)
            delivery = self.inbox.begin(Kind.VOICEMAIL, mailbox, envelope)
            for start in range(0, len(sound), SECOND):
                delivery.append(sound[start : start + SECOND])
            return delivery.finish(replace(envelope, duration=len(sound) / SECOND)).stamp.id
        finally:
            self.clock.wall = present

    def hear(self, id: str, at: float | None = None) -> None:
        """Somebody heard it at `at`."""
        present, self.clock.wall = self.clock.wall, self.clock.wall if at is None else at
        self.inbox.mark_heard(id, True)
        self.clock.wall = present

    def note(self, id: str, text: str, by: str = NAME) -> None:
        """Somebody writes a note on it."""
        row = self.services.reader.row(id)
        stamp = NoteStamp(id, row.notes + 1, by, self.clock.now())
        with self.services.reader.opening(unlock(self.folder, NAME, PASSWORD).practice) as opener:
            self.inbox.note(stamp, opener.seal_note(row, stamp, text))

    def lose_power_during(self, sound: bytes, number: str = "", name: str = "") -> None:
        """The power goes while a message comes in, and returns."""
        delivery = self.inbox.begin(Kind.VOICEMAIL, "front-desk", Envelope(caller_number=number, caller_name=name))
        for start in range(0, len(sound), SECOND):
            delivery.append(sound[start : start + SECOND])
        self.inbox.close()
        self.inbox = self.parts.inbox = Inbox(self.folder, RingSet(2, SLOTS), self.clock, witness=self.record)
        assert self.inbox.start() == 1

    def _add(self, name: str, role: Role, password: str, mailboxes: frozenset[str] = ALL) -> None:
        admin = unlock(self.folder, NAME, PASSWORD)
        newcomer = Newcomer(name, role, password, mailboxes)
        planned.write_person(self.folder, people.prepare_person(self.folder, admin, newcomer, 15))

    def _answers(self) -> dict[Verb, Any]:
        """As the daemon answers, but for its condition."""
        sweep = Sweep(self.inbox, self.retention, self.clock, self.zone)
        self.parts = Parts(
            folder=self.folder,
            undo=self.retention.undo,
            clock=self.clock,
            inbox=self.inbox,
            record=self.record,
            sweep=sweep,
            sweep_soon=lambda: None,
            drop_sessions=self._lock,
            publish=self._hear,
            status=self._status,
        )
        return answers.table(self.parts)

    def _lock(self) -> None:
        self.services.lock()

    def _hear(self, event: Event) -> None:
        if event is Event.PERSON_CHANGED:
            self.services.drop_changed()

    def _status(self) -> Any:
        usual: dict[str, Any] = {
            "now": self.clock.now(),
            "trust": Trust.TRUSTED,
            "asterisk_answers": True,
            "calls": 0,
            "storage_good": True,
            "free_bytes": 91,
            "disk_bytes": 100,
            "rows": self.inbox.list(),
            "founded": True,
            "next_purge": self.clock.now() + 14 * 3600,
            "last_fault": None,
            "record": RecordState(self.record.head.sequence, self.record.head.short, None),
        }
        facts = Facts(**(usual | self.facts))
        box = BoxFacts(
            new_messages=condition.new_messages(facts.rows),
            line_ready=facts.asterisk_answers and facts.storage_good,
            calls=facts.calls,
            level=condition.level(facts),
        )
        return condition.status(facts, lamps(box))


class Served:
    """The page on a real TLS port of loopback, by the real server, for a real browser."""

    def __init__(self, practice: Practice) -> None:
        page = practice.settings.page
        self.address = f"https://localhost:{page.port}"
        self._gateway = Gateway(practice.app().wsgi_app)
        tls = certificates.ensure(practice.folder, page.names, time.time())
        self._server = make_server(self._gateway, "127.0.0.1", page.port, tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._server.serve()], daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        wait_for_port(int(self.address.rpartition(":")[2]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(10)
        self._loop.close()
        self._gateway.close()


def wait_for_port(port: int, within: float = 20.0) -> None:
    """Until something listens there; raises `TimeoutError`."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(port)
