"""The shape of a sound, as a picture."""

from __future__ import annotations

import io
import re
import wave
from array import array

import pytest

from web import waveform
from web.waveform import BARS, NotASoundError


def wav(samples: array[int], width: int = 2) -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(width)
        out.setframerate(8000)
        out.writeframes(samples.tobytes())
    return io.BytesIO(file.getvalue())


def test_what_is_loud_is_high() -> None:
    sound = array("h", [0] * 8000 + [1000, -1000] * 4000 + [8000, -8000] * 4000)
    levels = waveform.loudness(wav(sound))
    third = BARS // 3
    assert len(levels) == BARS
    assert set(levels[:third]) == {0}
    assert 0 < levels[third + 1] < levels[-1] == 255


@pytest.mark.parametrize("count", [0, 1, 10, 95, 96, 97, 8001])
def test_any_length_is_drawn(count: int) -> None:
    levels = waveform.loudness(wav(array("h", [5000] * count)))
    drawing = waveform.draw(levels, 64)
    assert drawing.path.count("M") == BARS
    assert drawing.width == 4 * BARS


def test_the_loudest_bar_stays_inside() -> None:
    drawing = waveform.draw(bytes([0, 255]), 64)
    assert re.findall(r"M\d+ (-?[\d.]+)v([\d.]+)", drawing.path) == [("31.5", "1.0"), ("2.0", "60.0")]


def test_the_extreme_sample_is_no_overflow() -> None:
    assert waveform.loudness(wav(array("h", [-32768] * 200)))[0] == 255


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 10])
def test_what_is_no_sound_says_so(content: bytes) -> None:
    with pytest.raises(NotASoundError):
        waveform.loudness(io.BytesIO(content))


def test_the_small_picture_is_small() -> None:
    picture = waveform.small(bytes(range(BARS)))
    assert picture.startswith("<svg ")
    assert len(picture) < 700
