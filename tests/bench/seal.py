"""How fast we seal and open, beside the `age` command: 64 MiB, file to file, in turn, medians.

The command's start-up, measured on an empty file, is taken off its times: it is a program and we are a library, and only the work is compared.
"""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from appliance.store.age_file import SealedFile, Sealer, open_bytes, seal
from appliance.store.keys import Identity
from tests.bench.figures import Figure

SIZE: Final = 64 << 20  # octets
_PIECE: Final = 1 << 20  # octets read at once
_SECOND: Final = 16_000  # octets of a second of sound: 8 kHz, 16 bits
_SMALL: Final = 4096  # octets of one look into a long message
_TIMES: Final = 500  # small things in one measurement

Job = Callable[[], object]
Timed = Callable[[], float]  # does a job and returns the seconds it took


def measure(rounds: int = 9, size: int = SIZE) -> list[Figure]:
    """Measures in a temporary folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as folder, Identity.generate() as identity:
        bench = Bench(Path(folder), identity, size)
        return [bench.sealing(rounds), bench.opening(rounds), bench.seeking(rounds), *small(identity, rounds)]


class Bench:
    """The files of one run."""

    def __init__(self, folder: Path, identity: Identity, size: int) -> None:
        self._identity = identity
        self._size = size
        self._clear, self._empty, self._key = folder / "clear", folder / "empty", folder / "key"
        self._ours, self._peers, self._none, self._out = (
            folder / f"{name}.age" for name in ("ours", "peers", "none", "out")
        )
        self._clear.write_bytes(os.urandom(size))
        self._empty.write_bytes(b"")
        self._key.write_text(identity.encode() + "\n")

    def sealing(self, rounds: int) -> Figure:
        to = ("-r", str(self._identity.recipient), "-o")
        ours, peers, start = in_turn(
            rounds,
            _making(self._ours, lambda: self._seal(self._clear, self._ours)),
            _making(self._peers, lambda: _age(*to, self._peers, self._clear)),
            _making(self._none, lambda: _age(*to, self._none, self._empty)),
        )
        return self._figure("seal", ours, peers - start, "at least 1.0 times the age command")

    def opening(self, rounds: int) -> Figure:
        """Each opens what the other sealed. After `sealing`."""
        key = ("-d", "-i", self._key, "-o", self._out)
        ours, peers, start = in_turn(
            rounds,
            _making(self._out, lambda: self._open(self._peers, self._out)),
            _making(self._out, lambda: _age(*key, self._ours)),
            _making(self._out, lambda: _age(*key, self._none)),
        )
        self._open(self._peers, self._out)
        if self._out.read_bytes() != self._clear.read_bytes():
            raise AssertionError("what was opened is not what was sealed")
        return self._figure("open", ours, peers - start, "at least 1.5 times the age command")

    def seeking(self, rounds: int) -> Figure:
        """After `sealing`."""
        places = random.Random(1)
        with SealedFile(self._ours.open("rb", buffering=0), [self._identity]) as file:

            def look() -> None:
                file.seek(places.randrange(self._size - _SMALL))
                file.read(_SMALL)

            (seconds,) = in_turn(rounds, _often(look))
        return Figure("read 4 kB anywhere in that file", seconds * 1e6, None, "us", "at most 100", "lower")

    def _figure(self, verb: str, ours: float, peers: float, goal: str) -> Figure:
        name = f"{verb} {self._size >> 20} MiB, file to file"
        return Figure(name, self._size / ours / 1e6, self._size / peers / 1e6, "MB/s", goal, "higher")

    def _seal(self, clear: Path, sealed: Path) -> None:
        piece = memoryview(bytearray(_PIECE))
        with (
            clear.open("rb", buffering=0) as source,
            sealed.open("wb", buffering=0) as out,
            Sealer(out, [self._identity.recipient]) as sealer,
        ):
            while length := source.readinto(piece):
                sealer.write(piece[:length])

    def _open(self, sealed: Path, clear: Path) -> None:
        piece = memoryview(bytearray(_PIECE))
        with SealedFile(sealed.open("rb", buffering=0), [self._identity]) as source, clear.open("wb") as out:
            while length := source.readinto(piece):
                out.write(piece[:length])


def small(identity: Identity, rounds: int) -> Iterator[Figure]:
    """What each second of each call costs, and what reading it back after a power cut does."""
    sound = os.urandom(_SECOND)
    sealed = seal(sound, [identity.recipient])
    sealing, opening = in_turn(
        rounds,
        _often(lambda: seal(sound, [identity.recipient])),
        _often(lambda: open_bytes(sealed, [identity])),
    )
    yield Figure("seal one second of sound", sealing * 1e6, None, "us", "at most 1000", "lower")
    yield Figure("open one second of sound", opening * 1e6, None, "us", "at most 1000", "lower")


def in_turn(rounds: int, *jobs: Timed) -> tuple[float, ...]:
    """The median seconds of each job; they take turns, so that a busy machine is busy for all of them. One turn before is not counted."""
    turns = [[job() for job in jobs] for _ in range(rounds + 1)]
    return tuple(median(times) for times in zip(*turns[1:], strict=True))


def _making(out: Path, job: Job) -> Timed:
    """Times a job that makes the file `out`, which is not there before."""

    def timed() -> float:
        out.unlink(missing_ok=True)
        start = perf_counter()
        job()
        return perf_counter() - start

    return timed


def _often(job: Job) -> Timed:
    """Times a job too small to be timed once."""

    def timed() -> float:
        start = perf_counter()
        for _ in range(_TIMES):
            job()
        return (perf_counter() - start) / _TIMES

    return timed


def _age(*arguments: str | Path) -> None:
    subprocess.run(("age", *arguments), check=True)
