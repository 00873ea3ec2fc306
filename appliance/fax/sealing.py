"""One fax on its way in: every page sealed and on the disk before the sender hears that we have it, and at the end one message.

The delivery begins with the first page, when it is known who sends and for whom. `keep` is called on the call's keeping thread, `finish` once the call is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

from appliance import logs
from appliance.errors import (
    BlockGivenUpError,
    BlockLostError,
    CallerHungUpError,
    CallerSilentError,
    FaxError,
    LineGoneError,
    LineStoppedError,
    NotKeptError,
    SerialError,
    TrainingFailedError,
)
from appliance.fax.frames import Kind as Word
from appliance.fax.receiving import Call, PageTaken
from appliance.fax.tiff import Growing, Page, encode
from appliance.messages import Envelope, Kind

log = logs.get(__name__)

_BROKE_OFF: Final[dict[type[Exception], str]] = {
    CallerHungUpError: "the sending machine hung up",
    CallerSilentError: "the sending machine fell silent",
    LineGoneError: "the line was cut",
    LineStoppedError: "the box was shut down",
    TrainingFailedError: "the line became too bad",
    BlockGivenUpError: "the sending machine gave up a part of a page",
    BlockLostError: "a part of the next page was lost",
    NotKeptError: "the next page could not be stored",
    SerialError: "the fax modem went away",
}


class Delivery(Protocol):
    """The inbox's side of a fax, used by one thread at a time; each call may wait for the card and may raise `KeeplineError`."""

    @property
    def id(self) -> str:
        """Which message it will be."""

    def append(self, part: bytes, /) -> None:
        """One page, safe when it returns."""

    def finish(self, envelope: Envelope, /) -> Any:
        """It is a message, safe when it returns."""

    def abandon(self) -> None:
        """It is none."""


class Inbox(Protocol):
    """What a fax line needs of the inbox."""

    def begin(self, kind: Kind, mailbox: str, envelope: Envelope, /) -> Delivery:
        """Make ready for a message. Raises `KeeplineError`."""


class Arriving:
    """A fax on its way in. `pages` are safe."""

    def __init__(self, inbox: Inbox, mailbox_of: Callable[[str], str], caller: Envelope, call: Call) -> None:
        """`mailbox_of`: where a sub-address leads. `caller`: who calls, as far as the line says. `call`: what is known so far of the call."""
        self.pages = 0
        self._inbox: Final = inbox
        self._mailbox_of: Final = mailbox_of
        self._caller: Final = caller
        self._call: Final = call
        self._file: Final = Growing()
        self._delivery: Delivery | None = None
        self._notes: list[str] = []
        self._broken = False  # a page is missing in the file that grows

    def keep(self, page: Page) -> bool:
        """Seal a page; True once it is on the disk. Raises `KeeplineError` when it cannot be; then no later one is kept either."""
        if self._broken:
            return False
        self._broken = True
        piece = self._file.add(encode(page))
        if self._delivery is None:
            mailbox = self._mailbox_of(self._call.sub_address)
            self._delivery = self._inbox.begin(Kind.FAX, mailbox, self._envelope())
        self._delivery.append(piece)
        self._broken = False
        self.pages += 1
        if page.damaged:
            self._notes.append(f"page {self.pages}: {_count(page.damaged, 'damaged line')}")
        return True

    def finish(self, error: FaxError | SerialError | None) -> None:
        """The call is over: what came is a message now, if anything did. Raises `KeeplineError`; what is on the disk comes back with the next start."""
        if self._delivery is None:
            return
        if not self.pages:
            self._delivery.abandon()
            return
        notes = [*self._notes, *_marks(self._call.pages)]
        if error is not None or not self._call.complete:
            notes.append(f"partial: {_why(error)} after {_count(self.pages, 'page')}")
        self._delivery.finish(replace(self._envelope(), pages=self.pages, notes=tuple(notes)))
        log.info("fax.kept id=%s pages=%d", self._delivery.id, self.pages)

    def _envelope(self) -> Envelope:
        return replace(self._caller, sender_id=self._call.sender)


def _marks(pages: list[PageTaken]) -> list[str]:
    """What the sender was told of pages that were not good, and what was missing of them."""
    marks = []
    for number, page in enumerate(pages, 1):
        if not page.quality.ended:
            marks.append(f"page {number}: its end is missing")
        if page.answer is Word.RTN:
            marks.append(f"page {number}: hard to read, so the sending machine was asked to send it again")
    return marks


def _why(error: FaxError | SerialError | None) -> str:
    return next((words for kind, words in _BROKE_OFF.items() if isinstance(error, kind)), "the call broke off")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
