"""The record's files and the lines in them, for whoever reads them: from the first on, or from the newest back. Nothing here writes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from appliance.access.chain import Line
from appliance.errors import RecordError

FOLDER: Final = Path("record")
PUBLIC: Final = Path("keys/box.pub")
_BLOCK: Final = 64 * 1024  # octets, some 150 lines


def files(folder: Path) -> list[Path]:
    """The record's files below the store's `folder`, oldest first."""
    return sorted(file for file in (folder / FOLDER).glob("[0-9]*.jsonl") if file.stem.isdecimal())


def size(folder: Path) -> int:
    """Octets of the whole record."""
    return sum(file.stat().st_size for file in files(folder))


def read(folder: Path) -> Iterator[bytes]:
    """Every line, oldest first."""
    for file in files(folder):
        yield from of(file)


def read_backwards(folder: Path) -> Iterator[bytes]:
    """Every line, newest first; who stops early has read little more than what was asked for."""
    for file in reversed(files(folder)):
        yield from _backwards(file)


def of(file: Path) -> list[bytes]:
    """One file's whole lines, oldest first. What a power cut tore is none."""
    try:
        octets = file.read_bytes()
    except FileNotFoundError:  # it grew too old in this moment
        return []
    except OSError as error:
        raise RecordError from error
    return octets.split(b"\n")[:-1]


def readable(lines: Iterable[bytes]) -> Iterator[Line]:
    """Those that can be understood."""
    for octets in lines:
        try:
            yield Line.from_bytes(octets)
        except RecordError:
            continue


def near(folder: Path, sequence: int) -> Iterator[Line]:
    """The line of that number, wherever it stands."""
    mark = f'{{"sequence":{sequence},'.encode()
    return readable(line for line in read_backwards(folder) if line.startswith(mark))


def ends_before(file: Path, before: float) -> bool:
    """Is the file's last line older than `before` (s since 1970), by a trusted clock?"""
    last = next(readable(_backwards(file)), None)
    return last is not None and last.trusted and last.at < before


def public_key(folder: Path) -> bytes:
    """The public half of what the box signs with, 32 octets. Raises `RecordError`."""
    try:
        return bytes.fromhex((folder / PUBLIC).read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise RecordError("The box's public key (keys/box.pub) is missing or damaged: start the daemon.") from None


def _backwards(file: Path) -> Iterator[bytes]:
    rest = b""  # from the start of a line that is not yet whole
    whole = False  # is the end of a whole line behind us?
    try:
        with file.open("rb") as octets:
            place = octets.seek(0, os.SEEK_END)
            while place > 0:
                start = max(place - _BLOCK, 0)
                octets.seek(start)
                rest = octets.read(place - start) + rest
                place = start
                rest, *found = rest.split(b"\n")
                if found and not whole:
                    found.pop()  # nothing, or what a power cut tore
                    whole = True
                yield from reversed(found)
    except FileNotFoundError:  # it grew too old in this moment
        return
    except OSError as error:
        raise RecordError from error
    if whole:
        yield rest
