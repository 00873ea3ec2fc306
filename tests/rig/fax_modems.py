"""Two soft fax modems back to back, or one and a whole soft fax machine: compiled from fax_modems.c, started, and ended with the test."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.rig.compiled import build
from tests.rig.errors import FaxRigError

SOURCE: Final = Path(__file__).with_name("fax_modems.c")
LIBRARIES: Final = ("-lspandsp", "-ltiff", "-lm", "-lutil")
MOST_NOISE: Final = (
    -46.0
)  # dBm0; spandsp's receivers take what is steadily above -45.5 for a carrier, and then miss the one that comes


@dataclass(frozen=True, slots=True)
class Wire:
    """What the line between the modems does to the sound."""

    loss: float = 0.0  # dB on the way
    noise: float | None = None  # dBm0 at each end; MOST_NOISE at most. For a worse line, add loss
    delay: int = 50  # ms one way; with less, the gap between frames and training is missed
    echo: float | None = None  # dB by which one's own sound that comes back from the far end is weaker

    def __post_init__(self) -> None:
        if self.noise is not None and self.noise > MOST_NOISE:
            raise ValueError(f"noise above {MOST_NOISE:g} dBm0 never lets a modem see that a carrier is gone, or comes")

    def words(self) -> list[str]:
        """As the program takes it."""
        told = {"-l": self.loss, "-n": self.noise, "-d": self.delay, "-e": self.echo}
        return [word for key, value in told.items() if value is not None for word in (key, str(value))]


class FaxModems:
    """The pair and the line between them. Use it in a `with` block; `near` and `far` are the modems' serial ports."""

    def __init__(
        self,
        folder: Path,
        speed: float = 1.0,
        wire: Wire | None = None,
        machine: Sequence[str | Path] = (),
        turnarounds: Path | None = None,
    ) -> None:
        """`speed` times real time. `machine`: arguments for a fax machine in the far modem's place, which then calls at once. `turnarounds`: a file that is
        told how soon each program answers its modem (fax_modems.c says how)."""
        self.near, self.far = folder / "near", folder / "far"
        self.speed = speed
        notes: tuple[str | Path, ...] = () if turnarounds is None else ("-t", turnarounds)
        how = ("-s", str(speed), *(wire or Wire()).words(), *notes, *machine)
        self._command: list[str | Path] = [build(SOURCE, LIBRARIES), *how, self.near, self.far]
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
