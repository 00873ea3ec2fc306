"""`./install.sh bench`: every figure beside its peer's, measured in the same run, as a table or as JSON."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Figure

WIDTH = 140  # columns in a file or a pipe
BENCHES = {
    "seal": "seal and open 64 MiB against the age command",
    "journal": "bytes written to disk per byte of sound",
    "calls": "AGI connect to first greeting frame; calls at once with no frame lost",
    "record": "a line of the record; calls at once while lines are written",
    "greeting": "dialling to the first sound of the greeting, through Asterisk",
    "memory": "resident memory of daemon and page",
    "page": "list of 1,000 messages",
    "guessing": "staff's requests during fifty wrong log-ins a second, beside the same in peace (1 minute)",
    "turnaround": "end of a received frame to our modem's next command, idle and busy (3 minutes)",
    "fax": "1, 3 and 20 pages received, beside efax, HylaFAX and Asterisk, in real time (20 minutes)",
}


def main() -> int:
    """Run the named benches, or all."""
    parser = argparse.ArgumentParser(prog="./install.sh bench", description="Measured figures, each beside its peer's.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="; ".join(f"{name}: {what}" for name, what in BENCHES.items())
    )
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    figures: list[Figure] = []
    for name in given.names or BENCHES:
        print(f"Measuring {BENCHES[name]} ...", file=sys.stderr, flush=True)
        figures += importlib.import_module(f"tests.bench.{name}").measure()
    if given.json:
        print(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=2))
    else:
        _show(figures)
    return 0


def _show(figures: Sequence[Figure]) -> None:
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    table = Table("Figure", "Keepline", "Peer", "Unit", "Ratio", "Goal", title=machine, title_justify="left")
    for figure in figures:
        peer = "" if figure.peer is None else f"{figure.peer:,.4g}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        table.add_row(figure.name, f"{figure.ours:,.4g}", peer, figure.unit, ratio, figure.goal)
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
    print(
        "Ratio: how many times as good as the peer, both medians of this run. No peer: no such program does the same."
    )


if __name__ == "__main__":
    sys.exit(main())
