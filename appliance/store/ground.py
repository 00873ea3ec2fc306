"""What the inbox stands on: the parts of one store, the lock over them, and its clock. The inbox, what comes in and what goes share one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance.clock import Clock, Trust
from appliance.store.disk import Disk
from appliance.store.epochs import Epochs
from appliance.store.index.tables import FILE_NAME
from appliance.store.index.writer import Index
from appliance.store.vault import Vault
from appliance.store.witness import Witness

MARGIN: Final = 1 << 20  # octets kept free for the index and the epochs


@dataclass(frozen=True, slots=True)
class Coming:
    """A message on its way in."""

    epoch: str  # its name
    most: int  # octets it may become


@dataclass(slots=True)
class Ground:
    """The index and the epochs are used under `lock` only."""

    folder: Path
    clock: Clock
    witness: Witness
    on_change: Callable[[], None]
    disk: Disk = field(init=False)
    index: Index = field(init=False)
    vault: Vault = field(init=False)
    epochs: Epochs = field(init=False)
    arriving: dict[str, Coming] = field(init=False, default_factory=dict)  # deliveries that have not ended, by id
    last_event: float = field(init=False, default=0.0)  # the latest time that a trusted clock gave
    closed: bool = field(init=False, default=False)
    lock: threading.RLock = field(init=False, default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.disk = self.witness.disk
        self.index = Index(self.folder / FILE_NAME, self.disk, self.witness.anchor)
        self.vault = Vault(self.folder, self.disk)
        self.epochs = Epochs(self.folder, self.disk, self.witness)

    def now(self) -> tuple[float, float | None]:
        """The time, and the time again if it can be trusted; then it is the latest event."""
        now = self.clock.now()
        with self.lock:
            if self.clock.trust(self.last_event) is not Trust.TRUSTED:
                return now, None
            self.last_event = max(self.last_event, now)
            return now, now

    def room(self) -> int:
        """Octets that are free on the disk."""
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize
