"""A Class 1 modem that plays whole calls by itself, and does one thing wrong at a moment of the test's choice."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Self

from appliance.errors import SerialError
from appliance.fax.at import stuff
from appliance.fax.capabilities import Terms
from appliance.fax.frames import Frame, Kind, check_sequence, pack_identity
from appliance.fax.t4 import Coding
from appliance.fax.t4_encoder import Encoder
from tests.fakes.modem import TICK

OK, CONNECT, NO_CARRIER = b"\r\nOK\r\n", b"\r\nCONNECT\r\n", b"\r\nNO CARRIER\r\n"
RATES = "24,48,72,73,74,96,97,98,121,122,145,146"
LISTS = {"+FCLASS=?": "0,1,1.0", "+FTH=?": "3", "+FRH=?": "3", "+FTM=?": RATES, "+FRM=?": RATES}
ROWS = [bytes(216), b"\xf0" * 216] * 10


class Fault(Enum):
    """What goes wrong. The value is what it says; None: it says nothing."""

    SAYS_OK = OK
    SAYS_ERROR = b"\r\nERROR\r\n"
    SAYS_OTHER_CARRIER = b"\r\n+FCERROR\r\n"
    SAYS_NO_CARRIER = NO_CARRIER
    SAYS_CONNECT = CONNECT
    SAYS_NOTHING = None
    SAYS_RUBBISH = b"\x00\xffr\x10u\x10bbish\r\n\x11\x13\x10\r\nO\r\nK"
    SAYS_MUCH = bytes(40_000)
    BREAKS_OFF = b"\r\nCONNECT\r\n\xff\x13\x83\x10"
    ECHOES = b"AT+FRH=3\rAT+FRH=3\r"
    SPEAKS_LATE = b"\r\n"  # and its right answer with the next one
    HANGS = b"\x11"  # until its port is opened anew
    VANISHES = b"\r\nO"


def frame(kind: Kind, info: bytes = b"", *, final: bool = True) -> bytes:
    octets = Frame(kind, info, final).to_octets(by_caller=True)
    return CONNECT + stuff(octets + check_sequence(octets)) + OK


def image() -> bytes:
    encoder = Encoder(Coding.MH, 1728)
    for row in ROWS:
        encoder.add(row)
    return CONNECT + stuff(encoder.finish()) + NO_CARRIER


class ActingModem:
    """Takes what is written, gives what comes back. It does `fault` in place of its answer number `at`; every later call is a good one."""

    def __init__(self, fault: Fault | None = None, at: int = 0) -> None:
        self.fault, self.at = fault, at
        self.turns = 0  # answers given
        self.lists = dict(LISTS)  # what it says to questions
        self.hangs = self.gone = False
        self._taken = b""
        self._late = b""
        self._receiving = self._sending = self._sends_image = False
        self.ring()

    def ring(self) -> None:
        """Another caller, with another page."""
        self._frames: Iterator[bytes] = iter(
            [
                frame(Kind.TSI, pack_identity("5550100"), final=False),
                frame(Kind.DCS, Terms().to_info()),
                frame(Kind.EOP),
                frame(Kind.DCN),
            ]
        )
        self._carriers: Iterator[bytes] = iter([CONNECT + stuff(bytes(2700)) + NO_CARRIER, image()])

    def plug_in(self) -> None:
        """Its power went and came."""
        self.hangs = self.gone = False
        self._taken, self._receiving, self._sending = b"", False, False

    def take(self, octets: bytes) -> bytes:
        """What it says to these octets."""
        said = b""
        for octet in octets:
            said += self._take(bytes((octet,)))
        return said

    def _take(self, octet: bytes) -> bytes:
        if self._receiving:
            self._receiving = False
            return self._say(OK)
        self._taken += octet
        if self._sending:
            if not self._taken.endswith(b"\x10\x03"):
                return b""
            final = self._sends_image or len(self._taken) < 4 or self._taken[1:2] == b"\x13"
            self._taken, self._sending = b"", not final
            return self._say(OK if final else CONNECT)
        if octet != b"\r":
            return b""
        line, self._taken = self._taken, b""
        at = line.rfind(b"AT")
        return self._say(self._answer(line[at + 2 : -1].decode("latin-1"))) if at >= 0 else b""

    def _answer(self, command: str) -> bytes | None:
        if command in self.lists:
            return f"\r\n{self.lists[command]}\r\n".encode() + OK
        self._sends_image = command.startswith("+FTM=")
        match command:
            case "A" | "+FTH=3":
                self._sending = True
                return CONNECT
            case _ if self._sends_image:
                self._sending = True
                return CONNECT
            case "+FRH=3":
                return next(self._frames, None)
            case _ if command.startswith("+FRM="):
                return next(self._carriers, None)
            case _:
                return OK

    def _say(self, right: bytes | None) -> bytes:
        """The right answer (None: it goes on listening), or what the fault makes of it."""
        if self.hangs:
            return b""
        now, self.turns = self.turns, self.turns + 1
        late, self._late = self._late, b""
        if now != self.at or self.fault is None:
            self._receiving = right is None
            return late + (right or b"")
        self._sending = self._receiving = False
        self._receiving = self.fault is Fault.SAYS_NOTHING  # as one that waits for a carrier: any octet ends it
        self._late = (right or b"") if self.fault is Fault.SPEAKS_LATE else b""
        self.hangs, self.gone = self.fault is Fault.HANGS, self.fault is Fault.VANISHES
        return self.fault.value or b""


class ActingPort:
    """The acting modem on a port without a terminal, with a clock that runs only while somebody waits."""

    def __init__(self, modem: ActingModem) -> None:
        self.modem = modem
        self.now = 0.0
        self._coming = b""

    def clock(self) -> float:
        return self.now

    def read(self) -> bytes:
        self._check()
        self.now += 0.01 if self._coming else TICK
        came, self._coming = self._coming[:1000], self._coming[1000:]
        return came

    def pending(self) -> bytes:
        self._check()
        came, self._coming = self._coming, b""
        return came

    def write(self, octets: bytes) -> None:
        self._check()
        self._coming += self.modem.take(octets)

    def reopen(self) -> None:
        self.modem.plug_in()
        self._coming = b""

    def _check(self) -> None:
        if self.modem.gone:
            raise SerialError


class ActingTerminal(threading.Thread):
    """The acting modem on a pseudo-terminal at `device`, a link as udev makes it. Use it in a `with` block."""

    def __init__(self, device: Path, modem: ActingModem) -> None:
        super().__init__(name="acting-modem", daemon=True)
        self.device, self.modem = device, modem
        self._ended = threading.Event()
        self._master = -1
        self.plug_in()

    def plug_in(self) -> None:
        """It appears, as another device under the old name."""
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        part = self.device.with_suffix(".new")
        part.symlink_to(os.ttyname(slave))
        os.close(slave)
        self.modem.plug_in()
        self._master = master
        part.replace(self.device)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()
        self._vanish()

    def run(self) -> None:
        while not self._ended.is_set():
            if self._master < 0 or not select.select([self._master], [], [], 0.02)[0]:
                continue
            try:
                said = self.modem.take(os.read(self._master, 4096))
            except OSError:  # nobody has its port open: as if it were switched off and on
                self.modem.plug_in()
                self._ended.wait(0.002)
                continue
            self._say(said)
            if self.modem.gone:
                self._vanish()

    def _say(self, octets: bytes) -> None:
        while octets:
            try:
                octets = octets[os.write(self._master, octets) :]
            except BlockingIOError:
                if self._ended.wait(0.001):
                    return
            except OSError:
                return  # nobody listens

    def _vanish(self) -> None:
        if self._master >= 0:
            self.device.unlink(missing_ok=True)
            master, self._master = self._master, -1
            os.close(master)
