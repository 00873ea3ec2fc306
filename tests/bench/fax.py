"""Seconds on the line of a fax that is received: by our daemon, which seals it, beside efax, HylaFAX and Asterisk's ReceiveFAX.

Each has a number at the same telephone company; the same program, HylaFAX, sends each the same pages at the same moment, over soft modems that
modulate, in real time. What counts is from answering to hanging up, as the company sees it. Beside it stands the least that the rate and T.30's
own pauses allow (`fax_bound`). With error correction pages go as MMR. efax has none, so there is a second round without: to efax they go as MH, to the
others as MR.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from appliance.fax.t4 import Coding
from appliance.fax.t4_encoder import Encoder
from tests.bench.fax_bound import least_seconds
from tests.bench.figures import Figure
from tests.bench.memory import family
from tests.rig import efax, hylafax
from tests.rig.appliance import Appliance
from tests.rig.errors import RigError
from tests.rig.letters import WIDTH, Rows, report, to_tiff
from tests.rig.soft_modem import SoftModem

ROUNDS: Final = (
    (1, 3, True),
    (3, 3, True),
    (20, 1, True),
    (1, 3, False),
    (3, 3, False),
    (20, 1, False),
)  # pages, times, error correction
OURS: Final = "Keepline"
TRIES: Final = 3  # a call that breaks off does not count; on a busy machine the modems lose some
PATIENCE: Final = 900.0  # s
ASTERISK: Final = "5550190"  # company/extensions.conf


@dataclass(slots=True)
class Spent:
    """What a receiving program took while calls went on."""

    processor: float = 0.0  # s
    memory: float = 0.0  # MB, the most


@dataclass(slots=True)
class Desk:
    """One who receives, and the modem that calls them."""

    name: str
    number: str
    calling: SoftModem
    ready: Callable[[], None] = field(default=lambda: None)  # before each call


def measure() -> list[Figure]:
    """All rounds; a line for each peer of each."""
    figures: list[Figure] = []
    with _desks() as (box, desks, programs):
        for pages, times, ecm in ROUNDS:
            letter = [report(count) for count in range(pages)]
            with _watched(programs) as spent:
                took = _round(
                    box, desks if not ecm else [desk for desk in desks if desk.name != "efax"], letter, times, ecm
                )
            figures += _lines(pages, ecm, took, least_seconds(_octets(letter, ecm), ecm=ecm))
            if ecm and pages == max(ROUNDS)[0]:  # the longest: other work weighs least
                figures += _costs(pages, spent)
    return figures


def _round(box: Appliance, desks: list[Desk], letter: list[Rows], times: int, ecm: bool) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {desk.name: [] for desk in desks}
    for _ in range(times):
        with ThreadPoolExecutor(len(desks)) as senders:
            calls = {desk.name: senders.submit(_send, box, desk, letter, ecm) for desk in desks}
        for name, call in calls.items():
            took[name].append(call.result())
        seconds = ", ".join(f"{name} {took[name][-1]:.1f} s" for name in took)
        print(
            f"  {len(letter)} pages, {'with' if ecm else 'without'} error correction: {seconds}",
            file=sys.stderr,
            flush=True,
        )
    return took


def _send(box: Appliance, desk: Desk, letter: list[Rows], ecm: bool) -> float:
    """Seconds on the line."""
    for _ in range(TRIES):
        desk.ready()
        with hylafax.Sender(desk.calling.device, desk.number, to_tiff(letter), len(letter), ecm=ecm) as sender:
            if sender.wait(PATIENCE) == hylafax.SENT:
                return box.company.take_seconds(desk.calling.number)
            said = sender.log
    raise RigError(f"{desk.name} did not receive {len(letter)} pages in {TRIES} calls:\n{said[-3000:]}")


@contextmanager
def _desks() -> Iterator[tuple[Appliance, list[Desk], dict[str, Callable[[], int]]]]:
    """The box and its peers behind one company, and how to find each one's process."""
    with ExitStack() as parts:
        box = parts.enter_context(Appliance(fax_line=True))
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="keepline-bench-")))
        modems = [parts.enter_context(SoftModem(box.company, line)) for line in range(1, 7)]
        hyla = parts.enter_context(hylafax.Receiver(modems[0].device, "+1 555 0112"))
        machine = _Efax(modems[1].device, folder)
        parts.callback(machine.end)
        desks = [
            Desk(OURS, box.fax_number, modems[2]),
            Desk("HylaFAX", modems[0].number, modems[3]),
            Desk("Asterisk", ASTERISK, modems[4]),
            Desk("efax", modems[1].number, modems[5], machine.begin),
        ]
        time.sleep(8)  # modems that were set up refuse calls for 5 s
        yield box, desks, {OURS: lambda: box.daemon.pid, "HylaFAX": lambda: hyla.pid}


class _Efax:
    """efax takes one call and ends: it is started anew for each."""

    def __init__(self, device: Path, folder: Path) -> None:
        self._device, self._folder, self._calls = device, folder, 0
        self._program: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        self.end()
        self._calls += 1
        self._program = efax.receive(self._device, self._folder / "efax.log", self._folder / f"fax{self._calls}")

    def end(self) -> None:
        if self._program:
            self._program.kill()
            self._program.wait()


@contextmanager
def _watched(programs: dict[str, Callable[[], int]]) -> Iterator[dict[str, Spent]]:
    """What each of these programs, with its children, takes meanwhile."""
    spent, over = {name: Spent() for name in programs}, threading.Event()
    before = {name: _processor(find()) for name, find in programs.items()}

    def look() -> None:
        while not over.wait(0.5):
            for name, find in programs.items():
                with suppress(OSError, ValueError):  # a child that has just ended
                    spent[name].memory = max(spent[name].memory, family(find()))

    with ThreadPoolExecutor(1) as somebody:
        looking = somebody.submit(look)
        try:
            yield spent
        finally:
            over.set()
        looking.result()
    for name, find in programs.items():
        spent[name].processor = _processor(find()) - before[name]


def _processor(pid: int) -> float:
    """Seconds of processor time of a process and its ended children."""
    times = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:15]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def _octets(letter: list[Rows], ecm: bool) -> list[int]:
    return [_encoded(rows, Coding.MMR if ecm else Coding.MR) for rows in letter]


def _encoded(rows: Rows, coding: Coding) -> int:
    encoder = Encoder(coding, WIDTH)
    for row in rows:
        encoder.add(row)
    return len(encoder.finish())


def _lines(pages: int, ecm: bool, took: dict[str, list[float]], least: float) -> Iterator[Figure]:
    ours = statistics.median(took[OURS])
    what = (
        f"{pages} page{'s' if pages > 1 else ''}, {'MMR with' if ecm else 'MR without'} error correction, on the line"
    )
    for name in (name for name in took if name != OURS):
        peer = f"{name}, MH" if name == "efax" else name
        theirs = statistics.median(took[name])
        yield Figure(f"{what} (peer: {peer})", ours, theirs, "s", f"at least {least:.1f}", "lower")


def _costs(pages: int, spent: dict[str, Spent]) -> Iterator[Figure]:
    for name in (name for name in spent if name != OURS):
        ours, theirs = spent[OURS], spent[name]
        yield Figure(
            f"processor for a page (peer: {name}, unsealed)",
            ours.processor / pages,
            theirs.processor / pages,
            "s",
            "",
            "lower",
        )
        yield Figure(
            f"memory while {pages} pages come (peer: {name}, fax alone)", ours.memory, theirs.memory, "MB", "", "lower"
        )
