"""Serial cables without hardware: a pseudo-terminal whose far end a person (pexpect) holds, plugged and unplugged at will."""

from __future__ import annotations

import os
import pty
import tty
from pathlib import Path

from pexpect.fdpexpect import fdspawn

PATIENCE = 20.0  # s that anything may take on a busy machine


class Cable:
    """A serial port at `device`; `person` sits at the far end while it is plugged in."""

    def __init__(self, device: Path) -> None:
        self.device = device
        self.person: fdspawn[bytes]
        self.plug()

    def plug(self) -> None:
        """A new device appears under the old name, as udev does it."""
        near, far = pty.openpty()
        tty.setraw(far)
        part = self.device.with_suffix(".new")
        part.symlink_to(os.ttyname(far))
        part.replace(self.device)
        self._far = (
            far  # kept open, so that the near end reads nothing rather than an error until somebody opens the port
        )
        self.person = fdspawn(near, timeout=PATIENCE)
        self.person.delaybeforesend = None

    def unplug(self) -> None:
        """The device goes: whoever has it open reads an error."""
        self.person.close()
        os.close(self._far)
        self.device.unlink()
