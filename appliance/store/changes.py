"""A change of several files below the store's folder: whole or not at all, also through a power cut, and never before what it waits for.

Everything is written and flushed under names that mean nothing, then a list of what is to get which name. From there on only names change, which needs no
room. Whoever has found that list after a power cut goes on with it or drops it, as the promise in it was kept or not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from appliance import logs
from appliance.errors import StoreError
from appliance.store.disk import Disk, create, write_all

PENDING: Final = Path("keys/pending.json")
_VERSION: Final = 1

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of which files below the store's folder, in this order: the octets that one holds then, or None for one (or an empty folder) that goes."""

    steps: Mapping[Path, bytes | None]
    later: Mapping[Path, bytes] = field(default_factory=dict)  # files that follow, by another hand: only told of

    def __or__(self, other: Change) -> Change:
        """Both, this one first."""
        return Change({**self.steps, **other.steps}, {**self.later, **other.later})


NOTHING: Final = Change({})


@dataclass(frozen=True, slots=True)
class Staged:
    """A change that lies ready: `finish` or `drop` it."""

    folder: Path  # the store's
    disk: Disk
    promise: str  # what must have happened for it to be finished, in the words of whoever staged it
    steps: Mapping[Path, str]  # the SHA-256 that a file has then; "" for what goes

    def finish(self) -> None:
        """Only names change from here on; once begun, it is gone on with until it is done."""
        for file, hash in self.steps.items():
            if hash:
                self._name(self.folder / file)
            else:
                self._remove(self.folder / file)
        for place in {(self.folder / file).parent for file in self.steps}:
            if place.is_dir():
                self.disk.flush_folder(place)
        self.disk.unlink(self.folder / PENDING)

    def drop(self) -> None:
        """As if it had never been."""
        self.disk.unlink(self.folder / PENDING)
        _throw_away([_unfinished(self.folder / file) for file in self.steps])

    def is_whole(self) -> bool:
        """Does each file lie there, under the one name or the other?"""
        return all(
            hash in {_hash(_unfinished(self.folder / file)), _hash(self.folder / file)}
            for file, hash in self.steps.items()
            if hash
        )

    def _name(self, file: Path) -> None:
        if _unfinished(file).exists():
            with self.disk.writing():
                _unfinished(file).rename(file)

    def _remove(self, file: Path) -> None:
        with self.disk.writing():
            if file.is_dir():
                file.rmdir()
            else:
                file.unlink(missing_ok=True)


def stage(folder: Path, disk: Disk, change: Change, promise: str) -> Staged:
    """`change` lies ready on the disk, and nothing has changed. Raises `NoRoomError`, `BadStorageError`; then nothing is left of it."""
    steps = {file: _hash_of(octets) for file, octets in change.steps.items()}
    temporaries = [_unfinished(folder / file) for file, hash in steps.items() if hash]
    try:
        for file, octets in change.steps.items():
            if octets is not None:
                _make_folders(folder, disk, file.parent)
                _write(disk, _unfinished(folder / file), octets)
        for place in {file.parent for file in temporaries}:
            disk.flush_folder(place)
        _make_folders(folder, disk, PENDING.parent)
        listed = [{"file": str(file), "sha256": hash} for file, hash in steps.items()]
        data = {"keepline": _VERSION, "promise": promise, "steps": listed}
        disk.replace(folder / PENDING, json.dumps(data, indent=1).encode("ascii") + b"\n")
    except BaseException:
        _throw_away(temporaries)
        raise
    return Staged(folder, disk, promise, steps)


def apply(folder: Path, disk: Disk, change: Change) -> None:
    """`change` is made, and waits for nothing."""
    different = {file: octets for file, octets in change.steps.items() if _hash(folder / file) != _hash_of(octets)}
    match list(different.items()):
        case []:
            pass
        case [(file, bytes(octets))] if (folder / file).parent.is_dir():  # a name that changes by itself needs no list
            disk.replace(folder / file, octets)
        case _:
            stage(folder, disk, Change(different), "").finish()


def settle(folder: Path, disk: Disk, was_kept: Callable[[str], bool]) -> Staged | None:
    """Ends what a power cut or a failing disk left: finishes it when its promise is empty or `was_kept`, else drops it.

    Gives back what should have been finished and cannot be, since its files or the list itself were damaged; that is dropped, too.
    """
    try:
        with disk.writing():  # reading may be what shows that the disk fails
            octets = (folder / PENDING).read_bytes()
    except StoreError:
        if (folder / PENDING).exists():
            raise
        return None
    staged = _parse(folder, disk, octets)
    kept = not staged.promise or was_kept(staged.promise)
    lost = kept and not staged.is_whole()
    if kept and not lost:
        staged.finish()
    else:
        staged.drop()
    log.warning("changes.settled kept=%s lost=%s files=%d", kept, lost, len(staged.steps))
    return staged if lost else None


def _parse(folder: Path, disk: Disk, octets: bytes) -> Staged:
    try:
        told: Any = json.loads(octets)
        steps = {Path(str(step["file"])): str(step["sha256"]) for step in told["steps"]}
        if any(file.is_absolute() or ".." in file.parts for file in steps):
            raise ValueError
        return Staged(folder, disk, str(told["promise"]), steps)
    except (ValueError, KeyError, TypeError, RecursionError):
        return Staged(folder, disk, "", {PENDING: "damaged"})  # which no file fits


def _unfinished(file: Path) -> Path:
    return file.with_name(f".{file.name}.tmp")


def _write(disk: Disk, file: Path, octets: bytes) -> None:
    with disk.writing():
        descriptor = create(file)
    try:
        with disk.writing():
            write_all(descriptor, octets)
        disk.flush(descriptor)
    finally:
        os.close(descriptor)


def _make_folders(folder: Path, disk: Disk, place: Path) -> None:
    for part in (*reversed(place.parents), place):
        disk.make_folder(folder / part)


def _throw_away(files: list[Path]) -> None:
    for file in files:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _hash_of(octets: bytes | None) -> str:
    return "" if octets is None else hashlib.sha256(octets).hexdigest()


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except IsADirectoryError:
        return "folder"
    except FileNotFoundError:
        return ""
