"""After a power cut: what the rings and the vault hold becomes messages again, each once.

A ring in use is a message that never got its row. Either its sealed file has its name already: then only the row is missing, and the ring says what stands in
it. Or it has not: then the ring itself becomes the message. A ring whose message has a row, or had one and was removed, is only let go.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from appliance import logs
from appliance.errors import BadStorageError, StoreError
from appliance.messages import Row, State
from appliance.store import journal, media, slots, vault
from appliance.store.disk import Disk
from appliance.store.index.writer import Index
from appliance.store.slots import SLOT, Recording
from appliance.store.vault import Kept, Vault

log = logs.get(__name__)


class Recovery:
    """One pass at the start, before anything else writes."""

    def __init__(self, folder: Path, index: Index, vault: Vault, disk: Disk, add: Callable[[Row], None]) -> None:
        """`add` puts a message that came back on record and into the index."""
        self._folder = folder
        self._index = index
        self._vault = vault
        self._disk = disk
        self._keep = add
        self._known = {row.stamp.id for row in index.list()} | {receipt.message_id for receipt in index.receipts()}
        self.stuck: set[Path] = set()  # rings that hold a message that could not be taken up; they are left alone

    def run(self) -> int:
        """How many messages came back. Raises `BadStorageError`; whatever else goes wrong with one ring leaves it for the next start."""
        for folder in ("vault", "journal", "epochs", "notes"):
            for leftover in (self._folder / folder).glob(".*.tmp"):
                self._disk.unlink(leftover)
        count = sum(self._attempt(self._adopt_ring, file) for file in sorted(self._vault.folder.glob("*.ring")))
        return count + sum(self._attempt(self._take_up, file) for file in journal.rings(self._folder))

    def take_up(self, file: Path) -> bool:
        """The message in one ring that nobody writes to any more: did it come back?"""
        return self._attempt(self._take_up, file)

    def _attempt(self, step: Callable[[Path], bool], file: Path) -> bool:
        try:
            with self._disk.writing():  # reading may be what shows that the disk fails
                return step(file)
        except BadStorageError:
            raise
        except StoreError as error:
            log.error("store.not_recovered file=%s reason=%s", file.name, type(error).__name__)
            self.stuck.add(file)
            return False

    def _adopt_ring(self, file: Path) -> bool:
        """A ring in the vault: the power went between its new name and its row."""
        if file.stem in self._known:
            return False
        recording = _read(file)
        if recording is None or recording.opening.stamp.id != file.stem:
            return False  # somebody else's: `keepline store check` tells
        self._add(recording, vault.measure(file), recovered=True)
        return True

    def _take_up(self, file: Path) -> bool:
        """A ring in the journal."""
        recording = _read(file)
        if recording is None:
            return False
        stamp = recording.opening.stamp
        self._index.remember_sequence(stamp.sequence)
        came_back = stamp.id not in self._known and self._bring_back(file, recording)
        if file.exists():
            journal.release(file, stamp.sequence, self._disk)
        return came_back

    def _bring_back(self, file: Path, recording: Recording) -> bool:
        id = recording.opening.stamp.id
        sealed = vault.file_of(self._folder, id, recovered=False)
        if sealed.exists():  # it has its name, but perhaps only in memory
            self._disk.flush_folder(sealed.parent)
            self._add(recording, vault.measure(sealed), recovered=False)
            return True
        if not recording.parts:
            return False
        self._add(recording, self._vault.take_ring(file, id, recording.slots * SLOT), recovered=True)
        return True

    def _add(self, recording: Recording, kept: Kept, recovered: bool) -> None:
        opening, closing = recording.opening, recording.closing
        kind, size = opening.stamp.kind, recording.parts_bytes
        head = media.head(kind, size, recording.lacks_start)
        row = Row(
            stamp=opening.stamp,
            clock_trusted=opening.clock_trusted,
            state=State.NEW,
            epoch=opening.epoch,
            content_bytes=closing.content_bytes if closing and not recovered else len(head) + size,
            sealed_bytes=kept.sealed_bytes,
            sha256=kept.sha256,
            duration=closing.duration if closing and not recovered else media.duration(kind, size),
            pages=closing.pages if closing and not recovered else len(recording.pages),
            recovered=recovered,
        )
        self._keep(row)
        self._known.add(row.stamp.id)
        log.warning(
            "store.recovered kind=%s whole=%s seconds=%.0f pages=%d", kind, not recovered, row.duration, row.pages
        )


def _read(file: Path) -> Recording | None:
    with file.open("rb") as ring:
        return slots.read_recording(ring)
