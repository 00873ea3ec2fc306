"""The far end of a fax call: efax, which nobody here wrote."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.rig import guard
from tests.rig.errors import FaxRigError

Rows = Sequence[bytes]


def write_pbm(file: Path, rows: Rows, width: int = 1728) -> Path:
    """A page as efax takes it. It has no resolution there: efax takes it for a fine one."""
    file.write_bytes(b"P4\n%d %d\n" % (width, len(rows)) + b"".join(rows))
    return file


def send(
    device: Path,
    log: Path,
    pages: Sequence[Path],
    *,
    capabilities: str = "1,5,0,2,0,0,0,0",
    to: str = "5550199",
    more: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Start efax sending `pages`; it dials `to` at once. `capabilities` and `more` options as its manual has them."""
    said = ("-v", "ewin", "-v", "ewinchma")
    how = ("-o1", f"-c{capabilities}", *more, *said, "-l", "+1 555 0100", "-h", " ")
    command: list[str | Path] = ["efax", "-d", device, *how, "-t", to, *pages]
    try:
        with log.open("wb") as file:
            sender = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    except FileNotFoundError as error:
        raise FaxRigError from error
    guard.put_ahead(sender.pid)
    return sender


def receive(device: Path, log: Path, page: Path, *, capabilities: str = "1,5,0,2,0,0,0,0") -> subprocess.Popen[bytes]:
    """Start efax waiting for one call; its pages become `page`.001 and so on."""
    command: list[str | Path] = [
        "efax",
        "-d",
        device,
        "-o1",
        f"-c{capabilities}",
        "-v",
        "ewin",
        "-v",
        "ewinchma",
        "-w",
        "-iS0=1",
    ]
    try:
        with log.open("wb") as file:
            receiver = subprocess.Popen(
                [*command, "-l", "+1 555 0111", "-r", page], stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
    except FileNotFoundError as error:
        raise FaxRigError from error
    guard.put_ahead(receiver.pid)
    return receiver


def find_shift(sent: Rows, came: Rows, *, most: int = 80) -> int | None:
    """By how many rows the page came lower, since efax puts a header above it; None when it did not come exactly. Rows that the header covers do not count."""
    for shift in range(most):
        covered = max(0, most // 2 - shift)
        if len(came) == shift + len(sent) and list(came[shift + covered :]) == list(sent[covered:]):
            return shift
    return None
