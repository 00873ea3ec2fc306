"""Fax programs that nobody here wrote, as `fax-parts.sh` left them on this machine: iaxmodem and HylaFAX, both run without root's rights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.rig import cache
from tests.rig.compiled import build
from tests.rig.errors import FaxRigError

AS_ROOT: Final = Path(__file__).with_name("as_root.c")


@dataclass(frozen=True, slots=True)
class FaxParts:
    """Where they lie, and what they need around them."""

    folder: Path
    as_root: Path

    def command(self, program: str, *arguments: str) -> list[str]:
        """`program`, by its path in Debian's package."""
        libraries = self.folder / "usr" / "lib" / "hylafax"
        around = (f"LD_PRELOAD={self.as_root}", f"LD_LIBRARY_PATH={libraries}")
        return ["env", *around, str(self.folder / program), *arguments]


def find() -> FaxParts:
    """What is there. Raises `FaxRigError`."""
    folder = cache.find("fax-parts")
    if not (folder / "complete").exists():
        raise FaxRigError(f"{FaxRigError.__doc__} (looked in {folder})")
    return FaxParts(folder, build(AS_ROOT, ("-shared", "-fPIC")))
