"""What a person must do after log-in before anything else, in this order.

A gate's own views say so (`@allow(None, gate="policy")`), and when it was passed they lead on to `access.home`. Logging off is possible before every gate.
"""

from __future__ import annotations

from typing import Final

from web import emergency, policy
from web.guard import Gate

GATES: Final[tuple[Gate, ...]] = (emergency.GATE, policy.GATE)
