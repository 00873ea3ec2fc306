"""One call in progress: what its AGI thread and its line thread know of each other."""

from __future__ import annotations

import threading
import time
from typing import Final
from uuid import uuid4

from appliance import logs
from appliance.voice.callflow import Outcome, Script
from appliance.voice.player import CallerOnLine, Turns, play

log = logs.get(__name__)

_CONNECT: Final = (
    5.0  # s for Asterisk to bring the sound after we asked for it, and to come back once it has ended; it takes 1 ms
)


class Call:
    """A call from the moment Asterisk hands it over until both its threads have left it."""

    def __init__(self, script: Script[Outcome], caller: CallerOnLine, takes_message: bool) -> None:
        self.id: Final = uuid4()  # the name under which Asterisk brings the sound
        self.takes_message: Final = takes_message
        self._script: Final = script
        self._caller: Final = caller
        self._outcome: Outcome | None = None
        self._since = time.monotonic()  # of the latest of: handed over, sound ended
        self._sounding = threading.Event()
        self._silent = threading.Event()
        self._over = False

    def turns(self) -> Turns[None]:
        """The call itself, for its line thread."""
        self._outcome = yield from play(self._script, self._caller)

    def sound_begins(self) -> None:
        """A line thread has taken it up."""
        self._sounding.set()

    def sound_ended(self) -> None:
        """The line thread has left it, and may log now."""
        self._since = time.monotonic()
        self._silent.set()
        log.info("call.ended outcome=%s", self._outcome or "cut short")
        log.debug("call.transcript\n%s", "\n".join(self._caller.transcript))

    def alive(self) -> bool:
        """May Asterisk still be busy with the sound?"""
        flowing = self._sounding.is_set() and not self._silent.is_set()
        return flowing or time.monotonic() < self._since + _CONNECT

    def end(self) -> None:
        """End it, and wait until its line thread has left it. What was recorded is kept."""
        self._over = True
        if self._sounding.is_set():
            self._silent.wait(_CONNECT)

    def over(self) -> bool:
        """Is the line thread to end it?"""
        return self._over
