"""Makes a page of its image. With error correction that is done beside the call, and most of it while the image still comes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from appliance.fax.capabilities import Terms
from appliance.fax.steps import Keeping, Kept, NotKept, Quality
from appliance.fax.t4 import Decoder
from appliance.fax.tiff import Page

#: A page whose image is in: reads what is left of it, which may take a while.
Image = Callable[[], tuple[Page, Quality]]


class Keeper(Protocol):
    """Works on pages and puts them where they are safe, beside the call and in the order of its orders."""

    def work(self, task: Callable[[], None]) -> None:
        """Do `task` before what is ordered next; returns at once."""

    def begin(self, image: Image) -> None:
        """Begin to keep a page; returns at once."""

    def outcome(self, within: float) -> Kept | NotKept | Keeping:
        """What came of the oldest page begun, within so many seconds."""


class Draft:
    """A page that comes in blocks. What stands before the first gap is read ahead; should it turn out to belong elsewhere, the page is read anew."""

    def __init__(self, terms: Terms, keeper: Keeper) -> None:
        self.terms: Final = terms
        self._keeper: Final = keeper
        self._decoder: Final = start(terms)
        self._image = bytearray()  # of blocks that are whole
        self._ahead = bytearray()  # what the decoder was given

    @property
    def is_empty(self) -> bool:
        """Is no block of it whole?"""
        return not self._image

    def read_ahead(self, octets: bytes) -> None:
        """Octets that seem to come next."""
        if octets and self._ahead.startswith(self._image):
            self._give(octets)

    def add(self, octets: bytes) -> None:
        """A block, or what there is of one: the octets that do come next."""
        self._image += octets
        if self._image.startswith(self._ahead):
            self._give(bytes(self._image[len(self._ahead) :]))

    def finish(self) -> None:
        """No more comes: have the page kept."""
        read_rightly = self._ahead == self._image
        decoder, rest = (self._decoder, b"") if read_rightly else (start(self.terms), bytes(self._image))
        self._keeper.begin(partial(_finish_with, decoder, rest, self.terms))

    def _give(self, octets: bytes) -> None:
        self._ahead += octets
        self._keeper.work(partial(self._decoder.add, octets))


def start(terms: Terms) -> Decoder:
    """A decoder for a page on these terms."""
    return Decoder(terms.coding, terms.dots)


def finish(decoder: Decoder, terms: Terms) -> tuple[Page, Quality]:
    """The page, when all of its image has been given to `decoder`."""
    decoder.finish()
    quality = Quality(len(decoder.rows), decoder.damaged, decoder.worst_run, decoder.ended and not decoder.broken)
    grid = terms.resolution
    page = Page(decoder.rows, terms.dots, grid.across, grid.down, quality.damaged, quality.worst_run)
    return page, quality


def _finish_with(decoder: Decoder, rest: bytes, terms: Terms) -> tuple[Page, Quality]:
    decoder.add(rest)
    return finish(decoder, terms)
