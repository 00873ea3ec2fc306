"""The power is cut: what was not flushed is gone from the disk. Nothing that was promised is among it."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.store.loop_disk import loop_disk, why_not
from tests.store.promises import ROOT, Promises, command, new_store

CUTS = 12

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")


def test_after_a_power_cut_every_promise_holds(tmp_path: Path) -> None:
    dice = random.Random(3)
    promises, came_back = Promises(), 0
    with loop_disk(tmp_path, 128) as disk:
        store = disk.folder / "store"
        practice = new_store(store)
        disk.flush()
        for _ in range(CUTS):
            with subprocess.Popen(command(store, "calls"), stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
                assert process.stdout
                promises.hear([process.stdout.readline()])
                time.sleep(dice.uniform(0.2, 1.2))  # the moment of the cut, not a wait for something
                disk.cut_power()
                promises.hear(process.stdout.readlines())  # its disk is gone, so it ends by itself
            disk.unmount()
            disk.mount()
            came_back += promises.hold(store, practice)
    assert len(promises.kept) > CUTS
    assert came_back > 0


def test_a_cut_at_any_flush_of_a_removal_does_not_bring_the_message_back(tmp_path: Path) -> None:
    """The other half of `turns`: erasing, removing, abandoning."""
    dice = random.Random(4)
    with loop_disk(tmp_path) as disk:
        for turn in range(CUTS):
            store = disk.folder / str(turn)
            practice, promises = new_store(store), Promises()
            disk.flush()
            with subprocess.Popen(command(store, "turns"), stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
                assert process.stdout
                for line in process.stdout:
                    promises.hear([line])
                    if line.startswith("removing"):
                        break
                time.sleep(dice.uniform(0.0, 0.03))
                disk.cut_power()
                promises.hear(process.stdout.readlines())
            disk.unmount()
            disk.mount()
            promises.hold(store, practice)
            shutil.rmtree(store)
