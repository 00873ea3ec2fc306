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
        """On a device of its own each time: whoever else looks at this machine's mounts may hold the former one for a while, power cut and all."""
        made = subprocess.run(("losetup", "--find", "--show", self.image), check=True, capture_output=True, text=True)
        subprocess.run(("mount", made.stdout.strip(), self.folder), check=True)

    def unmount(self, *how: str) -> None:
        device = self._device()
        subprocess.run(("umount", *how, self.folder), check=True)
        subprocess.run(("losetup", "--detach", device), check=True)

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
        return int(Path(f"/sys/block/{Path(self._device()).name}/stat").read_text().split()[6])

    def _device(self) -> str:
        found = subprocess.run(("findmnt", "-no", "SOURCE", self.folder), check=True, capture_output=True, text=True)
        return found.stdout.strip()


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
        disk.unmount("--lazy")  # also when a failed test still has a file open there
        image.unlink()


@cache
def why_not() -> str:
    """Why this machine has no such disks; empty when it has."""
    if os.getuid() != 0:
        return "only root mounts disks"
    found = subprocess.run(("losetup", "-f"), capture_output=True, text=True, check=False)
    return "" if found.returncode == 0 else f"no loop devices: {found.stderr.strip()}"
