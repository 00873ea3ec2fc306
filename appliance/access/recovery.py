"""The recovery sheet: the one key that opens everything without any password. It exists on paper only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.access import practice, qr
from appliance.store import primitives
from appliance.store.keys import Identity


@dataclass(frozen=True, slots=True)
class RecoverySheet:
    """What is printed and put into the safe. Shown once, stored nowhere."""

    text: str  # AGE-SECRET-KEY-1...; `age -d -i` takes it as it is

    def svg_qr(self) -> str:
        """The text as a QR code, an SVG element to be placed in a page."""
        return qr.svg(self.text)

    def terminal_qr(self) -> str:
        """The text as a QR code of block characters, for a terminal."""
        return qr.blocks(self.text)

    def forget(self) -> None:
        """Overwrite the text once it was shown; the sheet must not be used afterwards."""
        primitives.forget(self.text)

    def __repr__(self) -> str:
        return "RecoverySheet(secret)"


def open_with_sheet(folder: Path, text: str) -> Identity:
    """The practice key, by the recovery sheet alone. Spaces and line breaks of somebody who typed it in do no harm.

    Raises `KeyFormatError` for what is no such key, `SealKeyError` for that of another practice.
    """
    with Identity.parse("".join(text.split()).upper()) as recovery:
        return practice.open_practice(folder, recovery)[0]
