"""The tone, and how loud things are."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest

from appliance.voice.tones import LOUD, Ear, loudness, tone
from tests.fakes.asterisk import quiet, speech


def test_the_tone_is_one_frequency_without_clicks_at_the_level_a_line_may_carry() -> None:
    samples = np.frombuffer(tone(), "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * 8000 / len(samples) == pytest.approx(1000, abs=5)
    assert abs(samples[:2]).max() < 300
    assert abs(samples[-2:]).max() < 300
    assert 20 * math.log10(abs(samples).max() / 22_800) == pytest.approx(-13, abs=0.1)


def test_loudness_is_the_mean_distance_from_the_mean() -> None:
    assert loudness(b"") == 0
    assert loudness(quiet(0.02)) == 0
    assert loudness(array("h", [100, -100] * 80).tobytes()) == 100
    assert loudness(array("h", [-32768, 32767] * 80).tobytes()) == pytest.approx(32767.5, abs=1)


def test_a_line_with_a_constant_offset_is_silent() -> None:
    assert loudness(array("h", [3000] * 160).tobytes()) == 0


def test_whispering_is_sound_and_a_lines_own_noise_is_not() -> None:
    assert loudness(speech(0.02, level=600)) > LOUD
    assert loudness(speech(0.02, level=150)) < LOUD


def test_the_ear_counts_sound_and_the_quiet_since() -> None:
    ear = Ear()
    ear.hear(speech(0.5))
    ear.wait(0.5)
    ear.hear(quiet(0.25))
    ear.wait(0.25)
    assert (ear.octets, ear.sound, ear.quiet) == (12_000, 0.5, 0.75)
    ear.hear(speech(0.02))
    assert ear.quiet == 0
