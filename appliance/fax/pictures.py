"""Pages as pictures for a screen: PNG, turned and scaled, in bounds of memory and time whatever the page claims to be.

The library behind (Pillow with libtiff) never sees a file that came from elsewhere: only one that `tiff` has put together around one page's image.
"""

from __future__ import annotations

import io
import math
from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from appliance.errors import PictureError
from appliance.fax.directory import Sheet
from appliance.fax.tiff import Strip, assemble

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_DOTS: Final = 33_000_000  # of a page; A3 at 400 dpi has 32 million, and each takes an octet while it is drawn
_BAND: Final = 256  # rows of the picture that are scaled at a time
_MARGIN: Final = 4  # rows of the page around a band, for the filter
_GREYS: Final = 16
_INK: Final = 1.7  # exponent that keeps thin strokes dark when they are scaled down
_TONES: Final = [round((_GREYS - 1) * (level / 255) ** _INK) for level in range(256)]
_PALETTE: Final = bytes(level * 255 // (_GREYS - 1) for level in range(_GREYS) for _ in "RGB")
_ZIP: Final = 6


class Turn(IntEnum):
    """How far a page is turned to the right, degrees."""

    NONE = 0
    RIGHT = 90
    OVER = 180
    LEFT = 270

    def further(self, degrees: int) -> Turn:
        """Turned by so much more."""
        return Turn((self + degrees) % 360)

    @property
    def lies(self) -> bool:
        """Have height and width changed places?"""
        return self in {Turn.RIGHT, Turn.LEFT}


def rows_shown(sheet: Sheet | Strip) -> int:
    """How many rows of a page are drawn: all, but for one that is longer than any paper."""
    return min(sheet.length, MOST_DOTS // sheet.width)


def shape(sheet: Sheet | Strip, turn: Turn = Turn.NONE) -> tuple[int, int]:
    """Width and height in right proportion, in picture elements as close together as the narrower of the page's two spacings."""
    finest = max(sheet.across, sheet.down)
    size = round(sheet.width * finest / sheet.across), round(rows_shown(sheet) * finest / sheet.down)
    return (size[1], size[0]) if turn.lies else size


def dots(sheet: Sheet | Strip, turn: Turn = Turn.NONE) -> int:
    """How wide `draw` makes the page without a width: each picture element as it came."""
    return rows_shown(sheet) if turn.lies else sheet.width


def draw(strip: Strip, width: int | None = None, turn: Turn = Turn.NONE) -> bytes:
    """The page as a PNG: `width` wide in shades of grey and in right proportion, or each picture element as it came. Raises `PictureError`."""
    page = _page(strip, rows_shown(strip))
    if width is None:
        return _png(_turned(page, turn))
    across, down = shape(strip, turn)
    height = max(1, round(down * width / across))
    smaller = min(1.0, math.sqrt(MOST_DOTS / (width * height)))
    size = max(1, int(width * smaller)), max(1, int(height * smaller))
    return _png(_inked(_turned(_scaled(page, (size[1], size[0]) if turn.lies else size), turn)))


def sketch(strip: Strip, width: int, height: int) -> bytes:
    """The top of the page, `width` wide and at most `height` high, as a PNG. Raises `PictureError`."""
    across, down = shape(strip)
    rows = min(rows_shown(strip), math.ceil(strip.length * height * across / (down * width)))
    page = _page(strip, max(1, rows))
    return _png(_inked(_scaled(page, (width, min(height, max(1, round(width * down / across)))))))


def _page(strip: Strip, rows: int) -> Image:
    """The first `rows` of the page, black and white."""
    from PIL import TiffImagePlugin  # noqa: PLC0415 - 6 MB that only those who look at pages need

    try:
        picture = TiffImagePlugin.TiffImageFile(io.BytesIO(assemble([replace(strip, length=rows)])))
        picture.load()
    except (OSError, ValueError, SyntaxError, LookupError, TypeError) as error:
        raise PictureError from error
    if picture.mode != "1":
        raise PictureError
    return picture


def _scaled(page: Image, size: tuple[int, int]) -> Image:
    """The page in shades of grey, a band at a time: the whole of it in grey would take as much again."""
    from PIL import Image  # noqa: PLC0415 - as above

    step = page.height / size[1]
    scaled = Image.new("L", size)
    for top in range(0, size[1], _BAND):
        bottom = min(size[1], top + _BAND)
        first = max(0, int(top * step) - _MARGIN * math.ceil(step))
        last = min(page.height, math.ceil(bottom * step) + _MARGIN * math.ceil(step))
        band = page.crop((0, first, page.width, last)).convert("L")
        box = (0, top * step - first, page.width, min(bottom * step - first, last - first))
        scaled.paste(band.resize((size[0], bottom - top), Image.Resampling.HAMMING, box), (0, top))
    return scaled


def _turned(picture: Image, turn: Turn) -> Image:
    from PIL import Image  # noqa: PLC0415 - as above

    match turn:
        case Turn.NONE:
            return picture
        case Turn.RIGHT:
            return picture.transpose(Image.Transpose.ROTATE_270)
        case Turn.OVER:
            return picture.transpose(Image.Transpose.ROTATE_180)
        case Turn.LEFT:
            return picture.transpose(Image.Transpose.ROTATE_90)


def _inked(grey: Image) -> Image:
    """In few shades, which take half the room, and dark enough to read."""
    inked = grey.point(_TONES)
    inked.putpalette(_PALETTE)
    return inked


def _png(picture: Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=_ZIP)
    return out.getvalue()
