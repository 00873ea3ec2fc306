"""Marks of quality as a person reads them: short for a row of the list, in full for the open message.

They are sealed with the message in English (`fax/sealing.py`, `store/reader.py`); `MARKS` finds the sentence again, so that it can be said in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from web.languages import gettext, listed, number, spoken, tell
from web.words import count

ENDINGS: Final = {  # `fax/sealing.py`: what broke a call off
    "the sending machine hung up": spoken("Partial: the sending machine hung up after %(pages)s."),
    "the sending machine fell silent": spoken("Partial: the sending machine fell silent after %(pages)s."),
    "the line was cut": spoken("Partial: the line was cut after %(pages)s."),
    "the box was shut down": spoken("Partial: the box was shut down after %(pages)s."),
    "the line became too bad": spoken("Partial: the line became too bad after %(pages)s."),
    "the sending machine gave up a part of a page": spoken(
        "Partial: the sending machine gave up a part of a page after %(pages)s."
    ),
    "a part of the next page was lost": spoken("Partial: a part of the next page was lost after %(pages)s."),
    "the next page could not be stored": spoken("Partial: the next page could not be stored after %(pages)s."),
    "the fax modem went away": spoken("Partial: the fax modem went away after %(pages)s."),
    "the call broke off": spoken("Partial: the call broke off after %(pages)s."),
}
MARKS: Final = {  # each with its sentence
    r"page (?P<page>\d{1,4}): its end is missing": spoken("Page %(page)s: its end is missing."),
    r"page (?P<page>\d{1,4}): hard to read, so the sending machine was asked to send it again": spoken(
        "Page %(page)s: hard to read, so the sending machine was asked to send it again."
    ),
    r"(?P<parts>\d{1,6}) damaged parts are missing": spoken("%(parts)s damaged parts are missing."),
    r"recovered after an interruption": spoken("Recovered after an interruption."),
}
SHORT: Final = {  # of those that name a page, what a row of the list has room for
    r"page (?P<page>\d{1,4}): its end is missing": spoken("Page %(page)s: its end is missing"),
    r"page (?P<page>\d{1,4}): hard to read\b.*": spoken("Page %(page)s: hard to read"),
}
SHORTEST: Final = 2  # pages with damaged lines from which they are told together

_DAMAGED: Final = re.compile(r"page (\d{1,4}): (\d{1,6}) damaged lines?\b.*", re.IGNORECASE)
_PARTIAL: Final = re.compile(r"partial\b(?:: (?P<why>.*) after (?P<pages>\d{1,4}) pages?)?.*", re.IGNORECASE)


def short(notes: Iterable[str]) -> tuple[str, ...]:
    """For a row: "Partial", "3 damaged lines", "Page 2: its end is missing"."""
    damaged, others = _sort(notes)
    partial = any(_PARTIAL.match(note) for note in others)
    lines = sum(lines for _, lines in damaged)
    of_pages = [said for note in others if (said := _by(SHORT, note))]
    return (
        *((gettext("Partial"),) if partial else ()),
        *((count(lines, "damaged line"),) if lines else ()),
        *(_with_more(first, len(of_pages) - 1) for first in of_pages[:1]),
    )


def in_full(notes: Iterable[str]) -> tuple[str, ...]:
    """Each as a sentence; damaged lines on many pages as one."""
    damaged, others = _sort(notes)
    lines = sum(lines for _, lines in damaged)
    if len(damaged) >= SHORTEST:
        pages = listed([str(page) for page, _ in damaged])
        told = [
            gettext("%(damaged_lines)s on pages %(pages)s.", damaged_lines=count(lines, "damaged line"), pages=pages)
        ]
    else:
        told = [
            gettext("Page %(page)s: %(damaged_lines)s.", page=page, damaged_lines=count(lines, "damaged line"))
            for page, lines in damaged
        ]
    return (*map(_sentence, others), *told)


def of_page(damaged: int, worst_run: int) -> str:
    """What is wrong with one page; "" when nothing is."""
    if not damaged:
        return ""
    lines = count(damaged, "damaged line")
    if damaged == 1:
        return gettext("%(damaged_lines)s: it repeats the line above.", damaged_lines=lines)
    if not 1 < worst_run < damaged:
        return gettext("%(damaged_lines)s: they repeat the line above.", damaged_lines=lines)
    return gettext(
        "%(damaged_lines)s, %(run)s of them in a row: they repeat the line above.",
        damaged_lines=lines,
        run=number(worst_run),
    )


def _with_more(first: str, more: int) -> str:
    return gettext("%(first)s (and %(n)s more)", first=first, n=more) if more else first


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
    """The sentence for `note`; as it is when it is none that we know."""
    found = _PARTIAL.fullmatch(note)
    if found and found["why"] in ENDINGS:
        return tell(ENDINGS[found["why"]], {"pages": count(int(found["pages"]), "page")})
    return _by(MARKS, note) or note[:1].upper() + note[1:] + "." * (not note.endswith("."))


def _by(table: Mapping[str, str], note: str) -> str:
    """What the first pattern of `table` that fits `note` says; "" when none does."""
    for pattern, text in table.items():
        if found := re.fullmatch(pattern, note, re.IGNORECASE):
            return tell(text, found.groupdict())
    return ""
