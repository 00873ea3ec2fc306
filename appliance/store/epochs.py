"""Epochs: a key pair of its own for each day.

Messages are sealed to the epoch's public half. The secret half is sealed to the practice key the moment it is made and then forgotten, so that whoever writes
messages here cannot read them back. Destroying an epoch takes away whatever was sealed to it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.deeds import Act, Deed
from appliance.errors import DamagedMessageError, KeyFormatError, NotFoundedError
from appliance.store.age_file import open_identity, seal_identity
from appliance.store.changes import Change
from appliance.store.disk import Disk
from appliance.store.keys import Identity, Recipient
from appliance.store.witness import NoWitness, Witness

_NAME: Final = re.compile(r"(\d{6,12})-[0-9a-f]{8}")  # sequence and random id
_DAY: Final = 86400  # s
NEXT: Final = Path("keys/next")  # while the practice key is being exchanged: the new one, and epochs sealed to it
NEXT_PUBLIC: Final = NEXT / "practice.pub"
NEXT_EPOCHS: Final = NEXT / "epochs"


@dataclass(frozen=True, slots=True)
class Epoch:
    """The epoch that messages are sealed to now."""

    name: str  # such as "000012-9f3c21aa"
    recipient: Recipient


class Epochs:
    """The daemon's side: makes and destroys epochs. Used by one thread at a time."""

    def __init__(self, folder: Path, disk: Disk, witness: Witness | None = None) -> None:
        self._folder = folder / "epochs"
        self._practice = folder / "keys" / "practice.pub"
        self._next = folder / NEXT_EPOCHS
        self._disk = disk
        self._witness = witness or NoWitness(folder)
        self._epoch: Epoch | None = None
        self._day = 0

    @property
    def name(self) -> str:
        """The epoch in use; empty until the first message needs one."""
        return self._epoch.name if self._epoch else ""

    def current(self, now: float) -> Epoch:
        """The epoch of the UTC day of `now`, made when there is none yet. Raises `NotFoundedError`, `BadStorageError`, `NoRoomError`."""
        day = int(now // _DAY)
        if self._epoch is None or day != self._day:
            self._epoch, self._day = self._make(), day
        return self._epoch

    def must_have_practice(self) -> None:
        """Raises `NotFoundedError` before the practice has keys."""
        self._practice_key()

    def names(self) -> frozenset[str]:
        """Every epoch there is."""
        return frozenset(file.stem for file in self._folder.glob("*.age") if _NAME.fullmatch(file.stem))

    def retire(self, names: Collection[str]) -> None:
        """Nothing more is sealed to these; the next message of the day gets an epoch of its own."""
        if self.name in names:
            self._epoch = None

    def destroy(self, name: str) -> None:
        """What was sealed to this epoch opens for nobody from here on. A power cut in the middle: the next start finds it unused once more."""
        self._witness.write(Deed(Act.EPOCH_DESTROYED, subject=name))
        if self._next.is_dir():  # first: an exchange of the practice key must not bring it back
            self._disk.unlink(self._next / f"{name}.age")
        self._disk.unlink(file_of(self._folder.parent, name))

    def _make(self) -> Epoch:
        practice = self._practice_key()
        sequence = max((int(name.split("-")[0]) for name in self.names()), default=0) + 1
        name = f"{sequence:06}-{secrets.token_hex(4)}"
        with Identity.generate() as identity:
            sealed = seal_identity(identity, [practice])
            steps = {Path("epochs") / f"{name}.age": sealed}
            if (coming := self._next_practice_key()) is not None:
                steps[NEXT_EPOCHS / f"{name}.age"] = seal_identity(identity, [coming])
            self._witness.perform(Deed(Act.EPOCH_MADE, subject=name, detail=made(sealed)), Change(steps))
            return Epoch(name, identity.recipient)

    def _next_practice_key(self) -> Recipient | None:
        """What the practice key is being exchanged for."""
        try:
            return Recipient.parse((self._folder.parent / NEXT_PUBLIC).read_text(encoding="ascii").strip())
        except FileNotFoundError:
            return None

    def _practice_key(self) -> Recipient:
        try:
            return Recipient.parse(self._practice.read_text(encoding="ascii").strip())
        except (OSError, UnicodeDecodeError, KeyFormatError):
            raise NotFoundedError from None


def made(sealed: bytes) -> dict[str, str]:
    """What the record says of an epoch's file, so that one that was exchanged is found."""
    return {"sha256": hashlib.sha256(sealed).hexdigest()}


def file_of(folder: Path, name: str) -> Path:
    """Where the epoch's sealed secret lies below the store's `folder`. A name that is none raises `DamagedMessageError`."""
    if not _NAME.fullmatch(name):
        raise DamagedMessageError
    return folder / "epochs" / f"{name}.age"


def open_epoch(folder: Path, name: str, practice: Identity) -> Identity:
    """The epoch's secret: wipe it when it was used. Raises `DamagedMessageError` when it is gone, `SealError` when `practice` does not open it."""
    try:
        sealed = file_of(folder, name).read_bytes()
    except FileNotFoundError:
        raise DamagedMessageError("The key of this message's day is gone: nobody can open it any more.") from None
    return open_identity(sealed, [practice])
