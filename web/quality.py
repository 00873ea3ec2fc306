"""Marks of quality as a person reads them: short for a row of the list, in full for the open message. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from web.words import count

SHORTEST: Final = 2  # pages with damaged lines from which they are told together

_DAMAGED: Final = re.compile(r"page (\d{1,4}): (\d{1,6}) damaged lines?\b.*", re.IGNORECASE)
_OF_PAGE: Final = re.compile(r"page \d{1,4}: ", re.IGNORECASE)
_PARTIAL: Final = re.compile(r"partial\b", re.IGNORECASE)


def short(notes: Iterable[str]) -> tuple[str, ...]:
    """For a row: "Partial", "3 damaged lines", "Page 2: its end is missing"."""
    damaged, others = _sort(notes)
    partial = any(_PARTIAL.match(note) for note in others)
    lines = sum(lines for _, lines in damaged)
    of_pages = [_sentence(note.partition(",")[0]).rstrip(".") for note in others if _OF_PAGE.match(note)]
    more = f" (and {len(of_pages) - 1} more)" if len(of_pages) > 1 else ""
    return (
        *(("Partial",) if partial else ()),
        *((count(lines, "damaged line"),) if lines else ()),
        *(f"{first}{more}" for first in of_pages[:1]),
    )


def in_full(notes: Iterable[str]) -> tuple[str, ...]:
    """Each as a sentence; damaged lines on many pages as one."""
    damaged, others = _sort(notes)
    lines = sum(lines for _, lines in damaged)
    if len(damaged) >= SHORTEST:
        pages = [str(page) for page, _ in damaged]
        told = [f"{count(lines, 'damaged line')} on pages {', '.join(pages[:-1])} and {pages[-1]}"]
    else:
        told = [f"page {page}: {count(lines, 'damaged line')}" for page, lines in damaged]
    return tuple(_sentence(note) for note in (*others, *told))


def of_page(damaged: int, worst_run: int) -> str:
    """What is wrong with one page; "" when nothing is."""
    if not damaged:
        return ""
    together = f", {worst_run} of them in a row" if 1 < worst_run < damaged else ""
    return (
        f"{count(damaged, 'damaged line')}{together}: {'it repeats' if damaged == 1 else 'they repeat'} the line above."
    )


def _sort(notes: Iterable[str]) -> tuple[Sequence[tuple[int, int]], Sequence[str]]:
    """Page and count of each note on damaged lines, and the other notes."""
    damaged, others = [], []
    for note in notes:
        if found := _DAMAGED.fullmatch(note):
            damaged.append((int(found[1]), int(found[2])))
        else:
            others.append(note)
    return damaged, others


def _sentence(note: str) -> str:
    return note[:1].upper() + note[1:] + "." * (not note.endswith("."))
