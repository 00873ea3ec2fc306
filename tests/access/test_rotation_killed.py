"""kill -9 at any moment of an exchange of keys, of the box or of the admin's program, with messages arriving all the while."""

from __future__ import annotations

import itertools
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from appliance.access import rotation
from appliance.access.practice import PUBLIC
from appliance.access.unlock import unlock
from appliance.errors import SealKeyError
from appliance.store.age_file import open_identity
from appliance.store.keys import Identity
from appliance.store.reader import Reader
from tests.access.box import SECOND, Box
from tests.access.practice import ANA, Practice
from tests.fakes.clock import FakeClock

ROUNDS = 8
PATIENCE = 60.0  # s for a process on a busy machine


class Process:
    """A program of ours whose lines are collected as they come."""

    def __init__(self, module: str, *arguments: object) -> None:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def wait_for(self, lines: int) -> None:
        """Until it has said so much, or has ended."""
        until = time.monotonic() + PATIENCE
        while len(self.said) < lines and self._child.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.005)

    def kill(self) -> list[str]:
        """kill -9; what it had said."""
        self._child.kill()
        return self._ended()[1]

    def end(self) -> int:
        """Let it end; its exit code."""
        assert self._child.stdin
        self._child.stdin.close()
        return self._ended()[0]

    def _ended(self) -> tuple[int, list[str]]:
        code = self._child.wait(PATIENCE)
        self._reading.join()
        assert self._child.stdout
        self._child.stdout.close()
        return code, self.said

    def _read(self) -> None:
        assert self._child.stdout
        for line in self._child.stdout:
            if line.endswith("\n"):
                self.said.append(line.strip())


@pytest.fixture
def draw() -> random.Random:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)


def test_whatever_is_killed_every_message_opens_with_exactly_one_key_and_the_exchange_is_ended(
    practice: Practice, draw: random.Random
) -> None:
    folder = practice.folder
    kept: list[str] = []
    keys = [unlock(folder, "ana", ANA).practice]
    box = Process("tests.access.box_process", folder, 0)
    box.wait_for(30)
    interrupted = 0
    for number in range(1, ROUNDS + 1):
        rotator = Process("tests.access.rotator_process", folder)
        rotator.wait_for(draw.randint(1, 4))
        time.sleep(draw.uniform(0, 0.15))
        if draw.random() < 0.5:
            rotator.kill()
            interrupted += rotation.is_under_way(folder)
            kept += box.kill()[1:]
        else:
            kept += box.kill()[1:]
            interrupted += rotation.is_under_way(folder)
            rotator.kill()
        box = Process("tests.access.box_process", folder, number * 1000)
        box.wait_for(10)
        look(folder, kept, keys)
    assert interrupted, "nothing was ever interrupted: the exchange has become too quick for this test"
    for _ in range(2):  # one that is under way goes on, then there is another
        assert Process("tests.access.rotator_process", folder).end() == 0
    assert box.end() == 0
    look(folder, kept + box.said[1:], keys)
    assert not (folder / "keys/next").exists()
    assert len(keys) > 1


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("step", ["rename", "unlink", "rmdir"])
def test_killed_at_each_step_towards_the_disk_it_is_ended_by_the_next_start_or_gone_on_with(
    practice: Practice, tmp_path_factory: pytest.TempPathFactory, step: str
) -> None:
    """Box and admin's program in one process, so that each step has a number."""
    with Box(practice.folder) as box:
        kept = [box.leave().stamp.id for _ in range(3)]
    old = unlock(practice.folder, "ana", ANA).practice
    for number in itertools.count(1):
        folder = tmp_path_factory.mktemp(step) / "store"
        shutil.copytree(practice.folder, folder)
        kill = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={step}:signal=KILL:when={number}")
        run = subprocess.run((*kill, sys.executable, "-m", "tests.access.exchange_process", folder), check=False)
        keys = [old]
        with Box(folder, FakeClock(wall=1_773_500_000.0)) as box:
            look(folder, kept, keys)
            if rotation.is_under_way(folder):
                with rotation.resume(folder, unlock(folder, "ana", ANA)) as made:
                    list(made.run(box.client, "ana"))
                look(folder, kept, keys)
                assert len(keys) == 2
            assert not (folder / "keys/next/practice.pub").exists()
        shutil.rmtree(folder)
        if run.returncode == 0:  # it came to its end: there is no such step any more
            break
    assert number > 1


def look(folder: Path, kept: list[str], keys: list[Identity]) -> None:
    """The key that a password opens opens every message that was kept; an older one opens none and no day's key."""
    now = unlock(folder, "ana", ANA).practice
    assert str(now.recipient) == (folder / PUBLIC).read_text(encoding="ascii").strip()
    if now.recipient != keys[-1].recipient:
        keys.append(now)
    reader = Reader(folder)
    rows = {row.stamp.id: row for row in reader.list()}
    assert set(kept) <= rows.keys(), "a message is lost"
    for id in kept:
        with reader.open(rows[id], now) as message:
            assert message.read(0, message.size)[44:] == bytes(SECOND)
    for file in sorted((folder / "epochs").glob("*.age")):
        with pytest.raises(SealKeyError):
            open_identity(file.read_bytes(), keys[:-1])
