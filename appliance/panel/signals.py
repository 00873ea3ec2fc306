"""What the panel says and hears, without a pin in sight: facts become lamps, edges of a switch become presses.

| Lamp | off | on | blinking |
|---|---|---|---|
| message | nothing new | - | somebody has left a message that nobody has heard |
| line | calls are not answered | ready | a caller is on the line |
| fault | all is well | something does not work | somebody should look at the status page today |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from appliance.control.values import Lamp, Level, Light

QUIET: Final = (
    0.05  # s without an edge before a press counts; switches bounce for up to 20 ms when pressed and when let go
)


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """What the lamps tell of."""

    new_messages: int
    line_ready: bool
    calls: int
    level: Level  # the worst of all parts of the box


_FAULT: Final = {Level.GOOD: Light.OFF, Level.ATTENTION: Light.BLINKING, Level.FAULT: Light.ON}


def lamps(facts: BoxFacts) -> dict[Lamp, Light]:
    """How each lamp is lit."""
    return {
        Lamp.MESSAGE: Light.BLINKING if facts.new_messages else Light.OFF,
        Lamp.LINE: _line(facts),
        Lamp.FAULT: _FAULT[facts.level],
    }


def _line(facts: BoxFacts) -> Light:
    if facts.calls:
        return Light.BLINKING  # also when no further call would be answered: this one goes on
    return Light.ON if facts.line_ready else Light.OFF


@dataclass(slots=True)
class Presses:
    """Tells a press from a bounce, and counts one that is held once: only the first edge after a quiet time is a press."""

    _last_edge: float = -math.inf

    def edge(self, pressed: bool, at: float) -> bool:
        """The switch has closed (`pressed`) or opened `at` this monotonic time: is it a new press?"""
        quiet, self._last_edge = at - self._last_edge >= QUIET, at
        return pressed and quiet
