"""Everybody by whom a line of the record is: those who left, and those who are no person. Its files are looked through once, and then what came since."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance.access import segments
from appliance.errors import RecordError

_BY: Final = re.compile(rb'"by":"([a-z0-9._-]{0,32})"')


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one file told."""

    octets: int = 0  # that were looked at, to the end of a line
    names: frozenset[str] = frozenset()


@dataclass(slots=True)
class Doers:
    """Any thread may ask. The first reads the whole record: 300,000 lines, six years of a busy practice, at the card's pace; each later one the new lines."""

    folder: Path  # the store's
    _seen: dict[Path, _Seen] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def names(self) -> frozenset[str]:
        """As the record has them; "" stands for the box itself. Raises `RecordError` when its files cannot be read."""
        with self._lock:
            self._seen = {file: _look(file, self._seen.get(file, _Seen())) for file in segments.files(self.folder)}
            return frozenset().union(*(seen.names for seen in self._seen.values()))


def _look(file: Path, before: _Seen) -> _Seen:
    try:
        with file.open("rb") as lines:
            size = lines.seek(0, 2)
            if size < before.octets:  # it was cut back
                before = _Seen()
            lines.seek(before.octets)
            octets = lines.read(size - before.octets)
    except FileNotFoundError:  # it grew too old in this moment
        return _Seen()
    except OSError as error:
        raise RecordError from error
    names = {name.decode("ascii") for name in set(_BY.findall(octets))}
    return _Seen(before.octets + octets.rfind(b"\n") + 1, before.names | names)
