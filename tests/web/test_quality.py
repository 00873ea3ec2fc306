"""Marks of quality, short and in full."""

from __future__ import annotations

import pytest

from web import quality


def test_a_row_tells_the_worst_in_a_few_words() -> None:
    notes = ("page 2: 3 damaged lines", "partial: the sending machine hung up after 2 pages", "page 4: 1 damaged line")
    assert quality.short(notes) == ("Partial", "4 damaged lines")
    assert quality.short(("page 1: 1 damaged line",)) == ("1 damaged line",)
    assert quality.short(("the caller spoke",)) == ()
    cut, hard = "page 2: its end is missing", "page 3: hard to read, so the sending machine was asked to send it again"
    assert quality.short((hard,)) == ("Page 3: hard to read",)
    assert quality.short((cut, hard)) == ("Page 2: its end is missing (and 1 more)",)


def test_each_note_is_a_sentence_and_damage_on_several_pages_is_one() -> None:
    assert quality.in_full(("page 2: 3 damaged lines", "partial: it hung up.")) == (
        "Partial: it hung up.",
        "Page 2: 3 damaged lines.",
    )
    notes = tuple(f"page {page}: 2 damaged lines" for page in (1, 4, 9))
    assert quality.in_full(notes) == ("6 damaged lines on pages 1, 4 and 9.",)


@pytest.mark.parametrize(
    ("damaged", "run", "said"),
    [
        (0, 0, ""),
        (1, 1, "1 damaged line: it repeats the line above."),
        (3, 1, "3 damaged lines: they repeat the line above."),
        (3, 2, "3 damaged lines, 2 of them in a row: they repeat the line above."),
        (3, 3, "3 damaged lines: they repeat the line above."),
    ],
)
def test_a_page_says_what_stands_in_place_of_damage(damaged: int, run: int, said: str) -> None:
    assert quality.of_page(damaged, run) == said
