"""Frames among the bits of a page: found wherever they start, never made up."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from appliance.fax.hdlc import FLAG, Finder, pack

FRAMES = st.lists(st.binary(min_size=3, max_size=260), min_size=1, max_size=4)


def shift(octets: bytes, bits: int) -> bytes:
    """The same bits, so many later on the line."""
    return (int.from_bytes(octets, "little") << bits).to_bytes(len(octets) + 1, "little")


@given(FRAMES, st.integers(0, 7), st.integers(1, 50), st.integers(1, 3))
def test_frames_are_found_wherever_they_start_and_in_whatever_pieces(
    frames: list[bytes], bits: int, size: int, flags: int
) -> None:
    line = shift(pack(frames, flags=flags), bits)
    finder, found = Finder(), []
    for start in range(0, len(line), size):
        found += finder.add(line[start : start + size])
    assert found == frames


@given(FRAMES, st.data())
def test_a_frame_with_a_wrong_bit_is_not_given(frames: list[bytes], data: st.DataObject) -> None:
    line = bytearray(pack(frames))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at] ^= 1 << data.draw(st.integers(0, 7))
    assert all(frame in frames for frame in Finder().add(bytes(line)))


@given(st.binary(max_size=2000))
def test_noise_neither_fails_nor_fills_the_memory(octets: bytes) -> None:
    finder = Finder()
    finder.add(octets)
    finder.add(b"\x00" * 5000)
    assert finder.add(pack([b"abcdef"])) == [b"abcdef"]


@given(FRAMES, st.integers(1, 4), st.integers(0, 7), st.integers(1, 50))
def test_flags_may_share_the_zero_between_them(frames: list[bytes], flags: int, bits: int, size: int) -> None:
    shared = FLAG + FLAG[1:] * flags  # ISO/IEC 13239 allows it
    line = shared
    for frame in frames:
        (packed,) = re.findall(f"{FLAG}(.*){FLAG}", "".join(f"{octet:08b}"[::-1] for octet in pack([frame])))
        line += packed + shared
    line = "1" * bits + line
    line += "1" * (-len(line) % 8)
    octets = int(line[::-1], 2).to_bytes(len(line) // 8, "little")
    finder, found = Finder(), []
    for start in range(0, len(octets), size):
        found += finder.add(octets[start : start + size])
    assert found == frames
