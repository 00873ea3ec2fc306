"""Squares that a telephone reads (QR codes): for a page and for a terminal. The door of segno."""

from __future__ import annotations

import io

import segno


def svg(text: str) -> str:
    """`text` as an SVG element to be placed in a page."""
    picture = io.BytesIO()
    _code(text).save(picture, kind="svg", xmldecl=False, svgns=True, scale=4, border=4)
    return picture.getvalue().decode("utf-8")


def blocks(text: str) -> str:
    """`text` in block characters, for a terminal."""
    picture = io.StringIO()
    _code(text).terminal(picture, compact=True, border=2)
    return picture.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make(text, error="q", micro=False)  # a quarter of it may be lost to a fold or a stain
