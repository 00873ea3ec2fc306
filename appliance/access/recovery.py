"""The recovery sheet: the one key that opens everything without any password. It exists on paper only."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import segno

from appliance.access import practice
from appliance.store import primitives
from appliance.store.keys import Identity


@dataclass(frozen=True, slots=True)
class RecoverySheet:
    """What is printed and put into the safe. Shown once, stored nowhere."""

    text: str  # AGE-SECRET-KEY-1...; `age -d -i` takes it as it is

    def svg_qr(self) -> str:
        """The text as a QR code, an SVG element to be placed in a page."""
        picture = io.BytesIO()
        self._code().save(picture, kind="svg", xmldecl=False, svgns=True, scale=4, border=4)
        return picture.getvalue().decode("utf-8")

    def terminal_qr(self) -> str:
        """The text as a QR code of block characters, for a terminal."""
        picture = io.StringIO()
        self._code().terminal(picture, compact=True, border=2)
        return picture.getvalue()

    def forget(self) -> None:
        """Overwrite the text once it was shown; the sheet must not be used afterwards."""
        primitives.forget(self.text)

    def _code(self) -> segno.QRCode:
        return segno.make(self.text, error="q", micro=False)  # a quarter of it may be lost to a fold or a stain

    def __repr__(self) -> str:
        return "RecoverySheet(secret)"


def open_with_sheet(folder: Path, text: str) -> Identity:
    """The practice key, by the recovery sheet alone. Spaces and line breaks of somebody who typed it in do no harm.

    Raises `KeyFormatError` for what is no such key, `SealKeyError` for that of another practice.
    """
    with Identity.parse("".join(text.split()).upper()) as recovery:
        return practice.open_practice(folder, recovery)[0]
