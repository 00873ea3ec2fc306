"""A fax modem on a telephone line of the company's: iaxmodem, which rings, tells who calls, and modulates.

with PhoneCompany() as company, SoftModem(company, 0) as modem:
    program_that_takes(modem.device); whoever dials modem.number rings it
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from tests.rig import fax_parts
from tests.rig.errors import RigError
from tests.rig.guarded import Guarded
from tests.rig.line import PhoneCompany, free_place

LINES: Final = 12  # that company/iax.conf has
READY_WITHIN: Final = 30.0  # s; it takes 0.2

SETTINGS: Final = """
device {device}
owner nobody:nogroup
mode 666
port {port}
refresh 60
server {server}
peername fax{line:02}
secret keepline
cidname {name}
cidnumber {number}
codec slinear
nodaemon
"""


class SoftModem(Guarded):
    """`line` 0 to 11: its number is 55502 and two digits. `device` is its serial port, for as long as it runs."""

    def __init__(self, company: PhoneCompany, line: int, name: str = "Fax") -> None:
        super().__init__()
        self._company, self._line, self._name = company, line, name
        self.number = f"55502{line:02}"

    @property
    def device(self) -> Path:
        """The modem's serial port."""
        return self.folder / "modem"

    def prepare(self) -> list[str]:
        """iaxmodem's settings."""
        server = self._company.fax_place
        text = SETTINGS.format(
            device=self.device,
            port=free_place("0.0.0.0").port,  # noqa: S104 - iaxmodem takes no address to listen on
            server=f"{server.address}:{server.port}",
            line=self._line,
            name=self._name,
            number=self.number,
        )
        (self.folder / "settings").write_text(text.lstrip(), encoding="utf-8")
        return fax_parts.find().command("usr/bin/iaxmodem", "settings")

    def start(self) -> None:
        """Returns once the company knows it and its serial port is there."""
        super().start()
        deadline = time.monotonic() + READY_WITHIN
        while not (self.device.exists() and self._is_known()):
            self.check_alive()
            if time.monotonic() > deadline:
                self.stop()
                raise RigError(f"iaxmodem was not known to the company within {READY_WITHIN:g} s")
            time.sleep(0.05)

    def _is_known(self) -> bool:
        told = self._company.company.ask(f"iax2 show peer fax{self._line:02}")
        return any("Addr->IP" in line and "Unspecified" not in line for line in told.splitlines())


def main() -> None:
    """Holds a line with a modem open until standard input ends: for trying things by hand, and for the test that kills the owner."""
    with PhoneCompany() as company, SoftModem(company, 0) as modem:
        for program in (company.box_asterisk, company.company, modem):
            print(program.pid, program.folder, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
