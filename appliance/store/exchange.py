"""The exchange of the practice key, as far as files go: nothing here opens anything.

While `keys/next` holds a public key, the new practice key K2 is on its way in. Whoever holds the old one, K1, opens each epoch's secret, seals it to K2 and
has it put beside; epochs that are made meanwhile are sealed to both. When nothing is owed, `commit` is written and everything renamed into place. Until that
file is there the old state is whole, from then on only the new one will be: a start that finds it goes on renaming.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.deeds import Act, Deed
from appliance.errors import ControlError, NotRotatingError, RotatingError, RotationOwesError, SealHeaderError
from appliance.store import age_header
from appliance.store.changes import Change
from appliance.store.disk import Disk
from appliance.store.epochs import NEXT, NEXT_EPOCHS, NEXT_PUBLIC, made
from appliance.store.witness import Witness

RECORD: Final = "record"  # stands among the epochs' names for the record's own key
COMMIT: Final = NEXT / "commit"
GIVEN_UP: Final = "given up"  # how a key was destroyed, in the record
LARGEST: Final = 1024  # octets of one sealed epoch; ours take some 350
_KEYS: Final = Path("keys")
_RECORD: Final = Path("keys/record.age")
_MARK: Final = ".lost"  # an empty file where the key sealed to K2 would lie
_HERE: Final = Path()  # for names below the store's folder
_EPOCH: Final = re.compile(r"\d{6,12}-[0-9a-f]{8}")
_KEY_FILES: Final = ("practice.age", "practice.proof", "record.age", "practice.pub")  # the public half last

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class NextKey:
    """The new practice key, as it lies in `keys/next`."""

    sealed: bytes  # K2 for everybody on its roster
    public: str  # age1...
    proof: str  # the digest of its proof


def is_under_way(folder: Path) -> bool:
    """Has an exchange begun that is neither finished nor dropped? `folder` is the store's, here and below."""
    return (folder / NEXT_PUBLIC).exists()


def owed(folder: Path) -> tuple[str, ...]:
    """What is not yet sealed to K2: names of epochs, and `RECORD`. Oldest first."""
    there = {file.stem for file in (folder / NEXT_EPOCHS).glob("*.age")}
    there |= set(given_up(folder))
    names = [file.stem for file in sorted((folder / "epochs").glob("*.age")) if file.stem not in there]
    if (folder / _RECORD).exists() and not (folder / NEXT / _RECORD.name).exists() and RECORD not in there:
        names.append(RECORD)
    return tuple(names)


def given_up(folder: Path) -> tuple[str, ...]:
    """What cannot be opened and is left out: at the end it is destroyed, so that whoever knows K1 mends nothing."""
    marks = sorted((folder / NEXT_EPOCHS).glob(f"*{_MARK}")) + sorted((folder / NEXT).glob(f"*{_MARK}"))
    return tuple(mark.stem for mark in marks)


def file_of(folder: Path, name: str) -> Path:
    """Where the sealed secret of that name lies now."""
    return folder / (_RECORD if name == RECORD else Path("epochs") / f"{name}.age")


def next_file_of(folder: Path, name: str) -> Path:
    """Where it will lie, sealed to K2, until the exchange is done."""
    return folder / NEXT / (_RECORD.name if name == RECORD else Path("epochs") / f"{name}.age")


def begin(folder: Path, disk: Disk, witness: Witness, key: NextKey, deed: Deed) -> None:
    """Once `deed` is on record new epochs are sealed to both keys. Raises `RotatingError`."""
    if is_under_way(folder):
        raise RotatingError
    drop(folder, disk, witness, "")  # what a power cut left of a dropped one
    disk.make_folder(folder / NEXT)
    disk.make_folder(folder / NEXT_EPOCHS)
    files = {
        NEXT / "practice.age": key.sealed,
        NEXT / "practice.proof": f"{key.proof}\n".encode("ascii"),
        NEXT_PUBLIC: f"{key.public}\n".encode("ascii"),
    }
    witness.perform(deed, Change(files))
    log.info("exchange.begun")


def put(folder: Path, disk: Disk, sealed: Mapping[str, bytes]) -> None:
    """Secrets that are now sealed to K2, by name. Raises `NotRotatingError`, `ControlError` for what cannot be one."""
    if not is_under_way(folder) or (folder / COMMIT).exists():
        raise NotRotatingError
    for name, octets in sealed.items():
        _check(folder, name, octets)
    for name in sealed.keys() & set(given_up(folder)):  # its file was restored; first: what is marked is destroyed
        disk.unlink(_mark_of(folder, name))
    disk.replace_all({next_file_of(folder, name): octets for name, octets in sealed.items()})


def give_up(folder: Path, witness: Witness, names: tuple[str, ...], by: str) -> None:
    """The exchange goes on without these, as `by` wants it. Raises `NotRotatingError`, `ControlError`."""
    if not is_under_way(folder) or (folder / COMMIT).exists():
        raise NotRotatingError
    for name in names:
        _check_name(folder, name)
    for name in names:
        change = Change({next_file_of(_HERE, name): None, _mark_of(_HERE, name): b""})
        witness.perform(Deed(Act.KEY_GIVEN_UP, by, name), change)


def commit(folder: Path, disk: Disk, witness: Witness, by: str) -> None:
    """The old key goes out of use, as `by` wants it. Raises `NotRotatingError`, and `RotationOwesError` while something is not yet sealed to K2."""
    if not (folder / COMMIT).exists():  # else it only goes on
        if not is_under_way(folder):
            raise NotRotatingError
        if owed(folder):
            raise RotationOwesError
        public = (folder / NEXT_PUBLIC).read_text(encoding="ascii").strip()
        coming = {
            _KEYS / name: (folder / NEXT / name).read_bytes() for name in _KEY_FILES if (folder / NEXT / name).exists()
        }
        witness.perform(Deed(Act.ROTATED, by, public), Change({COMMIT: by.encode("ascii")}, coming))
    finish(folder, disk, witness)


def finish(folder: Path, disk: Disk, witness: Witness) -> bool:
    """Go on with an exchange that was committed; was there one? Each step may be the last before a power cut, and is done again without harm."""
    if not (folder / COMMIT).exists():
        return False
    moved = [file for file in sorted((folder / NEXT_EPOCHS).glob("*.age")) if _EPOCH.fullmatch(file.stem)]
    witness.write_all(
        Deed(Act.EPOCH_MADE, subject=file.stem, detail={**made(file.read_bytes()), "how": "exchanged"})
        for file in moved
    )
    for file in moved:
        _move(disk, file, folder / "epochs" / file.name)
    disk.flush_folder(folder / "epochs")
    for name in _KEY_FILES:
        if (folder / NEXT / name).exists():
            _move(disk, folder / NEXT / name, folder / _KEYS / name)
    disk.flush_folder(folder / _KEYS)
    _destroy_given_up(folder, witness)
    _clear_away(folder, disk)
    disk.unlink(folder / COMMIT)
    with disk.writing():
        (folder / NEXT).rmdir()
    disk.flush_folder(folder / _KEYS)
    log.info("exchange.done epochs=%d", len(moved))
    return True


def drop(folder: Path, disk: Disk, witness: Witness, by: str) -> None:
    """At the wish of `by` everything stays as it was. Raises `RotatingError` when it is too late for that."""
    if (folder / COMMIT).exists():
        raise RotatingError
    if not (folder / NEXT).is_dir():
        return
    if is_under_way(folder):  # first: from here on nothing is sealed to K2
        witness.perform(Deed(Act.ROTATION_DROPPED, by), Change({NEXT_PUBLIC: None}))
    _clear_away(folder, disk)
    with disk.writing():
        (folder / NEXT).rmdir()
    disk.flush_folder(folder / _KEYS)
    log.info("exchange.dropped")


def _destroy_given_up(folder: Path, witness: Witness) -> None:
    """As long as it lies there, whoever has K1 puts a flipped bit right by trying."""
    by = (folder / COMMIT).read_text(encoding="ascii").strip()
    for name in given_up(folder):
        if not file_of(folder, name).exists():  # with its last message
            continue
        goes = [file_of(_HERE, name), _mark_of(_HERE, name)]
        if name == RECORD:  # where there is no public half, another pair is made
            goes.insert(0, _RECORD.with_suffix(".pub"))
        witness.perform(Deed(Act.EPOCH_DESTROYED, by, name, {"how": GIVEN_UP}), Change(dict.fromkeys(goes)))


def _mark_of(folder: Path, name: str) -> Path:
    return next_file_of(folder, name).with_suffix(_MARK)


def _check_name(folder: Path, name: str) -> None:
    if not (name == RECORD or _EPOCH.fullmatch(name)) or not file_of(folder, name).exists():
        raise ControlError("there is no key of that name.")


def _check(folder: Path, name: str, octets: bytes) -> None:
    """As much as can be seen without a key: it is one we have, and sealed to exactly one."""
    _check_name(folder, name)
    if len(octets) > LARGEST:
        raise ControlError("that is no sealed key.")
    try:
        header = age_header.read(io.BytesIO(octets).readline)
    except SealHeaderError:
        raise ControlError("that is no sealed key.") from None
    if [stanza.arguments[0] for stanza in header.stanzas] != [b"X25519"]:
        raise ControlError("a day's key is sealed to the practice key and to nobody else.")


def _move(disk: Disk, file: Path, to: Path) -> None:
    with disk.writing():
        file.rename(to)


def _clear_away(folder: Path, disk: Disk) -> None:
    for file in _left(folder):
        with disk.writing():
            file.unlink(missing_ok=True)
    if (folder / NEXT_EPOCHS).is_dir():
        with disk.writing():
            (folder / NEXT_EPOCHS).rmdir()
    disk.flush_folder(folder / NEXT)


def _left(folder: Path) -> Iterator[Path]:
    """Whatever else lies in `keys/next`, unfinished files too."""
    for place in (folder / NEXT_EPOCHS, folder / NEXT):
        if place.is_dir():
            yield from (file for file in sorted(place.iterdir()) if file.is_file() and file != folder / COMMIT)
