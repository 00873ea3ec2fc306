"""What a line of the record costs: alone, many at once, and for the callers who are on the line meanwhile.

The peer of a line is the disk itself: the same octets, appended and flushed, with nothing hashed or signed.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from appliance.access import chain, segments
from appliance.access.record import Record
from appliance.clock import SystemClock
from appliance.deeds import Act, Deed
from tests.bench import calls
from tests.bench.figures import Figure

LINES: Final = 200  # in one measurement
WRITERS: Final = 16  # the page's threads
CALLS: Final = 30
DEED: Final = Deed(Act.PLAYED, "ana", "9f3c21aa" * 4)


def measure(rounds: int = 7) -> list[Figure]:
    """In a temporary folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as name:
        folder = Path(name)
        kept = Record(folder / "store", SystemClock(Path("/nonexistent")))
        kept.open()
        octets = kept.write(DEED).to_bytes()
        ours, peer = _in_turn(rounds, lambda: kept.write(DEED), folder / "plain", octets)
        together = median(_together(kept) for _ in range(rounds))
        start = perf_counter()
        verdict = chain.verify(segments.read(folder / "store"), segments.public_key(folder / "store"))
        verifying = (perf_counter() - start) / verdict.lines
        assert verdict.whole
        kept.close()
        return [
            Figure("a line of the record on the disk", ours * 1e3, peer * 1e3, "ms", "under 20", "lower"),
            Figure("octets of a line", len(octets), None, "octets", "under 1,000", "lower"),
            Figure(f"lines a second, {WRITERS} writers at once", 1 / together, None, "1/s", "over 200", "higher"),
            Figure("a line verified", verifying * 1e3, None, "ms", "under 1", "lower"),
            *_while_callers_speak(folder / "calls"),
        ]


def _in_turn(rounds: int, write: Callable[[], object], plain: Path, octets: bytes) -> tuple[float, float]:
    """Seconds of one line of ours, and of the bare disk, measured in turn."""
    descriptor = os.open(plain, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def bare() -> None:
        os.write(descriptor, octets)
        os.fdatasync(descriptor)

    try:
        times = [(_each(write), _each(bare)) for _ in range(rounds)]
    finally:
        os.close(descriptor)
    return median(ours for ours, _ in times), median(peer for _, peer in times)


def _each(do: Callable[[], object]) -> float:
    start = perf_counter()
    for _ in range(LINES):
        do()
    return (perf_counter() - start) / LINES


def _together(kept: Record) -> float:
    """Seconds a line when many write at once and share their flushes."""
    threads = [threading.Thread(target=_each, args=(lambda: kept.write(DEED),)) for _ in range(WRITERS)]
    start = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (perf_counter() - start) / (LINES * WRITERS)


def _while_callers_speak(folder: Path) -> list[Figure]:
    """In turn with the record busy and at rest, since other programs on the machine make frames late too."""
    busy, rest = [], []
    for number in range(calls.TRIES):
        busy.append(calls.crowd_beside(folder / f"busy{number}", CALLS, DEED))
        rest.append(calls.crowd_beside(folder / f"rest{number}", CALLS, None))
    written = median(one.rate for one in busy)
    during = f"of {CALLS} at once, with {written:.0f} lines a second written; peer: with none"
    return [
        Figure(
            f"calls that lost no sample {during}",
            CALLS * sum(one.whole for one in busy) / calls.TRIES,
            CALLS * sum(one.whole for one in rest) / calls.TRIES,
            "calls",
            f"{CALLS}",
            "higher",
        ),
        Figure(
            f"frames that came late {during}",
            median(one.late for one in busy),
            median(one.late for one in rest),
            "frames",
            "as with none",
            "lower",
        ),
    ]
