"""Pages as pictures: every dot as it came, or smaller in right proportion, turned, and in bounds."""

from __future__ import annotations

import io
import itertools
import random
import tracemalloc

import pytest
from PIL import Image

from appliance.errors import PictureError
from appliance.fax import pictures, tiff
from appliance.fax.pictures import MOST_DOTS, Turn
from appliance.fax.tiff import Page, Strip
from tests.fax.pictures import letter, photograph, to_picture

LETTER = tiff.encode(Page(letter(), 1728, 204, 196))
STANDARD = tiff.encode(Page(letter(1728, 1078), 1728, 204, 98))
TURNS = {
    Turn.RIGHT: Image.Transpose.ROTATE_270,
    Turn.OVER: Image.Transpose.ROTATE_180,
    Turn.LEFT: Image.Transpose.ROTATE_90,
}


def opened(octets: bytes) -> Image.Image:
    return Image.open(io.BytesIO(octets))


def blank(length: int, width: int = 2432) -> Strip:
    return tiff.encode(Page([bytes(width // 8)] * length, width, 204, 196))


def test_unscaled_every_dot_is_as_it_came() -> None:
    plain = opened(pictures.draw(LETTER))
    assert plain.mode == "1"
    assert plain.tobytes() == to_picture(letter(), 1728).tobytes()


@pytest.mark.parametrize("turn", TURNS)
def test_turned_every_dot_is_where_it_belongs(turn: Turn) -> None:
    turned = opened(pictures.draw(LETTER, turn=turn))
    assert turned.tobytes() == to_picture(letter(), 1728).transpose(TURNS[turn]).tobytes()
    assert turned.width == pictures.dots(LETTER, turn)


@pytest.mark.parametrize(("strip", "turn"), list(itertools.product((LETTER, STANDARD), Turn)))
def test_scaled_it_has_the_proportion_of_the_paper(strip: Strip, turn: Turn) -> None:
    picture = opened(pictures.draw(strip, 800, turn))
    inches = strip.width / strip.across, strip.length / strip.down
    assert picture.width == 800
    wide = inches[1] / inches[0] if turn.lies else inches[0] / inches[1]
    assert picture.width / picture.height == pytest.approx(wide, abs=0.002)
    across, down = pictures.shape(strip, turn)
    assert across / down == pytest.approx(wide, abs=0.001)


def test_scaled_it_is_dark_where_the_page_is_and_light_where_it_is_not() -> None:
    picture = opened(pictures.draw(tiff.encode(Page(photograph(1728, 2156), 1728, 204, 196)), 800)).convert("L")
    assert picture.getpixel((400, 519)) == 0
    assert picture.getpixel((2, 2)) == 255


def test_bands_leave_no_seam() -> None:
    """Drawn a band at a time is drawn as if at once, but for a tone or two of rounding."""
    rows = [(b"\xff" if random.Random(row).random() < row / 2156 else b"\0") * 216 for row in range(2156)]
    stripes = [b"\xff" * 216 if row % 8 < 4 else bytes(216) for row in range(2156)]
    for page in (rows, stripes):
        drawn = opened(pictures.draw(tiff.encode(Page(page, 1728, 204, 196)), 800)).convert("L")
        plain = opened(pictures.draw(tiff.encode(Page(page, 1728, 204, 196)))).convert("L")
        whole = plain.resize(drawn.size, Image.Resampling.HAMMING).point(pictures._TONES)
        levels = [(drawn.getpixel((400, y)), whole.getpixel((400, y))) for y in range(drawn.height)]
        assert all(isinstance(a, int) and isinstance(b, int) and abs(a - 17 * b) <= 34 for a, b in levels)


def test_a_sketch_shows_the_top_of_the_page() -> None:
    sketch = opened(pictures.sketch(LETTER, 128, 84))
    assert sketch.size == (128, 84)
    assert opened(pictures.sketch(tiff.encode(Page(photograph(), 1728, 204, 196)), 128, 84)).height == 5
    assert len(pictures.sketch(LETTER, 128, 84)) < 6000


def test_a_page_longer_than_any_paper_is_drawn_in_part_and_in_bounded_memory() -> None:
    strip = blank(20_000)
    assert pictures.rows_shown(strip) == MOST_DOTS // 2432
    tracemalloc.start()
    plain, small = opened(pictures.draw(strip)), opened(pictures.draw(strip, 800))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert plain.size == (2432, MOST_DOTS // 2432)
    assert small.width == 800
    assert peak < 8_000_000  # of Python's own; the picture's is MOST_DOTS


def test_a_narrow_and_endless_page_makes_no_endless_picture() -> None:
    picture = opened(pictures.draw(blank(33_000, 864), 1200, Turn.NONE))
    assert picture.width * picture.height <= MOST_DOTS


def test_a_page_whose_image_is_rubbish_is_refused_or_drawn_and_nothing_else() -> None:
    for seed in range(40):
        draw = random.Random(seed)
        strip = Strip(draw.randbytes(draw.randint(1, 3000)), 1728, 500, 204, 196)
        try:
            picture = opened(pictures.draw(strip, 800))
        except PictureError:
            continue
        assert picture.width == 800


def test_turning_four_times_changes_nothing() -> None:
    assert Turn.NONE.further(90).further(90) is Turn.OVER
    assert Turn.LEFT.further(90) is Turn.NONE
    assert [turn.lies for turn in Turn] == [False, True, False, True]
