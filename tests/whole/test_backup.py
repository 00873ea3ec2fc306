"""The README's steps for a backup and for restoring it, run as they stand there: with Debian's `age` and `tar`, on the store of a daemon that runs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.access import papers
from appliance.access.unlock import unlock
from appliance.control.client import Client
from appliance.deeds import Act, Deed
from appliance.errors import ControlError
from appliance.store.reader import Reader
from tests.rig import program
from tests.rig.program import ROOT
from tests.web.page_process import wait_for
from tests.web.practice import NAME, PASSWORD, Practice, babble

pytestmark = pytest.mark.skipif(not shutil.which("age"), reason="the age command is not installed")

README = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Backup\n")[2].partition("\n## ")[0]
COPY, OPEN, PUT_BACK, NEW_CARD, CHECK = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SOUND = babble(2)
SETTINGS = """
[store]
folder = "{folder}/store"
work_factor = 15
[voice]
agi_port = 0
audio_port = 0
[control]
path = "{folder}/control.sock"
"""


@dataclass
class Box:
    """A daemon that is stopped and started by the `systemctl` of the README's steps; the stick is a folder beside its store."""

    folder: Path
    sheet: str = field(repr=False)
    daemon: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def copies(self) -> list[Path]:
        return sorted(file for file in (self.folder / "stick").rglob("*") if file.is_file())

    def stop(self) -> None:
        if self.daemon:
            program.end(self.daemon)
        self.daemon = None

    def start(self) -> None:
        self.daemon = program.start(program.command(self.folder / "etc/keepline.toml", "run"), self.folder / "log")
        wait_for(self._answers)

    def run(self, *steps: str) -> str:
        """The steps in one shell, on this box's folders; what they say. The recovery sheet is typed where they ask for it."""
        script = (
            "".join(steps).replace("/var/lib/keepline", str(self.store)).replace("/etc/keepline", f"{self.folder}/etc")
        )
        script = f"copy=$(echo {self.folder}/stick/*)\n" + script.replace("/media/stick", f"{self.folder}/stick")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            input=f"{self.sheet}\n",
            env=os.environ | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=2 * program.START,  # it starts the daemon, too
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def keepline(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = program.command(self.folder / "etc/keepline.toml", *arguments)
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    def holds(self) -> dict[str, str]:
        """What a backup is for, file by file."""
        folders = ("keys", "epochs", "vault", "notes", "tls")
        files = [file for folder in folders for file in (self.store / folder).rglob("*") if file.is_file()]
        return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    def hears(self) -> list[bytes]:
        """The sound of every message, by Ana's password."""
        reader, key = Reader(self.store), unlock(self.store, NAME, PASSWORD).practice
        heard = []
        for row in reader.list():
            with reader.open(row, key) as message:
                heard.append(message.read(44, message.size - 44))  # behind the WAV file's header
        return heard

    def _answers(self) -> bool:
        try:
            Client(self.folder / "control.sock").status()
        except ControlError:
            return False
        return True


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with Practice(tmp_path / "store") as practice:
        practice.record.write(
            papers.telling(Deed(Act.STARTED), papers.present(practice.folder))
        )  # it was founded by hand
        practice.note(practice.leave(SOUND, "5551234567", "Maria Lopez"), "Called back.")
        made = Box(tmp_path, practice.sheet)
    for name in ("etc", "bin"):
        (tmp_path / name).mkdir()
    (tmp_path / "etc/keepline.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    command = " ".join(program.command(tmp_path / "etc/keepline.toml"))
    put(tmp_path / "bin/keepline", f'cd {ROOT} && exec {command} "$@"')
    put(tmp_path / "bin/systemctl", f'echo "$1" >{tmp_path}/asked && read -r done <{tmp_path}/done')
    assert made.keepline("prompts").returncode == 0
    for pipe in ("asked", "done"):
        os.mkfifo(tmp_path / pipe)
    manager = threading.Thread(target=manage, args=(made,), daemon=True)
    with ExitStack() as parts:
        parts.callback(made.stop)
        made.start()
        manager.start()
        yield made
        (tmp_path / "asked").write_text("end\n", encoding="ascii")
        manager.join(program.START)


def put(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)


def manage(box: Box) -> None:
    """The service manager: what is asked through one pipe is answered through another when it is done."""
    while (verb := (box.folder / "asked").read_text(encoding="ascii").strip()) != "end":
        box.stop() if verb == "stop" else box.start()
        (box.folder / "done").write_text("done\n", encoding="ascii")


def test_a_copy_is_sealed_and_a_new_card_gets_all_of_it(box: Box) -> None:
    box.run(COPY)
    assert [file.name for file in box.copies] == ["keepline.tar.gz.age", "practice.age"]
    assert all(file.read_bytes().startswith(b"age-encryption.org/v1\n") for file in box.copies)
    before = box.holds()
    box.stop()
    shutil.rmtree(box.store)
    assert box.keepline("prompts").returncode == 0
    box.start()  # as a box is when it was installed
    assert "1 message and" in box.run(OPEN, NEW_CARD, CHECK)
    assert box.holds() == before
    assert box.hears() == [SOUND]


def test_damaged_files_come_back_from_the_copy(box: Box) -> None:
    box.run(COPY)
    before = box.holds()
    for file in ("practice.age", "practice.pub", f"people/{NAME}.json", "box.key"):
        (box.store / "keys" / file).write_bytes(b"damaged")
    assert box.keepline("store", "check").returncode == 4
    assert "1 message and" in box.run(OPEN, PUT_BACK, CHECK)
    assert box.holds() == before
    assert box.hears() == [SOUND]
