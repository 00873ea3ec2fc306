"""The whole appliance as its own processes, in a folder of its own: daemon and page, behind a telephone company made of real parts."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.rig import program
from tests.rig.line import PhoneCompany
from tests.rig.ports import free_port
from tests.rig.program import ROOT, START
from tests.rig.soft_modem import SoftModem

NAME: Final = "ana"
PASSWORD: Final = "lantern-copper-river-seven"

SHORTEST_IDLE: Final = 2.0  # minutes that a settings file may say
HASTY: Final = """
import dataclasses, pathlib, sys
from appliance.settings import read
from web import server
given = read(pathlib.Path(sys.argv[1]))
page = dataclasses.replace(given.page, idle_minutes=float(sys.argv[2]))
server.serve(dataclasses.replace(given, page=page))
"""

SETTINGS: Final = """
[practice]
name = "Keepline trial practice"

[store]
folder = "{folder}/store"
work_factor = 15

[voice]
agi_port = {agi_port}
audio_port = {audio_port}
asterisk_host = "{asterisk_host}"
asterisk_port = {asterisk_port}

[fax]
device = "{fax_device}"
identity = "+1 555 0200"
rings = 1

[page]
host = "127.0.0.1"
port = {page_port}
names = ["localhost", "127.0.0.1"]
idle_minutes = {idle_minutes}

[control]
path = "{folder}/control.sock"

[panel]
board = "mock"
pins = "{root}/hardware/pins.toml"

[time]
marker = "{folder}/synchronised"
"""


class StartError(Exception):
    """A part of the appliance did not start; what it said follows."""


@dataclass(slots=True)
class Appliance:
    """Starts on entering, ends on leaving, and leaves nothing behind."""

    page_port: int = 0
    idle_minutes: float = 10.0
    fax_device: Path | None = None  # a modem for the fax line; or
    fax_line: bool = False  # one of its own, on the telephone company's line, with the number `fax_number`
    agi_port: int = field(init=False)
    fax_number: str = field(init=False, default="")
    folder: Path = field(init=False)
    company: PhoneCompany = field(init=False)
    daemon: subprocess.Popen[bytes] = field(init=False)
    page: subprocess.Popen[bytes] = field(init=False)
    recovery: str = field(init=False, default="", repr=False)
    _parts: ExitStack = field(init=False, default_factory=ExitStack)

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._parts.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"https://localhost:{self.page_port}"

    @property
    def store(self) -> Path:
        """The sealed store."""
        return self.folder / "store"

    @property
    def ca_file(self) -> Path:
        """The certificate of the box's own CA."""
        return self.store / "tls" / "ca.pem"

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "keepline.toml"

    def keepline(self, *arguments: str, typed: str = "", check: bool = True) -> str:
        """Run the `keepline` command on this appliance; what it printed."""
        done = subprocess.run(self.command(*arguments), input=typed, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise StartError(f"keepline {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        """The `keepline` command with this appliance's settings."""
        return program.command(self.settings, *arguments)

    def messages(self) -> list[dict[str, Any]]:
        """The index, as any program may read it."""
        rows: list[dict[str, Any]] = json.loads(self.keepline("inbox", "list", "--json"))
        return rows

    def wait_for_messages(self, count: int, within: float = START) -> list[dict[str, Any]]:
        """The index once it holds `count` messages; raises `TimeoutError`."""
        deadline = time.monotonic() + within
        while len(found := self.messages()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {count} messages arrived within {within:.0f} s")
            time.sleep(0.2)
        return found

    def start_daemon(self) -> None:
        """Start (or start again) the daemon and wait until it answers."""
        self.daemon = self._start("run")
        self._wait("daemon", self.daemon, self._daemon_answers)

    def start_page(self) -> None:
        """Start (or start again) the page and wait until it listens."""
        self.page = self._start("web", self._hasty() if self.idle_minutes < SHORTEST_IDLE else None)
        self._wait("page", self.page, self._page_listens)

    def log(self, name: str) -> str:
        """What the daemon (`run`) or the page (`web`) has logged."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def _build(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="keepline-"))
        self._parts.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.agi_port, audio_port = free_port(), free_port()
        self.page_port = self.page_port or free_port()
        self.company = self._parts.enter_context(PhoneCompany())
        self.company.hand_calls_to("127.0.0.1", self.agi_port)
        asterisk = self.company.box_place
        if self.fax_line:
            modem = self._parts.enter_context(SoftModem(self.company, 0))
            self.fax_device, self.fax_number = modem.device, modem.number
        settings = SETTINGS.format(
            folder=self.folder,
            root=ROOT,
            agi_port=self.agi_port,
            audio_port=audio_port,
            page_port=self.page_port,
            fax_device=self.fax_device or "none",
            idle_minutes=max(self.idle_minutes, SHORTEST_IDLE),
            asterisk_host=asterisk.address,
            asterisk_port=asterisk.port,
        )
        self.settings.write_text(settings, encoding="utf-8")
        self.store.mkdir(mode=0o750)
        (self.folder / "tmp").mkdir()  # what daemon and page would put into a temporary folder is searched, too
        (self.folder / "synchronised").touch()
        self.keepline("prompts")
        founded = self.keepline("people", "add", NAME, "--role", "admin", "--password-stdin", typed=PASSWORD + "\n")
        self.recovery = next(word for word in founded.split() if word.startswith("AGE-SECRET-KEY-1"))
        self._parts.callback(lambda: program.end(self.page))
        self._parts.callback(lambda: program.end(self.daemon))
        self.start_daemon()
        self._decide()
        self.start_page()

    def _decide(self) -> None:
        """As a practice does that saves faxes: else no test could compare what came with what was sent. And that a password is enough to look around."""
        words = ("--why", "This practice is a test.", "--risk", "None: nobody wrote these messages.")
        for switch in ("take-messages", "password-alone"):
            by = ("--as", NAME, "--password-stdin")
            self.keepline("switches", "set", switch, "on", *words, *by, typed=PASSWORD + "\n")

    def _hasty(self) -> list[str]:
        """A page that logs people off sooner than any settings file may say."""
        return [sys.executable, "-c", HASTY, str(self.settings), str(self.idle_minutes)]

    def _start(self, verb: str, command: list[str] | None = None) -> subprocess.Popen[bytes]:
        log = self.folder / f"{verb}.log"
        return program.start(command or self.command(verb), log, TMPDIR=str(self.folder / "tmp"))

    def _wait(self, what: str, process: subprocess.Popen[bytes], ready: Any) -> None:
        deadline = time.monotonic() + START
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"The {what} did not start:\n{self.log('run' if what == 'daemon' else 'web')}")
            time.sleep(0.05)

    def _daemon_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as control:
            return control.connect_ex(str(self.folder / "control.sock")) == 0

    def _page_listens(self) -> bool:
        with socket.socket() as page:
            return page.connect_ex(("127.0.0.1", self.page_port)) == 0
