"""Fifty wrong log-ins a second, from many addresses, while staff work: how long staff wait, beside the same staff in peace."""

from __future__ import annotations

import http.client
import json
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.bench.figures import Figure
from tests.web.page_process import PageProcess, control_of
from tests.web.practice import NAME, Practice

RATE: Final = 50  # log-ins a second
ADDRESSES: Final = 25  # a network's worth of hijacked computers, all on loopback
ROUNDS: Final = 3  # of peace and of attack, in turn: what else the machine does, it does to both
SECONDS: Final = 8.0  # a round
PAUSE: Final = 0.05  # s between two requests of staff
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
SOUND: Final = b"\x10\x00" * 8000  # a second


def measure() -> list[Figure]:
    """A practice of fifty messages, its page as a process, staff who read, and a crowd that guesses."""
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
                calm: list[float] = []
                attacked: list[float] = []
                guesses, looked_at = 0, 0
                for _ in range(ROUNDS):
                    calm += _work(page, paths, SECONDS)
                    with _attack(page) as crowd:
                        attacked += _work(page, paths, SECONDS)
                        assert crowd.stdin
                        told = json.loads(crowd.communicate("")[0])
                    guesses, looked_at = guesses + told["sent"], looked_at + told["wrong"]
        finally:
            control.stop()
    seconds = ROUNDS * SECONDS
    p95_calm, p95_attacked = _p95(calm), _p95(attacked)
    return [
        Figure("staff's requests in peace, p95", p95_calm * 1000, None, "ms", "", "lower"),
        Figure(
            f"staff's requests during {guesses / seconds:.0f} wrong log-ins a second, p95; peer: in peace",
            p95_attacked * 1000,
            p95_calm * 1000,
            "ms",
            "ratio over 0.5 (under twice)",
            "lower",
        ),
        Figure(
            "of these log-ins, passwords that were looked at", looked_at / seconds, None, "a second", "few", "lower"
        ),
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


def _attack(page: PageProcess) -> subprocess.Popen[str]:
    """The crowd, as a process of its own that stands back where it can: real ones have computers of their own. It ends when its standard input does."""
    command = ["nice", "-n", "10", sys.executable, "-m", "tests.bench.guessing", str(page.port), str(page.tls.ca_pem)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _p95(samples: list[float]) -> float:
    return statistics.quantiles(samples, n=20)[-1]


def crowd(port: int, ca_file: str) -> dict[str, int]:
    """Guess, evenly, from many addresses at once, until standard input ends. What came of it."""
    context = ssl.create_default_context(cafile=ca_file)
    told = {"sent": 0, "wrong": 0}
    ended = threading.Event()

    def guess(number: int) -> None:
        where = (f"127.0.1.{number + 1}", 0)
        browser = http.client.HTTPSConnection("localhost", port, context=context, timeout=60, source_address=where)
        due = time.monotonic() + number / RATE
        while not ended.wait(max(0.0, due - time.monotonic())):
            due += ADDRESSES / RATE
            told["sent"] += 1
            name = NAME if told["sent"] % 3 else f"nobody{told['sent']}"
            form = urllib.parse.urlencode({"name": name, "password": f"guess {told['sent']} of very many"})
            browser.request("POST", "/login", form, FORM)
            told["wrong"] += b"belong together" in browser.getresponse().read()

    with ThreadPoolExecutor(ADDRESSES) as threads:
        working = [threads.submit(guess, number) for number in range(ADDRESSES)]
        sys.stdin.read()
        ended.set()
    for one in working:
        one.result()
    return told


if __name__ == "__main__":
    print(json.dumps(crowd(int(sys.argv[1]), sys.argv[2])))
