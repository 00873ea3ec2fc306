"""How the machine gets its Asterisk: what the script decides, on stand-ins for the programs that would change the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("asterisk-root.sh")
ASTERISK = '#!/bin/sh\necho "Asterisk 99"\n'

# Each says what it was called with; the last lines differ from test to test.
STAND_INS = {
    "apt-cache": "echo '  Candidate: (none)'",
    "apt-get": 'case "$*" in indextargets*) echo http://mirror.invalid/debian/ ;; esac',
    "debootstrap": 'for last; do :; done; echo "I: Unpacking"; test ! -e "$FAIL_DEBOOTSTRAP"',
    "chroot": "exit 0",
    "setpriv": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
    "sudo": 'exec "$@"',
    "dpkg": 'case "$1" in --print-architecture) echo amd64 ;; esac',
}
STALE = 'case "$*" in *Valid-Until=true*update*) echo "E: Release file is expired"; exit 100 ;; indextargets*) echo http://mirror.invalid/debian/ ;; esac'


class Machine:
    """A machine whose package programs only pretend."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "asterisk"
        self.programs = folder / "bin"
        self.called = folder / "called"
        self.programs.mkdir()
        for name, body in STAND_INS.items():
            self.has(name, body)

    def has(self, name: str, body: str) -> None:
        program = self.programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.called}\n{body}\n', encoding="utf-8")
        program.chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SCRIPT, "--folder", self.folder, *arguments],
            env=os.environ | {"PATH": f"{self.programs}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self, program: str) -> list[str]:
        if not self.called.exists():
            return []
        return [line for line in self.called.read_text(encoding="utf-8").splitlines() if line.startswith(f"{program} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_complete_is_used_without_asking_anybody(machine: Machine) -> None:
    machine.folder.mkdir()
    (machine.folder / "complete").write_text("version=Asterisk 99\n", encoding="utf-8")
    launcher = machine.folder / "run-asterisk"
    launcher.write_text(ASTERISK, encoding="utf-8")
    launcher.chmod(0o755)
    ended = machine.run()
    assert ended.returncode == 0
    assert "is there already" in ended.stdout
    assert not machine.calls("apt-get")
    assert not machine.calls("debootstrap")


def test_a_stale_list_is_not_used_when_no_person_can_say_yes(machine: Machine) -> None:
    machine.has("apt-get", STALE)
    ended = machine.run()
    assert ended.returncode == 1
    assert "past its date" in ended.stdout
    assert "--tolerate-stale-date" in ended.stderr
    assert not machine.calls("debootstrap")


def test_a_stale_list_is_a_warning_when_that_is_tolerated(machine: Machine) -> None:
    machine.has("apt-get", STALE)
    ended = machine.run("--tolerate-stale-date")
    assert "warning" in ended.stdout
    assert machine.calls("debootstrap")


def test_a_list_that_is_not_signed_is_never_used(machine: Machine) -> None:
    machine.has(
        "apt-get",
        STAND_INS["apt-get"] + '\ncase "$*" in *update*) echo "E: The repository is not signed."; exit 100 ;; esac',
    )
    ended = machine.run("--tolerate-stale-date")
    assert ended.returncode == 1
    assert "signature" in ended.stderr
    assert not machine.calls("debootstrap")


def test_debootstrap_is_told_to_check_signatures_against_debians_keys(machine: Machine) -> None:
    machine.run()
    (call,) = machine.calls("debootstrap")
    assert "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg" in call
    assert "--force-check-gpg" in call
    assert "http://mirror.invalid/debian/" in call


def test_an_interrupted_fetch_starts_anew_and_an_interrupted_installation_goes_on(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIL_DEBOOTSTRAP", "/")
    assert "debootstrap failed" in machine.run().stderr
    monkeypatch.delenv("FAIL_DEBOOTSTRAP")
    building = machine.folder.with_name("asterisk.building")
    (building / "root").mkdir(parents=True)
    (building / "root" / "half").touch()
    machine.run()
    assert len(machine.calls("debootstrap")) == 2
    assert not (building / "root" / "half").exists()
    (building / "base").touch()
    assert "going on where" in machine.run().stdout
    assert len(machine.calls("debootstrap")) == 2
    assert not machine.folder.exists()  # nothing that is not complete has the name of what is


def test_without_root_and_sudo_it_says_what_root_must_do_before_anything_starts(machine: Machine) -> None:
    machine.has("id", "echo 1000")
    machine.has("sudo", "exit 1")
    ended = machine.run("--tolerate-stale-date")
    assert ended.returncode == 1
    assert "Once, as root:" in ended.stderr
    assert not machine.calls("debootstrap")


def test_without_root_it_says_so_before_sudo_asks(machine: Machine) -> None:
    machine.has("id", "echo 1000")
    machine.has("sudo", 'case "$1" in -v) exit 0 ;; esac; exec "$@"')
    assert "sudo may ask for your password" in machine.run().stdout
    assert machine.calls("sudo")[0] == "sudo -v"


def test_a_machine_without_debians_packages_is_told_so(machine: Machine) -> None:
    machine.has("apt-get", "exit 0")
    ended = machine.run()
    assert ended.returncode == 1
    assert "no Debian mirror" in ended.stderr


def test_the_script_is_clean() -> None:
    subprocess.run(["shellcheck", SCRIPT], check=True)
