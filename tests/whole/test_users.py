"""Who can touch what, tried by the real users in real processes: daemon and page run as on a box, each as its own user and with the groups of its unit.

The users are those of `systemd/keepline.sysusers` in a user list that only these processes see; the folders are made as `systemd/keepline.tmpfiles` says.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.access import record
from tests.rig import program
from tests.rig.page_client import PageClient
from tests.rig.ports import free_port
from tests.systemd.network import USERS
from tests.web.page_process import wait_for
from tests.web.practice import NAME, PASSWORD

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="only root can be all of them")]

ROOT = Path(__file__).parents[2]
CLIENTS = 64_100  # the group keepline-clients
GROUPS = {  # as the units say
    "keepline": ("keepline",),
    "keepline-page": ("keepline-page", "keepline", "keepline-clients"),
    "keepline-console": ("keepline-console", "keepline", "keepline-clients"),
    "systemd-timesync": ("systemd-timesync",),
}
PRIVATE = ("tls/ca-key.pem", str(record.KEY))  # for the daemon alone
MAKE = """
import sys
from pathlib import Path
from tests.web.practice import Practice, babble
with Practice(Path(sys.argv[1])) as practice:
    practice.leave(babble(1), "5551234567", "Maria Lopez")
"""
SET_PIN = (
    "import sys; from pathlib import Path; from appliance.console import pin; pin.write(Path(sys.argv[1]), '731906')"
)
SETTINGS = """
[store]
folder = "{store}"
work_factor = 15
[voice]
agi_port = {agi}
audio_port = {audio}
[page]
host = "127.0.0.1"
port = {page}
names = ["localhost", "127.0.0.1"]
[control]
path = "{run}/control.sock"
page_user = "keepline-page"
console_user = "keepline-console"
[panel]
board = "mock"
pins = "{root}/hardware/pins.toml"
"""
LOOK = """
import json, os, sys
found = {}
for folder, _, files in os.walk(sys.argv[1]):
    for path in (folder, *(os.path.join(folder, name) for name in files)):
        can = ""
        try:
            if os.path.isdir(path):
                os.listdir(path)
            else:
                open(path, "rb").close()
            can += "r"
        except OSError:
            pass
        try:
            if os.path.isdir(path):
                name = os.path.join(path, "planted")
                open(name, "xb").close()
                os.unlink(name)
            else:
                open(path, "r+b").close()
            can += "w"
        except OSError:
            pass
        found[os.path.relpath(path, sys.argv[1])] = can
print(json.dumps(found))
"""


@dataclass
class Box:
    """Daemon and page of a box, each as its own user."""

    folder: Path
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def control(self) -> Path:
        return self.folder / "run/control.sock"

    def command(self, user: str, *command: str, first: str = "") -> list[str]:
        """`command` as that user, with the groups of its unit; `first` is done by root in the mounts of this one process."""
        groups = [str(CLIENTS if name == "keepline-clients" else USERS[name]) for name in GROUPS[user]]
        umask = "027" if user == "keepline" else "077"
        drop = f"setpriv --reuid {USERS[user]} --regid {groups[0]} --groups {','.join(groups)} --no-new-privs --pdeathsig KILL"
        script = f"mount --bind {self.folder}/passwd /etc/passwd; mount --bind {self.folder}/group /etc/group; {reachable()}; {first}\n"
        script += f"umask {umask}; exec {drop} {shlex.join(command)}"
        return ["unshare", "--mount", "sh", "-euc", script]

    def run(self, user: str, *command: str, first: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(user, *command, first=first),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def keepline(self, user: str, *arguments: str, first: str = "") -> subprocess.CompletedProcess[str]:
        return self.run(user, *program.command(self.folder / "keepline.toml", *arguments), first=first)

    def start(self, user: str, verb: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{verb}.log").open("wb") as log:
            process = subprocess.Popen(
                self.command(user, *program.command(self.folder / "keepline.toml", verb)),
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        self.running.append(process)
        return process

    def seen_by(self, user: str, folder: Path, first: str = "") -> dict[str, str]:
        """What that user can do with everything below `folder`: "r", "w"."""
        done = self.run(user, sys.executable, "-c", LOOK, str(folder), first=first)
        assert done.returncode == 0, done.stderr
        found: dict[str, str] = json.loads(done.stdout)
        return found


def reachable() -> str:
    """What root must mount so that other users can run this very Python, should it lie in somebody's home."""
    python = Path(sys.base_prefix).resolve()
    closed = next((folder for folder in reversed(python.parents) if not folder.stat().st_mode & 1), None)
    if closed is None:
        return ":"
    return f"mount --bind {python} /mnt; mount -t tmpfs -o mode=755 none {closed}; mkdir -p {python}; mount --move /mnt {python}"


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """With one message, a daemon and a page that answers."""
    with tempfile.TemporaryDirectory(prefix="keepline-users-") as name:
        made = Box(Path(name))
        made.folder.chmod(0o755)
        lines = [f"{user}:x:{uid}:{uid}::/:/bin/sh\n" for user, uid in USERS.items()]
        (made.folder / "passwd").write_text("".join(lines), encoding="ascii")
        groups = [f"{user}:x:{uid}:\n" for user, uid in USERS.items()] + [f"keepline-clients:x:{CLIENTS}:\n"]
        (made.folder / "group").write_text("".join(groups), encoding="ascii")
        settings = SETTINGS.format(
            store=made.store, run=made.folder / "run", agi=free_port(), audio=free_port(), page=made.port, root=ROOT
        )
        (made.folder / "keepline.toml").write_text(settings, encoding="utf-8")
        for path, mode, group in ((made.store, 0o750, USERS["keepline"]), (made.folder / "run", 0o2750, CLIENTS)):
            path.mkdir()
            os.chown(path, USERS["keepline"], group)
            path.chmod(mode)
        done = made.run("keepline", sys.executable, "-c", MAKE, str(made.store))
        assert done.returncode == 0, done.stderr
        assert made.keepline("keepline", "prompts").returncode == 0
        try:
            made.start("keepline", "run")
            wait_for(
                lambda: (
                    made.running[0].poll() is not None
                    or (made.control.exists() and (made.store / "tls/chain.pem").exists())
                )
            )
            assert made.control.exists(), (made.folder / "run.log").read_text(encoding="utf-8")
            made.start("keepline-page", "web")
            wait_for(lambda: listens(made))
            yield made
        finally:
            for process in made.running:
                process.terminate()
                process.wait(30)


def listens(box: Box) -> bool:
    try:
        with PageClient(f"https://localhost:{box.port}", box.store / "tls/ca.pem") as page:
            page.get("/login")
    except OSError:
        return False
    return True


def uid_of(process: subprocess.Popen[bytes]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"^Uid:\t(\d+)", status, re.MULTILINE)
    assert found
    return int(found[1])


def test_daemon_and_page_run_as_users_of_their_own_and_staff_get_in(box: Box) -> None:
    assert [uid_of(process) for process in box.running] == [USERS["keepline"], USERS["keepline-page"]]
    with PageClient(f"https://localhost:{box.port}", box.store / "tls/ca.pem") as page:
        page.log_in(NAME, PASSWORD)


def test_the_pages_user_can_write_nothing_of_the_store_and_make_nothing_in_it(box: Box) -> None:
    seen = box.seen_by("keepline-page", box.folder)
    assert [path for path, can in seen.items() if "w" in can] == []
    for needed in ("store/vault", "store/record", "store/keys/practice.age", "store/keys/people", "store/epochs"):
        assert "r" in seen[needed], f"{needed} is there to be read, so the look was a real one"


def test_the_daemons_user_can_write_there(box: Box) -> None:
    """So the look above would find what could be written."""
    seen = box.seen_by("keepline", box.store)
    assert all("w" in can for path, can in seen.items() if path.startswith(("vault", "record", "keys", "epochs")))


def test_what_is_for_the_daemon_alone_nobody_else_can_read(box: Box) -> None:
    seen = box.seen_by("keepline-page", box.store)
    daemons = box.seen_by("keepline", box.store)
    for path in PRIVATE:
        assert "r" in daemons[path]
        assert seen[path] == ""
    for file in box.store.rglob("*"):
        if file.is_file() and stat.S_IMODE(file.stat().st_mode) == 0o600:
            assert seen[str(file.relative_to(box.store))] == ""


def test_nothing_is_for_everybody(box: Box) -> None:
    for path in box.store.rglob("*"):
        assert path.stat().st_mode & 0o007 == 0, path
        assert path.stat().st_uid == USERS["keepline"], path


def as_the_unit_hides(box: Box) -> str:
    """What `keepline-console.service` makes of the store before its program starts, said to `mount`."""
    unit = (ROOT / "systemd/keepline-console.service").read_text(encoding="ascii")
    assert "TemporaryFileSystem=/var/lib/keepline:ro\nBindReadOnlyPaths=/var/lib/keepline/console\n" in unit
    return f"""
        mkdir {box.folder}/kept
        mount --bind {box.store}/console {box.folder}/kept
        mount -t tmpfs -o mode=755 none {box.store}
        mkdir {box.store}/console
        mount --move {box.folder}/kept {box.store}/console
        mount -o remount,bind,ro {box.store}/console
        mount -o remount,ro {box.store}
        rmdir {box.folder}/kept"""


def test_the_consoles_user_sees_the_hashed_pin_and_nothing_else_of_the_store(box: Box) -> None:
    done = box.run("keepline", sys.executable, "-c", SET_PIN, str(box.store))
    assert done.returncode == 0, done.stderr
    seen = box.seen_by("keepline-console", box.store, as_the_unit_hides(box))
    assert seen == {".": "r", "console": "r", "console/technician.pin": "r"}


@pytest.mark.parametrize("user", ["keepline-page", "keepline-console"])
def test_page_and_console_may_ask_how_the_box_is(box: Box, user: str) -> None:
    done = box.keepline(user, "status")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("user", ["keepline-console", "systemd-timesync"])
def test_the_console_may_not_purge_and_nobody_else_may_either(box: Box, user: str) -> None:
    done = box.keepline(user, "purge")
    assert done.returncode in {3, 6}, done.stderr


def test_another_user_of_the_machine_gets_no_word(box: Box) -> None:
    assert box.keepline("systemd-timesync", "status").returncode == 6
