"""Where this machine keeps what the rig needs and what takes a while to get. The scripts that fetch it look in the same folders, in the same order."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

OF_ROOT: Final = Path("/var/cache/keepline")  # everybody may use what root has made there
ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def folders() -> list[Path]:
    """Where to look; the last one is where we may write."""
    if named := os.environ.get("KEEPLINE_CACHE"):
        return [Path(named)]
    if os.getuid() == 0:
        return [OF_ROOT]
    return [OF_ROOT, Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "keepline"]


def find(name: str) -> Path:
    """The folder `name` for this machine's processor, complete where there is one that is."""
    machine = platform.machine()
    found = [cache / f"{name}-{ARCHITECTURES.get(machine, machine)}" for cache in folders()]
    return next((folder for folder in found if (folder / "complete").exists()), found[-1])
