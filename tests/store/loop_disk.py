"""A disk that can lose its power: ext4 on a loop device. The kernel's shutdown call drops what was not flushed, as a cut does."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

EXT4_IOC_SHUTDOWN = 0x8004587D
NOLOGFLUSH = 2  # what is in memory, the file system's own journal included, is lost


@dataclass(frozen=True)
class LoopDisk:
    """`folder` is on it while it is mounted."""

    image: Path
    folder: Path

    def mount(self) -> None:
        subprocess.run(("mount", "-o", "loop", self.image, self.folder), check=True)

    def unmount(self) -> None:
        subprocess.run(("umount", self.folder), check=True)

    def flush(self) -> None:
        """All that was written until now is on it."""
        subprocess.run(("sync", "-f", self.folder), check=True)

    def cut_power(self) -> None:
        """Every later write fails, and what was not flushed is gone."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        finally:
            os.close(descriptor)

    def sectors_written(self) -> int:
        """Sectors of 512 octets that reached the device since it was mounted, the file system's own included."""
        found = subprocess.run(("findmnt", "-no", "SOURCE", self.folder), check=True, capture_output=True, text=True)
        device = Path(found.stdout.strip()).name
        return int(Path(f"/sys/block/{device}/stat").read_text().split()[6])


@contextmanager
def loop_disk(folder: Path, megabytes: int = 48) -> Iterator[LoopDisk]:
    """A new, mounted disk, gone afterwards."""
    image, mount = folder / "disk.img", folder / "disk"
    mount.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(("mkfs.ext4", "-q", image), check=True)
    disk = LoopDisk(image, mount)
    disk.mount()
    try:
        yield disk
    finally:
        subprocess.run(("umount", "--lazy", mount), check=True)  # also when a failed test still has a file open there
        image.unlink()


@cache
def why_not() -> str:
    """Why this machine has no such disks; empty when it has."""
    if os.getuid() != 0:
        return "only root mounts disks"
    found = subprocess.run(("losetup", "-f"), capture_output=True, text=True, check=False)
    return "" if found.returncode == 0 else f"no loop devices: {found.stderr.strip()}"
