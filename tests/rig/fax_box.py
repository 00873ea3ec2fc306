"""A box with a fax line and without Asterisk: the real daemon as a process of its own, on the near one of two soft modems."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from appliance.access.unlock import unlock
from appliance.control.client import Client
from appliance.control.values import Status
from appliance.fax import tiff
from appliance.messages import Envelope, Row
from appliance.store.keys import Identity
from appliance.store.reader import Reader
from tests import planned
from tests.rig import program
from tests.rig.appliance import NAME, PASSWORD, StartError
from tests.rig.program import ROOT, START
from tests.rig.speech import hush

SETTINGS: Final = """
[store]
folder = "{store}"
work_factor = 15
[voice]
agi_port = 0
audio_port = 0
asterisk_port = 9
[fax]
device = "{device}"
rings = {rings}
identity = "+1 555 0199"
longest_fax = 4
{more}
[control]
path = "{folder}/control.sock"
[time]
marker = "{folder}/synchronised"
"""


@dataclass(slots=True)
class FaxBox:
    """Starts on entering, ends on leaving. `folder` must exist; everything of the box is in it but the store, when that has a place of its own."""

    folder: Path
    device: Path
    rings: int = 1
    disk: Path | None = None  # where the store goes
    more: str = ""  # settings of the section [fax], after the others
    daemon: subprocess.Popen[bytes] = field(init=False)
    practice: Identity = field(init=False, repr=False)

    def __enter__(self) -> Self:
        self.store.mkdir(mode=0o750, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)  # what the daemon would put into a temporary folder is searched, too
        (self.folder / "synchronised").touch()
        text = SETTINGS.format(
            folder=self.folder, store=self.store, device=self.device, rings=self.rings, more=self.more
        )
        (self.folder / "keepline.toml").write_text(text, encoding="utf-8")
        hush(self.store / "prompts")
        planned.found(self.store, NAME, PASSWORD, 15)
        self.practice = unlock(self.store, NAME, PASSWORD).practice
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        program.end(self.daemon)

    @property
    def store(self) -> Path:
        """The sealed store."""
        return (self.disk or self.folder) / "store"

    def start(self) -> None:
        """Start the daemon, or start it again, and wait until it answers."""
        command = program.command(self.folder / "keepline.toml", "run")
        self.daemon = program.start(command, self.folder / "run.log", TMPDIR=str(self.folder / "tmp"))
        self.wait_for(self._answers, "the daemon does not answer")

    def stop(self) -> int:
        """As the service manager ends it; its exit status."""
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(60)

    def kill(self) -> None:
        """As a crash does."""
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()

    def status(self) -> Status:
        """How it says that it is."""
        return Client(self.folder / "control.sock").status()

    def fax_sentence(self) -> str:
        """What it says of its fax line."""
        return next(part.sentence for part in self.status().parts if part.name == "Fax")

    def wait_for(self, true: Callable[[], bool], what: str, within: float = START) -> None:
        """Until `true()`; raises `StartError`, with the daemon's log."""
        deadline = time.monotonic() + within
        while not true():
            if time.monotonic() > deadline or self.daemon.poll() is not None:
                raise StartError(f"{what}:\n{self.log()}")
            time.sleep(0.05)

    def wait_until_ready(self) -> None:
        """Until the modem is set up."""
        self.wait_for(lambda: self.fax_sentence() == "Ready to receive.", "the fax line does not get ready")

    def wait_for_messages(self, count: int, within: float = START) -> tuple[Row, ...]:
        """The rows, once there are so many."""
        self.wait_for(lambda: len(self.rows()) >= count, f"{count} messages do not come", within)
        return self.rows()

    def rows(self) -> tuple[Row, ...]:
        """What is in the list, newest first."""
        return Reader(self.store).list()

    def open(self, row: Row) -> tuple[Envelope, list[list[bytes]]]:
        """What is known of a fax, and its pages as rows of picture elements."""
        with Reader(self.store).open(row, self.practice) as message:
            pages = [list(page.rows) for page in tiff.read(message.read(0, message.size))]
            return message.header.envelope, pages

    def log(self) -> str:
        """What the daemon has said."""
        return (self.folder / "run.log").read_text(encoding="utf-8", errors="replace")

    def keepline(self, *arguments: str) -> Any:
        """What the `keepline` command prints with --json."""
        command = program.command(self.folder / "keepline.toml", *arguments, "--json")
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
        return json.loads(done.stdout)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as control:
            return control.connect_ex(str(self.folder / "control.sock")) == 0
