"""The pages of a fax as the template shows them: how wide and high, how turned, with which marks. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from appliance.fax import pictures
from appliance.fax.directory import MOST_PAGES, Directory, Sheet
from appliance.fax.pictures import Turn
from web import quality
from web.languages import gettext, spoken, tell
from web.languages import number as figure

WIDTHS: Final = (800, 1200)  # picture elements: a page beside the list, and on a telephone
MOST_TURNED: Final = 500  # faxes that a session remembers as turned

CUT: Final = spoken("What came after page %(page)s cannot be shown: the file is damaged there, or ends too soon.")
NONE: Final = spoken("No whole page of this fax can be shown. Ask the sender to send it again.")
MORE: Final = spoken("This fax has more than %(most)s pages. The first %(most)s are shown; the TIFF file holds all.")
TOO_LONG: Final = spoken(
    "This page is longer than any paper. Its first %(rows)s lines are shown; the PDF and the TIFF file hold all of it."
)


@dataclass(slots=True)
class Turns:
    """How somebody has turned a fax: all of it, and pages of it besides."""

    whole: Turn = Turn.NONE
    pages: dict[int, Turn] = field(default_factory=dict)  # beyond what the whole is turned

    def of(self, number: int) -> Turn:
        """How far page `number` is turned."""
        return self.pages.get(number, Turn.NONE).further(self.whole)

    def turn(self, number: int | None, degrees: int) -> None:
        """Page `number`, or the whole fax, by so much more."""
        if number is None:
            self.whole = self.whole.further(degrees)
        else:
            self.pages[number] = self.pages.get(number, Turn.NONE).further(degrees)


@dataclass(frozen=True, slots=True)
class PageView:
    """One page as it is shown."""

    number: int
    name: str  # "Page 2 of 3"
    width: int  # in right proportion, as it is turned
    height: int
    dots: int  # width of the picture when nothing is scaled
    turn: int  # degrees
    marks: tuple[str, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """What narrower pictures there are."""
        return tuple(width for width in WIDTHS if width < self.dots)


@dataclass(frozen=True, slots=True)
class FaxView:
    """The fax that is open."""

    pages: tuple[PageView, ...]
    notes: tuple[str, ...]


def show(directory: Directory | None, turns: Turns, recovered: bool = False) -> FaxView:
    """The pages of `directory`; None: not even that can be read. Of a recovered fax it is known that it may end in the midst of a page."""
    if directory is None or not directory.sheets:
        return FaxView((), (gettext(NONE),))
    total = len(directory.sheets)
    pages = tuple(_page(sheet, number, total, turns) for number, sheet in enumerate(directory.sheets, 1))
    cut = (tell(CUT, {"page": str(total)}),) if directory.broken_off and not recovered else ()
    return FaxView(pages, (*cut, *((tell(MORE, {"most": str(MOST_PAGES)}),) if directory.more else ())))


def _page(sheet: Sheet, number: int, total: int, turns: Turns) -> PageView:
    turn = turns.of(number)
    width, height = pictures.shape(sheet, turn)
    rows = pictures.rows_shown(sheet)
    too_long = tell(TOO_LONG, {"rows": figure(rows)}) if rows < sheet.length else ""
    return PageView(
        number=number,
        name=gettext("Page %(page)s of %(pages)s", page=number, pages=total),
        width=width,
        height=height,
        dots=pictures.dots(sheet, turn),
        turn=turn.value,
        marks=tuple(filter(None, (quality.of_page(sheet.damaged, sheet.worst_run), too_long))),
    )
