"""The `keepline` program as processes of their own: each in a session of its own, gone with whoever started it, ended gently first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ENDS_WITH_US: Final = ("setpriv", "--pdeathsig", "TERM")
START: Final = 120.0  # s that one may take to be ready on a busy machine


def command(settings: Path, *arguments: str) -> list[str]:
    """The `keepline` command with these settings."""
    return [sys.executable, "-m", "appliance.cli.main", "--settings", str(settings), *arguments]


def start(command: Sequence[str], log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """What it says is appended to `log`; `environment` goes beside ours."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [*ENDS_WITH_US, *command],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=ROOT,
            env=os.environ | environment,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """As the service manager does, and by force when that takes too long."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
