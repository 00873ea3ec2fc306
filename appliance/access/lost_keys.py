"""What goes with a key that cannot be opened, for the person who decides whether to go on without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.store import exchange
from appliance.store.index.tables import FILE_NAME
from appliance.store.index.view import View


@dataclass(frozen=True, slots=True)
class LostKey:
    """One that is damaged."""

    name: str  # as its file is called, without the ending
    messages: int  # sealed to it, that lie here
    since: float | None  # s since 1970, when the first of them came; None without any

    @property
    def is_records(self) -> bool:
        """Is it the record's own key? It opens the names and numbers in the record so far."""
        return self.name == exchange.RECORD


def of(folder: Path, names: Sequence[str]) -> tuple[LostKey, ...]:
    """By the index below the store's `folder`. Raises `StoreError`."""
    arrived: dict[str, list[float]] = {name: [] for name in names}
    for row in View(folder / FILE_NAME).list():
        if row.epoch in arrived:
            arrived[row.epoch].append(row.stamp.arrived_at)
    return tuple(LostKey(name, len(times), min(times, default=None)) for name, times in arrived.items())
