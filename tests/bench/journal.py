"""Bytes written to disk for each byte of sound, beside two other ways of keeping a recording safe each second.

Each way records at the speed of speech, all at once, on a disk of its own: ext4 on a loop device, whose counter says what reached it, file system included.
Without root there is no such disk; then the kernel's count for each thread (`/proc/thread-self/io`) is taken, which leaves the file system's own writing out.
All three seal each second alike and end with the same sealed file, row and folder flush.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from appliance.clock import SystemClock
from appliance.messages import Envelope, Kind
from appliance.store.age_file import seal
from appliance.store.disk import Disk
from appliance.store.inbox import Inbox, RingSet
from appliance.store.keys import Identity, Recipient
from appliance.store.vault import Vault
from tests.bench.figures import Figure
from tests.store.loop_disk import LoopDisk, loop_disk, why_not

SECONDS: Final = 30  # of one message; messages left on a machine are seldom longer
MESSAGES: Final = 2
_SECOND: Final = 16_000  # octets of a second of sound
_SECTOR: Final = 512
_GOAL: Final = "under 2.4"


@dataclass(frozen=True, slots=True)
class Written:
    """Octets that reached the disk for each octet of sound."""

    recording: float
    whole: float


def measure(seconds: int = SECONDS, messages: int = MESSAGES) -> list[Figure]:
    """Takes as long as the messages are."""
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as name, ThreadPoolExecutor() as threads:
        runs = {way: threads.submit(_run, Path(name) / way.__name__, way, seconds, messages) for way in WAYS}
        ours, appended, rows = (runs[way].result() for way in WAYS)
    how = "on the device" if not why_not() else "by the process"
    each = f"bytes written {how} for one of sound"
    return [
        Figure(f"{each}, whole message (peer: append and flush)", ours.whole, appended.whole, "bytes", _GOAL, "lower"),
        Figure(f"{each}, whole message (peer: SQLite rows)", ours.whole, rows.whole, "bytes", _GOAL, "lower"),
        Figure(
            f"{each}, until hang-up (peer: append)", ours.recording, appended.recording, "bytes", "under 1.3", "lower"
        ),
        Figure(f"{each}, until hang-up (peer: SQLite)", ours.recording, rows.recording, "bytes", "under 1.3", "lower"),
    ]


class Ring:
    """Ours."""

    def __init__(self, folder: Path, seconds: int) -> None:
        with Identity.generate() as practice:
            (folder / "keys").mkdir()
            (folder / "keys" / "practice.pub").write_text(str(practice.recipient), encoding="ascii")
        self._inbox = Inbox(folder, RingSet(1, seconds), SystemClock(folder / "keys" / "practice.pub"))
        self._inbox.start()
        self._inbox.begin(Kind.VOICEMAIL, "bench", Envelope()).finish(Envelope())  # the first of a day makes its epoch

    def begin(self) -> None:
        self._delivery = self._inbox.begin(Kind.VOICEMAIL, "bench", Envelope())

    def record(self, part: bytes) -> None:
        self._delivery.append(part)

    def finish(self) -> None:
        self._delivery.finish(Envelope())

    def close(self) -> None:
        self._inbox.close()


class _Peer:
    """What both peers do at the end: the same sealed file, and a row."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self._folder = folder
        with Identity.generate() as key:
            self.recipient: Recipient = key.recipient
        (folder / "vault").mkdir()
        self._vault = Vault(folder, Disk())
        self.rows = sqlite3.connect(folder / "rows.sqlite", isolation_level=None, check_same_thread=False)
        self.rows.execute("PRAGMA journal_mode=WAL").fetchall()
        self.rows.execute("PRAGMA synchronous=FULL")
        self.rows.execute("CREATE TABLE messages (id TEXT PRIMARY KEY, bytes INT)")
        self.rows.execute("CREATE TABLE parts (id TEXT, number INT, part BLOB)")
        self._number = 0

    def begin(self) -> None:
        self._number += 1
        self.id = f"{self._number:032x}"
        self._parts: list[bytes] = []

    def record(self, part: bytes) -> None:
        self._parts.append(part)
        self.keep(seal(part, [self.recipient]))

    def keep(self, sealed: bytes) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        kept = self._vault.keep(self.id, self.recipient, self._parts)
        self.rows.execute("INSERT INTO messages VALUES (?, ?)", (self.id, kept.sealed_bytes))

    def close(self) -> None:
        self.rows.close()


class Appending(_Peer):
    """A file that grows and is flushed each second."""

    def keep(self, sealed: bytes) -> None:
        with (self._folder / self.id).open("ab") as file:
            file.write(sealed)
            file.flush()
            os.fdatasync(file.fileno())

    def finish(self) -> None:
        super().finish()
        (self._folder / self.id).unlink()


class Rows(_Peer):
    """A row for each second, committed with a flush."""

    def keep(self, sealed: bytes) -> None:
        self.rows.execute("INSERT INTO parts VALUES (?, 0, ?)", (self.id, sealed))

    def finish(self) -> None:
        super().finish()
        self.rows.execute("DELETE FROM parts WHERE id = ?", (self.id,))


WAYS: Final = (Ring, Appending, Rows)


def _run(folder: Path, way: type[Ring | Appending | Rows], seconds: int, messages: int) -> Written:
    folder.mkdir()
    with _counted(folder) as (place, counter), closing(way(place, seconds)) as recorder:
        found = [_message(recorder, counter, seconds) for _ in range(messages)]
    return Written(median(one.recording for one in found), median(one.whole for one in found))


def _message(recorder: Ring | Appending | Rows, counter: Callable[[], int], seconds: int) -> Written:
    sound = seconds * _SECOND
    start = counter()
    recorder.begin()
    began = time.monotonic()
    for number in range(seconds):
        recorder.record(os.urandom(_SECOND))
        time.sleep(
            max(0.0, began + number + 1 - time.monotonic())
        )  # speech takes its time, and the file system does things meanwhile
    recorded = counter()
    recorder.finish()
    return Written((recorded - start) / sound, (counter() - start) / sound)


@contextmanager
def _counted(folder: Path) -> Iterator[tuple[Path, Callable[[], int]]]:
    """A folder, and how many octets were written there until now."""
    if why_not():
        yield folder, lambda: int(Path("/proc/thread-self/io").read_text().split("write_bytes: ")[1].split()[0])
        return
    with loop_disk(folder, 96) as disk:
        yield disk.folder, lambda: _sectors(disk) * _SECTOR


def _sectors(disk: LoopDisk) -> int:
    disk.flush()
    return disk.sectors_written()
