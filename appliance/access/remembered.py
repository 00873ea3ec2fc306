"""A small file that is asked about at every request: read again only when it has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """What `read` makes of a folder's `file`. Any thread may ask."""

    def __init__(self, file: Path, read: Callable[[Path], T]) -> None:
        self._file = file
        self._read = read
        self._known: dict[Path, tuple[tuple[int, int, int] | None, T]] = {}

    def of(self, folder: Path) -> T:
        """As it is now in `folder`; the file need not be there."""
        try:
            state = (folder / self._file).stat()
            stamp = (state.st_mtime_ns, state.st_ino, state.st_size)
        except OSError:
            stamp = None
        known = self._known.get(folder)
        if known is None or known[0] != stamp:
            known = self._known[folder] = (stamp, self._read(folder))
        return known[1]
