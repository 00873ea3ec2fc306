"""The log-in page for whoever was refused: rendered once for each way that it can look, so that a crowd that guesses does not keep the page rendering."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

from markupsafe import escape

NAME: Final = "\ue000"  # stand in the kept page for what differs from one refusal to the next; no text of ours has them
MISTAKE: Final = "\ue001"
MOST: Final = 32  # pages kept: two languages, a few names of the page, trusted or not, with a name typed or not

_places: Final = re.compile(f"([{NAME}{MISTAKE}])")


@dataclass(frozen=True, slots=True)
class Refused:
    """The pages that were rendered so far."""

    _kept: dict[Hashable, list[str]] = field(default_factory=dict)

    def page(self, look: Hashable, render: Callable[[str, str], str], name: str, mistake: str) -> str:
        """With `name` and `mistake` in their places. `look`: everything else that makes two pages differ; `render` makes a page of the two."""
        look = look, bool(name)
        parts = self._kept.get(look)
        if parts is None:
            parts = _places.split(render(NAME if name else "", MISTAKE))
            if len(self._kept) < MOST:
                self._kept[look] = parts
        given = {NAME: str(escape(name)), MISTAKE: str(escape(mistake))}
        return "".join(given.get(part, part) for part in parts)
