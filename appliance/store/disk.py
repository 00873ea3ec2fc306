"""The disk, and whether it can still be believed.

Everything the store writes passes through here. A flush that failed is never tried again: the kernel has dropped the pages it could not write, and a second
fsync says "ok" for data that are gone. So the first failure marks the storage bad until the program is started anew, by a person, with another card.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance import logs
from appliance.errors import BadStorageError, NoRoomError, StoreError, StoreInUseError

FILE_MODE = 0o640  # the daemon writes; its group (the page) reads
FOLDER_MODE = 0o750

log = logs.get(__name__)

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE, linux/falloc.h
_BAD = frozenset({errno.EIO, errno.EROFS, errno.ENXIO, errno.ENODEV, errno.EUCLEAN, errno.EBADMSG})


class Disk:
    """One file system. `good` is true until a flush or a write fails, then false for ever."""

    def __init__(self) -> None:
        self.good = True

    def must_be_good(self) -> None:
        """Raises `BadStorageError` once anything has failed."""
        if not self.good:
            raise BadStorageError

    def failed(self, error: BaseException) -> BadStorageError:
        """Marks the storage bad and gives the error to raise."""
        if self.good:
            log.error("storage.bad reason=%s errno=%s", type(error).__name__, getattr(error, "errno", None))
        self.good = False
        return BadStorageError()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around everything that writes: a full disk is `NoRoomError`, a failing one `BadStorageError`, a missing right or folder `StoreError`."""
        self.must_be_good()
        try:
            yield
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise NoRoomError from error
            if error.errno in _BAD:
                raise self.failed(error) from error
            raise StoreError(f"The store cannot be written: {error.strerror}. Check its folder's owner.") from error

    def flush(self, descriptor: int, sync: Callable[[int], None] = os.fsync) -> None:
        """Everything written to `descriptor` is on the disk when this returns. Tried once: even a full disk is bad storage here."""
        self.must_be_good()
        try:
            sync(descriptor)
        except OSError as error:
            raise self.failed(error) from error

    def flush_folder(self, folder: Path) -> None:
        """The names in `folder` are on the disk when this returns."""
        with self.writing():
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self.flush(descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, folder: Path) -> None:
        """`folder` exists, and its name is on the disk."""
        if not folder.is_dir():
            with self.writing():
                folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
            self.flush_folder(folder.parent)

    def replace(self, file: Path, data: bytes, mode: int = FILE_MODE) -> None:
        """`file` holds `data`, whole or not at all, also after a power cut."""
        with self.replacing(file, mode) as descriptor:
            write_all(descriptor, data)

    def replace_all(self, files: Mapping[Path, bytes]) -> None:
        """Each of `files` holds its data, whole or not at all; their folders are flushed once, when all are there."""
        for file, data in files.items():
            with self._placing(file, FILE_MODE) as descriptor:
                write_all(descriptor, data)
        for folder in {file.parent for file in files}:
            self.flush_folder(folder)

    @contextmanager
    def replacing(self, file: Path, mode: int = FILE_MODE) -> Iterator[int]:
        """A descriptor: what is written there in the block becomes `file`, whole or not at all. Until then it has a name that means nothing."""
        with self._placing(file, mode) as descriptor:
            yield descriptor
        self.flush_folder(file.parent)

    @contextmanager
    def _placing(self, file: Path, mode: int) -> Iterator[int]:
        temporary = file.with_name(f".{file.name}.tmp")
        with self.writing():
            descriptor = create(temporary, mode)
        try:
            with self.writing():
                yield descriptor
            self.flush(descriptor)
            with self.writing():
                temporary.rename(file)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    def unlink(self, file: Path) -> None:
        """`file` is gone, also after a power cut. It may be gone already."""
        with self.writing():
            file.unlink(missing_ok=True)
        self.flush_folder(file.parent)


def lock_folder(folder: Path) -> int:
    """`folder` is this program's alone for as long as it lives or until the descriptor is closed. Raises `StoreInUseError` when another holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(
            descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB
        )  # on the folder itself: no file that could be left behind
    except BlockingIOError:
        os.close(descriptor)
        raise StoreInUseError from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def create(file: Path, mode: int = FILE_MODE) -> int:
    """A new or emptied file, by default one that its group may read; gives the descriptor."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    os.fchmod(descriptor, mode)  # whatever the umask of the unit says
    return descriptor


def keep_room(descriptor: int, place: int, count: int) -> None:
    """`count` octets from `place` on have room on the disk; the file is as long as before. Where the file system knows no such thing, nothing is kept."""
    libc = ctypes.CDLL(None, use_errno=True)
    kept = libc.fallocate(descriptor, _KEEP_SIZE, ctypes.c_int64(place), ctypes.c_int64(count))
    if kept != 0 and ctypes.get_errno() not in {errno.EOPNOTSUPP, errno.ENOSYS}:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes all of `data` at the descriptor's place; the kernel may take it in pieces."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Writes all of `data` at `offset`."""
    left = memoryview(data)
    while left:
        count = os.pwrite(descriptor, left, offset)
        left, offset = left[count:], offset + count
