"""The far end of a fax call: HylaFAX, which nobody here wrote. Its sending program alone, on one job, in a spool of its own: no queue, no server."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from tests.rig import fax_parts
from tests.rig.guarded import Guarded

SENT: Final = 2  # its exit status: done
SPOOL: Final = ("archive", "bin", "client", "dev", "docq", "doneq", "etc", "info", "locks", "log", "recvq", "sendq")
SPOOL_TOO: Final = ("status", "tmp")

SETTINGS: Final = """
CountryCode: 1
AreaCode: 555
FAXNumber: {number}
LongDistancePrefix: 1
InternationalPrefix: 011
ServerTracing: 0xFFF
SessionTracing: 0xFFF
UUCPLockDir: {folder}/locks
LocalIdentifier: "{number}"
ModemType: Class1
ModemFlowControl: none
Class1AdaptRecvCmd: AT+FAR=1
TagLineFormat: ""
RingsBeforeAnswer: 1
MaxRecvPages: 200
RecvFileMode: 0644
"""

# One page: fine, A4 wide, of any length, MMR in the file (its own words: vr 1, wd 0, ln 2, df 3); then more follow (S) or none (P).
PAGE: Final = "e1"

JOB: Final = """\
tts:{now}
killtime:{then}
retrytime:60
state:6
npages:0
totpages:{pages}
ntries:0
ndials:0
totdials:0
maxdials:1
tottries:0
maxtries:1
pagewidth:209
resolution:196
pagelength:296
priority:127
schedpri:127
minbr:0
desiredbr:5
desiredst:0
desiredec:{ecm}
desireddf:3
desiredtl:0
useccover:1
usexvres:0
external:{to}
number:{to}
mailaddr:rig@localhost
sender:rig
jobid:1
pagehandling:{handling}
modem:{modem}
client:localhost
owner:rig
groupid:1
jobtype:facsimile
doneop:remove
notify:none
chopthreshold:3
pagechop:default
fax:0::docq/letter.tif
"""


class HylaFax(Guarded):
    """What its programs share. They run as whoever starts them: the modem is theirs."""

    as_nobody = False

    def __init__(self, device: Path, number: str = "+1 555 0123") -> None:
        super().__init__()
        self._number = number
        self._device = os.readlink(device).removeprefix("/dev/")
        self.modem = self._device.replace("/", "_")  # its name in the spool

    @property
    def log(self) -> str:
        """The session, with every command and frame."""
        return "".join(path.read_text(errors="replace") for path in sorted((self.folder / "log").glob("c*")))

    def _make_spool(self) -> None:
        for name in (*SPOOL, *SPOOL_TOO):
            (self.folder / name).mkdir()
        settings = SETTINGS.format(number=self._number, folder=self.folder).lstrip()
        (self.folder / "etc" / f"config.{self.modem}").write_text(settings, encoding="utf-8")


class Sender(HylaFax):
    """Dials at once and sends `letter`, a TIFF of `pages` MMR pages. `wait` gives `SENT` when all was confirmed."""

    def __init__(self, device: Path, to: str, letter: bytes, pages: int, *, ecm: bool = True) -> None:
        """With error correction the pages go as MMR, without as MR or, where the other side knows no better, MH."""
        super().__init__(device)
        self._to, self._letter, self._pages, self._ecm = to, letter, pages, ecm

    def prepare(self) -> list[str]:
        """The spool, with one job in it."""
        self._make_spool()
        (self.folder / "docq" / "letter.tif").write_bytes(self._letter)
        now = int(time.time())
        job = JOB.format(
            now=now,
            then=now + 86400,
            pages=self._pages,
            ecm=2 if self._ecm else 0,
            to=self._to,
            handling=f"{PAGE}S" * (self._pages - 1) + f"{PAGE}P",
            modem=self.modem,
        )
        (self.folder / "sendq" / "q1").write_text(job, encoding="utf-8")
        spool = self.folder
        return [
            "env",
            "-C",
            str(spool),
            *fax_parts.find().command("usr/lib/hylafax/bin/faxsend", "-m", self.modem, "sendq/q1"),
        ]


class Receiver(HylaFax):
    """Answers call after call."""

    def prepare(self) -> list[str]:
        """The spool, and nobody to tell of what came."""
        self._make_spool()
        tell = self.folder / "bin" / "faxrcvd"
        tell.write_text("#!/bin/sh\n", encoding="ascii")
        tell.chmod(0o755)
        return [
            "env",
            "-C",
            str(self.folder),
            *fax_parts.find().command("usr/sbin/faxgetty", "-q", str(self.folder), self._device),
        ]

    @property
    def received(self) -> list[Path]:
        """Its faxes, oldest first."""
        return sorted((self.folder / "recvq").glob("fax*.tif"))
