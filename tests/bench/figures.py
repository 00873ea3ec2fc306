"""What a bench found out: one `Figure` a line of the table, ours beside the peer's from the same run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured: medians, in `unit`."""

    name: str  # "seal 64 MiB, file to file"
    ours: float
    peer: float | None  # the same thing done by somebody else's program, None when there is no such program
    unit: str  # "MB/s"
    goal: str  # in words: "at least 1.0 times the peer"
    better: Literal["higher", "lower"]

    @property
    def ratio(self) -> float | None:
        """How many times as good as the peer we are, whichever way better lies."""
        if not self.peer or not self.ours:
            return None
        return self.ours / self.peer if self.better == "higher" else self.peer / self.ours

    def __str__(self) -> str:
        peer = "" if self.peer is None else f"   peer {self.peer:,.1f} {self.unit}"
        ratio = "" if self.ratio is None else f"   ratio {self.ratio:.2f}"
        return f"{self.name}: {self.ours:,.1f} {self.unit}{peer}{ratio}   goal: {self.goal}"
