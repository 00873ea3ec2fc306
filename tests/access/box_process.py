"""A box as a process of its own, to be killed: messages arrive all the time, each on a day of its own; the id of each that was kept is printed."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.access.box import Box
from tests.fakes.clock import FakeClock


def main(folder: Path, day: int) -> None:
    """Until it is killed, or its standard input ends."""
    with Box(folder, FakeClock(wall=1_772_500_000.0 + day * 86_400.0)) as box:
        print("ready", flush=True)
        ended = threading.Event()

        def wait() -> None:
            sys.stdin.read()
            ended.set()

        threading.Thread(target=wait, daemon=True).start()
        while not ended.wait(0.02):
            print(box.leave().stamp.id, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
