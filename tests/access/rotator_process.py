"""An admin's program as a process of its own, to be killed: exchanges the practice key, or goes on where another one ended."""

from __future__ import annotations

import sys
from pathlib import Path

from appliance.access import rotation
from appliance.access.unlock import unlock
from appliance.control.client import Client
from tests.access.practice import ANA


def main(folder: Path) -> None:
    """Once."""
    ana = unlock(folder, "ana", ANA)
    under_way = rotation.is_under_way(folder)
    with rotation.resume(folder, ana) if under_way else rotation.start(folder, ana, new_sheet=False) as made:
        print("begun", flush=True)
        for _ in made.run(Client(folder.parent / f"{folder.name}.sock"), "ana"):
            print("on", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
