"""A port that a test was given stays its own until its server listens there, whoever else looks for ports."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from tests.rig.ports import BLOCKS, free_port

ANOTHER_RUN = "import sys; from tests.rig.ports import free_port; print(*(free_port() for _ in range(5)), flush=True); sys.stdin.read()"


def blocks_of(run: subprocess.Popen[str]) -> set[int]:
    """Those that the ports of this run lie in."""
    assert run.stdout
    return {int(port) // BLOCKS.step for port in run.stdout.readline().split()}


def test_runs_at_the_same_time_have_ports_of_their_own() -> None:
    ours = free_port() // BLOCKS.step
    command = [sys.executable, "-c", ANOTHER_RUN]
    runs = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        for _ in range(2)
    ]
    with runs[0], runs[1]:
        held = [blocks_of(run) for run in runs]
        for run in runs:
            run.kill()
    assert [len(blocks) for blocks in held] == [1, 1]
    assert len(held[0] | held[1] | {ours}) == 3


def test_one_that_somebody_listens_on_is_passed_over() -> None:
    taken = free_port()
    with socket.create_server(("127.0.0.1", taken)):
        assert taken not in {free_port() for _ in range(2 * BLOCKS.step)}
