"""A program of somebody else's with a folder of its own: started, asked what it says, ended; nothing of it is left, however its owner ends (`guard.py`)."""

from __future__ import annotations

import json
import os
import pwd
import select
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig import guard
from tests.rig.errors import RigError

USER = "nobody"  # whom it runs as when root starts it


class Guarded:
    """Subclasses say in `prepare` what is to run."""

    as_nobody = True  # False: as whoever starts it, for a program that uses a device of theirs

    def __init__(self) -> None:
        self._guard: subprocess.Popen[str] | None = None
        self.folder = Path("/nonexistent")  # until it is started
        self.pid = 0

    def prepare(self) -> list[str]:
        """Put what the program needs into `self.folder`; the command that starts it there."""
        raise NotImplementedError

    def start(self) -> None:
        """Returns once it has started; it may not be up yet."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that Ctrl-C reaches only us
        )
        try:
            self.folder = Path(self._told("folder"))
            self._order(self.prepare())
            self.pid = int(self._told("pid"))
        except BaseException:
            self.stop()
            raise

    def said(self) -> str:
        """What it has written so far: warnings and errors."""
        return (self.folder / guard.OUTPUT).read_text(encoding="utf-8", errors="replace")

    def wait(self, within: float) -> int:
        """Until it ends by itself, `within` seconds: its exit status. Raises `RigError` when it goes on."""
        assert self._guard is not None
        assert self._guard.stdout is not None
        if not select.select([self._guard.stdout], [], [], within)[0]:
            raise RigError(f"{type(self).__name__} did not end within {within:g} s:\n{self.said()}")
        return int(self._told("ended"))

    def check_alive(self) -> None:
        """Raises `RigError` when it has ended."""
        assert self._guard is not None
        assert self._guard.stdout is not None
        if select.select([self._guard.stdout], [], [], 0)[0]:
            said = self._guard.stdout.readline().strip() or "lost its guard"
            raise RigError(f"{type(self).__name__} has {said}:\n{self.said()}")

    def stop(self) -> None:
        """Ends it at once and removes its folder; does nothing when that was done before."""
        if ended := self._guard:
            self._guard = None
            assert ended.stdin is not None
            assert ended.stdout is not None
            ended.stdin.close()
            if ended.wait():
                shutil.rmtree(self.folder, ignore_errors=True)  # somebody ended the guard, who would have done so
            ended.stdout.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _order(self, command: list[str]) -> None:
        assert self._guard is not None
        assert self._guard.stdin is not None
        user = pwd.getpwnam(USER)
        who = (user.pw_uid, user.pw_gid) if self.as_nobody else (os.getuid(), os.getgid())
        self._guard.stdin.write(json.dumps([*who, *command]) + "\n")
        self._guard.stdin.flush()

    def _told(self, what: str) -> str:
        assert self._guard is not None
        assert self._guard.stdout is not None
        word, _, rest = self._guard.stdout.readline().strip().partition(" ")
        if word != what:
            raise RigError(f"the guard of {type(self).__name__} said {word!r} where {what!r} was due")
        return rest
