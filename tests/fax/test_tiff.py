"""The file of a fax: pages, resolutions and marks come back as they were, and others read it too."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from appliance.errors import PictureError
from appliance.fax import tiff
from appliance.fax.tiff import Page
from tests.fax.pictures import WIDTHS, letter, odd, photograph, to_rows

PAGES = [
    Page(letter(1728, 1078), 1728, 204, 98),
    Page(photograph(2048), 2048, 204, 196, damaged=7, worst_run=3),
    Page(odd(2432), 2432, 204, 391),
    Page(odd(4864), 4864, 400, 400),
]


def file_of(*pages: Page) -> bytes:
    return tiff.assemble([tiff.encode(page) for page in pages])


def test_pages_come_back_as_they_were() -> None:
    assert list(tiff.read(file_of(*PAGES))) == PAGES


@pytest.mark.parametrize("width", [*WIDTHS.values(), 9, 1])
def test_every_width_comes_back(width: int) -> None:
    rows = [(1 << (width + 7) // 8 * 8 - 1).to_bytes((width + 7) // 8, "big")] * 3
    assert [page.rows for page in tiff.read(file_of(Page(rows, width, 204, 98)))] == [rows]


def test_the_tags_are_those_of_a_fax() -> None:
    with Image.open(io.BytesIO(file_of(*PAGES))) as picture:
        assert picture.n_frames == 4  # type: ignore[attr-defined]  # a TIFF has them
        picture.seek(1)
        tags = dict(picture.tag_v2)  # type: ignore[attr-defined]  # a TIFF has them
        assert to_rows(picture) == photograph(2048)
    expected = {254: 2, 256: 2048, 257: 60, 258: (1,), 259: 4, 262: 0, 266: 1, 277: 1, 278: 60, 282: 204, 283: 196}
    expected |= {293: 0, 296: 2, 297: (1, 4), 326: 7, 327: 1, 328: 3}
    assert {tag: tags[tag] for tag in expected} == expected


def test_a_page_without_damage_says_so() -> None:
    with Image.open(io.BytesIO(file_of(PAGES[0]))) as picture:
        tags = picture.tag_v2  # type: ignore[attr-defined]  # a TIFF has them
        assert [tags[tag] for tag in (326, 327, 328)] == [0, 0, 0]


def test_the_same_pages_always_give_the_same_file() -> None:
    small = file_of(Page([b"\xf0", b"\x0f", b"\xf0"], 8, 204, 98), Page([b"\x00"], 8, 204, 196))
    assert hashlib.sha256(small).hexdigest() == "7222f39ea64f96d08bcb8b272e55fa400f4eacab5227c9f1f13c22d6501613d7"


def test_a_page_without_rows_becomes_a_white_one() -> None:
    assert [page.rows for page in tiff.read(file_of(Page([], 1728, 204, 98)))] == [[bytes(216)]]


def test_nothing_of_a_page_is_shown_in_a_log() -> None:
    assert repr(PAGES[1]) == "Page(2048 x 60 at 204 x 196, 7 damaged)"
    assert repr(tiff.encode(Page([b"\x00"], 8, 204, 98))) == "Strip(8 x 1, 4 octets)"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("size", [0, 4, 8, 100, 240, 260, 5000])
def test_a_file_that_was_cut_off_is_refused(size: int) -> None:
    with pytest.raises(PictureError):
        list(tiff.read(file_of(PAGES[0])[:size]))


def test_a_picture_that_is_no_fax_is_refused() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "TIFF")
    with pytest.raises(PictureError):
        list(tiff.read(file.getvalue()))


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_a_damaged_file_gives_pages_or_is_refused(data: st.DataObject) -> None:
    octets = bytearray(file_of(Page(odd()[:20], 1728, 204, 98)))
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        for page in tiff.read(bytes(octets)):
            assert len({len(row) for row in page.rows}) <= 1
    except PictureError:
        pass


def test_writing_needs_no_picture_library() -> None:
    program = "import sys; from appliance.fax import tiff; tiff.assemble([tiff.encode(tiff.Page([b'a'], 8, 204, 98))]); assert 'PIL' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
