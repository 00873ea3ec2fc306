"""An inbox in memory, which can be slow, full or broken."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.errors import StoreError
from appliance.messages import Envelope, Kind


@dataclass
class FakeDelivery:
    """One message on its way in, and what became of it."""

    id: str
    mailbox: str
    envelope: Envelope
    inbox: FakeInbox
    parts: list[bytes] = field(default_factory=list)
    finished: bool = False
    abandoned: bool = False

    @property
    def sound(self) -> bytes:
        return b"".join(self.parts)

    def append(self, part: bytes, /) -> None:
        assert 0 < len(part) <= 16_000
        assert len(part) % 2 == 0
        self.inbox.on_append()
        self.parts.append(bytes(part))

    def finish(self, envelope: Envelope, /) -> None:
        assert not self.abandoned
        self.inbox.on_finish()
        self.envelope, self.finished = envelope, True
        self.inbox.changed()

    def abandon(self) -> None:
        assert not self.finished
        self.abandoned = True
        self.inbox.changed()


def nothing() -> None:
    """The usual fault: none."""


@dataclass
class FakeInbox:
    """Holds deliveries. `on_begin`, `on_append` and `on_finish` may wait or raise, on the sealing thread."""

    on_begin: Callable[[], None] = nothing
    on_append: Callable[[], None] = nothing
    on_finish: Callable[[], None] = nothing
    storage_good: bool = True
    deliveries: list[FakeDelivery] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=itertools.count)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def begin(self, kind: Kind, mailbox: str, envelope: Envelope, /) -> FakeDelivery:
        assert kind is Kind.VOICEMAIL
        self.on_begin()
        delivery = FakeDelivery(f"{next(self._ids):032x}", mailbox, envelope, self)
        self.deliveries.append(delivery)
        return delivery

    @property
    def messages(self) -> list[FakeDelivery]:
        return [delivery for delivery in self.deliveries if delivery.finished]

    def changed(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, count: int, within: float = 20.0) -> list[FakeDelivery]:
        """The messages, once there are `count`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.messages) >= count, within), "no message came"
        return self.messages

    def settled(self, within: float = 20.0) -> bool:
        """Wait until every delivery was finished or abandoned."""
        with self._changed:
            return self._changed.wait_for(lambda: all(d.finished or d.abandoned for d in self.deliveries), within)


def refuse(error: type[StoreError]) -> Callable[[], None]:
    """A fault for `on_begin`, `on_append` or `on_finish`."""

    def fault() -> None:
        raise error

    return fault
