"""The panel at work: a thread of its own lights the lamps and hears the lock button, so that nobody else ever waits for a pin."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from appliance import logs
from appliance.control.values import Lamp, Light
from appliance.errors import BoardError
from appliance.panel.board import Board
from appliance.panel.signals import Presses

log = logs.get(__name__)

DARK: Final = dict.fromkeys(Lamp, Light.OFF)


@dataclass(frozen=True, slots=True)
class _Edge:
    pressed: bool
    at: float  # monotonic


_Order = dict[Lamp, Light] | _Edge | None  # lamps to light, a switch that moved, or the end


class Panel:
    """Shows what it was last told to show, and calls `on_lock` once for each press of the lock button, on the panel's thread."""

    def __init__(
        self, board: Board, on_lock: Callable[[], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._board = board
        self._on_lock = on_lock
        self._monotonic = monotonic
        self._presses = Presses()
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._shown: Mapping[Lamp, Light] = DARK
        self._fault = board.fault
        self._thread = threading.Thread(target=self._work, name="panel", daemon=True)

    def start(self) -> None:
        """The lock button is heard from now on."""
        self._thread.start()
        self._board.listen(lambda pressed: self._orders.put(_Edge(pressed, self._monotonic())))

    def show(self, lamps: Mapping[Lamp, Light]) -> None:
        """Light the lamps so; lamps that are not named stay as they are. Returns at once."""
        self._orders.put(dict(lamps))

    def state(self) -> dict[Lamp, Light]:
        """How the lamps are lit."""
        return dict(self._shown)

    @property
    def fault(self) -> str | None:
        """What is wrong with the panel and what to do about it; None when all is well."""
        return self._fault

    def stop(self) -> None:
        """All lamps off, all pins free."""
        if self._thread.is_alive():
            self._orders.put(None)
            self._thread.join()
        self._board.close()

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            match order:
                case _Edge(pressed, at):
                    if self._presses.edge(pressed, at):
                        self._lock()
                case lamps:
                    self._light(lamps)

    def _light(self, lamps: Mapping[Lamp, Light]) -> None:
        fault = self._board.fault
        for lamp, light in lamps.items():
            if self._shown[lamp] is not light:
                try:
                    self._board.light(lamp, light)
                    self._shown = {**self._shown, lamp: light}
                except BoardError as error:  # asked for again the next time
                    fault = str(error)
        if fault and not self._fault:
            log.error("panel.fault %s", fault)
        self._fault = fault

    def _lock(self) -> None:
        log.info("panel.lock")
        try:
            self._on_lock()
        except Exception:  # the next press must still be heard
            log.exception("panel.lock_failed")
