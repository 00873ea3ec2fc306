"""Letters to send by fax. Rows are packed, 1 is black."""

from __future__ import annotations

import random
from functools import cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

from appliance.fax import tiff

Rows = list[bytes]

WIDTH: Final = 1728
WORDS: Final = (
    "please",
    "send",
    "results",
    "patient",
    "before",
    "noon",
    "next",
    "visit",
    "Friday",
    "copy",
    "letter",
    "thank",
    "you",
    "regards",
)


@cache
def note(seed: int, rows: int = 300) -> Rows:
    """Some lines of large print: seconds on the line."""
    return _print(seed, rows, size=34, pitch=60, fill=0.55)


@cache
def letter(seed: int) -> Rows:
    """A dense page, A4 at fine resolution: about a minute on the line."""
    return _print(seed, 2156, size=32, pitch=38, fill=1.0)


def to_tiff(pages: list[Rows]) -> bytes:
    """One file of MMR pages at fine resolution."""
    return tiff.assemble([tiff.encode(tiff.Page(rows, WIDTH, 204, 196)) for rows in pages])


def _print(seed: int, rows: int, size: int, pitch: int, fill: float) -> Rows:
    chosen = random.Random(seed)
    picture = Image.new("1", (WIDTH, rows), 255)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size)
    for top in range(pitch, rows - pitch, pitch):
        line = f"{seed}."
        while draw.textlength(line, font) < (WIDTH - 400) * fill:
            line += " " + chosen.choice(WORDS)
        draw.text((150, top), line, fill=0, font=font)
    octets = ImageChops.invert(picture).tobytes()
    size = WIDTH // 8
    return [octets[start : start + size] for start in range(0, len(octets), size)]
