"""How the machine gets the fax programs of other people: what the script decides, on stand-ins for apt."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fax-parts.sh")
NAMES = ("iaxmodem", "hylafax-server", "hylafax-client")
FETCHES = 'case "$*" in *update*) touch "$MARK" ;; *download*) test -e "$MARK" || exit 100; for last in iaxmodem hylafax; do touch $last.deb; done ;; esac'

STAND_INS = {
    "apt-get": FETCHES,
    "sudo": 'shift; exec "$@"',
    "dpkg": "echo amd64",
    "dpkg-deb": 'mkdir -p "$3/usr/bin" && touch "$3/usr/bin/$(basename "$2")"',
}


class Machine:
    """A machine whose package programs only pretend."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "cache" / "fax-parts-amd64"
        self.mark = folder / "lists-are-fresh"
        self.called = folder / "called"
        self.programs = folder / "bin"
        self.programs.mkdir()
        for name, body in STAND_INS.items():
            program = self.programs / name
            program.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.called}\n{body}\n', encoding="utf-8")
            program.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        around = {"PATH": f"{self.programs}:{os.environ['PATH']}", "MARK": str(self.mark)}
        return subprocess.run(
            [SCRIPT],
            env=os.environ | around | {"KEEPLINE_CACHE": str(self.folder.parent)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_programs_are_fetched_and_unpacked_and_never_installed(machine: Machine) -> None:
    machine.mark.touch()
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert (machine.folder / "usr" / "bin" / "iaxmodem.deb").exists()
    called = machine.called.read_text(encoding="utf-8")
    assert f"apt-get -q download {' '.join(NAMES)}" in called
    assert "install" not in called
    assert "update" not in called


def test_what_is_there_is_not_fetched_again(machine: Machine) -> None:
    machine.mark.touch()
    machine.run()
    machine.called.unlink()
    assert "there already" in machine.run().stdout
    assert "apt-get" not in machine.called.read_text(encoding="utf-8")


def test_old_package_lists_are_refreshed_once(machine: Machine) -> None:
    done = machine.run()
    assert done.returncode == 0, done.stderr
    assert machine.called.read_text(encoding="utf-8").count("update") == 1
    assert (machine.folder / "complete").exists()


def test_a_machine_that_cannot_fetch_says_so_and_leaves_nothing_that_looks_complete(machine: Machine) -> None:
    (machine.programs / "apt-get").write_text("#!/bin/sh\necho E: no way there >&2\nexit 100\n", encoding="utf-8")
    done = machine.run()
    assert done.returncode == 1
    assert "could not be fetched" in done.stderr
    assert not machine.folder.exists()
