"""How fine, how wide and how long a page is: T.4's resolutions and sizes as tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class _Grid:
    across: int  # dots an inch
    down: int
    halves: int  # dots on a line for each two of `Width`
    bit: int  # of a DIS or DCS; 0: every fax has it
    inch: bool  # in a DCS with bit 44, where two share a bit


class Resolution(Enum):
    """How fine a page is. T.4 §2 and Annex F, in dots an inch as TIFF-F gives them (RFC 2301 §2.2.2)."""

    STANDARD = _Grid(204, 98, 2, 0, inch=False)  # R8 x 3.85 lines/mm
    FINE = _Grid(204, 196, 2, 15, inch=False)  # R8 x 7.7
    SUPERFINE = _Grid(204, 391, 2, 41, inch=False)  # R8 x 15.4
    R16 = _Grid(408, 391, 4, 43, inch=False)  # R16 x 15.4
    DPI_100 = _Grid(200, 100, 2, 0, inch=True)
    DPI_200 = _Grid(200, 200, 2, 15, inch=True)
    DPI_300 = _Grid(300, 300, 3, 42, inch=False)
    DPI_400 = _Grid(400, 400, 4, 43, inch=True)

    @property
    def across(self) -> int:
        """Dots an inch along a line."""
        grid: _Grid = self.value
        return grid.across

    @property
    def down(self) -> int:
        """Lines an inch."""
        grid: _Grid = self.value
        return grid.down

    @property
    def bit(self) -> int:
        """Which bit of a DIS or DCS says it, 0 when none does."""
        grid: _Grid = self.value
        return grid.bit

    @property
    def inch(self) -> bool:
        """Is it what that bit of a DCS means together with bit 44?"""
        grid: _Grid = self.value
        return grid.inch

    def dots(self, width: Width) -> int:
        """Picture elements on a line."""
        grid: _Grid = self.value
        return width.value * grid.halves // 2


class Width(Enum):
    """How wide the paper is."""

    A4 = 1728  # dots on a line at 8 dots/mm or 200 an inch, T.4 §2.1; `Resolution.dots` tells those of others
    B4 = 2048
    A3 = 2432


class Length(Enum):
    """How long the paper may be."""

    A4 = "A4"
    B4 = "B4"
    UNLIMITED = "unlimited"
