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

REPORT: Final = (
    "To: Keepline trial practice",
    "Report of laboratory results",
    "",
    "Glucose                5.1 mmol/L      (3.9 to 5.6)",
    "Haemoglobin         139 g/L           (120 to 160)",
    "Potassium             4.2 mmol/L      (3.5 to 5.1)",
    "",
    "All values are within their limits.",
)


@cache
def note(seed: int, rows: int = 300) -> Rows:
    """Some lines of large print: seconds on the line."""
    return _print(seed, rows, size=34, pitch=60, fill=0.55)


@cache
def report(page: int = 1) -> Rows:
    """A page as an office sends it, A4 at fine resolution, with much white: some ten seconds on the line."""
    picture = Image.new("1", (WIDTH, 2156), 255)
    draw = ImageDraw.Draw(picture)
    draw.text((150, 150), "Riverside Laboratory", fill=0, font=ImageFont.load_default(84))
    draw.line((150, 280, WIDTH - 150, 280), fill=0, width=5)
    for place, line in enumerate(REPORT):
        draw.text((150, 380 + 90 * place), line, fill=0, font=ImageFont.load_default(46))
    draw.rectangle((140, 1400, WIDTH - 150, 1402), fill=0)
    draw.text((150, 1440), f"This is a trial. Nobody is meant. Page {page}", fill=0, font=ImageFont.load_default(40))
    return _to_rows(picture)


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
    return _to_rows(picture)


def _to_rows(picture: Image.Image) -> Rows:
    octets = ImageChops.invert(picture).tobytes()
    size = WIDTH // 8
    return [octets[start : start + size] for start in range(0, len(octets), size)]
