"""Who held the practice key and does so no more: they may have copied it, so it is advised to exchange it, until that was done.

`keys/departures.json` names them, with the practice key that was in use. The daemon writes it; page and command read it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from appliance.access import practice
from appliance.access.roles import check_name
from appliance.access.small_file import moment, reading
from appliance.errors import StoreError
from appliance.store.changes import Change

FILE: Final = Path("keys/departures.json")
MOST: Final = 200
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody who was removed, or given a role that reads no message."""

    name: str
    at: float  # s since 1970, UTC
    practice: str  # the public half of the practice key at that time


def since_exchange(folder: Path) -> tuple[Departure, ...]:
    """Those who knew the practice key that is still in use. What cannot be read names nobody: this is advice. `folder` is the store's."""
    try:
        public = (folder / practice.PUBLIC).read_text(encoding="ascii").strip()
        return tuple(one for one in read(folder) if one.practice == public)
    except (OSError, ValueError, StoreError):
        return ()


def read(folder: Path) -> tuple[Departure, ...]:
    """Everybody in the file. Raises `FileNotFoundError` where there is none, `StoreError` when it cannot be read."""
    with reading(StoreError):
        told: Any = json.loads((folder / FILE).read_bytes())
        return tuple(
            Departure(check_name(one["name"]), moment(one["at"]), str(one["practice"])) for one in told["departures"]
        )


def plan(folder: Path, name: str, now: float) -> Change:
    """The daemon's part: `name` held the key until now. Those who knew earlier keys only are forgotten."""
    public = (folder / practice.PUBLIC).read_text(encoding="ascii").strip()
    known = [*since_exchange(folder), Departure(name, now, public)][-MOST:]
    data = {"keepline": _VERSION, "departures": [asdict(one) for one in known]}
    return Change({FILE: json.dumps(data, indent=1).encode("ascii") + b"\n"})
