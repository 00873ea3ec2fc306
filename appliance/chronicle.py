"""What the daemon notices of itself and puts on record: that it started, that a setting or the console's PIN is another one than last time, that the wall
clock stepped, that wrong claim codes came faster than each gets a line."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.access import practice, vouching
from appliance.access.attempts import MINUTE, Attempts
from appliance.access.chain import Head
from appliance.access.record import Record
from appliance.access.segments import FOLDER
from appliance.clock import Clock
from appliance.console import pin
from appliance.deeds import Act, Deed
from appliance.settings import Settings, current, describe
from appliance.store.inbox import Inbox

SEEN: Final = FOLDER / "settings.json"  # option -> SHA-256 of its value at the last start
PIN: Final = "console.pin"  # what the record calls the technician's PIN, which is no option and whose hash stands in a file of its own
STEP: Final = 2.0  # s between wall clock and uptime from one look to the next; NTP slews by 0.0005 s in one

log = logs.get(__name__)


@dataclass(slots=True)
class Chronicle:
    """Tells the record."""

    record: Record
    clock: Clock
    _pin: bytes | None = None  # its hash at the last look
    _ahead: float | None = None  # s, wall clock before uptime at the last look
    _told_at: float = -math.inf  # monotonic s, of the last sums of wrong claim codes

    def started(self, folder: Path, inbox: Inbox, torn: int) -> None:
        """The store is ready, and the record is compared with what the index remembers of it. A practice that was founded at the terminal before the
        daemon ever ran is told of at the first start."""
        is_first = not self.record.has(Act.STARTED, "")
        self.record.must_hold(Head(*inbox.remembered))
        detail = {"changes": str(inbox.changes())} | ({"torn": str(torn)} if torn else {}) | vouching.first_word(folder)
        self.record.write(Deed(Act.STARTED, detail=detail))
        if is_first and (folder / practice.PUBLIC).exists():
            public = (folder / practice.PUBLIC).read_text(encoding="ascii").strip()
            self.record.write(Deed(Act.CLAIMED, subject=public, detail={"how": "found"}))

    def stopped(self, inbox: Inbox) -> None:
        """In good order."""
        self.record.write(Deed(Act.STOPPED, detail={"changes": str(inbox.changes())}))
        inbox.remember_record()

    def settings(self, folder: Path, settings: Settings) -> tuple[str, ...]:
        """Which options have another value than at the last start; their names are put on record, their values not."""
        now = {name: hashlib.sha256(current(settings, name).encode()).hexdigest() for name, *_ in describe()}
        pin_now = _pin(folder)
        now[PIN] = hashlib.sha256(pin_now).hexdigest()
        try:
            before = json.loads((folder / SEEN).read_bytes())
        except (OSError, ValueError, RecursionError):
            before = None
        if before == now:
            self._pin = pin_now
            return ()
        changed = tuple(name for name in now if isinstance(before, dict) and before.get(name, now[name]) != now[name])
        for name in changed:
            self.record.write(Deed(Act.SETTING_CHANGED, subject=name))
        self.record.disk.replace(folder / SEEN, json.dumps(now, indent=1).encode() + b"\n")
        self._pin = pin_now
        return changed

    def look_at_pin(self, folder: Path, settings: Settings) -> None:
        """Root sets the technician's PIN without asking the daemon: another one is put on record as soon as it is seen."""
        if _pin(folder) != self._pin:
            self.settings(folder, settings)

    def look_at_attempts(self, attempts: Attempts) -> None:
        """Once a minute at most their sums are put on record."""
        if self.clock.monotonic() - self._told_at >= MINUTE:
            self._told_at = self.clock.monotonic()
            attempts.tell(self.record.write)

    def look_at_clock(self) -> float:
        """How many seconds the wall clock stepped since the last look; a step is put on record."""
        before = self.clock.monotonic()
        ahead = self.clock.now() - before
        if self.clock.monotonic() - before >= STEP / 2:
            return 0.0  # kept waiting between the two clocks: a bad look, and the next one tells
        step = 0.0 if self._ahead is None else ahead - self._ahead
        self._ahead = ahead
        if abs(step) < STEP:
            return 0.0
        log.warning("clock.stepped seconds=%.0f", step)
        self.record.write(Deed(Act.CLOCK_STEPPED, detail={"seconds": f"{step:+.0f}"}))
        return step


def _pin(folder: Path) -> bytes:
    """As it stands in its file, hashed; nothing where there is none."""
    try:
        return pin.place(folder).read_bytes()
    except OSError:
        return b""
