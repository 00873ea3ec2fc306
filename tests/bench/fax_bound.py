"""The least time a fax can take from answering to hanging up: what its frames and its image need at their rates, and the pauses that T.30 itself asks for.

V.21 frames go at 300 bit/s behind a second of flags; the image at the rate agreed on, behind its training. Nothing here is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

RATE: Final = 14_400  # bit/s, V.17
SLOW: Final = 300  # bit/s, V.21

BEFORE_CED: Final = 0.2  # s of silence behind answering, the least
CED: Final = 2.6  # s, the least: T.30 §4.1.2
GAP: Final = 0.075  # s of silence between one signal and the next: T.30 §4.1.2, figure 5
PREAMBLE: Final = 0.85  # s of flags before frames, the least: T.30 §5.3.1
LONG_TRAINING: Final = 1.393  # s, V.17 §5
SHORT_TRAINING: Final = 0.142  # s, V.17 §5
TCF: Final = 1.35  # s of zeros, the least: T.30 §4.1.3

FRAME_ENDS: Final = 5  # octets around a frame's information: address, control, check sequence, closing flag
IDENTITY: Final = 1 + 20  # octets of information: facsimile control field and 20 characters (CSI, TSI)
DIS: Final = 1 + 6
DCS: Final = 1 + 4
PLAIN: Final = 1  # CFR, MCF, MPS, EOP, DCN: the control field alone
PPS: Final = 2 + 3  # two control fields; page, block, frames

ECM_FRAME: Final = 256  # octets of image in one
ECM_ENDS: Final = 7  # octets around them: address, control, FCD, number, check sequence, closing flag
RCP: Final = 3 * 6  # octets: three RCP frames end a block
ECM_FLAGS: Final = 0.2  # s of flags before the frames: T.4 Annex A §A.3


def least_seconds(pages: Sequence[int], *, ecm: bool) -> float:
    """For pages of so many octets of image, of less than 64 KiB each."""
    begin = BEFORE_CED + CED + GAP + _frames(IDENTITY, DIS)
    train = GAP + _frames(IDENTITY, DCS) + GAP + LONG_TRAINING + TCF + GAP + _frames(PLAIN)
    each = sum(_page(octets, ecm) + GAP + _frames(PPS if ecm else PLAIN) + GAP + _frames(PLAIN) for octets in pages)
    return begin + train + each + GAP + _frames(PLAIN)


def _frames(*information: int) -> float:
    """V.21 frames in one go."""
    return PREAMBLE + sum(octets + FRAME_ENDS for octets in information) * 8 / SLOW


def _page(octets: int, ecm: bool) -> float:
    if not ecm:
        return GAP + SHORT_TRAINING + octets * 8 / RATE
    wrapped = octets + -(-octets // ECM_FRAME) * ECM_ENDS + RCP
    return GAP + SHORT_TRAINING + ECM_FLAGS + wrapped * 8 / RATE
