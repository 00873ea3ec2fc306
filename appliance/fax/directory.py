"""Where the pages of a fax lie in its file, read tag by tag and as far as they are whole. Pure: the file is a function that reads.

Only files that `tiff` has written are taken: a page in one strip of Group 4. Nothing else about the file is believed, so whatever stands in it costs no more
than `MOST_PAGES` short reads, and no page is ever larger than its tags were found to be.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.errors import PictureError
from appliance.fax.tiff import Strip

MOST_PAGES: Final = 200  # a long fax has 50
LARGEST: Final = 1 << 24  # octets of one page's image: four times the densest A3 page at 400 dpi
NARROWEST, WIDEST = 864, 4864  # picture elements: A6 at 204 an inch, A3 at 400 (T.4 Table 1)
LONGEST: Final = 100_000  # rows; senders with a roll of paper exist
_RESOLUTIONS: Final = range(50, 1201)  # an inch
_USUAL: Final = (204, 196)  # where a file says nothing that can be
_ENTRY: Final = struct.Struct("<HHLL")
_MOST_ENTRIES: Final = 64
_SIZES: Final = {3: "<H2x", 4: "<L"}  # SHORT and LONG, as they stand in an entry
_OURS: Final = {258: 1, 259: 4, 262: 0, 266: 1, 277: 1}  # what `tiff` writes, and what nothing else is taken for
_DEFAULTS: Final = {258: 1, 262: 0, 266: 1, 277: 1, 282: 0, 283: 0, 296: 2, 326: 0, 328: 0}

Source = Callable[[int, int], bytes]  # (start, length): fewer octets at the end


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page in a file: where its image lies, how large it is, and its marks."""

    start: int  # octet of the file
    octets: int
    width: int  # picture elements
    length: int  # rows
    across: int  # picture elements an inch
    down: int  # rows an inch
    damaged: int = 0  # rows
    worst_run: int = 0

    def read(self, source: Source) -> Strip:
        """The page's image. Raises `PictureError` where the file is shorter than it says."""
        octets = source(self.start, self.octets)
        if len(octets) != self.octets:
            raise PictureError
        return Strip(octets, self.width, self.length, self.across, self.down, self.damaged, self.worst_run)


@dataclass(frozen=True, slots=True)
class Directory:
    """The whole pages of a file, in their order."""

    sheets: tuple[Sheet, ...]
    broken_off: bool = False  # behind them the file is damaged, or ends in the midst of a page
    more: bool = False  # there are more pages than are looked at


def read(source: Source, size: int) -> Directory:
    """The pages of a file of `size` octets. Raises `PictureError` when not even its head is that of a TIFF file."""
    head = source(0, 8)
    if len(head) < 8 or head[:4] != b"II*\0":
        raise PictureError
    sheets: list[Sheet] = []
    place, before = struct.unpack("<L", head[4:])[0], 0
    while place:
        if len(sheets) == MOST_PAGES:
            return Directory(tuple(sheets), more=True)
        if not before < place < size:  # behind the end, or back: a chain that goes only forward has an end
            return Directory(tuple(sheets), broken_off=True)
        try:
            sheet, following = _page(source, place, size)
        except PictureError:
            return Directory(tuple(sheets), broken_off=True)
        sheets.append(sheet)
        before, place = place, following
    return Directory(tuple(sheets), broken_off=not sheets)


def _page(source: Source, place: int, size: int) -> tuple[Sheet, int]:
    """The page whose directory stands at `place`, and where the next one's does."""
    count = int.from_bytes(source(place, 2), "little")
    table = source(place + 2, _ENTRY.size * count + 4) if 0 < count <= _MOST_ENTRIES else b""
    if len(table) != _ENTRY.size * count + 4 or not table:
        raise PictureError
    tags = dict(_DEFAULTS)
    for tag, kind, values, field in _ENTRY.iter_unpack(table[:-4]):
        if values == 1 and kind in _SIZES:
            tags[tag] = struct.unpack(_SIZES[kind], struct.pack("<L", field))[0]
        elif values == 1 and kind == 5:
            tags[tag] = _ratio(source(field, 8))
    return _sheet(tags, size), int.from_bytes(table[-4:], "little")


def _sheet(tags: dict[int, int], size: int) -> Sheet:
    if any(tags.get(tag) != value for tag, value in _OURS.items()):
        raise PictureError
    try:
        start, octets, width, length = (tags[tag] for tag in (273, 279, 256, 257))
    except KeyError:
        raise PictureError from None
    if not (
        NARROWEST <= width <= WIDEST and 0 < length <= LONGEST and 0 < octets <= LARGEST and start + octets <= size
    ):
        raise PictureError
    across, down = tags[282], tags[283]
    if tags[296] != 2 or across not in _RESOLUTIONS or down not in _RESOLUTIONS:
        across, down = _USUAL
    return Sheet(start, octets, width, length, across, down, min(tags[326], length), min(tags[328], length))


def _ratio(octets: bytes) -> int:
    """A resolution, rounded; 0 for one that is none."""
    above, below = struct.unpack("<LL", octets) if len(octets) == 8 else (0, 0)
    return round(above / below) if below else 0
