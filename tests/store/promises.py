"""What a writer process promised before it was stopped, held against what the next start finds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from appliance.access import audit
from appliance.access.practice import PROOF, digest_of, proof_of
from appliance.access.standing import WrongState
from appliance.store.keys import Identity
from appliance.store.reader import RECOVERED, Reader
from tests.store.boxes import WAV_HEAD, second
from tests.store.writer_process import at_work

ROOT = Path(__file__).parents[2]


def command(folder: Path, what: str) -> tuple[str, ...]:
    """Starts a writer process; run it in `ROOT`."""
    return (sys.executable, "-m", "tests.store.writer_process", str(folder), what)


def new_store(folder: Path) -> Identity:
    """A store that belongs to a practice."""
    practice = Identity.generate()
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "practice.pub").write_text(f"{practice.recipient}\n", encoding="ascii")
    (folder / PROOF).write_text(f"{digest_of(proof_of(practice))}\n", encoding="ascii")
    return practice


@dataclass
class Promises:
    """Everything that writer processes on one store have said."""

    seeds: dict[str, int] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)  # seconds that the line had delivered
    safe: dict[str, int] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    marking: set[str] = field(default_factory=set)
    abandoning: set[str] = field(default_factory=set)
    abandoned: set[str] = field(default_factory=set)
    removing: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def hear(self, lines: Sequence[str]) -> None:
        for line in lines:
            match line.split():
                case ["begun", id, seed]:
                    self.seeds[id] = int(seed)
                case ["taken", id, parts]:
                    self.taken[id] = int(parts)
                case ["safe", id, parts]:
                    self.safe[id] = int(parts)
                case ["kept" | "marking" | "abandoning" | "abandoned" | "removing" | "removed" as fate, id]:
                    getattr(self, fate).add(id)
                case _:
                    assert line.startswith("recovered"), line

    def hold(self, folder: Path, practice: Identity) -> int:
        """Starts an inbox as the next daemon would, asserts that every promise was kept, and says how many messages came back."""
        with at_work(folder) as (inbox, record):
            count = inbox.start()
            rows = {row.stamp.id: row for row in inbox.list()}
            receipts = [receipt.message_id for receipt in inbox._index.receipts()]
            found = audit.compare(folder, record.head).found
            # stopped between the line and what it tells of, a deed is named, for a person to do it or take it back
            assert all(
                one.place.removeprefix("Message ") in self.marking and isinstance(one.words, WrongState)
                for one in found
            ), found
        sequences = [row.stamp.sequence for row in rows.values()]
        assert len(set(sequences)) == len(sequences)
        for id in self.seeds:
            if id in self.removed or (id in self.removing and id not in rows):
                assert id not in rows
                assert receipts.count(id) == 1
            elif id in self.abandoned:
                assert id not in rows
            elif id not in self.abandoning and (self.safe.get(id, 0) or id in self.kept):
                assert id in rows, "a message is lost"
        reader = Reader(folder)
        for id, row in rows.items():
            with reader.open(row, practice) as message:
                sound = message.read(WAV_HEAD, message.size)
                assert (RECOVERED in message.header.envelope.notes) == row.recovered
            parts = len(sound) // 16_000
            if id in self.seeds:  # else it was stopped before it could say so
                assert sound == b"".join(second(number, self.seeds[id]) for number in range(parts))
                assert self.safe.get(id, 0) <= parts <= self.taken.get(id, 0)
                assert self.taken[id] - parts <= 1
                assert row.recovered is False or id not in self.kept
        return count
