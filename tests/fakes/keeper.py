"""Keeps pages at once, where a call keeps them on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.fax.reading import Image
from appliance.fax.steps import Keeping, Kept, NotKept, Quality
from appliance.fax.tiff import Page


@dataclass(slots=True)
class FakeKeeper:
    """What it was given, in order."""

    pages: list[Page] = field(default_factory=list)
    qualities: list[Quality] = field(default_factory=list)

    def work(self, task: Callable[[], None]) -> None:
        task()

    def begin(self, image: Image) -> None:
        page, quality = image()
        self.pages.append(page)
        self.qualities.append(quality)

    def outcome(self, within: float) -> Kept | NotKept | Keeping:
        return Kept(self.qualities.pop(0)) if self.qualities else NotKept()
