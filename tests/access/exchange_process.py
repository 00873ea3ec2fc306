"""A box and an admin who exchanges its practice key, in one process, to be killed at each of its steps."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.access import rotator_process
from tests.access.box import Box
from tests.fakes.clock import FakeClock


def main(folder: Path) -> None:
    """Once."""
    with Box(folder, FakeClock(wall=1_773_000_000.0)):
        rotator_process.main(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
