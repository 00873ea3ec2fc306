"""The vault: one sealed file a message, `<id>.age`, or `<id>.ring` for what was put together after a power cut.

A file gets its name only when all of it is on the disk, so a name means a whole message. Nothing in clear is ever written.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.errors import DamagedMessageError
from appliance.store.age_file import Sealer
from appliance.store.disk import FILE_MODE, Disk, write_all
from appliance.store.keys import Recipient

_ID: Final = re.compile(r"[0-9a-f]{32}")
_PIECE: Final = 1 << 16  # octets read at once


@dataclass(frozen=True, slots=True)
class Kept:
    """A sealed file that is on the disk."""

    sealed_bytes: int
    sha256: str  # hexadecimal


class Vault:
    """The daemon's side: puts files in and takes them out. Threads may work on different messages at once."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder / "vault"
        self._store = folder
        self._disk = disk

    def keep(self, id: str, recipient: Recipient, plaintext: Iterable[bytes]) -> Kept:
        """Seals the pieces of `plaintext` into `<id>.age`, on the disk with its name when this returns. Raises `NoRoomError`, `BadStorageError`."""
        with self._disk.replacing(file_of(self._store, id, recovered=False)) as descriptor:
            out = _Hashed(descriptor)
            with Sealer(out, [recipient]) as sealer:
                for piece in plaintext:
                    sealer.write(piece)
        return Kept(out.length, out.hash.hexdigest())

    def take_ring(self, ring: Path, id: str, size: int) -> Kept:
        """A ring's first `size` octets become `<id>.ring`. Raises as `keep` does."""
        with self._disk.writing():
            descriptor = os.open(ring, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            with self._disk.writing():
                os.fchmod(descriptor, FILE_MODE)
                os.ftruncate(descriptor, size)
            self._disk.flush(descriptor)
        finally:
            os.close(descriptor)
        file = file_of(self._store, id, recovered=True)
        with self._disk.writing():
            ring.rename(file)
        self._disk.flush_folder(file.parent)
        self._disk.flush_folder(ring.parent)
        return measure(file)

    def remove(self, id: str) -> None:
        """The message's file is gone. It may be gone already."""
        for recovered in (False, True):
            with self._disk.writing():
                file_of(self._store, id, recovered).unlink(missing_ok=True)
        self._disk.flush_folder(self.folder)


def file_of(folder: Path, id: str, recovered: bool) -> Path:
    """Where a message lies below the store's `folder`. An id that is none raises `DamagedMessageError`."""
    if not _ID.fullmatch(id):
        raise DamagedMessageError
    return folder / "vault" / f"{id}.{'ring' if recovered else 'age'}"


def files(folder: Path) -> tuple[Path, ...]:
    """Everything in the vault below the store's `folder` but what is being written."""
    found = sorted((folder / "vault").iterdir())
    return tuple(file for file in found if not (file.name.startswith(".") and file.suffix == ".tmp"))


def ids(folder: Path) -> frozenset[str]:
    """The ids of the messages that lie below the store's `folder`."""
    return frozenset(file.stem for file in files(folder) if _ID.fullmatch(file.stem))


def measure(file: Path) -> Kept:
    """Length and SHA-256 of a sealed file."""
    digest = hashlib.sha256()
    length = 0
    with file.open("rb", buffering=0) as source:
        while piece := source.read(_PIECE):
            digest.update(piece)
            length += len(piece)
    return Kept(length, digest.hexdigest())


class _Hashed:
    """A file that is hashed while it is written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.hash = hashlib.sha256()
        self.length = 0

    def write(self, data: memoryview) -> int:
        write_all(self._descriptor, data)
        self.hash.update(data)
        self.length += len(data)
        return len(data)
