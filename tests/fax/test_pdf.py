"""A fax as a PDF: read by PDFium, dot for dot what the TIFF holds."""

from __future__ import annotations

import re

import pypdfium2
import pytest
from PIL import Image

from appliance.errors import PictureError
from appliance.fax import directory, pdf, tiff
from appliance.fax.pdf import Leaf
from appliance.fax.pictures import Turn
from appliance.fax.tiff import Page
from tests.fax.pictures import letter, odd, photograph, to_picture

PAGES = [
    Page(letter(), 1728, 204, 196),
    Page(letter(1728, 1078), 1728, 204, 98),
    Page(odd(2432), 2432, 204, 391),
    Page(photograph(2048, 300), 2048, 204, 196),
]
FILE = tiff.assemble([tiff.encode(page) for page in PAGES])


def source(start: int, length: int) -> bytes:
    return FILE[start : start + length]


SHEETS = directory.read(source, len(FILE)).sheets


def written(turn: Turn = Turn.NONE) -> bytes:
    return b"".join(pdf.write([Leaf(sheet, turn) for sheet in SHEETS], source))


def images(octets: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(octets)
    return [next(iter(page.get_objects())).get_bitmap().to_pil().convert("1") for page in document]


def test_every_dot_is_the_one_that_came() -> None:
    assert [image.tobytes() for image in images(written())] == [
        to_picture(list(page.rows), page.width).tobytes() for page in PAGES
    ]


def test_nothing_is_coded_anew() -> None:
    octets = written()
    for sheet in SHEETS:
        assert source(sheet.start, sheet.octets) in octets


def test_the_paper_has_its_size_in_points() -> None:
    sizes = [page.get_size() for page in pypdfium2.PdfDocument(written())]
    assert sizes[0] == pytest.approx((609.88, 792), abs=0.01)
    assert sizes[1] == pytest.approx((609.88, 792), abs=0.01)


def test_a_turned_page_is_turned_without_touching_it() -> None:
    (page, *_) = pypdfium2.PdfDocument(written(Turn.RIGHT))
    assert page.get_rotation() == 90
    assert page.get_size() == pytest.approx((792, 609.88), abs=0.01)
    assert images(written(Turn.RIGHT))[0].tobytes() == images(written())[0].tobytes()


def test_its_length_is_known_before_and_its_table_leads_to_every_object() -> None:
    octets = written()
    assert pdf.length([Leaf(sheet) for sheet in SHEETS]) == len(octets)
    start = int(octets.split(b"startxref\n")[1].split(b"\n")[0])
    lines = octets[start:].split(b"\n")[3:]
    for number in range(1, 3 + 3 * len(SHEETS)):
        place = int(lines[number - 1].split()[0])
        assert octets[place:].startswith(b"%d 0 obj\n" % number)


def test_it_says_neither_who_nor_when() -> None:
    for word in (b"/Info", b"Date", b"Creator", b"Producer", b"/ID"):
        assert word not in written()


def test_nothing_stands_in_it_but_pages() -> None:
    octets = written()
    for sheet in SHEETS:
        octets = octets.replace(source(sheet.start, sheet.octets), b"")
    pages = b"Type Catalog Pages Count Kids Page Parent MediaBox Rotate Resources Contents"
    picture = b"XObject Fax Length Subtype Image Width Height ColorSpace DeviceGray BitsPerComponent"
    packed = b"Filter CCITTFaxDecode DecodeParms K Columns Rows Size Root"
    assert set(re.findall(rb"/(\w+)", octets)) <= set(b" ".join((pages, picture, packed)).split())


def test_a_file_that_grew_shorter_is_refused() -> None:
    with pytest.raises(PictureError):
        list(pdf.write([Leaf(SHEETS[0])], lambda start, length: b""))
