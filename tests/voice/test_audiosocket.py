"""AudioSocket frames: whole from any pieces, refused when wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadCallError
from appliance.voice.audiosocket import TICK_OCTETS, Decoder, Frame, Kind, to_frames

FRAMES = st.one_of(
    st.just(Frame(Kind.HANGUP)),
    st.builds(Frame, st.just(Kind.UUID), st.binary(min_size=16, max_size=16)),
    st.builds(Frame, st.just(Kind.KEY), st.binary(min_size=1, max_size=1)),
    st.builds(Frame, st.just(Kind.SOUND), st.binary(max_size=400).map(lambda octets: octets[: len(octets) & ~1])),
    st.builds(Frame, st.just(Kind.ERROR), st.binary(max_size=2)),
)


@given(st.lists(FRAMES), st.lists(st.integers(1, 50)))
def test_frames_come_out_as_they_went_in_however_they_are_cut(frames: list[Frame], cuts: list[int]) -> None:
    octets = b"".join(frame.to_bytes() for frame in frames)
    decoder = Decoder()
    heard: list[Frame] = []
    for cut in [*cuts, len(octets)]:
        heard += decoder.feed(octets[:cut])
        octets = octets[cut:]
    assert heard == frames


@given(st.lists(st.binary(max_size=2000), max_size=20))
def test_noise_gives_frames_or_a_bad_call_and_nothing_else(pieces: list[bytes]) -> None:
    decoder = Decoder()
    try:
        for piece in pieces:
            decoder.feed(piece)
    except BadCallError:
        pass


def test_a_kind_that_we_do_not_know_is_passed_over() -> None:
    later = b"\x12" + (640).to_bytes(2, "big") + bytes(640)
    assert Decoder().feed(later + Frame(Kind.KEY, b"5").to_bytes()) == (Frame(Kind.KEY, b"5"),)


@pytest.mark.parametrize(
    "octets",
    [b"\x10\x00\x03abc", b"\x10\xff\xfe", b"\x01\x00\x0fx", b"\x01\x00\x11x", b"\x03\x00\x00", b"\x03\x00\x02ab"],
    ids=["half a sample", "64 kB of sound", "short name", "long name", "no key", "two keys"],
)
def test_a_known_kind_of_a_wrong_length_is_a_bad_call(octets: bytes) -> None:
    with pytest.raises(BadCallError):
        Decoder().feed(octets)


def test_what_came_before_a_wrong_frame_is_still_given() -> None:
    decoder, good = Decoder(), Frame(Kind.SOUND, bytes(320))
    assert decoder.feed(good.to_bytes() + b"\x03\x00\x00") == (good,)
    with pytest.raises(BadCallError):
        decoder.feed(b"")


def test_sound_becomes_frames_of_20_ms_the_last_filled_up_with_silence() -> None:
    frames = to_frames(b"\1" * 330)
    (first, second) = Decoder().feed(b"".join(frames))
    assert (first.payload, second.payload) == (b"\1" * 320, b"\1" * 10 + bytes(310))
    assert {len(frame) for frame in frames} == {3 + TICK_OCTETS}


def test_a_frame_never_shows_what_it_carries() -> None:
    assert "secret" not in repr(Frame(Kind.SOUND, b"secrets!"))
