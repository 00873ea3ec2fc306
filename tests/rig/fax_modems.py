"""Two soft fax modems back to back, or one and a whole soft fax machine: compiled from fax_modems.c, started, and ended with the test."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.rig.compiled import build
from tests.rig.errors import FaxRigError

SOURCE: Final = Path(__file__).with_name("fax_modems.c")
LIBRARIES: Final = ("-lspandsp", "-ltiff", "-lm", "-lutil")


class FaxModems:
    """The pair and the line between them. Use it in a `with` block; `near` and `far` are the modems' serial ports."""

    def __init__(
        self, folder: Path, speed: float = 1.0, noise: float | None = None, machine: Sequence[str | Path] = ()
    ) -> None:
        """`speed` times real time, `noise` in dBm0. `machine`: arguments for a fax machine in the far modem's place, which then calls at once."""
        self.near, self.far = folder / "near", folder / "far"
        self.speed = speed
        noisy = () if noise is None else ("-n", str(noise))
        self._command: list[str | Path] = [
            build(SOURCE, LIBRARIES),
            "-s",
            str(speed),
            *noisy,
            *machine,
            self.near,
            self.far,
        ]
        self._program: subprocess.Popen[str] | None = None
        self.says = ""  # once it has ended

    def __enter__(self) -> Self:
        self._program = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._program.stdout is not None
        if self._program.stdout.readline() != "ready\n":
            raise FaxRigError("The pair of fax modems does not start.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._program is not None
        self._program.terminate()
        self.says = self._program.communicate(timeout=10)[0]

    @property
    def confirmed(self) -> int:
        """Pages that the sending machine was told to be good; known once it has ended."""
        return self.says.count("confirmed ")
