"""Looking for what must not be there: octets in files and in the memory of a process, as a thief with a hex editor would."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def files_below(*folders: Path) -> Iterator[Path]:
    """Every regular file, hidden ones included."""
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def find(needles: Mapping[str, bytes], files: Iterable[Path]) -> list[str]:
    """Which of `needles` (by name) lies in which file."""
    found = []
    for file in files:
        content = file.read_bytes()
        found += [f"{name} in {file}" for name, needle in needles.items() if needle in content]
    return found


def spellings(name: str, text: str) -> dict[str, bytes]:
    """A text in the forms in which programs write it down."""
    return {
        f"{name} (UTF-8)": text.encode(),
        f"{name} (UTF-16)": text.encode("utf-16-le"),
        f"{name} (base64)": _base64_core(text),
        f"{name} (hexadecimal)": text.encode().hex().encode(),
    }


def pieces(name: str, sound: bytes, octets: int = 32) -> dict[str, bytes]:
    """Short pieces from all over a sound; any one of them in a file gives it away."""
    step = len(sound) // 16 // 2 * 2
    return {f"{name} at {start}": sound[start : start + octets] for start in range(step, len(sound) - octets, step)}


def core_of(pid: int, folder: Path) -> Path:
    """All memory of a running process, as root's debugger sees it."""
    subprocess.run(["gcore", "-a", "-o", str(folder / "core"), str(pid)], check=True, capture_output=True)
    return folder / f"core.{pid}"


def _base64_core(text: str) -> bytes:
    """The base64 of whole groups of `text`."""
    return base64.b64encode(text.encode()[: len(text) // 3 * 3])
