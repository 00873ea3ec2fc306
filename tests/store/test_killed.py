"""The process is killed, at any moment and at every single step towards the disk. The next start needs nobody."""

from __future__ import annotations

import itertools
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.store.promises import ROOT, Promises, command, new_store

KILLS = 50
STEPS = ("fsync", "fdatasync", "rename", "unlink", "ftruncate")


def test_killed_50_times_in_mid_message_it_loses_two_seconds_at_most(tmp_path: Path) -> None:
    """A second is on its way to the disk, and one more is being spoken."""
    dice = random.Random(2)
    practice, promises = new_store(tmp_path), Promises()
    came_back = 0
    for _ in range(KILLS):
        with subprocess.Popen(command(tmp_path, "calls"), stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout
            promises.hear([process.stdout.readline()])  # it runs
            time.sleep(dice.uniform(0.0, 0.15))  # the moment of the kill, not a wait for something
            process.kill()
            promises.hear(process.stdout.readlines())
        came_back += promises.hold(tmp_path, practice)
    assert len(promises.kept) > KILLS
    assert came_back > KILLS // 2


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step_towards_the_disk_it_keeps_every_promise(tmp_path: Path, step: str) -> None:
    for number in itertools.count(1):
        store = tmp_path / str(number)
        practice, promises = new_store(store), Promises()
        kill = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={step}:signal=KILL:when={number}")
        run = subprocess.run(
            (*kill, *command(store, "turns")), stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False
        )
        promises.hear(run.stdout.splitlines())
        promises.hold(store, practice)
        assert promises.hold(store, practice) == 0, "a message came back twice"
        shutil.rmtree(store)
        if run.returncode == 0:  # it came to its end: there is no such step any more
            break
    assert number > 1
