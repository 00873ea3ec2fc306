"""How soon a caller is greeted, and how many callers at once lose no frame.

The line and a real sealed inbox on a real disk run in this process, the callers in one of their own (`tests.bench.callers`). A frame is lost when a sample of
a message or of a greeting differs from what was said, or when a frame comes so late that an ATA's jitter buffer would have run dry.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.access.record import Record
from appliance.clock import SystemClock
from appliance.deeds import Deed
from appliance.settings import Voice
from appliance.store.inbox import Inbox, RingSet
from appliance.store.keys import Identity
from appliance.store.reader import Reader
from appliance.voice.callflow import Sound
from appliance.voice.line import VoiceLine
from appliance.voice.prompts import Prompts
from tests.bench.callers import Report
from tests.bench.figures import Figure
from tests.fakes.asterisk import speech

SECONDS = 5.0  # of speech in each call
CROWDS = (30, 60, 90)  # calls at once: the goal first, then as far as it goes
TRIES = 3  # of each crowd; most of them must be whole, since other programs on the machine make frames late too
ALONE = 9  # calls one after the other, for the greeting
LONGEST = 20  # s of a message

SPOKEN = {sound: speech(1.0, seed=count) for count, sound in enumerate(Sound)}
GREETING = SPOKEN[Sound.GREETING] + SPOKEN[Sound.TONE]


def measure() -> list[Figure]:
    """AGI connect to first greeting frame, one caller alone and thirty in one moment; most calls at once without loss."""
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as name:
        folder = Path(name)
        alone = [_crowd(folder / f"alone{count}", 1, 0.2)[0].first_frame[0] for count in range(ALONE)]
        most, slowest = 0, 0.0
        for calls in CROWDS:
            tries = [_crowd(folder / f"crowd{calls}-{count}", calls, SECONDS) for count in range(TRIES)]
            slowest = slowest or statistics.median(max(report.first_frame) for report, _ in tries)
            if sum(whole for _, whole in tries) <= TRIES // 2:
                break
            most = calls
    return [
        Figure("AGI connect to first greeting frame", statistics.median(alone) * 1e3, None, "ms", "under 100", "lower"),
        Figure(f"the same, slowest of {CROWDS[0]} in one moment", slowest * 1e3, None, "ms", "under 100", "lower"),
        Figure(
            f"calls at once with no frame lost (up to {CROWDS[-1]} tried)", most, None, "calls", "at least 30", "higher"
        ),
    ]


def _crowd(folder: Path, calls: int, seconds: float) -> tuple[Report, bool]:
    """What that many callers saw, and whether nothing at all was lost."""
    with _line(folder, calls) as (line, practice, _):
        report = _callers(line.agi_port, calls, seconds)
        line.stop()
        kept = _kept(folder, practice)
    whole = kept == report.said and not report.late and report.greetings_whole == report.finished == calls
    return report, whole


@dataclass(frozen=True, slots=True)
class Beside:
    """What callers saw while the record was kept busy."""

    whole: bool  # every sample of every greeting and message
    late: int  # frames
    rate: float  # lines a second that were written


def crowd_beside(folder: Path, calls: int, deed: Deed | None) -> Beside:
    """That many callers while the page's people have `deed` written again and again; None: nobody does anything."""
    ended, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        while deed is not None and not ended.wait(0.005):
            record.write(deed)
            written += 1

    with _line(folder, calls) as (line, practice, record):
        writer = threading.Thread(target=write)
        writer.start()
        start = time.monotonic()
        report = _callers(line.agi_port, calls, SECONDS)
        rate = written / (time.monotonic() - start)
        ended.set()
        writer.join()
        line.stop()
        kept = _kept(folder, practice)
    whole = kept == report.said and report.greetings_whole == report.finished == calls
    return Beside(whole, report.late, rate)


@contextmanager
def _line(folder: Path, calls: int) -> Iterator[tuple[VoiceLine, Identity, Record]]:
    practice, clock = Identity.generate(), SystemClock(Path("/nonexistent"))
    (folder / "keys").mkdir(parents=True)
    (folder / "keys" / "practice.pub").write_text(f"{practice.recipient}\n", encoding="ascii")
    record = Record(folder, clock)
    record.open()
    inbox = Inbox(folder, RingSet(calls, LONGEST), clock, witness=record)
    inbox.start()
    options = Voice(agi_port=0, audio_port=0, calls_at_once=calls, longest_message=LONGEST)
    line = VoiceLine(options, inbox, Prompts.of(SPOKEN))
    line.start()
    try:
        yield line, practice, record
    finally:
        line.stop()
        inbox.close()
        record.close()


def _callers(port: int, calls: int, seconds: float) -> Report:
    sha256 = hashlib.sha256(GREETING).hexdigest()
    command = (sys.executable, "-m", "tests.bench.callers", *map(str, (port, calls, seconds, len(GREETING), sha256)))
    return Report(**json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))


def _kept(folder: Path, practice: Identity) -> dict[str, str]:
    """Caller's number: SHA-256 of the samples in that caller's message."""
    reader, kept = Reader(folder), {}
    for row in reader.list():
        with reader.open(row, practice) as message:
            head = message.size - round(row.duration * 16_000)
            kept[message.header.envelope.caller_number] = hashlib.sha256(message.read(head, message.size)).hexdigest()
    return kept
