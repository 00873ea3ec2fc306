"""A message on its way from the line to the inbox: the line thread drops sound in, a sealing thread takes it out second by second.

Nothing that the line thread calls here ever waits. However long the card takes, the caller hears and is heard without a gap; only the word that the message
is kept comes later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from queue import SimpleQueue
from typing import Any, Final, Protocol

from appliance import logs
from appliance.errors import KeeplineError, NoRoomError
from appliance.messages import Envelope, Kind
from appliance.voice.audiosocket import SECOND_OCTETS
from appliance.voice.player import Progress

log = logs.get(__name__)

#: Sealing threads at work at one time. More would be no faster on one card, and would all stand in the line threads' way for Python's one lock
#: (measured with 60 calls: latest frame 160 ms without, 40 ms with).
_AT_WORK: Final = threading.BoundedSemaphore(4)


class Delivery(Protocol):
    """The inbox's side of a recording, used by one thread; each call may wait for the card and may raise `KeeplineError`."""

    @property
    def id(self) -> str:
        """Which message it will be."""

    def append(self, part: bytes, /) -> None:
        """At most a second of sound, safe when it returns."""

    def finish(self, envelope: Envelope, /) -> Any:
        """It is a message, safe when it returns."""

    def abandon(self) -> None:
        """It is none."""


class Inbox(Protocol):
    """What a line needs of the inbox."""

    @property
    def storage_good(self) -> bool:
        """May anything be stored at all?"""

    def begin(self, kind: Kind, mailbox: str, envelope: Envelope, /) -> Delivery:
        """Make ready for a message. Raises `KeeplineError`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the line says. Empty when withheld or unknown."""

    number: str = ""
    name: str = ""

    def __repr__(self) -> str:
        return "Caller(private)"


class _Last(Enum):
    KEEP = "keep"
    DISCARD = "discard"


class Recording:
    """One recording and its sealing thread. `add`, `keep` and `discard` belong to the line thread and never wait."""

    def __init__(
        self, inbox: Inbox, mailbox: str, caller: Caller, on_end: Callable[[Recording], None] = lambda _: None
    ) -> None:
        self.progress: Progress = Progress.TAKING
        self._inbox: Final = inbox
        self._mailbox: Final = mailbox
        self._caller: Final = caller
        self._on_end: Final = on_end  # called on the sealing thread, with the last `progress` in place
        self._parts: Final[SimpleQueue[bytes | _Last]] = SimpleQueue()
        self._second = bytearray()  # sound that does not fill a second yet
        self._decided = False
        self._octets = 0  # counted by the sealing thread
        self._thread: Final = threading.Thread(target=self._seal, name="keepline-sealing", daemon=True)

    def start(self) -> None:
        """Let the inbox make ready, on the sealing thread."""
        self._thread.start()

    def add(self, sound: bytes) -> None:
        """Some sound came from the line."""
        self._second += sound
        while len(self._second) >= SECOND_OCTETS:
            self._pass_on(bytes(self._second[:SECOND_OCTETS]))
            del self._second[:SECOND_OCTETS]

    def keep(self) -> None:
        """It is a message. `progress` says when it is safe."""
        if self._second:
            self._pass_on(bytes(self._second))
            self._second.clear()
        self._decide(_Last.KEEP)

    def discard(self) -> None:
        """It is no message. Does nothing once it was decided otherwise."""
        self._decide(_Last.DISCARD)

    def wait(self, within: float) -> bool:
        """Wait for the sealing thread to end, at most `within` seconds; has it? Never called on a line thread."""
        self._thread.join(within)
        return not self._thread.is_alive()

    def _pass_on(self, part: bytes) -> None:
        if self.progress is Progress.TAKING and not self._decided:
            self._parts.put(part)

    def _decide(self, last: _Last) -> None:
        if not self._decided:
            self._decided = True
            self._parts.put(last)

    def _seal(self) -> None:
        try:
            self.progress = self._deliver()
        except KeeplineError as error:
            log.error("message.failed reason=%s", type(error).__name__)
            self.progress = Progress.FAILED
        except Exception:
            log.exception("message.failed reason=bug")
            self.progress = Progress.FAILED
        self._on_end(self)

    def _deliver(self) -> Progress:
        with _AT_WORK:
            delivery = self._inbox.begin(Kind.VOICEMAIL, self._mailbox, self._envelope())
        last = self._pass_sound(delivery)
        with _AT_WORK:
            match last:
                case _Last.KEEP:
                    delivery.finish(self._envelope())
                    log.info("message.kept id=%s seconds=%.1f", delivery.id, self._octets / SECOND_OCTETS)
                    return Progress.KEPT
                case _Last.DISCARD:
                    delivery.abandon()
                    return Progress.DISCARDED

    def _pass_sound(self, delivery: Delivery) -> _Last:
        """Until the line has decided. A card that fails keeps what it holds for the next start to recover; a full one is cleared."""
        try:
            while isinstance(part := self._parts.get(), bytes):
                with _AT_WORK:
                    delivery.append(part)
                self._octets += len(part)
        except NoRoomError:
            delivery.abandon()
            raise
        return part

    def _envelope(self) -> Envelope:
        return Envelope(self._caller.number, self._caller.name, duration=self._octets / SECOND_OCTETS)
