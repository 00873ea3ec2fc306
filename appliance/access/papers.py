"""Papers: the small files that decide who may do what, and what the record says of them.

The line of whatever changes a paper holds the SHA-256 of what that says from then on (`Record.perform` adds it). So one that was altered, set back, taken away
or slipped in is named by `audit`, and `vouching` tells at the moment of use. Nothing is read or written here but the papers themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from appliance.access import chain
from appliance.access.chain import Line
from appliance.deeds import Deed
from appliance.store.changes import Change

DETAIL: Final = "papers"  # of a line; only the daemon writes it
PATTERNS: Final = (  # below the store's folder
    "decisions.json",
    "policy.json",
    "acknowledgements.json",
    "keys/people/*.json",
    "keys/people/*.age",
    "keys/factors/*/*",
    "keys/practice.*",
    "keys/record.*",
    "keys/departures.json",
    "keys/emergency.json",
)
LATER: Final = ("keys/record.age", "keys/record.pub")  # of which records of before said nothing
GONE: Final = "-"  # instead of a SHA-256


class Amiss(StrEnum):
    """What can be wrong with a paper, in words for a person, after its place."""

    ALTERED = "does not say what the record vouches for: it was altered"
    SET_BACK = "is an earlier version of itself: it was set back"
    DELETED = "was written and never taken away, and is gone: it was deleted"
    PUT_BACK = "was taken away, and lies there again: it was put back"
    SLIPPED_IN = "was never written by the box: it was slipped in"


@dataclass(slots=True)
class Said:
    """What the record says of papers."""

    now: dict[str, str] = field(default_factory=dict)  # by place: the SHA-256 of each that there is
    ever: dict[str, set[str]] = field(default_factory=dict)  # by place: of every version there ever was
    last: int = 0  # line that was heard; 0 when none said anything: a record of a version before it did

    def hear(self, line: Line, point: bytes) -> None:
        """What `line` says, if the box with the public half `point` wrote it, and behind those that were heard before."""
        if DETAIL not in line.deed.detail or line.sequence <= self.last or not chain.is_signed(line, point):
            return
        self.last = line.sequence
        for place, digest in parse(line.deed.detail[DETAIL]).items():
            self.now.pop(place, None)
            if digest != GONE:
                self.now[place] = digest
                self.ever.setdefault(place, set()).add(digest)


def with_papers(deed: Deed, change: Change) -> Deed:
    """The deed, saying also what becomes of which papers by it."""
    said = {
        file.as_posix(): GONE if octets is None else digest(octets)
        for file, octets in {**change.steps, **change.later}.items()
        if _is_paper(file)
    }
    return telling(deed, said) if said else deed


def telling(deed: Deed, said: Mapping[str, str]) -> Deed:
    """The deed, saying this of papers."""
    text = " ".join(f"{place}={digest}" for place, digest in sorted(said.items()))
    return replace(deed, detail=deed.detail | {DETAIL: text})


def parse(text: str) -> dict[str, str]:
    """What a line's detail says: the SHA-256 of papers, by place."""
    return {place: digest for place, _, digest in (word.partition("=") for word in text.split())}


def digest(octets: bytes) -> str:
    """As a line holds it."""
    return hashlib.sha256(octets).hexdigest()


def present(folder: Path) -> dict[str, str]:
    """The papers that there are, by place, with their SHA-256. `folder` is the store's."""
    return {place: digest((folder / place).read_bytes()) for place in _places(folder)}


def differences(folder: Path, said: Said) -> Iterator[tuple[str, Amiss]]:
    """Each paper that is not as the record says, by its place."""
    for place in sorted({*_places(folder), *said.now} if said.last else ()):
        ever = said.ever.get(place, set())
        try:
            is_now = digest((folder / place).read_bytes())
        except FileNotFoundError:
            if place in said.now:
                yield place, Amiss.DELETED
            continue
        if place not in said.now:
            yield place, Amiss.PUT_BACK if ever else Amiss.SLIPPED_IN
        elif is_now != said.now[place]:
            yield place, Amiss.SET_BACK if is_now in ever else Amiss.ALTERED


def _places(folder: Path) -> Iterable[str]:
    files = (file.relative_to(folder) for pattern in PATTERNS for file in folder.glob(pattern))
    return (file.as_posix() for file in files if _is_paper(file))


def _is_paper(file: Path) -> bool:
    """Names that begin with a dot are not finished and mean nothing."""
    fitting = (pattern for pattern in PATTERNS if pattern.count("/") == len(file.parts) - 1 and file.match(pattern))
    return not file.name.startswith(".") and any(fitting)
