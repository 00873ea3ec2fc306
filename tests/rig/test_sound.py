"""The rig's own measures are right: mu-law against sox, likeness, lost frames, tones."""

import subprocess

import numpy as np
import pytest

from tests.rig import ulaw
from tests.rig.compare import correlation, frames_lost, has_tone, holds_exactly, loudness, match
from tests.rig.speech import RATE, babble, speech

EVERY_CODE = bytes(range(256))


def tone(hertz: float, seconds: float) -> bytes:
    times = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(8000 * np.sin(2 * np.pi * hertz * times), dtype="<i2").tobytes()


def sox(*arguments: str, given: bytes) -> bytes:
    return subprocess.run(["sox", "-D", *arguments], input=given, stdout=subprocess.PIPE, check=True).stdout


def test_mu_law_is_soxs_mu_law() -> None:
    raw, coded = ("-t", "raw", "-e", "signed", "-b", "16"), ("-t", "ul")
    decoded = sox("-r", "8000", "-c", "1", *coded, "-", *raw, "-", given=EVERY_CODE)
    assert ulaw.decode(EVERY_CODE) == decoded
    assert ulaw.decode(sox("-r", "8000", "-c", "1", *raw, "-", *coded, "-", given=decoded)) == ulaw.decode(
        ulaw.encode(decoded)
    )


def test_what_the_line_has_carried_once_it_carries_again_unchanged() -> None:
    assert ulaw.carried(ulaw.carried(speech("Hello."))) == ulaw.carried(speech("Hello."))


def test_the_same_words_are_found_wherever_they_start() -> None:
    spoken = speech("Please call me back.")
    found = match(spoken, bytes(2 * 1234) + ulaw.carried(spoken) + bytes(4000))
    assert found.correlation > 0.999
    assert found.at == 1234


def test_other_words_are_not_alike() -> None:
    assert correlation(speech("Please call me back."), speech("The weather is fine today.")) < 0.6


@pytest.mark.parametrize("heard", [b"", bytes(16000)])
def test_silence_is_like_nothing(heard: bytes) -> None:
    assert correlation(speech("Hello."), heard) < 0.01


def test_one_changed_sample_is_not_exact() -> None:
    spoken = babble(1.0)
    assert holds_exactly(bytes(640) + spoken, spoken)
    assert not holds_exactly(bytes(640) + spoken[:-2] + b"\0\0", spoken)
    assert not holds_exactly(b"\0" + spoken, spoken)  # shifted by half a sample


def test_a_lost_frame_is_counted() -> None:
    spoken = babble(1.0)
    assert frames_lost(spoken, spoken) == 0
    assert frames_lost(spoken, spoken[:3200] + spoken[3200 + 2 * 320 :]) == 2


def test_a_tone_is_told_from_speech_and_from_other_tones() -> None:
    assert has_tone(speech("Hello.") + tone(1000, 0.2), 1000)
    assert not has_tone(tone(1100, 0.2), 1000)
    assert not has_tone(tone(1000, 0.05), 1000)
    assert not has_tone(speech("The quick brown fox jumps over the lazy dog."), 1000)


def test_loudness_is_that_of_a_sine() -> None:
    assert loudness(tone(1000, 1.0)) == pytest.approx(8000 / 2**0.5, rel=0.01)
    assert loudness(b"") == 0.0
