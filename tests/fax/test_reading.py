"""A page that comes in blocks is read while it comes, and shown as it is even where what was read ahead belonged elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.fax.capabilities import Terms
from appliance.fax.paper import Resolution, Width
from appliance.fax.reading import Draft, finish, start
from appliance.fax.steps import Quality
from appliance.fax.t4 import Coding
from appliance.fax.t4_encoder import Encoder
from tests.fakes.keeper import FakeKeeper
from tests.fax.test_back_to_back import make_page

TERMS = Terms(coding=Coding.MMR, ecm=True)


def encode(rows: list[bytes]) -> bytes:
    encoder = Encoder(TERMS.coding, TERMS.dots)
    for row in rows:
        encoder.add(row)
    return encoder.finish()


ROWS = make_page(1, rows=40)
IMAGE = encode(ROWS)
WHOLE = Quality(len(ROWS), 0, 0, ended=True)


@pytest.mark.parametrize("ahead", [0, 1, 500, len(IMAGE)])
def test_a_page_is_the_same_however_much_of_it_was_read_ahead(ahead: int) -> None:
    keeper = FakeKeeper()
    draft = Draft(TERMS, keeper)
    draft.read_ahead(IMAGE[:ahead])
    draft.add(IMAGE)
    draft.finish()
    assert list(keeper.pages[0].rows) == ROWS
    assert keeper.qualities == [WHOLE]


def test_what_was_read_ahead_and_belonged_elsewhere_is_forgotten() -> None:
    keeper = FakeKeeper()
    draft = Draft(TERMS, keeper)
    draft.read_ahead(encode(make_page(2, rows=40))[:1000])
    draft.add(IMAGE[:600])
    draft.read_ahead(IMAGE[600:900])
    draft.add(IMAGE[600:])
    draft.finish()
    assert list(keeper.pages[0].rows) == ROWS


def test_what_was_only_read_ahead_is_no_part_of_the_page() -> None:
    keeper = FakeKeeper()
    draft = Draft(TERMS, keeper)
    draft.add(IMAGE[:600])
    draft.read_ahead(IMAGE[600:])
    draft.finish()
    other = Draft(TERMS, keeper)
    other.add(IMAGE[:600])
    other.finish()
    assert list(keeper.pages[0].rows) == list(keeper.pages[1].rows)
    assert not keeper.qualities[0].ended


@given(st.lists(st.tuples(st.booleans(), st.integers(0, len(IMAGE)), st.integers(0, 700)), max_size=12))
def test_a_page_is_what_its_blocks_are_whatever_was_read_ahead(orders: list[tuple[bool, int, int]]) -> None:
    keeper = FakeKeeper()
    draft, come = Draft(TERMS, keeper), 0
    for is_block, first, length in orders:
        if is_block:
            draft.add(IMAGE[come : come + length])
            come = min(come + length, len(IMAGE))
        else:
            draft.read_ahead(IMAGE[first : first + length])
    draft.add(IMAGE[come:])
    draft.finish()
    assert list(keeper.pages[0].rows) == ROWS
    assert keeper.qualities == [WHOLE]


@pytest.mark.parametrize("resolution", Resolution, ids=lambda resolution: resolution.name)
@pytest.mark.parametrize("width", Width, ids=lambda width: width.name)
def test_a_page_says_how_wide_and_how_fine_it_is(resolution: Resolution, width: Width) -> None:
    terms = Terms(resolution=resolution, width=width)
    page, _ = finish(start(terms), terms)
    assert (page.width, page.across, page.down) == (resolution.dots(width), resolution.across, resolution.down)
    assert abs(page.width / page.across * 25.4 - {"A4": 217, "B4": 257, "A3": 306}[width.name]) < 5  # mm, T.4 §2.1
