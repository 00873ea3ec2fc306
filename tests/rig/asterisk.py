"""One running Asterisk: found, given its settings in a folder of its own, guarded, asked, ended."""

from __future__ import annotations

import json
import os
import platform
import pwd
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig import guard
from tests.rig.errors import AsteriskMissingError, RigError

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
OF_ROOT = Path("/var/cache/keepline")  # everybody may use what root has made there
USER = "nobody"  # whom Asterisk runs as when root starts it
UP_WITHIN = 30.0  # s; it takes 0.3 on an idle machine


@dataclass(frozen=True, slots=True)
class Installed:
    """An Asterisk on this machine, as `asterisk-root.sh` left it."""

    run: Path
    modules: Path
    data: Path
    version: str


def find() -> Installed:
    """The Asterisk that `asterisk-root.sh` made ready. Raises `AsteriskMissingError`."""
    name = f"asterisk-{ARCHITECTURES.get(platform.machine(), platform.machine())}"
    folders = [cache / name for cache in _caches()]
    folder = next((folder for folder in folders if (folder / "complete").exists()), folders[-1])
    try:
        lines = (folder / "complete").read_text(encoding="utf-8").splitlines()
    except OSError:
        raise AsteriskMissingError(f"{AsteriskMissingError.__doc__} (looked in {folder})") from None
    parts = dict(line.split("=", 1) for line in lines)
    return Installed(folder / "run-asterisk", folder / parts["modules"], folder / parts["data"], parts["version"])


def _caches() -> list[Path]:
    """The same folders as in asterisk-root.sh, in the same order."""
    if named := os.environ.get("KEEPLINE_CACHE"):
        return [Path(named)]
    if os.getuid() == 0:
        return [OF_ROOT]
    return [OF_ROOT, Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "keepline"]


class Asterisk:
    """An Asterisk with settings files taken unchanged (the later folder's where several have it) and `machine/` filled in with `values`."""

    def __init__(self, installed: Installed, settings: Sequence[Path], values: Mapping[str, object]) -> None:
        self._installed = installed
        self._settings = settings
        self._values = dict(values)
        self._templates: dict[Path, str] = {}
        self._guard: subprocess.Popen[str] | None = None
        self.folder = Path("/nonexistent")  # until it is started
        self.pid = 0

    def start(self) -> None:
        """Returns once it has started; it may not be up yet (`wait_until_up`)."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that Ctrl-C reaches only us
        )
        try:
            self.folder = Path(self._told("folder"))
            self._values |= {"ETC": self.etc, "STATE": self.folder / "state", "RUN": self.folder / "run"}
            self._values |= {"MODULES": self._installed.modules, "DATA": self._installed.data}
            self._fill()
            self._order()
            self.pid = int(self._told("pid"))
        except BaseException:
            self.stop()
            raise

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + UP_WITHIN
        while True:
            try:
                self.ask("core waitfullybooted")
                break
            except (FileNotFoundError, ConnectionError):
                self._check_alive()
                if time.monotonic() > deadline:
                    raise RigError(f"Asterisk was not up within {UP_WITHIN:g} s:\n{self.said()}") from None
                time.sleep(0.01)
        if " ERROR" in self.said():
            raise RigError(f"Asterisk came up with faults:\n{self.said()}")

    def ask(self, command: str) -> str:
        """What Asterisk's own console answers."""
        with socket.socket(socket.AF_UNIX) as console:
            console.settimeout(UP_WITHIN)
            console.connect(str(self.folder / "run" / "asterisk.ctl"))
            console.recv(1024)  # its name and version
            console.sendall(b"cli quit after " + command.encode() + b"\0")
            answer = b"".join(iter(lambda: console.recv(65536), b""))
        return answer.replace(b"\0", b"").decode(errors="replace")

    def change(self, **values: object) -> None:
        """Writes `machine/` anew with other values; a reload makes them count."""
        self._values |= values
        self._fill_machine()

    def said(self) -> str:
        """Its warnings and errors so far."""
        return (self.folder / guard.OUTPUT).read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Ends it at once and removes its folder; does nothing when that was done before."""
        if ended := self._guard:
            self._guard = None
            assert ended.stdin is not None
            assert ended.stdout is not None
            ended.stdin.close()
            if ended.wait():
                shutil.rmtree(self.folder, ignore_errors=True)  # somebody ended the guard, who would have done so
            ended.stdout.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    def _fill(self) -> None:
        for folder in self._settings:
            shutil.copytree(folder, self.etc, dirs_exist_ok=True)
        self._templates = {path: path.read_text(encoding="utf-8") for path in (self.etc / "machine").glob("*.conf")}
        for name in ("state", "run"):
            (self.folder / name).mkdir()
        self._fill_machine()

    def _fill_machine(self) -> None:
        for path, text in self._templates.items():
            path.write_text(re.sub(r"@(\w+)@", lambda name: str(self._values[name[1]]), text), encoding="utf-8")

    def _order(self) -> None:
        assert self._guard is not None
        assert self._guard.stdin is not None
        user = pwd.getpwnam(USER)
        command = [str(self._installed.run), "-f", "-C", str(self.etc / "machine" / "asterisk.conf")]
        self._guard.stdin.write(json.dumps([user.pw_uid, user.pw_gid, *command]) + "\n")
        self._guard.stdin.flush()

    def _told(self, what: str) -> str:
        assert self._guard is not None
        assert self._guard.stdout is not None
        word, _, rest = self._guard.stdout.readline().strip().partition(" ")
        if word != what:
            raise RigError(f"the guard of an Asterisk said {word!r} where {what!r} was due")
        return rest

    def _check_alive(self) -> None:
        assert self._guard is not None
        assert self._guard.stdout is not None
        if select.select([self._guard.stdout], [], [], 0)[0]:
            raise RigError(f"Asterisk has {self._guard.stdout.readline().strip() or 'lost its guard'}:\n{self.said()}")
