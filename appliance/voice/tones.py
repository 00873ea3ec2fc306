"""Sound as numbers: the tone after the greeting, and how loud what we hear is. Signed 16-bit samples, 8 kHz, no I/O."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import Final

from appliance.voice.audiosocket import SECOND_OCTETS

RATE: Final = 8_000  # samples a second
FULL_LEVEL: Final = 22_800  # peak of a sine at 0 dBm0: G.711 overloads at +3.14 dBm0, which is 32,767
LOUD: Final = 128.0  # mean distance from the mean, in sample steps; Asterisk's app_voicemail takes 128 for silence too

_TONE_HERTZ: Final = 1_000.0  # neither a DTMF frequency nor the 1100 Hz by which a fax machine calls
_TONE_SECONDS: Final = 0.3
_TONE_DBM0: Final = -13.0  # as loud as one tone may be on a line, FCC part 68
_RAMP_SECONDS: Final = 0.01  # without it the tone clicks


def tone() -> bytes:
    """The tone after which the caller speaks."""
    count = round(_TONE_SECONDS * RATE)
    ramp = _RAMP_SECONDS * RATE
    peak = FULL_LEVEL * 10 ** (_TONE_DBM0 / 20)
    return array(
        "h",
        (
            round(peak * min(1.0, i / ramp, (count - i) / ramp) * math.sin(2 * math.pi * _TONE_HERTZ * i / RATE))
            for i in range(count)
        ),
    ).tobytes()


def loudness(sound: bytes) -> float:
    """Mean distance of the samples from their mean: a line with a constant offset is still silent. 0 for no samples."""
    samples = memoryview(sound).cast("h")
    if not samples:
        return 0.0
    middle = sum(samples) // len(samples)
    if -2 <= middle <= 2:  # the usual case, four times as fast
        return sum(map(abs, samples)) / len(samples)
    return sum(abs(sample - middle) for sample in samples) / len(samples)


@dataclass(slots=True)
class Ear:
    """Counts what a caller does: octets in all, seconds of actual sound, how long it took, and how long it has been quiet."""

    octets: int = 0
    sound: float = 0.0  # s
    time: float = 0.0  # s of the line's time, whether sound came in or not: Asterisk sends none while a key is held
    quiet: float = 0.0  # s of it since the caller last did something

    def hear(self, sound: bytes) -> None:
        """Some sound came in."""
        self.octets += len(sound)
        if loudness(sound) >= LOUD:
            self.sound += len(sound) / SECOND_OCTETS
            self.quiet = 0.0

    def notice(self) -> None:
        """The caller did something that is no sound, such as pressing a key."""
        self.quiet = 0.0

    def wait(self, seconds: float) -> None:
        """Time has passed on the line."""
        self.time += seconds
        self.quiet += seconds
