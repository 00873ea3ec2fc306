"""`./install.sh`, on stand-ins for the programs that would change the machine: an interruption ends what runs and says how to go on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

SCRIPT = Path(__file__).parents[1] / "install.sh"
#: Has a child and a temporary file, and tidies up when it is interrupted.
HANGS = """
trap 'rm "$TMPDIR/half"; exit 130' INT
touch "$TMPDIR/half"
sh -c 'echo $$ >"$RUNNING"; exec sleep 60'
"""


def put(folder: Path, stand_ins: dict[str, str]) -> None:
    for name, body in stand_ins.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has no package yet and whose apt-get never comes to an end."""
    put(tmp_path, {"dpkg-query": "exit 1", "dpkg": "exit 0", "apt-get": HANGS, "sudo": 'shift; exec "$@"'})
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    return os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "RUNNING": str(tmp_path / "running"),
        "TMPDIR": str(temporary),
    }


def test_an_interruption_ends_the_step_that_runs_with_all_that_it_started_and_says_how_to_go_on(
    machine: dict[str, str],
) -> None:
    person = pexpect.spawn("bash", ["--norc", "-i"], env=machine, encoding="utf-8", timeout=30)
    person.sendline(f"{SCRIPT} try; echo status=$?")
    person.expect("Refreshing the package lists .* 1 s")
    person.sendintr()
    person.expect("Interrupted. Start it again: it goes on where it stopped.")
    person.expect("status=130")
    assert not Path("/proc", Path(machine["RUNNING"]).read_text(encoding="ascii").strip()).exists()
    assert list(Path(machine["TMPDIR"]).iterdir()) == []
    person.sendline("exit")
    person.expect(pexpect.EOF)
    person.close()


@pytest.mark.parametrize("ip", ["exit 2", "echo unreachable"])
def test_without_a_way_to_the_adapter_nothing_is_installed_and_it_is_said_so(
    machine: dict[str, str], tmp_path: Path, ip: str
) -> None:
    put(tmp_path, {"dpkg-query": "printf installed", "id": "echo 0", "ip": ip, "systemd-sysusers": "exit 9"})
    command = [str(SCRIPT), "install", "--ata", "192.0.2.1"]
    done = subprocess.run(command, env=machine, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "This machine has no way to 192.0.2.1." in done.stderr
    assert "Making a user" not in done.stdout


def test_the_daemon_gets_the_pins_of_the_panel_when_its_settings_ask_for_lamps(tmp_path: Path) -> None:
    settings, unit = tmp_path / "keepline.toml", tmp_path / "keepline.service.d"
    unit.mkdir()
    for board, gets_pins in (("none", False), ("gpio", True), ("gpio", True), ("mock", False)):
        settings.write_text(f'[panel]\nboard = "{board}"\n', encoding="utf-8")
        script = 'source "$1" help && give_pins "$2" "$3" "$4"'
        command = ["bash", "-c", script, "install", str(SCRIPT), sys.executable, str(settings), str(unit)]
        subprocess.run(command, capture_output=True, timeout=60, check=True)
        assert (unit / "panel.conf").exists() == gets_pins
