"""Resident memory of the daemon and of the page, as they run behind a real line, and what their libraries' imports alone cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bench.figures import Figure
from tests.rig.appliance import NAME, PASSWORD, Appliance
from tests.rig.page_client import PageClient

DAEMON_IMPORTS = "import cryptography.hazmat.bindings._rust, sqlalchemy, alembic, apscheduler, asterisk.agi, gpiozero"
PAGE_IMPORTS = "import cryptography.hazmat.bindings._rust, sqlalchemy, flask, granian"


def measure() -> list[Figure]:
    """Daemon and page, in MB; the peer is a bare Python with the same libraries imported."""
    with Appliance() as appliance:
        with PageClient(appliance.address, appliance.ca_file) as page:
            page.log_in(NAME, PASSWORD)
            page.get("/")
        daemon = family(appliance.daemon.pid)
        served = family(appliance.page.pid)
    return [
        Figure("daemon, resident", daemon, _imports(DAEMON_IMPORTS), "MB", "under 100", "lower"),
        Figure("page, resident (all its processes)", served, _imports(PAGE_IMPORTS), "MB", "under 100", "lower"),
    ]


def family(pid: int) -> float:
    """Proportional resident memory (shared pages counted once) of a process and its children, MB."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return _resident(pid) + sum(family(int(child)) for child in children)


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError("no Pss line")


def _imports(code: str) -> float:
    """Resident memory of a Python that has done these imports and nothing else, MB."""
    program = f"{code}; print(next(l for l in open('/proc/self/smaps_rollup') if l.startswith('Pss:')).split()[1])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return int(done.stdout) * 1024 / 1e6
