"""The units as systemd itself reads them, in a folder that stands for the whole machine; nothing of this machine is touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.cli.main import build_parser
from appliance.process import ALLOCATOR

SHIPPED = Path(__file__).parents[2] / "systemd"
UNITS = sorted(file.name for file in SHIPPED.glob("*.service"))
ADDITIONS = ("keepline-panel.conf", "keepline-fax.conf")
PROGRAMS = ("opt/keepline/venv/bin/keepline", "opt/keepline/asterisk/run-asterisk", "usr/sbin/nft")
MOST = {  # exposure as `systemd-analyze security` counts it: 9.2 is a plain unit, 0 nothing to attack
    "keepline.service": 1.4,
    "keepline-page.service": 1.4,
    "keepline-console.service": 0.6,
    "keepline-firewall.service": 1.3,
    "keepline-asterisk.service": 1.2,
}
RIGHTS = {"keepline-page.service": "CAP_NET_BIND_SERVICE", "keepline-firewall.service": "CAP_NET_ADMIN"}
#: The two that a stranger's words reach, as they are installed: with the drop-ins, too.
EXPOSED = ("keepline.service", "keepline-page.service")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine on which Keepline is installed, as far as systemd looks."""
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    for unit in UNITS:
        shutil.copy(SHIPPED / unit, units)
    for program in PROGRAMS:
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / program).write_text("#!/bin/sh\n", encoding="ascii")
        (tmp_path / program).chmod(0o755)
    return tmp_path


def with_addition(machine: Path, name: str) -> None:
    folder = machine / "etc/systemd/system/keepline.service.d"
    folder.mkdir(exist_ok=True)
    shutil.copy(SHIPPED / name, folder)


def systemd(program: str, *arguments: str, machine: Path) -> str:
    """What a program of systemd tells of the `machine`; of our own files it must have nothing to complain."""
    command = [program, f"--root={machine}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"keepline[^:]*:\d+:|Command .* is not executable", done.stderr), done.stderr
    return done.stdout


def exposure(unit: str, machine: Path) -> float:
    told = systemd("systemd-analyze", "security", "--offline=true", "--no-pager", unit, machine=machine)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told)
    assert found, told
    return float(found[1])


def settings(unit: str) -> dict[str, str]:
    """The unit's settings; of one that stands there several times the last."""
    lines = (SHIPPED / unit).read_text(encoding="ascii").splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]\w+=", line))


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong_with_the_unit(unit: str, machine: Path) -> None:
    systemd("systemd-analyze", "verify", unit, machine=machine)


def test_systemd_finds_nothing_wrong_with_panel_and_fax_modem_either(machine: Path) -> None:
    for name in ADDITIONS:
        with_addition(machine, name)
    systemd("systemd-analyze", "verify", "keepline.service", machine=machine)


@pytest.mark.parametrize("unit", UNITS)
def test_there_is_little_to_attack(unit: str, machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = exposure(unit, machine)
    with capsys.disabled():
        print(f"\n{unit}: exposure {found}")
    assert found <= MOST[unit]


@pytest.mark.parametrize("additions", [(), ADDITIONS[:1], ADDITIONS[1:], ADDITIONS])
@pytest.mark.parametrize("unit", EXPOSED)
def test_daemon_and_page_stay_under_one_and_a_half_as_they_are_installed(
    unit: str, additions: tuple[str, ...], machine: Path
) -> None:
    """With the ports of a fax modem and the pins of lamps, and with the address that `install.sh` allows."""
    for name in additions:
        with_addition(machine, name)
    folder = machine / "etc/systemd/system/keepline.service.d"
    folder.mkdir(exist_ok=True)
    (folder / "address.conf").write_text("[Service]\nIPAddressAllow=192.168.1.10\n", encoding="ascii")
    assert exposure(unit, machine) < 1.5


@pytest.mark.parametrize("unit", [*EXPOSED, "keepline-asterisk.service"])
def test_nobody_asks_a_name_server_for_anything(unit: str) -> None:
    assert "-/etc/resolv.conf" in settings(unit)["InaccessiblePaths"].split()


@pytest.mark.parametrize("unit", [*EXPOSED, "keepline-asterisk.service"])
def test_the_firewall_stands_before_whoever_speaks_to_the_network(unit: str) -> None:
    found = settings(unit)
    assert "keepline-firewall.service" in found["Wants"].split()
    assert "keepline-firewall.service" in found["After"].split()


@pytest.mark.parametrize("unit", ["keepline.service", "keepline-page.service"])
def test_daemon_and_page_start_with_an_allocator_that_overwrites_what_is_freed(unit: str) -> None:
    """Otherwise they would have to start over by themselves."""
    named = (f"{name}={value}" for name, value in ALLOCATOR.items())
    assert settings(unit)["Environment"] == " ".join(named)


@pytest.mark.parametrize("unit", UNITS)
def test_no_memory_reaches_a_disk_and_no_program_runs_as_root(unit: str) -> None:
    found = settings(unit)
    assert found["MemorySwapMax"] == "0"
    assert found["LimitCORE"] == "0"
    assert found["User"] == unit.removesuffix(".service")
    assert found["CapabilityBoundingSet"] == RIGHTS.get(unit, "")


def test_each_program_has_a_user_of_its_own() -> None:
    users = [settings(unit)["User"] for unit in UNITS]
    assert len(set(users)) == len(UNITS)


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit not in {"keepline-asterisk.service", "keepline-firewall.service"}]
)
def test_the_unit_starts_a_verb_that_there_is(unit: str) -> None:
    program, *arguments = settings(unit)["ExecStart"].split()
    assert program.lstrip("/") in PROGRAMS
    build_parser().parse_args(arguments)


def test_the_daemon_must_say_that_it_lives() -> None:
    found = settings("keepline.service")
    assert (found["Type"], found["WatchdogSec"]) == ("notify", "30")


def test_users_groups_and_folders_are_made(machine: Path) -> None:
    etc = machine / "etc"
    systemd("systemd-sysusers", str(SHIPPED / "keepline.sysusers"), machine=machine)
    passwd = [line.split(":") for line in (etc / "passwd").read_text(encoding="ascii").splitlines()]
    assert {entry[0] for entry in passwd} >= {settings(unit)["User"] for unit in UNITS}
    assert {entry[6] for entry in passwd} == {"/usr/sbin/nologin"}
    groups = {line.split(":")[0] for line in (etc / "group").read_text(encoding="ascii").splitlines()}
    wanted = {group for unit in UNITS for group in settings(unit).get("SupplementaryGroups", "").split()}
    assert wanted - groups == {"dialout"}, "Debian itself has dialout; every other group must be made here"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders to other users")
def test_folders_belong_to_those_who_write_them(machine: Path) -> None:
    systemd("systemd-sysusers", str(SHIPPED / "keepline.sysusers"), machine=machine)
    systemd("systemd-tmpfiles", "--create", str(SHIPPED / "keepline.tmpfiles"), machine=machine)
    users = _ids(machine / "etc/passwd")
    groups = _ids(machine / "etc/group")
    for path, mode, user, group in (
        ("run/keepline", 0o2750, "keepline", "keepline-clients"),
        ("var/lib/keepline", 0o750, "keepline", "keepline"),
        ("var/lib/keepline/keys", 0o750, "keepline", "keepline"),
        ("var/lib/keepline/tls", 0o750, "keepline", "keepline"),
        ("var/lib/keepline/console", 0o750, "keepline", "keepline"),
    ):
        found = (machine / path).stat()
        assert (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (mode, users[user], groups[group]), path


def _ids(file: Path) -> dict[str, int]:
    entries = (line.split(":") for line in file.read_text(encoding="ascii").splitlines())
    return {entry[0]: int(entry[2]) for entry in entries}
