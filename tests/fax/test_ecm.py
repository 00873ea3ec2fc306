"""Error correction: a page is put together of its frames, whatever gets lost, and never with a hole in it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.fax import ecm
from appliance.fax.ecm import Again, Assembly, Missing, OutOfTurn, Part, Whole

IMAGE = random.Random(11).randbytes(3 * 256 * 256)


def cut(octets: bytes, size: int = 256) -> list[bytes]:
    """One block's octets as FCD frames carry them: number, octets."""
    pieces = [octets[start : start + size] for start in range(0, len(octets), size)]
    return [bytes((number,)) + piece for number, piece in enumerate(pieces)]


def give(assembly: Assembly, frames: list[bytes]) -> None:
    assembly.begin()
    for frame in frames:
        assembly.take(frame)


@pytest.mark.parametrize("size", ecm.SIZES)
def test_a_block_of_which_every_frame_came_is_whole(size: int) -> None:
    assembly = Assembly(size)
    image = IMAGE[: 256 * size]
    give(assembly, cut(image, size))
    assert assembly.close(Part(0, 0, 256)) == Whole(image)


def test_frames_may_come_in_any_order_and_twice() -> None:
    frames = cut(IMAGE[:2560])
    assembly = Assembly(256)
    give(assembly, [*reversed(frames), *frames])
    assert assembly.close(Part(0, 0, 10)) == Whole(IMAGE[:2560])


def test_the_last_frame_may_be_short() -> None:
    assembly = Assembly(256)
    give(assembly, cut(IMAGE[:1000]))
    assert assembly.close(Part(0, 0, 4)) == Whole(IMAGE[:1000])


def test_a_short_frame_before_the_last_is_asked_for_again() -> None:
    frames = cut(IMAGE[:1024])
    assembly = Assembly(256)
    give(assembly, [frames[0], frames[1][:100], *frames[2:]])
    assert assembly.close(Part(0, 0, 4)) == Missing(1, b"\xf2" + b"\xff" * 31)
    give(assembly, [frames[1]])
    assert assembly.close(Part(0, 0, 4)) == Whole(IMAGE[:1024])


@pytest.mark.parametrize("bad", [b"", b"\x01", b"\x01" + bytes(257)])
def test_a_frame_of_a_wrong_length_is_as_good_as_missing(bad: bytes) -> None:
    frames = cut(IMAGE[:512])
    assembly = Assembly(256)
    give(assembly, [frames[0], bad])
    assert assembly.close(Part(0, 0, 2)) == Missing(1, b"\xfe" + b"\xff" * 31)


def test_frames_beyond_those_the_sender_counts_are_left_out() -> None:
    assembly = Assembly(256)
    give(assembly, cut(IMAGE[:2560]))
    assert assembly.close(Part(0, 0, 5)) == Whole(IMAGE[:1280])


@given(st.integers(1, 256), st.sets(st.integers(0, 255)), st.sampled_from(ecm.SIZES))
def test_the_map_names_exactly_the_frames_that_are_missing(count: int, lost: set[int], size: int) -> None:
    frames = cut(IMAGE[: count * size], size)
    assembly = Assembly(size)
    give(assembly, [frame for frame in frames if frame[0] not in lost])
    part = Part(0, 0, count)
    verdict = assembly.close(part)
    if isinstance(verdict, Missing):
        asked = [number for number in range(256) if verdict.bitmap[number // 8] >> number % 8 & 1]
        assert len(verdict.bitmap) == 32
        assert asked == sorted({number for number in lost if number < count} | set(range(count, 256)))
        assert verdict.frames == len([number for number in asked if number < count])
        give(assembly, [frames[number] for number in asked if number < count])
        verdict = assembly.close(part)
    assert verdict == Whole(IMAGE[: count * size])


@given(st.lists(st.floats(0, 0.9), min_size=3, max_size=3), st.integers(0, 1 << 32))
def test_a_page_of_several_blocks_is_whole_however_much_is_lost_on_the_way(shares: list[float], seed: int) -> None:
    assembly = Assembly(64)
    luck = random.Random(seed)
    came = b""
    for block, share in enumerate(shares):
        image = IMAGE[block * 16384 : (block + 1) * 16384]
        frames = cut(image, 64)
        while True:
            give(assembly, [frame for frame in frames if luck.random() >= share])
            verdict = assembly.close(Part(4, block, 256))
            if isinstance(verdict, Whole):
                came += verdict.octets
                break
            assert isinstance(verdict, Missing)
            frames = [frame for frame in frames if verdict.bitmap[frame[0] // 8] >> frame[0] % 8 & 1]
    assert came == IMAGE[: 3 * 16384]


def test_a_block_confirmed_before_is_confirmed_again_and_not_added_twice() -> None:
    assembly = Assembly(256)
    give(assembly, cut(IMAGE[:512]))
    part = Part(0, 0, 2)
    assert assembly.close(part) == Whole(IMAGE[:512])
    assert assembly.close(part) == Again()
    give(assembly, cut(IMAGE[:512]))  # this sender even sends the frames again
    assert assembly.close(part) == Again()
    assembly.end_page()
    assert assembly.close(part) == Again()


def test_a_new_page_may_bear_the_numbers_of_the_one_before() -> None:
    assembly = Assembly(256)
    for image in (IMAGE[:512], IMAGE[512:1024]):
        give(assembly, cut(image))
        assert assembly.close(Part(0, 0, 2)) == Whole(image)
        assembly.end_page()


def test_a_new_page_of_which_everything_got_lost_is_not_taken_for_the_one_before() -> None:
    assembly = Assembly(256)
    give(assembly, cut(IMAGE[:512]))
    assembly.close(Part(0, 0, 2))
    assembly.end_page()
    give(assembly, [])
    assert assembly.close(Part(0, 0, 2)) == Missing(2, b"\xff" * 32)


@pytest.mark.parametrize("part", [Part(0, 2, 2), Part(1, 1, 2), Part(0, 0, 1)])
def test_a_block_that_does_not_follow_is_out_of_turn(part: Part) -> None:
    assembly = Assembly(256)
    give(assembly, cut(IMAGE[:512]))
    assembly.close(Part(0, 0, 2))
    give(assembly, cut(IMAGE[:512]))
    assert assembly.close(part) == OutOfTurn()


def test_who_sends_frames_again_may_count_only_those() -> None:
    frames = cut(IMAGE[:2560])
    assembly = Assembly(256)
    give(assembly, frames[:-1])
    assert isinstance(assembly.close(Part(2, 0, 10)), Missing)
    give(assembly, [])
    assert assembly.close(Part(2, 0, 1)) == Missing(1, b"\x00\xfe" + b"\xff" * 30)
    give(assembly, frames[-1:])
    assert assembly.close(Part(2, 0, 1)) == Whole(IMAGE[:2560])
    assert assembly.close(Part(2, 0, 1)) == Again()


def test_a_page_that_does_not_start_at_its_first_block_is_out_of_turn() -> None:
    assembly = Assembly(256)
    give(assembly, cut(IMAGE[:512]))
    assert assembly.close(Part(0, 1, 2)) == OutOfTurn()


def test_more_than_256_blocks_are_counted_anew() -> None:
    assembly = Assembly(64)
    for block in range(300):
        give(assembly, [b"\x00" + bytes(64)])
        assert assembly.close(Part(255, block % 256, 1)) == Whole(bytes(64))


def test_a_block_that_is_given_up_keeps_what_stands_before_the_first_hole_and_the_page_ends_there() -> None:
    frames = cut(IMAGE[:2560])
    assembly = Assembly(256)
    give(assembly, [*frames[:3], *frames[4:]])
    assert assembly.give_up(Part(0, 0, 10)) == IMAGE[: 3 * 256]
    give(assembly, frames)
    assert assembly.close(Part(0, 1, 10)) == Whole(b"")
    give(assembly, frames[:1])
    assert assembly.give_up(Part(0, 2, 10)) == b""
    assembly.end_page()
    give(assembly, frames)
    assert assembly.close(Part(1, 0, 10)) == Whole(IMAGE[:2560])


def test_a_block_that_is_given_up_with_every_frame_there_is_kept() -> None:
    assembly = Assembly(256)
    give(assembly, cut(IMAGE[:512]))
    assert assembly.give_up(Part(0, 0, 2)) == IMAGE[:512]


@pytest.mark.parametrize("part", [Part(0, 0, 2), Part(0, 7, 2)])
def test_giving_up_a_block_that_was_confirmed_or_does_not_follow_adds_nothing(part: Part) -> None:
    assembly = Assembly(256)
    give(assembly, cut(IMAGE[:512]))
    assembly.close(Part(0, 0, 2))
    give(assembly, cut(IMAGE[:512]))
    assert assembly.give_up(part) == b""


def test_a_part_is_read_and_written_as_a_pps_carries_it() -> None:
    assert Part.from_info(b"\x02\x03\xff") == Part(2, 3, 256)
    assert Part(258, 3, 256).to_info() == b"\x02\x03\xff"
    assert Part.from_info(b"\x02\x03") is None


def test_nothing_of_a_page_is_shown_in_a_log() -> None:
    assert repr(Whole(b"secret")) == "Whole(6 octets)"
    assert repr(Missing(2, b"\xff" * 32)) == "Missing(2 frames)"
