"""Whatever happens to whoever uses the line, no process, port, file or thread of it is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rig.asterisk import Installed
from tests.rig.guarded import Guarded
from tests.rig.line import PhoneCompany
from tests.rig.patient import Patient
from tests.rig.probe import Probe, answered_by

GONE_WITHIN = 60.0  # s; it takes less than 0.1


def test_nothing_is_left_after_use(asterisk: Installed) -> None:
    with PhoneCompany(asterisk) as company:
        watched = Remains(company)
    assert watched.none()


def test_nothing_is_left_after_a_failure(asterisk: Installed) -> None:
    watched: list[Remains] = []

    def fail_in_mid_call() -> None:
        with PhoneCompany(asterisk) as company, answered_by(Probe(), company):
            watched.append(Remains(company))
            Patient().call(company)  # and nobody hangs up
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_mid_call()
    assert watched[0].none()
    assert eventually(no_call_is_served)


def test_the_thread_that_serves_calls_ends_with_the_last(company: PhoneCompany) -> None:
    with answered_by(Probe(), company), Patient().call(company):
        assert not no_call_is_served()
    assert eventually(no_call_is_served)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("after", [0.05, 0.15, 0.25, None])
def test_nothing_is_left_when_the_owner_is_ended(asterisk: Installed, how: signal.Signals, after: float | None) -> None:
    with owner() as (process, folder, token):
        if after is None:  # when all is up
            assert process.stdout is not None
            assert len([process.stdout.readline(), process.stdout.readline()]) == 2
            assert len(marked(token)) == 5  # the owner, two guards, two Asterisks
        else:
            time.sleep(after)  # any moment of the start will do
        process.send_signal(how)
        process.wait()
        assert eventually(lambda: not marked(token))
        assert eventually(lambda: not list(folder.iterdir()))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_modem_is_left_when_the_owner_is_ended(asterisk: Installed, how: signal.Signals) -> None:
    with owner("tests.rig.soft_modem") as (process, folder, token):
        assert process.stdout is not None
        assert len([process.stdout.readline() for _ in range(3)]) == 3
        assert len(marked(token)) == 7  # the owner, three guards, two Asterisks, the modem
        process.send_signal(how)
        process.wait()
        assert eventually(lambda: not marked(token))
        assert eventually(lambda: not list(folder.iterdir()))


def test_an_asterisk_dies_with_its_guard(asterisk: Installed) -> None:
    with owner() as (process, folder, token):
        assert process.stdout is not None
        assert process.stdin is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        for line in lines:
            pid = int(line.split()[0])
            os.kill(
                int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1]), signal.SIGKILL
            )
        assert eventually(lambda: marked(token) == [process.pid])
        process.stdin.close()
        process.wait()
        assert not list(folder.iterdir())


def test_what_a_program_starts_and_leaves_alone_ends_with_it() -> None:
    with Leaver() as leaver:
        left = leaver.folder / "left"
        assert eventually(left.exists)
        pid = int(left.read_text(encoding="ascii"))
    assert not Path(f"/proc/{pid}").exists()


class Leaver(Guarded):
    """Starts a program in a session of its own, and does not wait for it."""

    def prepare(self) -> list[str]:
        return ["sh", "-c", "setsid sh -c 'echo $$ >left.new; mv left.new left; exec sleep 600' & exec sleep 600"]


class Remains:
    """What a line consists of, to see later whether any of it is still there."""

    def __init__(self, company: PhoneCompany) -> None:
        both = (company.box_asterisk, company.company)
        self.pids = [asterisk.pid for asterisk in both]
        self.folders = [asterisk.folder for asterisk in both]
        self.places = (company.box_place, company.place)
        assert all(folder.exists() for folder in self.folders)

    def none(self) -> bool:
        for place in self.places:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
                again.bind((place.address, place.port))
        return not any(Path(f"/proc/{pid}").exists() for pid in self.pids) and not any(
            folder.exists() for folder in self.folders
        )


@contextmanager
def owner(module: str = "tests.rig.line") -> Iterator[tuple[subprocess.Popen[str], Path, str]]:
    """A process that owns a line, the folder for its temporary files, and the word by which all its offspring is known."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the user Asterisk runs as
        token = f"KEEPLINE_RIG_TOKEN={folder.name}"
        key, value = token.split("=")
        with subprocess.Popen(
            [sys.executable, "-m", module],
            env=os.environ | {key: value, "TMPDIR": name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                yield process, folder, token
            finally:
                process.kill()


def marked(token: str) -> list[int]:
    """Processes that have this word in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if token.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has just ended, or is somebody else's
    return found


def no_call_is_served() -> bool:
    return "rig-exchange" not in {thread.name for thread in threading.enumerate()}


def eventually(happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + GONE_WITHIN
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
