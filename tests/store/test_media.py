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
