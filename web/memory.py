"""What the page remembers, in memory only. For one session: opened envelopes, drawn sounds, sketches of faxes and how they are turned, the search, the last
erasure; it goes when the session goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar, cast

from appliance.access.sessions import Session
from appliance.fax.directory import Directory
from appliance.messages import Envelope, Row
from appliance.store.reader import Reader
from web.safekeeping import Kept
from web.sheets import MOST_TURNED, Turns
from web.visits import Aside

MOST_ENVELOPES: Final = 2_000  # some 300 octets each
MOST_DRAWINGS: Final = 1_000  # 96 octets each
MOST_SKETCHES: Final = 300  # some 4 kB each
MOST_FORMS: Final = 100
MOST_DIRECTORIES: Final = 50  # 200 octets a page

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Shelf(Generic[K, V]):
    """So many values at most; the one made first goes first. Many threads may use it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[K, V] = {}
        self._lock = threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value for `key`, made now if it is not there."""
        with self._lock:
            if key in self._values:
                return self._values[key]
        made = make()
        with self._lock:
            self._values[key] = made
            while len(self._values) > self._most:
                del self._values[next(iter(self._values))]
        return made

    def __len__(self) -> int:
        return len(self._values)


@dataclass(slots=True)
class Rows:
    """The index as it was read last, for everybody, until it changes. Rows tell nothing of a caller."""

    reader: Reader
    _version: str = ""
    _rows: tuple[Row, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def list(self) -> tuple[Row, ...]:
        """Every message, newest first."""
        with self._lock:
            version = self.reader.version()
            if version != self._version:
                self._rows = self.reader.list()
                self._version = version
            return self._rows


@dataclass(frozen=True, slots=True)
class Erased:
    """The erasure that can still be undone from the foot of the page."""

    id: str
    until: float  # s since 1970


@dataclass(frozen=True, slots=True)
class Handover:
    """A password that an admin has yet to give to somebody; shown once."""

    name: str
    password: Kept = field(repr=False)


@dataclass(slots=True)
class Memory:
    """The memory of one session."""

    envelopes: Shelf[str, Envelope | None] = field(
        default_factory=lambda: Shelf(MOST_ENVELOPES)
    )  # None: cannot be opened
    drawings: Shelf[str, bytes] = field(default_factory=lambda: Shelf(MOST_DRAWINGS))
    sketches: Shelf[str, bytes] = field(default_factory=lambda: Shelf(MOST_SKETCHES))
    directories: Shelf[str, Directory] = field(default_factory=lambda: Shelf(MOST_DIRECTORIES))
    turns: Shelf[str, Turns] = field(default_factory=lambda: Shelf(MOST_TURNED))
    notes: Shelf[bytes, list[str]] = field(
        default_factory=lambda: Shelf(MOST_FORMS)
    )  # SHA-256 of the sealed notes that were made of one form, by a digest of the form
    search: str = ""
    erased: Erased | None = None
    said: str = ""  # what was done, to be told on the next page
    exchange: Aside | None = None  # of the practice key, while its new sheet is printed
    reader_left: bool = False  # somebody who held the practice key was removed: offer to exchange it, on the next page
    handover: Handover | None = None  # a new password, to be shown on the next page
    told: dict[tuple[str, str], float] = field(default_factory=dict)  # what the record was told of a message, and when

    def __repr__(self) -> str:
        return "Memory(private)"


def of(session: Session) -> Memory:
    """The memory of `session`, kept where the session itself is kept."""
    return cast(Memory, session.memory.setdefault("page", Memory()))
