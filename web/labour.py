"""Work that outlasts a request: one at a time, on a thread of its own, while pages tell how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bench:
    """Room for one piece of work at a time."""

    name: str  # of its threads
    _thread: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def at_work(self) -> bool:
        """Is something going on?"""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, work: Callable[[], None]) -> bool:
        """Start `work` and return at once; False, and nothing is started, while another is going on."""
        with self._lock:
            if self.at_work:
                return False
            self._thread = threading.Thread(target=work, name=self.name, daemon=True)
            self._thread.start()
            return True

    def join(self, within: float) -> None:
        """Wait for the end of what is going on, but no longer than `within` seconds: a short one is over before the next page is drawn."""
        if self._thread is not None:
            self._thread.join(within)
