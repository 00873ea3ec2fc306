"""Rows made by hand, and an inbox of them with what the sweep needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.clock import Clock
from appliance.errors import MessageChangedError, MessageNotFoundError, StoreError
from appliance.messages import Kind, Row, Stamp, State


def row(sequence: int = 1, arrived_at: float = 0.0, **changes: Any) -> Row:
    """A new voicemail that arrived on a trusted clock, or what `changes` make of it."""
    stamp = Stamp(f"{sequence:032x}", Kind.VOICEMAIL, "front-desk", arrived_at, sequence)
    plain = Row(
        stamp=stamp,
        clock_trusted=True,
        state=State.NEW,
        epoch="000001-00000000",
        content_bytes=16_044,
        sealed_bytes=16_500,
        sha256="0" * 64,
        duration=1.0,
        pages=0,
        recovered=False,
    )
    return replace(plain, **changes)


@dataclass
class FakeRows:
    """Rows that the sweep can warn of, date and remove; `stuck` ones cannot be removed."""

    clock: Clock
    rows: dict[str, Row] = field(default_factory=dict)
    removed: list[tuple[str, str]] = field(default_factory=list)
    stuck: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)  # whose rows no line of a record bears out
    meanwhile: Callable[[], object] = lambda: None  # what happens between deciding and removing

    def put(self, *rows: Row) -> None:
        self.rows.update({row.stamp.id: row for row in rows})

    def list(self) -> tuple[Row, ...]:
        return tuple(sorted(self.rows.values(), key=lambda row: row.stamp.sequence, reverse=True))

    def warn(self, ids: Sequence[str]) -> None:
        self.put(*(replace(self.rows[id], warned_at=self.clock.now()) for id in ids))

    def mark_heard(self, id: str, heard: bool) -> None:
        self.put(replace(self.rows[id], state=State.HEARD, heard_at=self.clock.now(), heard_trusted=True))

    def borne_out(self, rows: Sequence[Row]) -> frozenset[str]:
        return frozenset(row.stamp.id for row in rows) - self.unknown

    def remove(self, id: str, reason: str, as_seen: Row) -> None:
        self.meanwhile()
        if id in self.stuck:
            raise StoreError
        if id not in self.rows:
            raise MessageNotFoundError
        if self.rows[id] != as_seen:
            raise MessageChangedError
        del self.rows[id]
        self.removed.append((id, reason))

    def last_event(self) -> float:
        return max((row.stamp.arrived_at for row in self.rows.values() if row.clock_trusted), default=0.0)
