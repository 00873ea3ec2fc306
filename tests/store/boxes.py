"""A sealed store in a folder, with a practice whose key the test holds, and sound that says where it belongs."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from appliance.access import audit, practice
from appliance.access.record import Record
from appliance.deeds import Act, Deed
from appliance.fax import tiff
from appliance.messages import Envelope, Kind, Row
from appliance.notes import Note, NoteStamp
from appliance.store.delivery import Delivery
from appliance.store.inbox import Inbox, RingSet
from appliance.store.keys import Identity
from appliance.store.reader import OpenMessage, Reader
from appliance.store.values import Receipt
from tests.fakes.clock import FakeClock

SECOND = 16_000  # octets of sound
WAV_HEAD = 44
CALLER = Envelope(caller_number="5550100777", caller_name="Jane Canary")
MAILBOX = "front-desk"


@dataclass
class Box:
    """What a test needs of one box. `restart` is a power cut without the cut: nothing is ended in good order."""

    folder: Path
    practice: Identity = field(default_factory=Identity.generate)
    clock: FakeClock = field(default_factory=FakeClock)
    rings: int = 2
    ring_slots: int = 12
    changes: int = 0
    recovered: int = 0

    def __post_init__(self) -> None:
        (self.folder / "keys").mkdir(parents=True)
        (self.folder / "keys" / "practice.pub").write_text(f"{self.practice.recipient}\n", encoding="ascii")
        (self.folder / practice.PROOF).write_text(
            f"{practice.digest_of(practice.proof_of(self.practice))}\n", encoding="ascii"
        )
        self.reader = Reader(self.folder)
        self.inbox = self._start()

    def restart(self) -> int:
        self.inbox.close()
        self.record.close()
        self.inbox = self._start()
        return self.recovered

    def begin(self, kind: Kind = Kind.VOICEMAIL, envelope: Envelope = CALLER) -> Delivery:
        return self.inbox.begin(kind, MAILBOX, envelope)

    def deliver(self, seconds: int = 2, seed: int = 0) -> Row:
        delivery = self.begin()
        for part in sound(seconds, seed):
            delivery.append(part)
        return delivery.finish(CALLER)

    def open(self, row: Row) -> OpenMessage:
        return self.reader.open(row, self.practice)

    def content(self, row: Row) -> bytes:
        with self.open(row) as message:
            return message.read(0, message.size)

    def mark(self, row: Row, heard: bool = True) -> None:
        """Somebody has heard it, or wants it to be new: as the daemon does it, a line first."""
        with self.record.doing(Deed(Act.MARKED, "ana", row.stamp.id, {"as": "heard" if heard else "new"})):
            self.inbox.mark_heard(row.stamp.id, heard)

    def erase(self, row: Row, undo: float = 30.0) -> None:
        """Somebody erases it."""
        with self.record.doing(Deed(Act.ERASED, "ana", row.stamp.id)):
            self.inbox.erase(row.stamp.id, undo)

    def undo_erase(self, row: Row) -> None:
        """Somebody has it back."""
        with self.record.doing(Deed(Act.UNERASED, "ana", row.stamp.id)):
            self.inbox.undo_erase(row.stamp.id)

    def hold(self, row: Row, held: bool = True) -> None:
        """Somebody puts it on hold, or lifts that."""
        with self.record.doing(Deed(Act.HELD if held else Act.RELEASED, "ana", row.stamp.id)):
            self.inbox.hold(row.stamp.id, held)

    def note(self, row: Row, text: str, by: str = "ana") -> Note:
        """Somebody writes a note."""
        present = self.reader.row(row.stamp.id)
        stamp = NoteStamp(row.stamp.id, present.notes + 1, by, self.clock.now())
        with self.reader.opening(self.practice) as opener:
            self.inbox.note(stamp, opener.seal_note(present, stamp, text))
        return self.notes(row)[-1]

    def notes(self, row: Row) -> tuple[Note, ...]:
        return self.reader.notes(self.reader.row(row.stamp.id))

    def read(self, row: Row) -> list[str]:
        """What stands under a message."""
        with self.reader.opening(self.practice) as opener:
            return [opener.open_note(row, note) for note in self.notes(row)]

    def amiss(self) -> list[str]:
        """What a comparison with the record finds, as `keepline store check` does it."""
        return [item.sentence for item in audit.compare(self.folder, self.record.head).found]

    def receipts(self) -> tuple[Receipt, ...]:
        """What is kept of messages that went, oldest first."""
        return self.inbox._index.receipts()

    def vault(self) -> list[str]:
        return sorted(file.name for file in (self.folder / "vault").iterdir())

    def epochs(self) -> list[str]:
        return sorted(file.stem for file in (self.folder / "epochs").iterdir())

    def next_day(self) -> None:
        self.clock.advance(86_400.0)

    def _start(self) -> Inbox:
        self.record = Record(self.folder, self.clock)
        self.record.open()
        rings = RingSet(self.rings, self.ring_slots)
        inbox = Inbox(self.folder, rings, self.clock, self._changed, witness=self.record)
        self.recovered = inbox.start()
        return inbox

    def _changed(self) -> None:
        self.changes += 1


@contextmanager
def box_in(folder: Path) -> Iterator[Box]:
    """A box that is ended with the block."""
    box = Box(folder)
    try:
        yield box
    finally:
        box.inbox.close()
        box.record.close()


def fax(pages: int, seed: int = 0, rows: int = 60) -> list[bytes]:
    """A fax of that many pages as it grows: a piece of the file for each."""
    growing = tiff.Growing()
    return [growing.add(tiff.encode(fax_page(number, seed, rows))) for number in range(pages)]


def fax_page(number: int, seed: int = 0, rows: int = 60) -> tiff.Page:
    """A page full of dots that nothing else has."""
    dots = random.Random(f"{seed} {number}")
    return tiff.Page([dots.randbytes(216) for _ in range(rows)], 1728, 204, 196)


def second(number: int, seed: int = 0) -> bytes:
    """A second of sound that names itself in every few samples."""
    return struct.pack("<HHH", 0x5A5A, seed & 0xFFFF, number & 0xFFFF) * (SECOND // 6) + bytes(SECOND % 6)


def sound(seconds: int, seed: int = 0) -> list[bytes]:
    """That many seconds."""
    return [second(number, seed) for number in range(seconds)]
