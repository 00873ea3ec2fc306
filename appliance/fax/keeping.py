"""Keeps a call's pages on a thread of their own: the thread that serves the line never waits for disk or sealing, nor for a page to be read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Final, Self

from appliance import logs
from appliance.fax.reading import Image
from appliance.fax.steps import Keeping, Kept, NotKept, Quality
from appliance.fax.tiff import Page

log = logs.get(__name__)


class KeepingThread:
    """The keeping of one call's pages, in the order they came. Use it in a `with` block: leaving that waits until the last page is done with."""

    def __init__(self, keep: Callable[[Page], bool]) -> None:
        """`keep` puts a page where it is safe and returns when it is; False when it cannot. It is called on this thread only."""
        self._keep: Final = keep
        self._orders: Final[SimpleQueue[Callable[[], None] | None]] = SimpleQueue()
        self._outcomes: Final[SimpleQueue[Kept | NotKept]] = SimpleQueue()
        self._failed = False  # work for the next page
        self._open = 0  # pages begun whose outcome nobody has asked for
        self._thread: Final = Thread(target=self._run, name="fax-keeping", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._orders.put(None)
        self._thread.join()

    def work(self, task: Callable[[], None]) -> None:
        """Do `task` before the next page is kept; returns at once. If it fails, that page is not kept."""
        self._orders.put(partial(self._try, task))

    def begin(self, image: Image) -> None:
        """Begin to keep a page; returns at once."""
        self._open += 1
        self._orders.put(partial(self._keep_page, image))

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
        while (order := self._orders.get()) is not None:
            order()

    def _keep_page(self, image: Image) -> None:
        kept: list[Quality] = []

        def keep() -> None:
            page, quality = image()
            if self._keep(page):
                kept.append(quality)

        if not self._failed:
            self._try(keep)
        self._failed = False
        self._outcomes.put(Kept(kept[0]) if kept else NotKept())

    def _try(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Exception as error:
            log.error("fax.not_kept error=%s", type(error).__name__)
            self._failed = True
