"""Keeps a call's pages on a thread of their own: the thread that serves the line never waits for disk or sealing, nor for a page to be read."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Final, Self

from appliance import logs
from appliance.fax.player import Image
from appliance.fax.steps import Keeping, Kept, NotKept
from appliance.fax.tiff import Page

log = logs.get(__name__)


class KeepingThread:
    """The keeping of one call's pages, in the order they came. Use it in a `with` block: leaving that waits until the last page is done with."""

    def __init__(self, keep: Callable[[Page], bool]) -> None:
        """`keep` puts a page where it is safe and returns when it is; False when it cannot. It is called on this thread only."""
        self._keep: Final = keep
        self._images: Final[SimpleQueue[Image | None]] = SimpleQueue()
        self._outcomes: Final[SimpleQueue[Kept | NotKept]] = SimpleQueue()
        self._open = 0  # pages begun whose outcome nobody has asked for
        self._thread: Final = Thread(target=self._run, name="fax-keeping", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._images.put(None)
        self._thread.join()

    def begin(self, image: Image) -> None:
        """Begin to keep a page; returns at once."""
        self._open += 1
        self._images.put(image)

    def outcome(self, within: float) -> Kept | NotKept | Keeping:
        """What came of the oldest page begun, within so many seconds."""
        if not self._open:
            return NotKept()
        try:
            outcome = self._outcomes.get(timeout=within)
        except Empty:
            return Keeping()
        self._open -= 1
        return outcome

    def _run(self) -> None:
        while (image := self._images.get()) is not None:
            self._outcomes.put(self._outcome(image))

    def _outcome(self, image: Image) -> Kept | NotKept:
        try:
            page, quality = image()
            return Kept(quality) if self._keep(page) else NotKept()
        except Exception as error:
            log.error("fax.not_kept error=%s", type(error).__name__)
            return NotKept()
