"""Doing something as another user of the machine. Only root can; everything that is loaded here can be used there."""

from __future__ import annotations

import os
from collections.abc import Callable


def start(uid: int | None, act: Callable[[], None]) -> int:
    """Begin `act` in a child process, as user `uid` where one is given; the child's pid, for `end`."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if uid is not None:
                os.setuid(uid)
            act()
            code = 0
        finally:
            os._exit(code)  # whatever happened, a child must never go on with the tests
    return child


def end(child: int) -> int:
    """Wait for the child; 0 when `act` returned."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
