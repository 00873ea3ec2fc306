"""How soon the daemon tells its modem what to do next, once that has told that a frame or a page is over: idle, and while it takes four calls and staff use
the page. Measured from outside, at the modem's end of the serial port (`fax_modems.c`), in real time.

The peer is HylaFAX, which sends: the same measure at the other modem, in the same calls.

What the far machine sees is this on top of the modem's own time; T.30 gives us 3 s, and a modem that is told too late misses the next carrier.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.callers import Report
from tests.bench.figures import Figure
from tests.rig import hylafax
from tests.rig.appliance import NAME, PASSWORD, Appliance
from tests.rig.errors import RigError
from tests.rig.fax_modems import FaxModems
from tests.rig.letters import note, to_tiff
from tests.rig.page_client import PageClient

PAGES: Final = 20
SHORT: Final = 200  # rows of a page
SPEED: Final = 3.0  # times real time, of the line; the daemon's time is real
CALLS_AT_ONCE: Final = 4
FAXES: Final = (False, True)  # with error correction?
PATIENCE: Final = 600.0  # s


@dataclass(frozen=True, slots=True)
class Turnaround:
    """One answer of the program to its modem."""

    modem: str  # A: ours, B: the sender's
    ended: str  # frame, page
    milliseconds: float
    command: str


def measure() -> list[Figure]:
    """Idle first, then busy, on the same box."""
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as name, ExitStack() as parts:
        folder = Path(name)
        pair = parts.enter_context(FaxModems(folder, SPEED, turnarounds=folder / "turnarounds"))
        box = parts.enter_context(Appliance(fax_device=pair.near))
        letter = to_tiff([note(count, SHORT) for count in range(PAGES)])
        idle = _receive(box, pair, letter)
        with _calls(box), _staff(box):
            busy = _receive(box, pair, letter)
    return [
        *_figures("end of a frame to the next command", idle, busy, "frame"),
        *_figures("end of a page to the next command", idle, busy, "page"),
    ]


def read(file: Path) -> list[Turnaround]:
    """What `fax_modems` has noted."""
    lines = [line.split(" ", 3) for line in file.read_text(encoding="ascii").splitlines()]
    return [Turnaround(modem, ended, float(took), command) for modem, ended, took, command in lines]


def _figures(name: str, idle: list[Turnaround], busy: list[Turnaround], ended: str) -> Iterator[Figure]:
    for how, all_of_them in (("idle", idle), (f"busy: {CALLS_AT_ONCE} calls and the page", busy)):
        ours, theirs = (
            sorted(one.milliseconds for one in all_of_them if (one.modem, one.ended) == (who, ended)) for who in "AB"
        )
        for share, said, goal in ((0.5, f"p50 of {len(ours)}", ""), (0.99, "p99", "under 50 ms")):
            peer = _share(theirs, share) if theirs else None  # who sends hears no pages
            yield Figure(f"{name}, {how}, {said}", _share(ours, share), peer, "ms", goal, "lower")


def _share(took: list[float], share: float) -> float:
    """That so much of them took at most."""
    return took[int(len(took) * share)]


def _receive(box: Appliance, pair: FaxModems, letter: bytes) -> list[Turnaround]:
    """Faxes from HylaFAX, one after the other."""
    notes = pair.near.with_name("turnarounds")
    before = len(read(notes))
    for ecm in FAXES:
        have = len(box.messages())
        with hylafax.Sender(pair.far, "5550200", letter, PAGES, ecm=ecm) as sender:
            if sender.wait(PATIENCE) != hylafax.SENT:
                raise RigError(f"HylaFAX could not send:\n{sender.log}")
        box.wait_for_messages(have + 1)
    return read(notes)[before:]


@contextmanager
def _calls(box: Appliance) -> Iterator[None]:
    """Patients speak, always as many at once."""
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            words = (box.agi_port, CALLS_AT_ONCE, 20, 0, "-")
            command = [sys.executable, "-m", "tests.bench.callers", *map(str, words)]
            report = Report(**json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
            if report.finished != CALLS_AT_ONCE:
                raise RigError(f"only {report.finished} of {CALLS_AT_ONCE} calls were taken")

    with _beside(call, over):
        yield


@contextmanager
def _staff(box: Appliance) -> Iterator[None]:
    """Somebody looks at the list four times a second and plays what is there."""
    over = threading.Event()

    def look() -> None:
        with PageClient(box.address, box.ca_file) as page:
            page.log_in(NAME, PASSWORD)
            sounds = [row["row"]["stamp"]["id"] for row in box.messages() if row["row"]["stamp"]["kind"] == "voicemail"]
            while not over.wait(0.25):
                page.get("/")
                for id in sounds[:1]:
                    page.sound(id)

    with _beside(look, over):
        yield


@contextmanager
def _beside(work: Callable[[], None], over: threading.Event) -> Iterator[None]:
    with ThreadPoolExecutor(1) as somebody:
        working = somebody.submit(work)
        try:
            yield
        finally:
            over.set()
        working.result()  # raises what went wrong with it
