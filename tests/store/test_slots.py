"""A ring's slots: what is written is read, and what is damaged is passed over. Nothing that stands in a file makes the reader fail."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.messages import Kind, Stamp
from appliance.store import slots
from appliance.store.slots import BLOCK, HEAD, PIECE, SLOT, Closing, Opening, Recording, Slot, Word

STAMP = Stamp("0123456789abcdef" * 2, Kind.VOICEMAIL, "front-desk", 1772500000.5, 7)
OPENING = Opening(STAMP, True, "000001-9f3c21aa", "00ff" * 4, b"a sealed key")
CLOSING = Closing(32_044, 2.0, 0, b"a sealed header")
OLDER = "11ee" * 4

NAMES = ("stamp", "epoch", "clock_trusted", "sequence", "duration", "pages", "content_bytes", "id", "kind")
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
)


def ring(*more: Slot, length: int = 8) -> bytearray:
    """A ring with a recording of two parts, leftovers of an older one, and `more`."""
    data = bytearray(length * SLOT)
    for slot in (
        Slot(Word.OPEN, OPENING.generation, 0, 0, slots.opening_payload(OPENING)),
        Slot(Word.HEAD, OPENING.generation, 1, 0, b"a sealed envelope"),
        Slot(Word.PART, OPENING.generation, 2, PIECE, b"one" * 5400),
        Slot(Word.PART, OPENING.generation, 3, 8000, b"two"),
        Slot(Word.PART, OLDER, 4, PIECE, b"left over"),
        Slot(Word.SHUT, OLDER, 5, 0, slots.closing_payload(CLOSING)),
        *more,
    ):
        octets = slot.to_bytes()
        data[slot.number * SLOT : slot.number * SLOT + len(octets)] = octets
    return data


def read(data: bytes | bytearray) -> Recording | None:
    return slots.read_recording(io.BytesIO(data))


def test_what_was_written_is_read() -> None:
    assert read(ring()) == Recording(OPENING, b"a sealed envelope", None, ((2, PIECE), (3, 8000)), (), 0, 4)


def test_a_closed_recording_says_what_its_row_will() -> None:
    closed = read(ring(Slot(Word.SHUT, OPENING.generation, 4, 0, slots.closing_payload(CLOSING))))
    assert closed == Recording(OPENING, b"a sealed envelope", CLOSING, ((2, PIECE), (3, 8000)), (), 0, 5)


def test_a_full_second_fits_a_slot_with_what_age_adds() -> None:
    assert HEAD + PIECE + 200 <= SLOT
    with pytest.raises(ValueError, match="fit"):
        Slot(Word.PART, OLDER, 2, PIECE, bytes(SLOT - HEAD + 1)).to_bytes()


def test_slots_are_written_in_whole_pages() -> None:
    assert {
        len(Slot(Word.PART, OLDER, 2, 1, bytes(size)).to_bytes()) % BLOCK for size in (0, 1, 4032, 4033, 16_320)
    } == {0}


def test_a_damaged_part_is_missing_and_the_others_are_there() -> None:
    data = ring()
    data[2 * SLOT + 500] ^= 1
    found = read(data)
    assert found is not None
    assert (found.parts, found.missing, found.parts_bytes) == (((3, 8000),), 1, 8000)


def test_a_ring_that_is_not_in_use_holds_nothing_and_remembers_its_sequence() -> None:
    data = ring()
    data[: len(slots.idle(12))] = slots.idle(12)
    assert read(data) is None
    assert slots.last_sequence(io.BytesIO(data)) == 12
    assert slots.last_sequence(io.BytesIO(ring())) == STAMP.sequence
    assert slots.last_sequence(io.BytesIO(bytes(SLOT))) == 0


def test_going_idle_overwrites_all_of_the_opening() -> None:
    assert len(slots.idle(1)) == BLOCK
    assert len(Slot(Word.OPEN, OLDER, 0, 0, slots.opening_payload(OPENING)).to_bytes()) == BLOCK


def test_an_older_recordings_parts_do_not_come_back() -> None:
    found = read(ring(length=6))
    assert found is not None
    assert found.closing is None
    assert [number for number, _ in found.parts] == [2, 3]


def test_a_slot_in_the_wrong_place_is_none() -> None:
    data = ring()
    data[6 * SLOT : 7 * SLOT] = data[2 * SLOT : 3 * SLOT]
    assert read(data) == read(ring())


@pytest.mark.parametrize(
    "facts",
    [
        {"stamp": {"id": "../../etc/passwd"}},
        {"stamp": {"sequence": 2**80}},
        {"stamp": {"sequence": 0}},
        {"stamp": {"kind": "telegram"}},
        {"clock_trusted": "yes"},
        {"epoch": None},
        {"stamp": None},
    ],
)
def test_an_opening_that_cannot_be_is_none(facts: dict[str, object]) -> None:
    line, _, key = slots.opening_payload(OPENING).partition(b"\n")
    given = json.loads(line)
    for name, value in facts.items():
        given[name] = given[name] | value if isinstance(value, dict) else value
    payload = json.dumps(given).encode() + b"\n" + key
    data = ring(Slot(Word.OPEN, OPENING.generation, 0, 0, payload))
    assert read(data) is None
    assert slots.last_sequence(io.BytesIO(data)) == 0


@given(st.lists(st.tuples(st.integers(0, 8 * SLOT - 1), st.binary(min_size=1, max_size=300)), min_size=1, max_size=12))
def test_damage_anywhere_never_invents_a_part(damage: list[tuple[int, bytes]]) -> None:
    data = ring()
    for at, octets in damage:
        data[at : at + len(octets)] = octets
    found = read(data)
    assert found is None or set(found.parts) <= {(2, PIECE), (3, 8000)}


@settings(max_examples=200)
@given(st.sampled_from(Word), st.binary(max_size=400), st.integers(0, 7), st.integers(0, 99_999))
def test_whatever_a_whole_slot_says_reading_goes_on(word: Word, payload: bytes, number: int, clear: int) -> None:
    slot = Slot(word, OPENING.generation, number, clear, payload)
    assert slots.parse_slot(slot.to_bytes(), number) == slot
    data = ring(slot)
    read(data)
    slots.last_sequence(io.BytesIO(data))


@given(JSON)
def test_any_json_in_a_slot_is_read_or_passed_over(facts: object) -> None:
    payload = json.dumps(facts).encode() + b"\n"
    for word, number in ((Word.OPEN, 0), (Word.IDLE, 0), (Word.SHUT, 4)):
        data = ring(Slot(word, OPENING.generation, number, 0, payload))
        read(data)
        slots.last_sequence(io.BytesIO(data))


@given(st.binary(max_size=3 * SLOT))
def test_any_file_is_read_or_passed_over(data: bytes) -> None:
    assert read(data) is None


@given(st.integers(0, 8 * SLOT))
def test_a_ring_cut_short_keeps_what_is_before(length: int) -> None:
    found = read(ring()[:length])
    assert found is None or set(found.parts) <= {(2, PIECE), (3, 8000)}
