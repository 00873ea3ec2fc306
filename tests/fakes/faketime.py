"""Programs of ours on a wall clock that the test moves: real libfaketime, uptime left alone, dates of files left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


def run(program: str, offset: Path, *arguments: str) -> str:
    """What the Python `program` prints on a clock that is off by what the file `offset` says ("+5y"); it may write there to step its clock."""
    assert LIBRARY, "libfaketime is missing: apt install faketime"
    environment = {
        **os.environ,
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    command = [sys.executable, "-c", program, str(offset), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
