"""Reading: only with the practice's key, only what the row promises, and only as much as is asked for."""

from __future__ import annotations

import io
import shutil
import wave
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import DamagedMessageError, MessageNotFoundError, SealKeyError, StoreError
from appliance.messages import Envelope, Kind, Row
from appliance.store import reader
from appliance.store.epochs import open_epoch
from appliance.store.keys import Identity
from appliance.store.reader import RECOVERED, Reader
from appliance.store.slots import SLOT
from tests.store.boxes import CALLER, SECOND, WAV_HEAD, Box, second, sound


@pytest.fixture(params=["whole", "recovered"])
def row(request: pytest.FixtureRequest, box: Box) -> Row:
    """A message of five seconds, as one sealed file or as a ring."""
    if request.param == "whole":
        return box.deliver(5)
    delivery = box.begin()
    for part in sound(5):
        delivery.append(part)
    box.restart()
    return box.inbox.list()[0]


def test_a_voicemail_is_a_wav_file_of_exactly_what_came(box: Box, row: Row) -> None:
    with box.open(row) as message:
        assert message.media_type == "audio/wav"
        assert message.size == row.content_bytes
        content = message.read(0, message.size)
    with wave.open(io.BytesIO(content)) as sound_file:
        assert sound_file.getparams()[:4] == (1, 2, 8000, 5 * SECOND // 2)
        assert sound_file.readframes(-1) == b"".join(sound(5))


def test_a_fax_is_the_file_that_came(box: Box) -> None:
    delivery = box.begin(Kind.FAX)
    delivery.append(b"II*\0 page")
    row = delivery.finish(Envelope(pages=1, notes=("3 damaged lines",)))
    with box.open(row) as message:
        assert message.media_type == "image/tiff"
        assert message.header.envelope == Envelope(pages=1, notes=("3 damaged lines",))
        assert message.read(0, 100) == b"II*\0 page"


def test_the_envelope_says_who_called(box: Box, row: Row) -> None:
    with box.open(row) as message:
        assert message.header.stamp == row.stamp
        envelope = message.header.envelope
    assert (envelope.caller_number, envelope.caller_name, envelope.duration) == ("5550100777", "Jane Canary", 5.0)
    assert envelope.notes == ((RECOVERED,) if row.recovered else ())


def test_any_range_reads_as_the_whole_does(box: Box, row: Row) -> None:
    with box.open(row) as message:
        whole = message.read(0, message.size)
        edges = [0, 1, WAV_HEAD - 1, WAV_HEAD, WAV_HEAD + SECOND - 1, WAV_HEAD + SECOND, 65_536, message.size - 1]
        for start in [*edges, message.size, message.size + 5]:
            for length in (0, 1, 2, SECOND, 70_000, message.size * 2):
                assert message.read(start, length) == whole[start : start + length], (start, length)


def test_nothing_is_read_before_the_start_or_after_closing(box: Box, row: Row) -> None:
    message = box.open(row)
    with pytest.raises(ValueError, match="before the start"):
        message.read(-1, 1)
    message.close()
    message.close()
    with pytest.raises((DamagedMessageError, ValueError)):
        message.read(WAV_HEAD, 1)


def test_another_practices_key_opens_nothing(box: Box, row: Row) -> None:
    with pytest.raises(SealKeyError):
        box.reader.open(row, Identity.generate())


def test_a_row_that_was_changed_is_found_out(box: Box, row: Row) -> None:
    for stamp in (
        replace(row.stamp, mailbox="billing"),
        replace(row.stamp, arrived_at=1.0),
        replace(row.stamp, sequence=99),
        replace(row.stamp, kind=Kind.FAX),
    ):
        with pytest.raises(DamagedMessageError):
            box.open(replace(row, stamp=stamp))


def test_an_exchanged_file_is_found_out(box: Box, row: Row) -> None:
    """Both are sealed to the same epoch, so only the stamp inside tells."""
    other = box.deliver(5, seed=2)
    suffix = "ring" if row.recovered else "age"
    shutil.copy(box.folder / "vault" / f"{other.stamp.id}.age", box.folder / "vault" / f"{row.stamp.id}.{suffix}")
    with pytest.raises(DamagedMessageError):
        box.open(row)


def test_a_row_of_another_length_is_found_out(box: Box, row: Row) -> None:
    with pytest.raises(DamagedMessageError):
        box.open(replace(row, content_bytes=row.content_bytes - 2))


@pytest.mark.parametrize("place", [0.01, 0.3, 0.5, 0.9, 0.9999])
def test_a_damaged_file_is_found_out(box: Box, row: Row, place: float) -> None:
    file = box.folder / "vault" / f"{row.stamp.id}.{'ring' if row.recovered else 'age'}"
    data = bytearray(file.read_bytes())
    at = int(len(data) * place)
    if row.recovered:
        at = at - at % SLOT + 200 if at > SLOT else 100  # within what a slot says
    data[at] ^= 1
    file.write_bytes(data)
    with pytest.raises(DamagedMessageError):
        box.content(row)


def test_a_missing_message_is_not_found(box: Box, row: Row) -> None:
    for file in (box.folder / "vault").iterdir():
        file.unlink()
    with pytest.raises(MessageNotFoundError):
        box.open(row)


def test_without_its_epoch_nobody_opens_a_message(box: Box, row: Row) -> None:
    (box.folder / "epochs" / f"{row.epoch}.age").unlink()
    with pytest.raises(DamagedMessageError, match="nobody can open it"):
        box.open(row)


def test_a_row_cannot_name_a_file_elsewhere(box: Box, row: Row) -> None:
    for id in ("../" * 3 + "etc/passwd", "", "A" * 32):
        with pytest.raises(DamagedMessageError):
            box.open(replace(row, stamp=replace(row.stamp, id=id)))
    with pytest.raises(DamagedMessageError):
        box.open(replace(row, epoch="../keys/practice"))


def test_the_reader_lists_what_the_inbox_lists(box: Box) -> None:
    rows = [box.deliver(1) for _ in range(3)]
    assert box.reader.list() == box.inbox.list() == tuple(reversed(rows))
    assert box.reader.row(rows[1].stamp.id) == rows[1]
    with pytest.raises(MessageNotFoundError):
        box.reader.row("0" * 32)


def test_the_version_changes_when_the_list_does(box: Box) -> None:
    seen = [box.reader.version()]
    id = box.deliver().stamp.id
    for change in (
        lambda: None,
        lambda: box.inbox.mark_heard(id, True),
        lambda: box.inbox.erase(id, 30),
        lambda: box.inbox.undo_erase(id),
        lambda: box.inbox.warn([id]),
        lambda: box.inbox.remove(id, "erased"),
    ):
        change()
        assert box.reader.version() == box.reader.version()
        seen.append(box.reader.version())
    assert len(set(seen)) == len(seen)


def test_before_the_daemon_ever_ran_there_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Start the daemon"):
        Reader(tmp_path).list()


def test_a_message_can_be_read_while_it_is_removed(box: Box, row: Row) -> None:
    with box.open(row) as message:
        box.inbox.remove(row.stamp.id, "erased")
        assert message.read(WAV_HEAD, SECOND) == second(0)
    assert CALLER.caller_name not in repr(message)


def noting(monkeypatch: pytest.MonkeyPatch) -> list[Identity]:
    """Each day's key that is opened from now on."""
    opened: list[Identity] = []

    def noted(*given: Any) -> Identity:
        opened.append(open_epoch(*given))
        return opened[-1]

    monkeypatch.setattr(reader, "open_epoch", noted)
    return opened


def test_a_pass_over_many_messages_opens_each_days_key_once_and_wipes_it_at_its_end(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [box.deliver(1, seed) for seed in range(3)]
    box.next_day()
    rows += [box.deliver(1, seed) for seed in range(3, 6)]
    opened = noting(monkeypatch)
    with box.reader.opening(box.practice) as opener:
        messages = [opener.open(row) for row in rows]
        assert len(opened) == 2
    for key in opened:
        with pytest.raises(SealKeyError):
            key.to_bytes()
    for seed, message in enumerate(messages):
        with message:
            assert message.read(WAV_HEAD, SECOND) == second(0, seed)


def test_a_pass_that_fails_wipes_the_keys_as_well(box: Box, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = noting(monkeypatch)
    with pytest.raises(DamagedMessageError):
        box.open(replace(row, stamp=replace(row.stamp, sequence=99)))
    with pytest.raises(SealKeyError):
        opened[0].to_bytes()
