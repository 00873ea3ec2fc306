"""Sheets that nobody has confirmed yet, and claims under way. Of each the page keeps only what a cookie's secret opens, and only for a while."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from appliance.access.people import Founding
from appliance.access.recovery import TypedBack
from appliance.access.rotation import Exchange
from web.safekeeping import Kept

MOST: Final = 4  # claims under way; whoever knows the code may start again, and the oldest goes


@dataclass(frozen=True, slots=True)
class Pending:
    """A recovery sheet on its way onto paper."""

    sheet: Kept
    asked: TypedBack = field(repr=False)
    printed: bool = False  # they say that they have it on paper

    @property
    def numbers(self) -> tuple[int, int]:
        """The groups to type back, by the numbers on the sheet."""
        return self.asked.first, self.asked.second


@dataclass(frozen=True, slots=True)
class Aside:
    """An exchange of the practice key that waits until its new sheet is on paper."""

    key: Kept  # the new practice key
    beginning: Exchange  # no secret is in it
    pending: Pending


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who knew the claim code, and how far they are."""

    code: Kept
    name: str = ""
    founding: Founding | None = field(default=None, repr=False)  # opens nothing without the password
    pending: Pending | None = None


class Visits:
    """Claims under way, by a digest of their cookie."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Visit] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, cookie: str, now: float) -> Visit | None:
        """The claim of this cookie, if its time is not over. `now` in monotonic s."""
        with self._lock:
            visit = self._kept.get(_place(cookie))
        return visit if visit is not None and visit.code.until > now else None

    def put(self, cookie: str, visit: Visit) -> None:
        """Remember how far it is."""
        with self._lock:
            self._kept[_place(cookie)] = visit
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Nothing of any claim is left."""
        with self._lock:
            self._kept.clear()


def _place(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
