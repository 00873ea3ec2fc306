"""The recovery sheet on the page: drawn for printing, and on its way from the moment it is made until two of its groups were typed back.

Until then it is kept in memory under the secret of the asker's cookie, so that they can go back and print it again; afterwards nothing of it is left.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from flask import Request

from appliance.access.recovery import RecoverySheet
from web import safekeeping, words
from web.languages import gettext
from web.services import here
from web.visits import Pending

LASTS: Final = 30 * safekeeping.MINUTES  # s in which a sheet can be printed and typed back
LONGEST_GROUP: Final = 80


@dataclass(frozen=True, slots=True)
class SheetView:
    """The sheet as it is printed."""

    practice: str
    day: str
    groups: tuple[str, ...]
    qr: str  # an SVG element
    text: str

    def __repr__(self) -> str:
        return "SheetView(secret)"


def pend(sheet: RecoverySheet, cookie: str) -> Pending:
    """Keep `sheet` for this cookie, for as long as `LASTS`; the caller's copy is overwritten."""
    until = here().clock.monotonic() + LASTS
    pending = Pending(safekeeping.keep(sheet.text, cookie, until), sheet.asks(random.SystemRandom()))
    sheet.forget()
    return pending


def view(pending: Pending, cookie: str) -> SheetView | None:
    """The sheet once more; None when its time is over."""
    text = safekeeping.read(pending.sheet, cookie, here().clock.monotonic())
    if text is None:
        return None
    sheet = RecoverySheet(text)
    practice, now = here().settings.practice.name, here().clock.now()
    return SheetView(practice, words.in_full(now, here().zone), sheet.words, sheet.svg_qr(), text)


def mistake(pending: Pending, request: Request) -> str:
    """Why the two groups that were typed are not the sheet's; "" when they are."""
    first, second = (request.form.get(name, "")[:LONGEST_GROUP] for name in ("first", "second"))
    if pending.asked.fits(first, second):
        return ""
    one, other = pending.numbers
    return gettext(
        "Groups %(one)d and %(other)d are not as on the sheet. Compare them letter by letter, or go back to the sheet.",
        one=one,
        other=other,
    )
