"""A fax as a file: TIFF-F (RFC 2306, resolutions of RFC 2301), many pages, each in Group 4. Knows Pillow only to read.

Writing needs no library: our own MMR and a dozen tags. So the daemon carries no picture library, and the same pages always give the same octets.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from appliance.errors import PictureError
from appliance.fax.t4 import Coding, turn_octets
from appliance.fax.t4_encoder import Encoder

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

_SHORT: Final = 3  # types of a tag's values, TIFF 6.0 §2
_LONG: Final = 4
_RATIO: Final = 5
_WIDTH: Final = 256  # tags
_LENGTH: Final = 257
_ACROSS: Final = 282
_DOWN: Final = 283
_BAD_LINES: Final = 326
_WORST_RUN: Final = 328
_HEADER: Final = 8  # octets
_ENTRY: Final = 12  # octets of one tag


@dataclass(frozen=True, slots=True)
class Page:
    """One page as rows, packed as in `t4`. Shown without them, which are somebody's fax."""

    rows: Sequence[bytes]
    width: int  # picture elements
    across: int  # of them an inch
    down: int  # rows an inch
    damaged: int = 0  # rows that repeat the row above because theirs was damaged
    worst_run: int = 0  # of them in a row

    def __repr__(self) -> str:
        return f"Page({self.width} x {len(self.rows)} at {self.across} x {self.down}, {self.damaged} damaged)"


@dataclass(frozen=True, slots=True)
class Strip:
    """One page in MMR, in TIFF's order of bits: what a file holds of it."""

    octets: bytes
    width: int
    length: int  # rows
    across: int
    down: int
    damaged: int = 0
    worst_run: int = 0

    def __repr__(self) -> str:
        return f"Strip({self.width} x {self.length}, {len(self.octets)} octets)"


def encode(page: Page) -> Strip:
    """A page in MMR. One without rows gets a white one, since TIFF has no empty pages."""
    rows = page.rows or [bytes((page.width + 7) // 8)]
    encoder = Encoder(Coding.MMR, page.width)
    for row in rows:
        encoder.add(row)
    octets = turn_octets(encoder.finish())
    return Strip(octets, page.width, len(rows), page.across, page.down, page.damaged, page.worst_run)


def assemble(strips: Sequence[Strip]) -> bytes:
    """A file of these pages, one at least, in this order."""
    parts = [_start()]
    start = _HEADER
    for number, strip in enumerate(strips):
        part = _page(strip, start, number, len(strips))
        start += len(part)
        parts.append(part)
    return b"".join(parts)


class Growing:
    """A file that grows page by page, each a piece to be put behind the others.

    Its last directory points at the page that may follow: whoever ends the file makes that pointer 0 (`appliance/store/FORMAT.md`). How many pages there will
    be nobody knows yet: the tag for it says 0 (TIFF 6.0 §12).
    """

    def __init__(self) -> None:
        self.pages = 0
        self._length = 0  # octets

    def add(self, strip: Strip) -> bytes:
        """The piece that makes `strip` the file's next page."""
        header = b"" if self.pages else _start()
        piece = header + _page(strip, self._length + len(header), self.pages, 0)
        self.pages += 1
        self._length += len(piece)
        return piece


def read(octets: bytes) -> Iterator[Page]:
    """The pages of a file, one at a time. Raises `PictureError`."""
    from PIL import Image, TiffImagePlugin  # noqa: PLC0415 - 6 MB that only those who look at pages need

    wrong = (
        OSError,
        ValueError,
        SyntaxError,
        LookupError,
        TypeError,
        EOFError,
        struct.error,
        Image.DecompressionBombError,
    )
    try:
        with TiffImagePlugin.TiffImageFile(io.BytesIO(octets)) as picture:
            for number in range(picture.n_frames):
                picture.seek(number)
                yield _from_picture(picture)
    except wrong as error:
        raise PictureError from error


def _start() -> bytes:
    return struct.pack("<2sHL", b"II", 42, _HEADER)


def _page(strip: Strip, start: int, number: int, total: int) -> bytes:
    """A page's directory, at octet `start` of the file, and its image. A `total` of 0 pages is not known yet."""
    data = strip.octets + bytes(len(strip.octets) % 2)  # a directory starts at an even octet
    tags = (
        (254, _LONG, 2),  # a page of several
        (_WIDTH, _LONG, strip.width),
        (_LENGTH, _LONG, strip.length),
        (258, _SHORT, 1),  # bit for each picture element; fax programs insist on it and on 277
        (259, _SHORT, 4),  # Group 4
        (262, _SHORT, 0),  # 0 is white
        (266, _SHORT, 1),  # the leftmost picture element is the highest bit
        (273, _LONG, -1),  # where the image is: known below
        (277, _SHORT, 1),
        (278, _LONG, strip.length),
        (279, _LONG, len(strip.octets)),
        (_ACROSS, _RATIO, strip.across),
        (_DOWN, _RATIO, strip.down),
        (293, _LONG, 0),  # Group 4 without uncompressed mode
        (296, _SHORT, 2),  # resolutions are for an inch
        (297, _SHORT, total << 16 | number),  # two values: which page of how many
        (_BAD_LINES, _LONG, strip.damaged),
        (327, _SHORT, int(strip.damaged > 0)),  # 1: damaged rows were put right by the receiver
        (_WORST_RUN, _LONG, strip.worst_run),
    )
    ratios = start + 2 + _ENTRY * len(tags) + 4
    image = ratios + 8 * sum(kind == _RATIO for _, kind, _ in tags)
    entries, values = b"", b""
    for tag, kind, value in tags:
        count = 2 if tag == 297 else 1
        field = value
        if kind == _RATIO:
            field = ratios + len(values)
            values += struct.pack("<LL", value, 1)
        entries += struct.pack("<HHLL", tag, kind, count, image if value < 0 else field)
    following = image + len(data) if not total or number + 1 < total else 0
    return struct.pack("<H", len(tags)) + entries + struct.pack("<L", following) + values + data


def _from_picture(picture: TiffImageFile) -> Page:
    """The page that a picture shows now."""
    from PIL import ImageChops  # noqa: PLC0415 - as above

    if picture.mode != "1":
        raise ValueError("not black and white")
    octets = ImageChops.invert(picture).tobytes()  # Pillow's 1 is white
    size = (picture.width + 7) // 8
    tags = picture.tag_v2
    return Page(
        rows=[octets[start : start + size] for start in range(0, len(octets), size)],
        width=picture.width,
        across=round(tags[_ACROSS]),
        down=round(tags[_DOWN]),
        damaged=int(tags.get(_BAD_LINES, 0)),
        worst_run=int(tags.get(_WORST_RUN, 0)),
    )
