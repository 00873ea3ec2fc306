"""The shape of a sound: how loud it is from place to place, as bars that an SVG path draws. Pure but for reading the sound it is given."""

from __future__ import annotations

import wave
from array import array
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, Final

BARS: Final = 96
SMALL_BARS: Final = 20
LOUDEST: Final = 255
_PROBES: Final = 400  # samples looked at in a bar; enough for the eye
_PITCH: Final = 4  # units from bar to bar


class NotASoundError(ValueError):
    """The content is no WAV file."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A path for `<path d>` in a box `width` wide."""

    width: int
    path: str


def loudness(sound: IO[bytes]) -> bytes:
    """How loud each of `BARS` parts of a 16-bit mono WAV file is, 0 to 255, the loudest part 255. Raises `NotASoundError`."""
    try:
        opened = wave.open(sound)  # noqa: SIM115 - closing it would close what is not ours
    except (wave.Error, EOFError):
        raise NotASoundError from None
    if opened.getsampwidth() != 2 or opened.getnchannels() != 1:
        raise NotASoundError
    frames = opened.getnframes()
    edges = [frames * bar // BARS for bar in range(BARS + 1)]
    levels = [_loudest(opened.readframes(end - start)) for start, end in pairwise(edges)]
    top = max(levels)
    return bytes(round(LOUDEST * (level / top) ** 0.7) if top else 0 for level in levels)


def draw(levels: bytes, height: int) -> Drawing:
    """The bars as strokes about the middle line of a box `height` high."""
    middle = height / 2
    reach = middle - 2
    strokes = []
    for place, level in enumerate(levels):
        half = max(0.5, reach * level / LOUDEST)
        strokes.append(f"M{place * _PITCH + _PITCH // 2} {middle - half:.1f}v{2 * half:.1f}")
    return Drawing(width=len(levels) * _PITCH, path="".join(strokes))


def small(levels: bytes) -> str:
    """A picture for a row of the list, in a tone that reads on light and dark."""
    step = len(levels) / SMALL_BARS
    fewer = bytes(max(levels[int(bar * step) : int((bar + 1) * step)]) for bar in range(SMALL_BARS))
    drawing = draw(fewer, 24)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawing.width}" height="24" viewBox="0 0 {drawing.width} 24">'
        f'<path d="{drawing.path}" fill="none" stroke="#7d9c9b" stroke-width="2" stroke-linecap="round"/></svg>'
    )


def _loudest(frames: bytes) -> int:
    samples = array("h", frames)
    probes = samples[:: max(1, len(samples) // _PROBES)]
    return max(*probes, -min(probes)) if probes else 0
