"""The firewall as the kernel has it: the very rules that are installed, in a network of its own, tried by each user of a box."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.network import (
    ATA,
    BOX4,
    COLLEAGUE,
    FAR4,
    FAR6,
    PATIENCE,
    ROUTER4,
    ROUTER6,
    SILENCE,
    USERS,
    Arrived,
    Network,
    tries,
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a network")

ROOT = Path(__file__).parents[2]
RULES = ROOT / "systemd/keepline-firewall.nft"
PORTS = (
    1,
    22,
    25,
    53,
    80,
    110,
    123,
    143,
    443,
    465,
    587,
    853,
    993,
    1194,
    3478,
    4573,
    5060,
    5061,
    5353,
    8080,
    8443,
    10_000,
    51_820,
    65_535,
)
FAR = (FAR4, FAR6)
OURS = tuple(name for name in USERS if name.startswith("keepline"))
OTHERS = tuple(name for name in USERS if name not in OURS)
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """Without a firewall."""
    with Network(tmp_path) as made:
        yield made


@pytest.fixture
def walled(network: Network, tmp_path: Path) -> Network:
    """With the rules loaded as the unit loads them."""
    rules = tmp_path / "firewall.nft"
    rules.write_text(RULES.read_text(encoding="ascii").replace("@ATA@", ATA), encoding="ascii")
    network.on_box(f"nft -f {rules}")
    return network


def test_without_the_firewall_everything_would_get_out(network: Network) -> None:
    """So the other tests here look at the rules and not at a cable that lies loose."""
    with network.listening() as look:
        for user in USERS:
            network.as_user(user, lambda: tries(FAR, PORTS))
        due = {Arrived(protocol, to, port) for protocol in (TCP, UDP) for to in FAR for port in PORTS}
        assert look(due) == due


@pytest.mark.parametrize("user", OURS)
def test_no_program_of_keepline_reaches_the_internet_not_even_for_the_time(walled: Network, user: str) -> None:
    with walled.listening() as look:
        walled.as_user(user, lambda: tries(FAR, PORTS))
        assert look(set()) == set()
    assert walled.counters()["refused_ours"] >= 4 * len(PORTS)


@pytest.mark.parametrize("user", OTHERS)
def test_the_system_reaches_nothing_but_time_servers(walled: Network, user: str) -> None:
    with walled.listening() as look:
        walled.as_user(user, lambda: tries(FAR, PORTS))
        due = {Arrived(UDP, to, 123) for to in FAR}
        assert look(due) == due
    assert walled.counters()["asked_for_time"] == 2


def test_in_its_own_network_the_system_asks_for_names_and_the_time_only(walled: Network) -> None:
    with walled.listening() as look:
        walled.as_user("systemd-timesync", lambda: tries((ROUTER4, ROUTER6, COLLEAGUE), PORTS))
        asked = {Arrived(UDP, to, 123) for to in (ROUTER4, ROUTER6, COLLEAGUE)}
        due = asked | {Arrived(protocol, to, 53) for protocol in (TCP, UDP) for to in (ROUTER4, ROUTER6, COLLEAGUE)}
        assert look(due) == due


def test_the_telephone_part_speaks_to_the_adapter_and_to_nobody_else(walled: Network) -> None:
    with walled.listening() as look:
        walled.as_user("keepline-asterisk", lambda: tries((ATA, COLLEAGUE, ROUTER4, ROUTER6), PORTS))
        due = {Arrived(UDP, ATA, port) for port in PORTS}
        assert look(due) == due


@pytest.mark.parametrize("user", ["keepline", "keepline-page", "keepline-console"])
def test_daemon_page_and_console_begin_nothing_in_their_own_network_either(walled: Network, user: str) -> None:
    with walled.listening() as look:
        walled.as_user(user, lambda: tries((ATA, COLLEAGUE, ROUTER4, ROUTER6), PORTS))
        assert look(set()) == set()


def test_who_is_refused_hears_so_at_once(walled: Network) -> None:
    def refusal() -> str:
        with socket.socket() as stream:
            stream.settimeout(PATIENCE)
            try:
                stream.connect((FAR4, 443))
            except OSError as error:
                return type(error).__name__
        return "connected"

    assert walled.as_user("keepline-page", refusal) not in {"connected", "TimeoutError"}


def reached(network: Network, origin: str, within: float) -> bool:
    """Does a browser at `origin` get an answer of a page that the page's user serves on the box?"""
    with network.box_socket("root", socket.AF_INET, socket.SOCK_STREAM) as page:
        page.bind((BOX4, 443))
        page.listen()
        with network.far_away_socket(socket.AF_INET, socket.SOCK_STREAM) as browser:
            browser.settimeout(within)
            browser.bind((origin, 0))
            try:
                browser.connect((BOX4, 443))
            except OSError:
                return False
            return True


def test_the_page_answers_the_practices_own_network_and_not_the_internet(walled: Network) -> None:
    assert reached(walled, COLLEAGUE, PATIENCE)
    assert not reached(walled, FAR4, SILENCE)


@pytest.mark.parametrize(("origin", "heard"), [(ATA, True), (COLLEAGUE, False), (FAR4, False)])
@pytest.mark.parametrize("port", [5060, 10_000, 10_999])
def test_calls_and_their_sound_come_from_the_adapter_alone(
    walled: Network, origin: str, heard: bool, port: int
) -> None:
    with (
        walled.box_socket("keepline-asterisk", socket.AF_INET, socket.SOCK_DGRAM) as asterisk,
        walled.far_away_socket(socket.AF_INET, socket.SOCK_DGRAM) as phone,
    ):
        asterisk.bind((BOX4, port))
        asterisk.settimeout(PATIENCE if heard else SILENCE)
        phone.bind((origin, 0))
        phone.sendto(b"INVITE", (BOX4, port))
        try:
            assert asterisk.recv(100) == b"INVITE"
            found = True
        except TimeoutError:
            found = False
    assert found is heard


def test_the_rules_can_be_loaded_again_and_taken_away_as_the_unit_does(walled: Network, tmp_path: Path) -> None:
    walled.on_box(f"nft -f {tmp_path}/firewall.nft")
    walled.on_box("nft delete table inet keepline")
    with walled.listening() as look:
        walled.as_user("root", lambda: tries([FAR4], [443]))
        due = {Arrived(TCP, FAR4, 443)}
        assert due <= look(due)


def test_the_ports_are_those_that_asterisk_has() -> None:
    rtp = (ROOT / "hardware/asterisk/rtp.conf").read_text(encoding="ascii")
    first, last = (re.search(rf"^{name}\s*=\s*(\d+)$", rtp, re.MULTILINE) for name in ("rtpstart", "rtpend"))
    assert first
    assert last
    assert f"udp dport {{ 5060, {first[1]}-{last[1]} }}" in RULES.read_text(encoding="ascii")


@pytest.mark.rig
@pytest.mark.timeout(600)
def test_while_a_call_and_a_fax_are_taken_and_looked_at_nothing_goes_out_of_itself(walled: Network) -> None:
    """The whole appliance, real Asterisk included, behind the rules: neither a packet on the cable nor one that was refused."""
    with walled.listening() as look, tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        rig = f"mount --bind /dev/null /etc/resolv.conf; exec {sys.executable} -m tests.rig.try_it --once"  # as the units do
        command = ["nsenter", "--net", f"--target={walled.box}", "unshare", "--mount", "sh", "-euc", rig]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | {"TMPDIR": folder}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "the voicemail sounds as spoken" in done.stdout
        assert look(set()) == set()
    assert walled.counters() == {"refused_ours": 0, "refused_others": 0, "asked_for_time": 0}
