"""The telephone line, of real parts: an Asterisk that is telephone company and ATA, and the box's Asterisk as a practice has it.

with PhoneCompany() as company:
    company.hand_calls_to("127.0.0.1", agi_port)
    with Patient("5550123", "Jane Doe").call(company) as call:
        call.say(speech("Please call me back."))
"""

from __future__ import annotations

import itertools
import random
import re
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig.asterisk import Asterisk, Installed, find
from tests.rig.errors import RigError

HERE = Path(__file__).parent
BOX_SETTINGS = HERE.parents[1] / "hardware" / "asterisk"
COMPANY_SETTINGS = HERE / "company"  # what differs from the box's
PRACTICE = "5550100"  # the number patients dial
NOBODY_LISTENS = ("127.0.0.1", 9)
TRIES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """An address on the loopback and a UDP port there."""

    address: str
    port: int


def free_place(address: str) -> Place:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return Place(address, probe.getsockname()[1])


class PhoneCompany:
    """Both Asterisks, each rig on addresses of its own in 127/8. Start it from a thread that lives as long as it does."""

    def __init__(self, installed: Installed | None = None, box_settings: Sequence[Path] = (BOX_SETTINGS,)) -> None:
        self._installed = installed or find()
        self._box_settings = box_settings
        self.company: Asterisk
        self.box_asterisk: Asterisk
        self.place: Place
        self.box_place: Place
        self.fax_place: Place  # where fax modems reach the company
        self._letters = itertools.count()
        self.on_stop: list[Callable[[], None]] = []  # what else is to end with the line

    def start(self) -> None:
        for attempt in range(TRIES):
            self._prepare()
            try:
                for asterisk in (self.company, self.box_asterisk):
                    asterisk.start()
                for asterisk in (self.company, self.box_asterisk):
                    asterisk.wait_until_up()
            except RigError:
                self.stop()
                if attempt == TRIES - 1:
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                return

    def hand_calls_to(self, host: str, agi_port: int) -> None:
        """Tells the box's Asterisk where the daemon is, for the calls from now on."""
        self.box_asterisk.change(AGI_HOST=host, AGI_PORT=agi_port)
        self.box_asterisk.ask("dialplan reload")

    def send_fax(self, number: str, letter: bytes, within: float) -> tuple[bool, str]:
        """Asterisk's own fax machine (spandsp's T.30) calls `number` and sends a TIFF; whether all of it was confirmed, and what Asterisk says of it."""
        name = f"letter{next(self._letters)}"
        (self.company.folder / "state" / f"{name}.tif").write_bytes(letter)
        self.company.ask(f"channel originate Local/{number}@fax-lines extension {name}@send-fax")
        deadline = time.monotonic() + within
        while not (told := self._told_of(name)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return told.startswith("SUCCESS"), told

    def take_seconds(self, number: str, within: float = 10.0) -> float:
        """How long the last call from the modem `number` has lasted, from answering to hanging up; each is told once. Raises `RigError`."""
        deadline = time.monotonic() + within
        while not (told := self._told_of(f"call{number}")):
            if time.monotonic() > deadline:
                raise RigError(f"no call from {number} was answered")
            time.sleep(0.1)
        self.company.ask(f"dialplan set global call{number} -")
        return float(told) / 1000 if told != "-" else self.take_seconds(number, within)

    def _told_of(self, fax: str) -> str:
        """What became of a fax that Asterisk sent or received; empty while it goes on."""
        told = re.search(rf"^ *{fax}=(.+)$", self.company.ask("dialplan show globals"), re.MULTILINE)
        return told[1].strip() if told else ""

    def stop(self) -> None:
        while self.on_stop:
            self.on_stop.pop()()
        try:
            self.box_asterisk.stop()
        finally:
            self.company.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self) -> None:
        network = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}"
        self.box_place, self.place = free_place(f"{network}.1"), free_place(f"{network}.2")
        self.fax_place = free_place(self.place.address)
        host, port = NOBODY_LISTENS
        values = {"BOX": self.box_place.address, "BOX_PORT": self.box_place.port, "ATA": self.place.address}
        values |= {"SIP_PORT": self.box_place.port, "AGI_HOST": host, "AGI_PORT": port}
        self.box_asterisk = Asterisk(self._installed, self._box_settings, values)
        self.company = Asterisk(
            self._installed,
            [BOX_SETTINGS, COMPANY_SETTINGS],
            values | {"SIP_PORT": self.place.port, "FAX_PORT": self.fax_place.port},
        )


def main() -> None:
    """Holds a line open until standard input ends: for trying things by hand, and for the test that kills the owner."""
    with PhoneCompany() as company:
        for asterisk in (company.box_asterisk, company.company):
            print(asterisk.pid, asterisk.folder, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
