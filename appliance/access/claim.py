"""The claim code: a new box belongs to whoever stands before it. The code is shown on its console and label, and is gone once the practice is founded.

Eight letters and digits are 40 bits; guesses over the network are let in one at a time, each address waits longer after each wrong one, and all of them
together get ten a second at most: to try half the codes would take 1,700 years.
"""

from __future__ import annotations

import math
import re
import secrets
import threading
from html import escape
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.access import practice, qr
from appliance.access.unlock import Failures
from appliance.clock import Clock
from appliance.errors import BusyError, ClaimTooSoonError, DaemonSilentError, FoundedError, WrongClaimError
from appliance.store import primitives
from appliance.store.disk import Disk

FILE: Final = Path("keys/claim")
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # base 32 of Crockford: none is mistaken for another
LENGTH: Final = 8
APART: Final = 0.1  # s after a wrong guess, whoever made it
_MODE: Final = 0o600  # for the daemon alone: the page, which the network reaches, cannot read it
_MISREAD: Final = str.maketrans("OIL", "011")

log = logs.get(__name__)


def make_ready(folder: Path) -> None:
    """At the daemon's start: a box without a practice has a code, one with a practice has none. `folder` is the store's, here and below."""
    disk = Disk()
    if (folder / practice.PUBLIC).exists():
        if (folder / FILE).exists():
            disk.unlink(folder / FILE)
    elif not (folder / FILE).exists():
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        disk.make_folder(folder / FILE.parent)
        disk.replace(folder / FILE, f"{code}\n".encode("ascii"), _MODE)
        log.info("claim.made")


def show(folder: Path) -> str:
    """The code as people read it, in two halves. Raises `FoundedError` when the box is claimed, `DaemonSilentError` when the daemon has yet to make one."""
    try:
        code = (folder / FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise FoundedError if (folder / practice.PUBLIC).exists() else DaemonSilentError from None
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def label(code: str, address: str) -> str:
    """A label to print, as an SVG picture of 60 by 30 mm: the address as letters and as a QR code, the code as letters only."""
    picture = qr.svg(address).replace("<svg ", '<svg x="1" y="2" ', 1)
    size = re.search(r'width="(\d+)" height="(\d+)"', picture)
    if size is None:
        raise ValueError("a QR code has a size")
    picture = picture.replace(size[0], f'width="26" height="26" viewBox="0 0 {size[1]} {size[2]}"', 1)
    lines = (("Keepline", 4, 7), (address.removeprefix("https://"), 2.6, 12), ("Claim code", 2.6, 18), (code, 5, 24))
    words = "".join(
        f'<text x="29" y="{down}" font-family="monospace" font-size="{height}">{escape(text)}</text>'
        for text, height, down in lines
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="70mm" height="30mm" viewBox="0 0 70 30">{picture}{words}</svg>'
    )


class Gate:
    """Whoever claims the box comes past here. Any thread may ask."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._failures = Failures(clock)
        self._last = -math.inf  # monotonic s of the last wrong guess
        self._lock = threading.Lock()

    def check(self, code: str, address: str) -> None:
        """Is this the code? `address`: where it was typed. Raises `WrongClaimError`, `ClaimTooSoonError`, `BusyError`, `FoundedError`."""
        with self._lock:
            right = show(self._folder)
            now = self._clock.monotonic()
            if (wait := self._failures.wait(address)) > 0:
                raise ClaimTooSoonError(wait=wait)
            if now - self._last < APART:
                raise BusyError
            if not primitives.same(_plain(code).encode(), _plain(right).encode()):
                self._last = now
                self._failures.add(address)
                log.warning("claim.refused")
                raise WrongClaimError
            self._failures.clear(address)


def _plain(code: str) -> str:
    """Spaces, dashes and capital letters do not count; O is 0, I and L are 1."""
    letters = "".join(letter for letter in code.upper() if letter.isascii() and letter.isalnum())
    return letters.translate(_MISREAD)[: LENGTH + 1]
