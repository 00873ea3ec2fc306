"""Disks that fail and disks that are full: real errors from the kernel, and what is promised about them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from appliance.errors import BadStorageError, NoRoomError
from appliance.store.disk import Disk
from tests.store.boxes import CALLER, SECOND, WAV_HEAD, Box, box_in, second, sound
from tests.store.promises import ROOT

STUBBORN = """
import os, sys
from pathlib import Path
from appliance.clock import SystemClock
from appliance.errors import BadStorageError
from appliance.messages import Kind
from appliance.store.inbox import Inbox, RingSet
from tests.store.boxes import CALLER, MAILBOX, second

folder = Path(sys.argv[1])
inbox = Inbox(folder, RingSet(2, 12), SystemClock(folder / "keys" / "practice.pub"))
delivery, id = None, "0" * 32

def begin():
    global delivery
    delivery = inbox.begin(Kind.VOICEMAIL, MAILBOX, CALLER)

def finish():
    global id
    id = delivery.finish(CALLER).stamp.id

def attempt(step):
    was_good = inbox.storage_good
    try:
        step()
    except BadStorageError:
        print("bad", inbox.storage_good, flush=True)
    except (AttributeError, ValueError):
        print("never begun" if not was_good else "?", inbox.storage_good, flush=True)
    else:
        print("good", inbox.storage_good, flush=True)

for step in (inbox.start, begin, lambda: delivery.append(second(0)), lambda: delivery.append(second(1)), finish,
             lambda: inbox.mark_heard(id, True), lambda: inbox.erase(id, 30), begin, lambda: delivery.append(second(0)),
             lambda: inbox.remove(id, "erased"), lambda: delivery.append(second(1)), lambda: delivery.abandon(), begin):
    attempt(step)
print("end", flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("call", ["fsync", "fdatasync"])
def test_a_flush_that_failed_is_never_tried_again(tmp_path: Path, call: str) -> None:
    """One flush fails, whichever; the kernel would say yes to the next. Nothing is flushed any more, and nothing more is promised.

    One is left out: when its log gets its name, SQLite flushes the folder and asks for no answer.
    """
    new = tmp_path / "new"
    with box_in(new):
        pass
    for number in count(1):
        store, trace = tmp_path / str(number), tmp_path / f"{number}.trace"
        shutil.copytree(new, store)
        inject = f"inject={call}:error=EIO:when={number}"
        fault = ("strace", "-f", "-y", "-o", trace, "-e", "trace=fsync,fdatasync", "-e", inject)
        stubborn = (*fault, sys.executable, "-c", STUBBORN, store)
        run = subprocess.run(stubborn, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True)
        *steps, end = run.stdout.splitlines()
        assert end == "end"
        before, failed, after = trace.read_text().partition("(INJECTED)")
        if not failed:
            break
        if call == "fdatasync" and f"<{store}>" in before.splitlines()[-1]:
            continue
        assert "sync(" not in after, "a flush after the failed one"
        good = steps.index("bad False")
        assert set(steps[: max(0, good - 1)]) <= {"good True"}
        assert set(steps[max(0, good - 1) : good]) <= {
            "good True",
            "good False",
        }  # kept, and only its ring could not let go
        assert set(steps[good:]) <= {"bad False", "never begun False"}
        shutil.rmtree(store)
    assert set(steps) == {"good True"}
    assert number > 5


def test_bad_storage_still_lists_what_is_there_and_takes_nothing(box: Box) -> None:
    row = box.deliver()
    delivery = box.begin()
    box.inbox._disk.failed(OSError("as if"))
    assert not box.inbox.storage_good
    assert box.inbox.list() == (row,)
    assert box.content(row)[WAV_HEAD:] == b"".join(sound(2))
    for step in (
        box.begin,
        lambda: delivery.append(second(0)),
        lambda: delivery.finish(CALLER),
        lambda: box.inbox.mark_heard(row.stamp.id, True),
        lambda: box.inbox.erase(row.stamp.id, 30),
        lambda: box.inbox.remove(row.stamp.id, "erased"),
    ):
        with pytest.raises(BadStorageError):
            step()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for six megabytes."""
    if os.getuid() != 0:
        pytest.skip("only root mounts disks")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder), check=True)
    yield folder
    subprocess.run(("umount", "--lazy", folder), check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """A file that takes all room but `leave` octets."""
    filler = folder / "filler"
    free = os.statvfs(folder)
    with filler.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - leave)))
    return filler


def test_without_room_for_the_longest_message_none_begins(small_disk: Path) -> None:
    box = Box(small_disk / "store")
    row = box.deliver()
    filler = fill(small_disk, leave=1 << 20)
    with pytest.raises(NoRoomError):
        box.begin()
    assert box.inbox.storage_good
    filler.unlink()
    assert box.deliver().stamp.sequence == row.stamp.sequence + 1
    box.inbox.close()


def test_each_message_on_its_way_has_room_kept_for_it(small_disk: Path) -> None:
    box = Box(small_disk / "store", rings=4)
    ring = 16 * 16384  # of 12 parts
    fill(small_disk, leave=(1 << 20) + 2 * ring + 65_536)
    deliveries = [box.begin(), box.begin()]
    with pytest.raises(NoRoomError):
        box.begin()
    for delivery in deliveries:
        for part in sound(13):
            delivery.append(part)
        assert delivery.finish(CALLER).duration == 13.0
    box.inbox.close()


def test_a_disk_filled_by_somebody_else_in_the_middle_loses_nothing(small_disk: Path) -> None:
    """The ring was written before; only the sealed file finds no room. The message is there as soon as there is room again."""
    box = Box(small_disk / "store")
    delivery = box.begin()
    filler = fill(small_disk)
    for part in sound(3):
        delivery.append(part)
    with pytest.raises(NoRoomError):
        delivery.finish(CALLER)
    assert box.inbox.storage_good
    assert box.vault() == []
    filler.unlink()
    assert box.deliver(1, seed=5).duration == 1.0, "the other ring still works"
    assert box.content(box.inbox.list()[-1])[WAV_HEAD:] == b"".join(sound(3))
    assert box.changes == 2
    deliveries = [box.begin(), box.begin()]
    assert len({delivery.arrival.ring.file for delivery in deliveries}) == 2, "both rings are used again"
    assert box.restart() == 0
    assert len(box.inbox.list()) == 2
    box.inbox.close()


def test_what_found_no_room_is_there_once_something_was_erased(small_disk: Path) -> None:
    box = Box(small_disk / "store")
    long = box.deliver(11)
    more = [box.deliver(11) for _ in range(10)]
    delivery = box.begin()
    delivery.append(second(1))
    fill(small_disk)
    with pytest.raises(NoRoomError):
        delivery.finish(CALLER)
    with pytest.raises(NoRoomError):
        box.begin()
    for row in (long, *more):
        box.inbox.remove(row.stamp.id, "erased")
    [found] = box.inbox.list()
    assert box.content(found)[WAV_HEAD:] == second(1)
    box.inbox.close()


def test_a_message_without_room_for_its_row_is_not_lost_and_comes_once(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box(small_disk / "store")
    delivery = box.begin()
    delivery.append(second(1))
    with monkeypatch.context() as full:
        full.setattr(box.inbox._index, "add", refuse_for_want_of_room)
        with pytest.raises(NoRoomError):
            delivery.finish(CALLER)
    assert len(box.vault()) == 1
    box.begin().abandon()
    [found] = box.inbox.list()
    assert not found.recovered
    assert box.content(found)[WAV_HEAD:] == second(1)
    assert box.restart() == 0
    assert len(box.inbox.list()) == 1
    box.inbox.close()


def refuse_for_want_of_room(*_: object) -> None:
    raise NoRoomError


def test_a_box_that_starts_without_room_lists_and_erases(small_disk: Path) -> None:
    box = Box(small_disk / "store")
    row = box.deliver(10)
    box.inbox.close()
    (box.folder / "journal" / "0.ring").unlink()
    (box.folder / "journal" / "1.ring").unlink()
    filler = fill(small_disk, leave=1 << 18)
    box.restart()
    with pytest.raises(NoRoomError):
        box.begin()
    box.inbox.remove(row.stamp.id, "erased")
    filler.unlink()
    assert box.deliver().duration == 2.0
    box.inbox.close()


def test_an_error_of_ours_is_no_bad_storage(tmp_path: Path) -> None:
    disk = Disk()
    with pytest.raises(Exception, match="Check its folder's owner"):
        disk.replace(tmp_path / "nowhere" / "file", b"")
    assert disk.good


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "file"
    disk = Disk()
    disk.replace(file, b"one")
    disk.replace(file, b"two" * SECOND)
    assert file.read_bytes() == b"two" * SECOND
    assert os.listdir(tmp_path) == ["file"]
