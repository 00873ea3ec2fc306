"""Where the pages of a fax lie: found as far as they are whole, whatever stands in the file."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import PictureError
from appliance.fax import directory, tiff
from appliance.fax.directory import MOST_PAGES, Directory, Sheet
from appliance.fax.tiff import Page, Strip

ROWS = [bytes([row % 256]) * 216 for row in range(40)]
STRIP = tiff.encode(Page(ROWS, 1728, 204, 196, damaged=3, worst_run=2))
OTHER = tiff.encode(Page(ROWS[:7], 2432, 204, 98))
FILE = tiff.assemble([STRIP, OTHER])


def read(octets: bytes) -> Directory:
    return directory.read(lambda start, length: octets[start : start + length], len(octets))


def strips(octets: bytes) -> list[Strip]:
    return [sheet.read(lambda start, length: octets[start : start + length]) for sheet in read(octets).sheets]


def with_tag(tag: int, field: int, values: int = 1) -> bytes:
    """The file with another value in the first page's tag."""
    octets = bytearray(FILE)
    for place in range(10, 10 + 12 * 19, 12):
        if struct.unpack_from("<H", octets, place)[0] == tag:
            struct.pack_into("<LL", octets, place + 4, values, field)
            return bytes(octets)
    raise AssertionError(tag)


def test_every_page_is_found_with_its_marks() -> None:
    assert strips(FILE) == [STRIP, OTHER]
    assert not read(FILE).broken_off
    assert not read(FILE).more


def test_of_a_file_cut_short_the_whole_pages_remain() -> None:
    first = tiff.assemble([STRIP])
    for size in (len(FILE) - 1, len(FILE) - len(OTHER.octets), len(first) + 3, len(first)):
        assert strips(FILE[:size]) == [STRIP]
        assert read(FILE[:size]).broken_off
    assert read(FILE[:100]) == Directory((), broken_off=True)


def test_a_sheet_behind_the_end_is_refused_when_it_is_read() -> None:
    with pytest.raises(PictureError):
        Sheet(8, 100, 1728, 10, 204, 196).read(lambda start, length: b"short")


@pytest.mark.parametrize("octets", [b"", b"II*\0", b"MM\0*\0\0\0\x08", b"%PDF-1.4 and so on"])
def test_what_is_no_fax_is_refused(octets: bytes) -> None:
    with pytest.raises(PictureError):
        read(octets)


def test_a_file_without_pages_has_none() -> None:
    assert read(b"II*\0" + bytes(4)) == Directory((), broken_off=True)


@pytest.mark.parametrize("back", [8, 9])
def test_a_chain_that_leads_back_ends(back: int) -> None:
    octets = bytearray(FILE)
    struct.pack_into("<L", octets, 10 + 12 * 19, back)
    assert strips(bytes(octets)) == [STRIP]
    assert read(bytes(octets)).broken_off


def test_only_so_many_pages_are_looked_at() -> None:
    found = read(tiff.assemble([OTHER] * (MOST_PAGES + 1)))
    assert len(found.sheets) == MOST_PAGES
    assert found.more
    assert not read(tiff.assemble([OTHER] * MOST_PAGES)).more


@pytest.mark.parametrize(
    ("tag", "field"),
    [
        (256, 0),
        (256, 60_000),
        (257, 0),
        (257, 2**32 - 1),
        (259, 3),
        (259, 1),
        (262, 1),
        (266, 2),
        (273, len(FILE)),
        (279, 2**31),
        (258, 8),
        (277, 3),
    ],
)
def test_a_page_that_is_none_of_ours_is_not_shown(tag: int, field: int) -> None:
    assert read(with_tag(tag, field)) == Directory((), broken_off=True)


def test_a_page_in_several_strips_is_not_shown() -> None:
    assert read(with_tag(273, 8, values=2)) == Directory((), broken_off=True)


@pytest.mark.parametrize(("tag", "field"), [(282, 0), (283, len(FILE) - 2), (296, 3)])
def test_a_resolution_that_cannot_be_is_taken_for_the_usual_one(tag: int, field: int) -> None:
    assert strips(with_tag(tag, field))[0] == replace(STRIP, across=204, down=196)


def test_there_are_no_more_damaged_rows_than_rows() -> None:
    assert strips(with_tag(326, 999_999))[0].damaged == STRIP.length


@given(st.lists(st.tuples(st.integers(0, len(FILE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_whatever_stands_in_the_file_a_page_is_in_bounds_or_is_not_there(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(FILE)
    for place, octet in changes:
        octets[place] = octet
    try:
        sheets = read(bytes(octets)).sheets
    except PictureError:
        return
    for sheet in sheets:
        assert directory.NARROWEST <= sheet.width <= directory.WIDEST
        assert 0 < sheet.length <= directory.LONGEST
        assert sheet.start + sheet.octets <= len(FILE)
        assert min(sheet.across, sheet.down) >= 50
