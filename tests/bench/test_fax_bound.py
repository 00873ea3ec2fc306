"""The bound that fax figures stand beside: below everything that was ever measured, above the image alone."""

from __future__ import annotations

import pytest

from tests.bench.fax_bound import RATE, least_seconds


@pytest.mark.parametrize(
    ("pages", "ecm", "measured"),  # HylaFAX to HylaFAX and efax to efax, a dense letter, fine
    [([72_197], True, 61.4), ([72_197, 71_909, 66_377], True, 159.5), ([111_628], False, 77.5)],
)
def test_the_bound_lies_between_the_image_alone_and_what_was_measured(
    pages: list[int], ecm: bool, measured: float
) -> None:
    assert sum(pages) * 8 / RATE < least_seconds(pages, ecm=ecm) < measured


def test_error_correction_adds_its_frames() -> None:
    assert least_seconds([1000], ecm=True) > least_seconds([1000], ecm=False)


def test_each_page_adds_its_own_share() -> None:
    one, two = least_seconds([1000], ecm=True), least_seconds([1000, 1000], ecm=True)
    assert 2 < two - one < one
