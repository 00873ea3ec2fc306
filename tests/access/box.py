"""A practice with the parts of the daemon that keep its keys: a real inbox, a real record, and a real socket before them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.access import claim, segments, vouching
from appliance.access.attempts import Attempts
from appliance.access.chain import Line
from appliance.access.key_answers import KeyAnswers
from appliance.access.record import Record
from appliance.control.client import Client
from appliance.control.server import Server, Users
from appliance.control.values import Event, Verb, unpack
from appliance.deeds import Act, Deed
from appliance.messages import Envelope, Kind, Row
from appliance.store.inbox import Inbox, RingSet
from appliance.store.keys import Identity
from appliance.store.reader import Reader
from tests.fakes.clock import FakeClock

SECOND = 16_000
DAY = 86_400.0
ANSWERED = {
    Act.LOG_IN_FAILED,
    Act.CLAIMED,
    Act.EMERGENCY,
    Act.PERSON_ADDED,
    Act.PERSON_CHANGED,
    Act.PERSON_REMOVED,
    Act.PASSWORD_CHANGED,
    Act.FACTOR_CHANGED,
    Act.ROTATION_BEGUN,
    Act.ROTATION_DROPPED,
}


@dataclass
class Box:
    """Made in `folder` on entering, founded or not."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    events: list[Event] = field(default_factory=list)
    sheet: str = field(default="", repr=False)  # where a test uses it

    def __enter__(self) -> Self:
        self.record = Record(self.folder, self.clock)
        self.record.open()
        self.inbox = Inbox(self.folder, RingSet(2, 12), self.clock, witness=self.record)
        self.inbox.start()
        if word := vouching.first_word(self.folder):
            self.record.write(Deed(Act.STARTED, detail=word))
        claim.make_ready(self.folder)
        self.attempts = Attempts(self.clock)
        answers = KeyAnswers(
            folder=self.folder,
            store=self.inbox,
            clock=self.clock,
            is_trusted=lambda: True,
            publish=self.events.append,
            record=self.record.write,
            perform=self.record.perform,
            drop_sessions=lambda: self.events.append(Event.LOCKED),
            attempts=self.attempts,
        )
        everybody = Users(os.geteuid(), os.geteuid(), os.geteuid())
        path = self.folder.parent / f"{self.folder.name}.sock"
        telling = {
            Verb.RECORD: lambda given: self.record.write(unpack(Deed, given["deed"])) and None
        }  # what the command does itself
        self.server = Server(path, everybody, telling | dict(answers.table()))
        self.server.start()
        self.client = Client(path)
        self.reader = Reader(self.folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()
        self.inbox.close()
        self.record.close()

    def restart(self) -> None:
        """A power cut without the cut: nothing is ended in good order."""
        self.__exit__(None, None, None)
        self.__enter__()

    def leave(self, mailbox: str = "front-desk") -> Row:
        """A message of one second, and the day after is another day."""
        delivery = self.inbox.begin(Kind.VOICEMAIL, mailbox, Envelope(caller_name="Jane Canary"))
        delivery.append(bytes(SECOND))
        row = delivery.finish(Envelope(caller_name="Jane Canary", duration=1.0))
        self.clock.advance(DAY)
        return row

    def opens(self, key: Identity) -> list[bool]:
        """Which of the messages, newest first, `key` opens."""
        return [_opens(self.reader, row, key) for row in self.reader.list()]

    def acts(self) -> list[Act]:
        """What was put on record by these answers."""
        found = [Line.from_bytes(line).deed.act for line in segments.read(self.folder)]
        return [act for act in found if act in ANSWERED]


def _opens(reader: Reader, row: Row, key: Identity) -> bool:
    from appliance.errors import SealKeyError  # noqa: PLC0415 - only here

    try:
        with reader.open(row, key) as message:
            return message.read(0, message.size)[44:] == bytes(SECOND)
    except SealKeyError:
        return False
