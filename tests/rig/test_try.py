"""`./install.sh try`, as a person runs it: once by itself, with keys, and interrupted. Nothing stays behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.rig

TRY = [sys.executable, "-m", "tests.rig.try_it"]
ROOT = Path(__file__).parents[2]
PATIENCE = 90  # s


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where everything of the trial must lie, and nothing may stay."""
    with tempfile.TemporaryDirectory(prefix="try-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"TMPDIR": str(folder)}


def left_behind(folder: Path) -> list[str]:
    """Files below `folder`, and processes that have something of it open or in their command."""
    found = [str(path) for path in folder.rglob("*")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command and int(process.name) != os.getpid():
            found.append(f"process {process.name}: {command[:80]!r}")
    return found


def test_once_takes_a_call_and_a_fax_checks_them_and_leaves_nothing(folder: Path) -> None:
    done = subprocess.run(
        [*TRY, "--once"], cwd=ROOT, env=environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Maria Lopez" in done.stdout
    assert "5550142" in done.stdout
    assert "the voicemail sounds as spoken: correlation 0.99" in done.stdout
    assert "Riverside Lab 5550147" in done.stdout
    assert "the fax is the page that was sent, in every dot" in done.stdout
    assert left_behind(folder) == []


def test_a_person_places_calls_and_sends_a_fax_with_keys_and_quits(folder: Path) -> None:
    person = pexpect.spawn(TRY[0], TRY[1:], cwd=ROOT, env=environment(folder), encoding="utf-8", timeout=PATIENCE)
    person.expect("https://localhost:")
    person.expect("Password +lantern")
    person.expect("nothing is left behind")
    person.send("f")
    person.expect("Riverside Lab sends a fax")
    person.send("f")
    person.expect("one fax at a time")
    person.send("c")
    person.expect("Maria Lopez calls")
    person.expect("Riverside Lab has sent it")
    person.send("q")
    person.expect("everything of this trial is erased")
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0
    assert left_behind(folder) == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(folder: Path, ending: signal.Signals) -> None:
    person = pexpect.spawn(TRY[0], TRY[1:], cwd=ROOT, env=environment(folder), encoding="utf-8", timeout=PATIENCE)
    person.expect("nothing is left behind")
    person.kill(ending)
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus in {130, 143}
    assert left_behind(folder) == []
