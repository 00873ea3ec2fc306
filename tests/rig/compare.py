"""How like the sound that was heard is to the sound that was spoken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.rig.speech import RATE

FRAME = 320  # octets in 20 ms
FAINTEST = 0.01  # of the spoken energy: where less is heard there is nothing to be like


@dataclass(frozen=True, slots=True)
class Match:
    """The best fit of the one sound in the other."""

    correlation: float  # 1 is the same shape
    at: int  # sample of the heard sound where the spoken one starts; negative when its start is missing


def match(spoken: bytes, heard: bytes) -> Match:
    """Where in `heard` the whole of `spoken` fits best, and how well: normalised correlation over every shift."""
    said, got = _samples(spoken), _samples(heard)
    if not said.size or not got.size:
        return Match(0.0, 0)
    room = np.concatenate([np.zeros(said.size), got, np.zeros(said.size)])
    size = 1 << int(room.size - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(room, size) * np.conj(np.fft.rfft(said, size)), size)[
        : room.size - said.size + 1
    ]
    sums = np.concatenate([[0.0], np.cumsum(room**2)])
    energies = np.maximum(sums[said.size :] - sums[: -said.size], FAINTEST * float(said @ said))
    fits = products / np.sqrt(energies * float(said @ said) + 1e-9)
    best = int(np.argmax(fits))
    return Match(float(fits[best]), best - said.size)


def correlation(spoken: bytes, heard: bytes) -> float:
    """How well `spoken` is found in `heard`: 1 is the same shape, 0 nothing alike."""
    return match(spoken, heard).correlation


def holds_exactly(heard: bytes, spoken: bytes) -> bool:
    """Whether `heard` has every sample of `spoken`, in order and without a gap."""
    at = heard.find(spoken)
    while at > 0 and at % 2:  # found across samples, not on them
        at = heard.find(spoken, at + 1)
    return at >= 0


def frames_lost(spoken: bytes, heard: bytes) -> int:
    """How many 20 ms frames of `spoken` are not to be found, in order, in `heard`. Frames should differ from each other (no silence)."""
    lost, at = 0, 0
    for start in range(0, len(spoken) - FRAME + 1, FRAME):
        found = heard.find(spoken[start : start + FRAME], at)
        if found < 0:
            lost += 1
        else:
            at = found + FRAME
    return lost


def has_tone(pcm: bytes, hertz: float, seconds: float = 0.1) -> bool:
    """Whether a pure tone of about this pitch sounds for at least this long."""
    samples, block = _samples(pcm), RATE // 50
    wave = np.exp(-2j * np.pi * hertz / RATE * np.arange(block))
    run = 0
    for start in range(0, samples.size - block + 1, block):
        piece = samples[start : start + block]
        energy = float(piece @ piece)
        share = 2 * abs(piece @ wave) ** 2 / (block * energy) if energy > block * 100.0**2 else 0.0
        run = run + 1 if share > 0.8 else 0
        if run * block >= seconds * RATE:
            return True
    return False


def loudness(pcm: bytes) -> float:
    """Root mean square, in steps of a 16-bit sample."""
    samples = _samples(pcm)
    return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0


def _samples(pcm: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)
