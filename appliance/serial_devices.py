"""Which serial ports this machine has, what is plugged into them, and who uses them. Looking only: none is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path("/")
_KINDS: Final = ("ttyACM*", "ttyUSB*", "ttyAMA*", "ttyS*")
_LINKS: Final = ("keepline-*", "serial/by-id/*")  # below /dev: names that stay when a device is plugged in anew


@dataclass(frozen=True, slots=True)
class SerialDevice:
    """A serial port."""

    path: Path
    usb: str = ""  # vendor:product in hexadecimal; "" when it is not on USB
    title: str = ""  # what it says of itself on USB
    names: tuple[Path, ...] = ()  # links that lead to it and stay
    users: tuple[str, ...] = ()  # programs that have it open, so far as this user may see them


def find_devices(root: Path = ROOT) -> tuple[SerialDevice, ...]:
    """Every serial port that there is, those without anything behind them left out."""
    paths = [path for kind in _KINDS for path in sorted((root / "dev").glob(kind)) if _is_real(path, root)]
    return tuple(look_at(path, root) for path in paths)


def look_at(path: Path, root: Path = ROOT) -> SerialDevice:
    """What is known of one port, whatever it is."""
    usb, title = _usb(path.resolve().name, root)
    return SerialDevice(path, usb, title, tuple(_links(path, root)), users(path, root))


def users(path: Path, root: Path = ROOT) -> tuple[str, ...]:
    """Programs that have the port open or locked, by name. Others' are seen only by root; a lock is seen by all."""
    target = str(path.resolve())
    found = set()
    for process in (root / "proc").glob("[0-9]*"):
        if target.startswith("/dev/pts/"):
            break  # whatever plays the device behind a pseudo-terminal may hold our end, too
        if process.name != str(os.getpid()) and target in _open_files(process):
            found.add(_name(process))
    lock = root / "run" / "lock" / f"LCK..{Path(target).name}"
    try:
        process = root / "proc" / lock.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return tuple(sorted(found))
    if process.name.isdigit() and process.exists():
        found.add(_name(process))
    return tuple(sorted(found))


def _open_files(process: Path) -> set[str]:
    files: set[str] = set()
    try:
        entries = os.listdir(process / "fd")
    except OSError:
        return files  # it has ended, or is another user's
    for entry in entries:
        with suppress(OSError):  # closed meanwhile
            files.add(os.readlink(process / "fd" / entry))
    return files


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return f"process {process.name}"


def _is_real(path: Path, root: Path) -> bool:
    """A serial chip that is not there has a name all the same, and the type 0."""
    try:
        return (root / "sys/class/tty" / path.name / "type").read_text(encoding="ascii").strip() != "0"
    except OSError:
        return True  # on USB there is no such file


def _usb(name: str, root: Path) -> tuple[str, str]:
    place = (root / "sys/class/tty" / name / "device").resolve()
    for folder in (place, *place.parents):
        vendor, product = _read(folder / "idVendor"), _read(folder / "idProduct")
        if vendor and product:
            title = " ".join(filter(None, (_read(folder / "manufacturer"), _read(folder / "product"))))
            return f"{vendor}:{product}".lower(), title
    return "", ""


def _links(path: Path, root: Path) -> Iterator[Path]:
    for pattern in _LINKS:
        yield from (link for link in sorted((root / "dev").glob(pattern)) if link.resolve() == path.resolve())


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
