"""Rings: written in place, full when they are full, and let go for good."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import NoRoomError
from appliance.messages import Kind, Stamp
from appliance.store import journal, slots
from appliance.store.disk import Disk
from appliance.store.journal import Ring
from appliance.store.slots import LEAST_SLOTS, SLOT, Closing, Opening

STAMP = Stamp("0123456789abcdef" * 2, Kind.VOICEMAIL, "front-desk", 1772500000.5, 7)
OPENING = Opening(STAMP, True, "000001-9f3c21aa", "00ff" * 4, b"a sealed key")


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    (tmp_path / "journal").mkdir()
    made = Ring(journal.file_of(tmp_path, 0), LEAST_SLOTS + 1, Disk())
    made.prepare()
    return made


def test_a_new_ring_is_zeros_to_its_last_octet(ring: Ring) -> None:
    assert ring.file.read_bytes() == bytes((LEAST_SLOTS + 1) * SLOT)
    assert ring.file.stat().st_blocks * 512 >= ring.size


def test_a_recording_never_changes_the_length_of_its_ring(ring: Ring) -> None:
    ring.begin(OPENING, b"envelope")
    ring.append([(b"one", 1), (b"two", 1)])
    ring.shut(Closing(2, 0.0, 0, b"envelope"))
    assert ring.file.stat().st_size == ring.size
    with ring.file.open("rb") as file:
        recording = slots.read_recording(file)
    assert recording is not None
    assert (recording.parts, recording.closing) == (((2, 1), (3, 1)), Closing(2, 0.0, 0, b"envelope"))


def test_a_full_ring_takes_no_part_and_can_still_be_shut(ring: Ring) -> None:
    ring.begin(OPENING, b"envelope")
    with pytest.raises(NoRoomError):
        ring.append([(b"one", 1), (b"two", 1), (b"three", 1)])
    ring.append([(b"one", 1), (b"two", 1)])
    with pytest.raises(NoRoomError):
        ring.append([(b"three", 1)])
    ring.shut(Closing(2, 0.0, 0, b"envelope"))
    assert ring.file.stat().st_size == ring.size


def test_a_ring_that_was_let_go_holds_nothing_of_its_key(ring: Ring) -> None:
    ring.begin(OPENING, b"envelope")
    ring.free(STAMP.sequence)
    assert OPENING.sealed_key not in ring.file.read_bytes()
    assert journal.openings(ring.file.parents[1]) == ()
    with ring.file.open("rb") as file:
        assert slots.last_sequence(file) == STAMP.sequence


def test_an_opening_that_could_not_be_overwritten_in_one_go_is_refused(ring: Ring) -> None:
    with pytest.raises(ValueError, match="one go"):
        ring.begin(replace(OPENING, sealed_key=bytes(5000)), b"envelope")
    assert ring.file.read_bytes() == bytes(ring.size)


def test_a_ring_has_room_for_a_part_at_least(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least"):
        Ring(journal.file_of(tmp_path, 0), LEAST_SLOTS - 1, Disk())
    assert journal.slots_for(180) >= 180 + LEAST_SLOTS - 1
