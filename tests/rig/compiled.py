"""The rig's own small C programs: compiled once for each version of their source."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.rig import cache
from tests.rig.errors import FaxRigError

COMPILE: Final = ("gcc", "-O2", "-Wall", "-Wextra")


def build(source: Path, options: Sequence[str]) -> Path:
    """What the compiler makes of `source`, for every user to run. Raises `FaxRigError`."""
    mark = hashlib.sha256(source.read_bytes() + " ".join(options).encode()).hexdigest()[:16]
    program = cache.folders()[-1] / "compiled" / f"{source.stem}-{mark}"
    if program.exists():
        return program
    program.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = program.with_name(f"{program.name}.{os.getpid()}")
    try:
        made = subprocess.run([*COMPILE, "-o", fresh, source, *options], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise FaxRigError from error
    if made.returncode != 0:
        raise FaxRigError(f"{FaxRigError.__doc__}\n{made.stderr}")
    fresh.chmod(0o755)
    fresh.rename(program)
    return program
