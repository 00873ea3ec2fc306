"""Who keeps the record of what happens in the store. The store tells what it does; how that is written down and signed is the business of `access.record`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from appliance.deeds import Act, Deed
from appliance.messages import Row
from appliance.store import changes
from appliance.store.changes import Change
from appliance.store.disk import Disk


class Witness(Protocol):
    """Told of every deed before the store goes on. Everything raises `BadStorageError` or `NoRoomError` when the disk does not take it."""

    @property
    def disk(self) -> Disk:
        """The disk that the record lies on: the store's own."""

    def write(self, deed: Deed, /) -> object:
        """The deed is on record when this returns."""

    def write_all(self, deeds: Iterable[Deed], /) -> object:
        """The same for many at once: the disk is waited for once."""

    def perform(self, deed: Deed | None, change: Change, /) -> None:
        """The change is made, whole, once the deed is on record. Without a line it has not happened."""

    def settle(self) -> None:
        """At the start: what a power cut left of `perform` is ended, as the record says."""

    def must_seal(self) -> None:
        """Raises `RecordKeyError` where `seal` would."""

    def seal(self, **words: str) -> bytes:
        """What is known of a patient, so that only those who hold the practice key can read it in the record."""

    def has(self, act: Act, subject: str) -> bool:
        """Does such a line stand in the record?"""

    def told(self, act: Act, subject: str) -> tuple[Deed, ...]:
        """What such lines of the record say, newest first."""

    def borne_out(self, rows: Iterable[Row], /) -> frozenset[str]:
        """Ids of the messages that may go because their rows say what they say: lines of the record say so, too."""

    def anchor(self) -> tuple[int, str]:
        """The last line's number and hash, for the index to remember."""


class NoWitness:
    """Nobody writes anything down: for a store that is looked at alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.disk = Disk()

    def write(self, deed: Deed, /) -> None:
        """Forgotten."""

    def write_all(self, deeds: Iterable[Deed], /) -> None:
        """Forgotten."""

    def perform(self, _: Deed | None, change: Change, /) -> None:
        """Only the change."""
        changes.apply(self._folder, self.disk, change)

    def settle(self) -> None:
        """What lies ready is made."""
        changes.settle(self._folder, self.disk, lambda _: True)

    def must_seal(self) -> None:
        """There is nothing to seal."""

    def seal(self, **words: str) -> bytes:
        """Nothing."""
        return b""

    def has(self, act: Act, subject: str) -> bool:
        """As if everything stood there: nothing needs to be told again."""
        return True

    def told(self, act: Act, subject: str) -> tuple[Deed, ...]:
        """Nothing."""
        return ()

    def borne_out(self, rows: Iterable[Row], /) -> frozenset[str]:
        """All."""
        return frozenset(row.stamp.id for row in rows)

    def anchor(self) -> tuple[int, str]:
        """None."""
        return 0, ""
