"""The door to systemd (sdnotify): ready, alive, stopping. Without systemd it says nothing to nobody."""

from __future__ import annotations

import sdnotify


def ready() -> None:
    """All doors are open: calls are answered from now on."""
    _say("READY=1")


def alive() -> None:
    """For the watchdog: said from the loop that proves that the program works, never from a thread that only says so."""
    _say("WATCHDOG=1")


def stopping() -> None:
    """We end because we were told to."""
    _say("STOPPING=1")


def _say(state: str) -> None:
    # anew each time: a socket that is kept falls silent for ever when systemd restarts its own end
    notifier = sdnotify.SystemdNotifier()
    notifier.notify(state)
    if notifier.socket:
        notifier.socket.close()
