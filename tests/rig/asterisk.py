"""One running Asterisk: found, given its settings in a folder of its own, guarded, asked, ended."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.rig import cache
from tests.rig.errors import AsteriskMissingError, RigError
from tests.rig.guarded import Guarded

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
    folder = cache.find("asterisk")
    try:
        lines = (folder / "complete").read_text(encoding="utf-8").splitlines()
    except OSError:
        raise AsteriskMissingError(f"{AsteriskMissingError.__doc__} (looked in {folder})") from None
    parts = dict(line.split("=", 1) for line in lines)
    return Installed(folder / "run-asterisk", folder / parts["modules"], folder / parts["data"], parts["version"])


class Asterisk(Guarded):
    """An Asterisk with settings files taken unchanged (the later folder's where several have it) and `machine/` filled in with `values`."""

    def __init__(self, installed: Installed, settings: Sequence[Path], values: Mapping[str, object]) -> None:
        super().__init__()
        self._installed = installed
        self._settings = settings
        self._values = dict(values)
        self._templates: dict[Path, str] = {}

    def wait_until_up(self) -> None:
        deadline = time.monotonic() + UP_WITHIN
        while True:
            try:
                self.ask("core waitfullybooted")
                break
            except (FileNotFoundError, ConnectionError):
                self.check_alive()
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

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    def prepare(self) -> list[str]:
        """Its settings, filled in."""
        self._values |= {"ETC": self.etc, "STATE": self.folder / "state", "RUN": self.folder / "run"}
        self._values |= {"MODULES": self._installed.modules, "DATA": self._installed.data}
        self._fill()
        return [str(self._installed.run), "-f", "-C", str(self.etc / "machine" / "asterisk.conf")]

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
