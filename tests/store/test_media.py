"""The content of a message in clear."""

from __future__ import annotations

import io
import wave

import pytest

from appliance.messages import Kind
from appliance.store import media


@pytest.mark.parametrize("length", [0, 2, 16_000, 2_880_000])
def test_a_wav_header_says_what_follows(length: int) -> None:
    content = media.head(Kind.VOICEMAIL, length) + bytes(length)
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (
            1,
            2,
            8000,
            length // 2,
        )


def test_a_fax_has_nothing_before_its_parts() -> None:
    assert media.head(Kind.FAX, 12_345) == b""


def test_only_sound_has_a_duration() -> None:
    assert media.duration(Kind.VOICEMAIL, 24_000) == 1.5
    assert media.duration(Kind.FAX, 24_000) == 0.0


def test_sound_comes_in_whole_samples_and_pages_as_they_like() -> None:
    media.must_fit(Kind.FAX, b"odd")
    media.must_fit(Kind.VOICEMAIL, b"even")
    for kind, part in ((Kind.VOICEMAIL, b"odd"), (Kind.VOICEMAIL, b""), (Kind.FAX, b"")):
        with pytest.raises(ValueError, match="whole samples"):
            media.must_fit(kind, part)


def test_pages_that_are_none_are_left_as_they_came() -> None:
    octets = bytes(range(7))
    assert media.relocations(lambda start, length: octets[start : start + length], [(0, 7)]) == []
    assert media.corrections(Kind.FAX, lambda start, length: octets[start : start + length], 7) == []


def test_a_correction_is_laid_over_what_it_meets_and_nothing_else() -> None:
    assert media.laid_over(b"abcdef", 10, 12, b"XY") == b"abXYef"
    assert media.laid_over(b"abcdef", 10, 8, b"XYZ") == b"Zbcdef"
    assert media.laid_over(b"abcdef", 10, 15, b"XYZ") == b"abcdeX"
    assert media.laid_over(b"abcdef", 10, 16, b"XYZ") == b"abcdef"
