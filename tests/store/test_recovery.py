"""After a power cut: each message comes back once, and only what is a message."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from appliance.errors import DamagedMessageError
from appliance.messages import Envelope, Kind, Row, Stamp, State
from appliance.store.reader import RECOVERED
from appliance.store.slots import SLOT
from tests.store.boxes import CALLER, WAV_HEAD, Box, second, sound


def interrupted(box: Box, seconds: int = 3) -> str:
    """A message that the power cut in the middle; its id."""
    delivery = box.begin()
    for part in sound(seconds):
        delivery.append(part)
    return delivery.id


def test_an_interrupted_message_comes_back_as_far_as_it_was_safe(box: Box) -> None:
    id = interrupted(box)
    assert box.restart() == 1
    (row,) = box.inbox.list()
    assert (row.stamp.id, row.recovered, row.duration) == (id, True, 3.0)
    assert box.content(row)[WAV_HEAD:] == b"".join(sound(3))
    with box.open(row) as message:
        assert message.header.envelope.notes == (RECOVERED,)
    assert box.vault() == [f"{id}.ring"]
    assert box.amiss() == []


def test_a_recovered_message_takes_no_more_room_than_it_needs(box: Box) -> None:
    interrupted(box)
    box.restart()
    (row,) = box.inbox.list()
    assert row.sealed_bytes == (2 + 3) * SLOT


def test_it_comes_back_once(box: Box) -> None:
    interrupted(box)
    assert [box.restart() for _ in range(3)] == [1, 0, 0]
    assert len(box.inbox.list()) == 1


def test_its_ring_is_replaced_and_used_again(box: Box) -> None:
    interrupted(box)
    box.restart()
    deliveries = [box.begin() for _ in range(box.rings)]
    for delivery in deliveries:
        delivery.append(second(0))
        delivery.finish(CALLER)
    assert len(box.inbox.list()) == box.rings + 1


def test_without_any_sound_there_is_no_message(box: Box) -> None:
    box.begin()
    assert box.restart() == 0
    assert box.inbox.list() == ()
    assert box.vault() == []


def test_a_recovered_message_is_heard_erased_and_removed_like_any_other(box: Box) -> None:
    id = interrupted(box)
    box.restart()
    box.inbox.mark_heard(id, True)
    box.inbox.remove(id, "erased")
    assert (box.inbox.list(), box.vault()) == ((), [])
    assert box.restart() == 0


def test_an_interrupted_fax_keeps_its_pages_as_far_as_they_came(box: Box) -> None:
    delivery = box.begin(Kind.FAX, Envelope(caller_number="5550100"))
    delivery.append(bytes(range(256)) * 200)
    box.restart()
    (row,) = box.inbox.list()
    assert (row.stamp.kind, row.content_bytes, row.duration) == (Kind.FAX, 51_200, 0.0)
    assert box.content(row) == bytes(range(256)) * 200


@pytest.fixture
def snapshots(box: Box) -> tuple[Row, Path]:
    """A finished message, and the store as it was when the sealed file had its name and no row knew it."""
    delivery = box.begin()
    for part in sound(3):
        delivery.append(part)
    index = box.folder.parent / "index"
    index.mkdir()
    for file in box.folder.glob("index.sqlite*"):
        shutil.copy(file, index)
    ended = delivery._ended
    rings = box.folder.parent / "journal"

    def ring_first(*arguments: object) -> None:
        shutil.copytree(box.folder / "journal", rings)
        ended(*arguments)  # type: ignore[arg-type]  # whatever is passed on

    delivery._ended = ring_first
    row = delivery.finish(Envelope(caller_number="5550100", notes=("a note of the end",)))
    box.inbox.close()
    shutil.rmtree(box.folder / "journal")
    shutil.copytree(rings, box.folder / "journal")
    for file in box.folder.glob("index.sqlite*"):
        file.unlink()
    for file in index.iterdir():
        shutil.copy(file, box.folder)
    return row, box.folder / "vault" / f"{row.stamp.id}.age"


def test_a_file_between_its_name_and_its_row_is_adopted_as_it_is(box: Box, snapshots: tuple[Row, Path]) -> None:
    row, _ = snapshots
    assert box.restart() == 1
    assert box.inbox.list() == (row,)
    with box.open(row) as message:
        assert message.header.envelope.notes == ("a note of the end",)
    assert box.amiss() == []
    assert box.restart() == 0


def test_a_whole_recording_without_its_file_comes_back_with_its_last_envelope(
    box: Box, snapshots: tuple[Row, Path]
) -> None:
    row, file = snapshots
    file.rename(file.with_name(f".{file.name}.tmp"))
    assert box.restart() == 1
    (found,) = box.inbox.list()
    assert (found.stamp, found.duration, found.recovered) == (row.stamp, row.duration, True)
    with box.open(found) as message:
        assert message.header.envelope.notes == ("a note of the end", RECOVERED)
    assert box.vault() == [f"{row.stamp.id}.ring"]


def test_a_ring_in_the_vault_without_a_row_gets_one(box: Box, snapshots: tuple[Row, Path]) -> None:
    """The power went a second time, in the middle of recovering."""
    row, file = snapshots
    file.unlink()
    (ring,) = [ring for ring in (box.folder / "journal").iterdir() if row.stamp.id.encode() in ring.read_bytes()[:SLOT]]
    ring.rename(box.folder / "vault" / f"{row.stamp.id}.ring")
    assert box.restart() == 1
    assert box.content(box.inbox.list()[0])[WAV_HEAD:] == b"".join(sound(3))
    assert box.restart() == 0


def test_a_ring_whose_message_was_removed_is_only_let_go(box: Box) -> None:
    """Its slot 0 could not be overwritten then; what somebody erased must not come back."""
    delivery = box.begin()
    delivery.append(second(0))
    before = {file: file.read_bytes() for file in (box.folder / "journal").iterdir()}
    row = delivery.finish(CALLER)
    box.inbox.remove(row.stamp.id, "erased")
    box.inbox.close()
    for file, data in before.items():
        file.write_bytes(data)
    assert box.restart() == 0
    assert (box.inbox.list(), box.vault()) == ((), [])
    assert row.stamp.id.encode() not in b"".join(file.read_bytes()[:SLOT] for file in before)


def test_what_was_half_written_goes_and_what_is_not_ours_stays(box: Box) -> None:
    for name in ("vault/.x.age.tmp", "epochs/.000009-00000000.age.tmp", "journal/.7.ring.tmp"):
        (box.folder / name).write_bytes(b"half")
    (box.folder / "vault" / "notes.txt").write_bytes(b"somebody's")
    (box.folder / "vault" / f"{'ab' * 16}.ring").write_bytes(b"no ring")
    box.restart()
    assert list(box.folder.rglob("*.tmp")) == []
    assert box.vault() == [f"{'ab' * 16}.ring", "notes.txt"]
    assert len(box.amiss()) == 2


def test_a_damaged_second_is_left_out_and_said(box: Box) -> None:
    id = interrupted(box, 4)
    (ring,) = [ring for ring in (box.folder / "journal").iterdir() if id.encode() in ring.read_bytes()[:SLOT]]
    data = bytearray(ring.read_bytes())
    data[3 * SLOT + 1000] ^= 1
    ring.write_bytes(data)
    box.restart()
    (row,) = box.inbox.list()
    assert row.duration == 3.0
    assert box.content(row)[WAV_HEAD:] == second(0) + second(2) + second(3)
    with box.open(row) as message:
        assert message.header.envelope.notes == (RECOVERED, "1 damaged parts are missing")


def test_a_ring_that_cannot_be_taken_up_waits_and_its_key_stays(box: Box) -> None:
    """An older index was put back, and another message has this one's sequence. Nothing is lost, and everything else works."""
    id = interrupted(box)
    (epoch,) = box.epochs()
    other = Row(Stamp("ab" * 16, Kind.FAX, "", 0.0, 1), True, State.NEW, "000009-00000000", 0, 0, "", 0.0, 0, False)
    box.inbox._index.add(other, None)
    assert box.restart() == 0
    box.next_day()
    assert box.deliver().duration == 2.0
    assert epoch in box.epochs()
    box.inbox.remove(other.stamp.id, "it was never one")
    assert box.restart() == 1
    (row,) = (row for row in box.inbox.list() if row.stamp.id == id)
    assert box.content(row)[WAV_HEAD:] == b"".join(sound(3))


def test_a_ring_of_another_length_is_made_anew_and_its_sequence_remembered(box: Box) -> None:
    for _ in range(3):
        box.begin().abandon()
    box.ring_slots = 20
    box.restart()
    assert {file.stat().st_size for file in (box.folder / "journal").iterdir()} == {24 * SLOT}
    assert box.deliver().stamp.sequence == 4


def cut_in_a_removal(box: Box, row: Row, reason: str) -> None:
    """The power goes when the file has gone."""
    box.erase(row)
    box.inbox._index.begin_removal(row.stamp.id, reason)
    (box.folder / "vault" / f"{row.stamp.id}.age").unlink()


def test_a_removal_that_the_power_cut_before_anything_was_gone_is_decided_anew(box: Box) -> None:
    row = box.deliver()
    box.erase(row)
    box.inbox._index.begin_removal(row.stamp.id, "erased")
    box.restart()
    assert [(one.stamp.id, one.state) for one in box.inbox.list()] == [(row.stamp.id, State.ERASING)]
    assert box.inbox._index.removals() == ()
    box.inbox.remove(row.stamp.id, "erased")
    assert box.vault() == []


def test_a_removal_that_the_power_cut_is_ended_by_the_next_start(box: Box) -> None:
    row = box.deliver()
    cut_in_a_removal(box, row, "purged: heard 30 days ago")
    box.restart()
    assert (box.inbox.list(), box.vault()) == ((), [])
    (receipt,) = box.receipts()
    assert (receipt.message_id, receipt.reason, receipt.epoch_destroyed) == (
        row.stamp.id,
        "purged: heard 30 days ago",
        True,
    )


def test_the_key_of_a_ring_outlives_a_removal_that_is_ended_at_the_start(box: Box) -> None:
    """Found by killing at every step: both were sealed to the same day's key."""
    row = box.deliver()
    interrupted(box)
    cut_in_a_removal(box, row, "erased")
    assert box.restart() == 1
    assert box.content(box.inbox.list()[0])[WAV_HEAD:] == b"".join(sound(3))


def test_a_ring_whose_first_slot_is_torn_holds_nothing(box: Box) -> None:
    interrupted(box)
    for ring in (box.folder / "journal").iterdir():
        data = bytearray(ring.read_bytes())
        data[100] ^= 1
        ring.write_bytes(data)
    assert box.restart() == 0
    assert box.deliver().duration == 2.0


def test_a_damaged_recovered_message_is_found_out(box: Box) -> None:
    id = interrupted(box)
    box.restart()
    file = box.folder / "vault" / f"{id}.ring"
    data = bytearray(file.read_bytes())
    data[2 * SLOT + 100] ^= 1
    file.write_bytes(data)
    with pytest.raises(DamagedMessageError):
        box.content(box.inbox.list()[0])
