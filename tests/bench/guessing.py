"""Fifty wrong log-ins a second, from many addresses, while staff work: how long staff wait, beside the same staff in peace."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.figures import Figure
from tests.web.page_process import PageProcess, control_of
from tests.web.practice import NAME, Practice

RATE: Final = 50  # log-ins a second
ROUNDS: Final = 3  # of peace and of attack, in turn: what else the machine does, it does to both
SECONDS: Final = 8.0  # a round
PAUSE: Final = 0.05  # s between two requests of staff
SOUND: Final = b"\x10\x00" * 8000  # a second


def measure() -> list[Figure]:
    """A practice of fifty messages, its page as a process, staff who read, and a crowd that guesses."""
    told = {"sent": 0.0, "seconds": 0.0, "wrong": 0.0}
    calm: list[float] = []
    attacked: list[float] = []
    with tempfile.TemporaryDirectory(prefix="keepline-bench-") as folder, Practice(Path(folder)) as practice:
        ids = [practice.leave(SOUND, f"555{count:07}", f"Caller {count}") for count in range(50)]
        control = control_of(practice)
        control.start()
        try:
            with PageProcess(practice) as page:
                page.log_in()
                practice.agree(NAME)
                paths = ["/", f"/messages/{ids[-1]}", "/pulse", f"/messages/{ids[0]}/content"]
                _work(page, paths, SECONDS / 4)  # until everything is in memory
                for _ in range(ROUNDS):
                    calm += _work(page, paths, SECONDS)
                    with _attack(page, told):
                        attacked += _work(page, paths, SECONDS)
        finally:
            control.stop()
    p95_calm, p95_attacked = _p95(calm), _p95(attacked)
    rate, looked_at = told["sent"] / told["seconds"], told["wrong"] / told["seconds"]
    return [
        Figure("staff's requests in peace, p95", p95_calm * 1000, None, "ms", "", "lower"),
        Figure(
            "staff's requests during the log-ins below, p95; peer: in peace",
            p95_attacked * 1000,
            p95_calm * 1000,
            "ms",
            "ratio over 0.5 (under twice)",
            "lower",
        ),
        Figure("wrong log-ins", rate, None, "a second", f"{RATE}", "higher"),
        Figure("of these, passwords that were looked at", looked_at, None, "a second", "few", "lower"),
    ]


def _work(page: PageProcess, paths: list[str], seconds: float) -> list[float]:
    """What staff do on one kept connection; how long each request took."""
    connection = http.client.HTTPSConnection("localhost", page.port, context=page.trust, timeout=30)
    took, end, count = [], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        start = time.perf_counter()
        connection.request("GET", paths[count % len(paths)], headers={"Cookie": page.cookie})
        answer = connection.getresponse()
        answer.read()
        took.append(time.perf_counter() - start)
        if answer.status != 200:
            raise RuntimeError(f"staff were answered with {answer.status}")
        count += 1
        time.sleep(PAUSE)
    connection.close()
    return took


@contextmanager
def _attack(page: PageProcess, told: dict[str, float]) -> Iterator[None]:
    """The crowd is at work inside; what came of it is added to `told`. It stands back where it can: real ones have computers of their own."""
    program = Path(__file__).with_name("crowd.py")
    command = ["nice", "-n", "10", sys.executable, "-E", str(program), str(page.port), str(page.tls.ca_pem)]
    command += [NAME, str(RATE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdin
        assert crowd.stdout
        if crowd.stdout.readline() != "ready\n":
            raise RuntimeError("the crowd did not come")
        crowd.stdin.write("go\n")
        crowd.stdin.flush()
        yield
        for name, value in json.loads(crowd.communicate()[0]).items():
            told[name] += value


def _p95(samples: list[float]) -> float:
    return statistics.quantiles(samples, n=20)[-1]
