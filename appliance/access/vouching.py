"""Does the record vouch for a paper, at the moment of use? Looks from its end as far back as it must: once a day it says again what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from appliance.access import chain, papers, segments
from appliance.access.chain import Line
from appliance.deeds import Act, Deed
from appliance.errors import RecordError

_MARK: Final = f'"{papers.DETAIL}":"'.encode()
_NUMBER: Final = b'{"sequence":'


def vouches(folder: Path, paper: Path) -> bool:
    """Does `paper` say what the record says that it does? `folder` is the store's. Raises `FileNotFoundError` where there is no such paper."""
    try:
        octets = (folder / paper).read_bytes()
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return _said(folder, paper.as_posix()) == papers.digest(octets)


def first_word(folder: Path) -> dict[str, str]:
    """A record that never said anything of papers, of a version before it did, takes them as they are, once: that is the detail of the line to write.

    So does one that never said anything of those that came later.
    """
    there = papers.present(folder)
    if speaks(folder):
        there = {place: there[place] for place in papers.LATER if place in there and not speaks(folder, place)}
        if not there:
            return {}
    return papers.telling(Deed(Act.STARTED), there).detail


def speaks(folder: Path, place: str = "") -> bool:
    """Has the record ever said anything of this paper, or of any?"""
    mark = f"{place}=".encode() if place else b""
    return any(_MARK in line and mark in line for line in segments.read_backwards(folder))


def _said(folder: Path, place: str) -> str:
    """What the newest line that names the place holds of it; empty where there is none, or the record is not whole behind it."""
    mark, expected = f"{place}=".encode(), 0
    try:
        point = segments.public_key(folder)
        for octets in segments.read_backwards(folder):
            number = _number(octets)
            if expected and number != expected:
                return ""  # lines were moved, or put in: who knows what there was
            expected = number - 1
            if _MARK in octets and mark in octets:
                line = Line.from_bytes(octets)
                said = papers.parse(line.deed.detail.get(papers.DETAIL, ""))
                if place in said:
                    return said[place] if chain.is_signed(line, point) else ""
    except (RecordError, ValueError):
        pass  # a line that cannot be read: nothing behind it vouches for anything
    return ""


def _number(octets: bytes) -> int:
    return int(octets[: octets.index(b",")].removeprefix(_NUMBER))
