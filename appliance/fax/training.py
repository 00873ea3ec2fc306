"""Was a training signal good? T.30's TCF: 1.5 s of zeros at the rate that the page will have."""

from __future__ import annotations

import re
from typing import Final

from appliance.fax.rates import Rate
from appliance.fax.timers import TRAINING, TRAINING_CLEAN

_ZEROS: Final = re.compile(rb"\x00+")


def make_training(rate: Rate) -> bytes:
    """The signal, as octets to send."""
    return bytes(round(TRAINING * rate.speed / 8))


def is_clean(octets: bytes, rate: Rate) -> bool:
    """Did enough zeros in a row arrive? What the modem makes of the signal's start and end does not count."""
    longest = max((len(run) for run in _ZEROS.findall(octets)), default=0)
    return longest * 8 >= TRAINING_CLEAN * rate.speed
