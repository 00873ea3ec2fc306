"""Pages to send: a dense letter, a dithered photograph, and what is hard for a coding. Rows are packed, 1 is black."""

from __future__ import annotations

import random
import struct
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFont

from appliance.fax.t4 import Coding

WIDTHS = {"A4": 1728, "B4": 2048, "A3": 2432, "A4 at 300 dpi": 2592, "A3 at 400 dpi": 4864}
LENGTHS = {98: 1078, 196: 2156, 391: 4312}  # rows of A4's 280 mm by rows an inch
COMPRESSION = {Coding.MH: 3, Coding.MR: 3, Coding.MMR: 4}  # as TIFF numbers them

Rows = list[bytes]


@cache
def letter(width: int = 1728, length: int = 2156) -> Rows:
    """A full page of small print."""
    picture = Image.new("1", (width, length), 255)
    draw = ImageDraw.Draw(picture)
    words = random.Random(3)
    for top in range(20, length - 20, 34):
        text = "".join(words.choice("abcdefghijklmnopqrstuvwxyz      ETAOIN,.") for _ in range(width // 17))
        draw.text((60, top), text, fill=0, font=ImageFont.load_default(26))
    return to_rows(picture)


@cache
def photograph(width: int = 1728, length: int = 60) -> Rows:
    """Shades of grey, dithered: short runs everywhere."""
    return to_rows(Image.radial_gradient("L").resize((width, length)).convert("1"))


@cache
def odd(width: int = 1728) -> Rows:
    """What is hard for a coding: every length of run, single dots, lines that have nothing to do with the one above."""
    rows = [
        bytes(width // 8),
        bytes([255]) * (width // 8),
        b"\x55" * (width // 8),
        b"\xaa" * (width // 8),
        b"\xaa" * (width // 8),
        b"\x01" + bytes(width // 8 - 1),
        bytes(width // 8 - 1) + b"\x80",
        b"\x80" + bytes(width // 8 - 2) + b"\x01",
    ]
    for run in (*range(70), *range(63, width, 64), *range(64, width, 64), width - 1, width):
        dots = (1 << run) - 1
        rows += [
            (dots << (width - run) // 2).to_bytes(width // 8, "big"),
            (dots << width - run).to_bytes(width // 8, "big"),
        ]
        rows += [bytes(octet ^ 255 for octet in row) for row in rows[-2:]]
    noise = random.Random(5)
    for share in (1, 2, 4, 40):
        for _ in range(5):
            dots = noise.getrandbits(width)
            for _ in range(share - 1):
                dots &= noise.getrandbits(width)
            rows.append(dots.to_bytes(width // 8, "big"))
    shifted = int.from_bytes(rows[-1], "big")
    rows += [(shifted >> places).to_bytes(width // 8, "big") for places in (1, 3, 6, 7, 6, 3, 1, 0, 4)]
    return rows


def to_rows(picture: Image.Image) -> Rows:
    octets = ImageChops.invert(picture).tobytes()
    size = (picture.width + 7) // 8
    return [octets[start : start + size] for start in range(0, len(octets), size)]


def to_picture(rows: Rows, width: int) -> Image.Image:
    return ImageChops.invert(Image.frombytes("1", (width, len(rows)), b"".join(rows)))


def wrapped(octets: bytes, coding: Coding, width: int, length: int) -> bytes:
    """What came over the line as a TIFF, untouched: the line's order of bits is TIFF's fill order 2."""
    tags = [
        (256, 4, width),
        (257, 4, length),
        (258, 3, 1),
        (259, 3, COMPRESSION[coding]),
        (262, 3, 0),
        (266, 3, 2),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, length),
        (279, 4, len(octets)),
        (292, 4, int(coding is Coding.MR)),
    ]
    if coding is Coding.MMR:
        tags.pop()
    directory = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHLL", tag, kind, 1, value) for tag, kind, value in tags
    )
    return struct.pack("<2sHL", b"II", 42, 8 + len(octets)) + octets + directory + bytes(4)
