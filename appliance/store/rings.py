"""The rings of a store: so many for each kind of message, so long; which of them are free, and which hold a message that found no room in the vault.

Used under the inbox's lock.
"""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import NoRoomError
from appliance.messages import Kind
from appliance.store import journal
from appliance.store.disk import Disk
from appliance.store.journal import Ring


@dataclass(frozen=True, slots=True)
class RingSet:
    """Rings for messages of one kind: how many at once, and how long each may become."""

    count: int
    parts: int  # that a ring takes, 16,000 octets each: seconds of the longest message, or pieces of the longest fax


class Rings:
    """Every ring there is. Kinds without a set of their own share the voicemails'."""

    def __init__(self, folder: Path, disk: Disk, sets: dict[Kind, RingSet]) -> None:
        own = {
            kind: tuple(
                Ring(journal.file_of(folder, number, kind), journal.slots_for(rings.parts), disk)
                for number in range(rings.count)
            )
            for kind, rings in sets.items()
        }
        self._all = tuple(ring for made in own.values() for ring in made)
        self._of = {kind: own.get(kind, own[Kind.VOICEMAIL]) for kind in Kind}
        self._free: list[Ring] = []
        self._stranded: list[Ring] = []

    def make_ready(self, stuck: Set[Path]) -> None:
        """All are free from now on, but those whose files hold what could not be taken up. Raises `BadStorageError`."""
        self._free = [ring for ring in self._all if ring.file not in stuck]
        for ring in self._free:
            with suppress(NoRoomError):  # then `begin` says so, and erasing still works
                ring.prepare()

    def next(self, kind: Kind) -> Ring | None:
        """The one whose turn it is; it stays free until it is taken."""
        return next((ring for ring in self._free if ring in self._of[kind]), None)

    def take(self, ring: Ring) -> None:
        """A message begins in it."""
        self._free.remove(ring)

    def give_back(self, ring: Ring) -> None:
        """No message is in it any more."""
        self._free.append(ring)

    def strand(self, ring: Ring) -> None:
        """The message in it is whole and found no room in the vault."""
        self._stranded.append(ring)

    def next_stranded(self, room: int) -> Ring | None:
        """One that can be taken up now that there are `room` octets; it is closed, and stranded no more."""
        if not self._stranded or room < self._stranded[-1].size:
            return None
        ring = self._stranded.pop()
        ring.close()
        return ring

    def close(self) -> None:
        """Nothing more is written."""
        for ring in self._all:
            ring.close()
