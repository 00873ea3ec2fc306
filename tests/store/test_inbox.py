"""The inbox: what comes in is listed, stays, changes and goes as it should."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from appliance.clock import Trust
from appliance.errors import (
    MessageChangedError,
    MessageNotFoundError,
    NoRoomError,
    NotFoundedError,
    StoreError,
    StoreInUseError,
)
from appliance.messages import Envelope, Kind, State
from appliance.store.inbox import Inbox, RingSet
from appliance.store.values import Extent, Trouble
from tests.fakes.clock import FakeClock
from tests.store.boxes import CALLER, MAILBOX, SECOND, WAV_HEAD, Box, second, sound

NOBODY = "0" * 32


def test_a_message_is_listed_once_it_is_finished(box: Box) -> None:
    delivery = box.begin()
    delivery.append(second(0))
    assert box.inbox.list() == ()
    row = delivery.finish(CALLER)
    assert box.inbox.list() == (row,)
    assert row.stamp.id == delivery.id
    assert (row.stamp.kind, row.stamp.mailbox, row.stamp.arrived_at) == (Kind.VOICEMAIL, MAILBOX, box.clock.now())
    assert (row.state, row.clock_trusted, row.recovered) == (State.NEW, True, False)
    assert (row.duration, row.content_bytes) == (1.0, WAV_HEAD + SECOND)


def test_the_row_says_length_and_hash_of_the_sealed_file(box: Box) -> None:
    row = box.deliver()
    assert box.vault() == [f"{row.stamp.id}.age"]
    assert (box.folder / "vault" / f"{row.stamp.id}.age").stat().st_size == row.sealed_bytes
    assert box.amiss() == []


def test_the_newest_message_stands_first(box: Box) -> None:
    rows = [box.deliver() for _ in range(3)]
    assert box.inbox.list() == tuple(reversed(rows))
    assert [row.stamp.sequence for row in rows] == [1, 2, 3]


def test_an_abandoned_message_leaves_nothing(box: Box) -> None:
    delivery = box.begin()
    delivery.append(second(0))
    delivery.abandon()
    assert box.inbox.list() == ()
    assert box.vault() == []
    assert box.restart() == 0


def test_a_delivery_ends_once(box: Box) -> None:
    delivery = box.begin()
    delivery.finish(CALLER)
    with pytest.raises(ValueError, match="ended"):
        delivery.abandon()
    with pytest.raises(ValueError, match="ended"):
        delivery.append(second(0))


@pytest.mark.parametrize("part", [b"", b"odd"])
def test_half_a_sample_is_refused_and_the_message_goes_on(box: Box, part: bytes) -> None:
    delivery = box.begin()
    with pytest.raises(ValueError, match="whole samples"):
        delivery.append(part)
    delivery.append(second(0))
    assert delivery.finish(CALLER).duration == 1.0


def test_a_message_longer_than_its_ring_ends_there_and_is_kept(box: Box) -> None:
    taken = box.ring_slots + 1
    delivery = box.begin()
    for part in sound(taken):
        delivery.append(part)
    with pytest.raises(NoRoomError):
        delivery.append(second(taken))
    row = delivery.finish(CALLER)
    assert box.content(row)[WAV_HEAD:] == b"".join(sound(taken))


def test_a_part_of_a_page_may_be_longer_than_a_slot(box: Box) -> None:
    page = bytes(range(256)) * 300
    delivery = box.begin(Kind.FAX)
    delivery.append(page[:50_001])
    delivery.append(page[50_001:])
    row = delivery.finish(Envelope(pages=2))
    assert (row.pages, row.duration, row.content_bytes) == (2, 0.0, len(page))
    assert box.content(row) == page


def test_several_threads_deliver_at_once(tmp_path: Path) -> None:
    box = Box(tmp_path / "store", rings=8)
    gate = threading.Barrier(8)

    def call(seed: int) -> None:
        for turn in range(3):
            gate.wait(20)
            box.deliver(4, seed * 10 + turn)

    threads = [threading.Thread(target=call, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = box.inbox.list()
    assert sorted(row.stamp.sequence for row in rows) == list(range(1, 25))
    wanted = {b"".join(sound(4, seed * 10 + turn)) for seed in range(8) for turn in range(3)}
    assert {box.content(row)[WAV_HEAD:] for row in rows} == wanted
    assert box.amiss() == []
    box.inbox.close()


def test_without_a_free_ring_there_is_no_room(box: Box) -> None:
    first, _ = box.begin(), box.begin()
    with pytest.raises(NoRoomError):
        box.begin()
    first.abandon()
    box.begin()


def test_before_the_practice_has_a_key_no_message_is_taken(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path, RingSet(1, 4), FakeClock())
    inbox.start()
    with pytest.raises(NotFoundedError):
        inbox.begin(Kind.VOICEMAIL, MAILBOX, CALLER)
    assert list((tmp_path / "epochs").iterdir()) == []
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "practice.pub").write_text("age1 and something else\n")
    with pytest.raises(NotFoundedError):
        inbox.begin(Kind.VOICEMAIL, MAILBOX, CALLER)
    inbox.close()


def test_the_first_hearing_counts(box: Box) -> None:
    id = box.deliver().stamp.id
    first = box.clock.now()
    box.inbox.mark_heard(id, True)
    box.clock.advance(100)
    box.inbox.mark_heard(id, True)
    assert (box.inbox.list()[0].state, box.inbox.list()[0].heard_at) == (State.HEARD, first)
    box.inbox.mark_heard(id, False)
    assert (box.inbox.list()[0].state, box.inbox.list()[0].heard_at) == (State.NEW, None)


def test_the_first_hearing_whose_time_can_be_trusted_counts(box: Box) -> None:
    id = box.deliver().stamp.id
    box.clock.state = Trust.NOT_SYNCHRONISED
    box.inbox.mark_heard(id, True)
    assert (box.inbox.list()[0].state, box.inbox.list()[0].heard_trusted) == (State.HEARD, False)
    box.clock.state = Trust.TRUSTED
    box.clock.advance(100)
    heard_at = box.clock.now()
    box.inbox.mark_heard(id, True)
    box.clock.advance(100)
    box.inbox.mark_heard(id, True)
    assert (box.inbox.list()[0].heard_at, box.inbox.list()[0].heard_trusted) == (heard_at, True)


def test_a_message_that_somebody_changed_meanwhile_is_not_removed(box: Box) -> None:
    row = box.deliver()
    box.inbox.erase(row.stamp.id, 30)
    erased = box.inbox.list()[0]
    box.inbox.undo_erase(row.stamp.id)
    with pytest.raises(MessageChangedError):
        box.inbox.remove(row.stamp.id, "erased", erased)
    assert box.inbox.list() == (row,)
    box.inbox.remove(row.stamp.id, "erased", row)
    assert box.inbox.list() == ()


def test_an_erased_message_can_be_had_back_as_it_was(box: Box) -> None:
    before = box.deliver()
    box.inbox.erase(before.stamp.id, 30)
    box.clock.advance(10)
    box.inbox.erase(before.stamp.id, 30)
    row = box.inbox.list()[0]
    assert (row.state, row.erase_at) == (State.ERASING, box.clock.now() + 20)
    box.inbox.undo_erase(before.stamp.id)
    assert box.inbox.list() == (before,)


def test_a_warning_is_noted_and_messages_that_went_are_passed_over(box: Box) -> None:
    row = box.deliver()
    box.inbox.warn([row.stamp.id, NOBODY])
    assert box.inbox.list()[0].warned_at == box.clock.now()
    box.inbox.warn([])


def test_what_is_not_there_is_not_found(box: Box) -> None:
    for change in (
        lambda: box.inbox.mark_heard(NOBODY, True),
        lambda: box.inbox.erase(NOBODY, 30),
        lambda: box.inbox.undo_erase(NOBODY),
        lambda: box.inbox.remove(NOBODY, "erased"),
    ):
        with pytest.raises(MessageNotFoundError):
            change()


def test_a_removed_message_leaves_a_receipt_and_nothing_else(box: Box) -> None:
    stays, goes = box.deliver(), box.deliver()
    receipt = box.inbox.remove(goes.stamp.id, "purged: heard 30 days ago")
    assert box.inbox.list() == (stays,)
    assert box.vault() == [f"{stays.stamp.id}.age"]
    assert box.receipts() == (receipt,)
    assert (receipt.message_id, receipt.reason, receipt.at) == (
        goes.stamp.id,
        "purged: heard 30 days ago",
        box.clock.now(),
    )
    assert (receipt.extent, receipt.epoch_destroyed) == (Extent.DELETED, False)
    assert box.amiss() == []


def test_the_key_of_a_past_day_goes_with_its_last_message(box: Box) -> None:
    one, two = box.deliver(), box.deliver()
    assert one.epoch == two.epoch
    box.next_day()
    later = box.deliver()
    assert later.epoch != one.epoch
    assert not box.inbox.remove(one.stamp.id, "purged").epoch_destroyed
    assert box.epochs() == sorted([one.epoch, later.epoch])
    assert box.inbox.remove(two.stamp.id, "purged").epoch_destroyed
    assert box.epochs() == [later.epoch]


def test_the_key_of_today_stays_when_its_last_message_goes_and_is_gone_tomorrow(box: Box) -> None:
    today = box.deliver()
    assert not box.inbox.remove(today.stamp.id, "erased").epoch_destroyed
    assert box.epochs() == [today.epoch]
    box.next_day()
    assert box.epochs() != [box.deliver().epoch, today.epoch]
    assert today.epoch not in box.epochs()


def test_a_key_that_a_message_on_its_way_needs_stays(box: Box) -> None:
    earlier = box.deliver()
    delivery = box.begin()
    box.next_day()
    box.deliver()
    assert not box.inbox.remove(earlier.stamp.id, "purged").epoch_destroyed
    delivery.append(second(7))
    row = delivery.finish(CALLER)
    assert row.epoch == earlier.epoch
    assert box.content(row)[WAV_HEAD:] == second(7)


def test_a_key_stays_that_a_message_needs_which_has_only_begun(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ring is still being made ready, so it stands nowhere on the disk, when midnight comes."""
    ring = box.inbox._intake._rings.next(Kind.VOICEMAIL)
    assert ring
    prepare = ring.prepare

    def midnight_comes() -> None:
        prepare()
        box.next_day()
        box.deliver()

    monkeypatch.setattr(ring, "prepare", midnight_comes)
    delivery = box.begin()
    delivery.append(second(7))
    assert box.content(delivery.finish(CALLER))[WAV_HEAD:] == second(7)


def test_a_second_daemon_takes_nothing_from_the_first(box: Box) -> None:
    """It would take what is being recorded for what a power cut left."""
    delivery = box.begin()
    delivery.append(second(1))
    other = Inbox(box.folder, RingSet(2, 12), FakeClock())
    for _ in range(2):
        with pytest.raises(StoreInUseError, match="only one"):
            other.start()
    delivery.append(second(2))
    assert box.content(delivery.finish(CALLER))[WAV_HEAD:] == second(1) + second(2)
    box.inbox.close()
    assert other.start() == 0
    assert len(other.list()) == 1
    other.close()


def test_a_start_that_fails_leaves_the_store_to_the_next(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError):
        Inbox(tmp_path, RingSet(1, 4), FakeClock()).start()
    (tmp_path / "index.sqlite").unlink()
    inbox = Inbox(tmp_path, RingSet(1, 4), FakeClock())
    assert inbox.start() == 0
    inbox.close()


def test_no_key_goes_while_a_file_lies_there_that_no_row_knows(box: Box) -> None:
    """The index may have been lost: then the keys are all there is left."""
    row = box.deliver()
    box.inbox.close()
    for file in box.folder.glob("index.sqlite*"):
        file.unlink()
    box.restart()
    box.next_day()
    box.deliver()
    assert row.epoch in box.epochs()


def test_a_sequence_is_never_used_twice(box: Box) -> None:
    first, newest = box.deliver(), box.deliver()
    box.inbox.remove(newest.stamp.id, "erased")
    assert box.deliver().stamp.sequence == newest.stamp.sequence + 1
    box.begin().abandon()
    box.restart()
    assert box.deliver().stamp.sequence == newest.stamp.sequence + 3
    assert first.stamp.sequence == 1


def test_whoever_wants_to_know_of_changes_is_told(box: Box) -> None:
    id = box.deliver().stamp.id
    assert box.changes == 1
    box.inbox.mark_heard(id, True)
    box.inbox.erase(id, 30)
    box.inbox.undo_erase(id)
    box.inbox.warn([id])
    box.inbox.remove(id, "erased")
    assert box.changes == 6


def test_only_a_trusted_clock_makes_events(box: Box) -> None:
    box.deliver()
    right = box.clock.now()
    assert box.inbox.last_event() == right
    box.clock.state = Trust.NOT_SYNCHRONISED
    box.clock.advance(1e9)
    row = box.deliver()
    assert not row.clock_trusted
    assert box.inbox.last_event() == right
    box.restart()
    assert box.inbox.last_event() == right


def test_a_comparison_names_what_is_missing_changed_or_foreign(box: Box) -> None:
    gone, changed, whole = box.deliver(), box.deliver(), box.deliver()
    vault = box.folder / "vault"
    (vault / f"{gone.stamp.id}.age").unlink()
    with (vault / f"{changed.stamp.id}.age").open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)[0]
        file.seek(-1, 2)
        file.write(bytes([last ^ 1]))
    (vault / "holiday.jpg").write_bytes(b"not ours")
    assert set(box.amiss()) == {
        f"vault/{gone.stamp.id}.age {Trouble.MISSING}.",
        f"vault/{changed.stamp.id}.age {Trouble.CHANGED}.",
        f"vault/holiday.jpg {Trouble.FOREIGN}.",
    }
    (box.folder / "epochs" / f"{whole.epoch}.age").unlink()
    assert f"epochs/{whole.epoch}.age {Trouble.NO_KEY}." in box.amiss()
    box.restart()
    assert (vault / "holiday.jpg").exists()


def test_a_comparison_takes_no_message_on_its_way_for_a_foreign_one(box: Box) -> None:
    delivery = box.begin()
    delivery.append(second(0))
    (box.folder / "vault" / f"{delivery.id}.age").write_bytes(b"renamed, and its row not yet committed")
    assert box.amiss() == []


def test_the_group_may_read_and_others_nothing(box: Box) -> None:
    box.deliver()
    box.begin()
    for file in box.folder.rglob("*"):
        if file.is_relative_to(box.folder / "keys"):
            continue
        assert file.stat().st_mode & 0o777 == (0o750 if file.is_dir() else 0o640), file
