"""What a fax script asks of the line, and what comes of it. Frozen values: a log of them is a transcript."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.fax.capabilities import Terms
from appliance.fax.ecm import Part
from appliance.fax.frames import Frame
from appliance.fax.rates import Rate


@dataclass(frozen=True, slots=True)
class PickUp:
    """Answer the ringing line as a fax does (CED), ready to send. -> Done, Gone"""


@dataclass(frozen=True, slots=True)
class Send:
    """Send frames in one go, the last of them final. -> Done, Gone"""

    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for one frame. -> Heard, Garbled, Silent, Gone"""

    within: float  # s until it starts
    through: float = 0.0  # s for which another signal may sound first, that do not count


@dataclass(frozen=True, slots=True)
class CheckTraining:
    """Receive a training signal. -> Trained, Interrupted, Silent, Gone"""

    rate: Rate


@dataclass(frozen=True, slots=True)
class SendTraining:
    """Send a training signal. -> Done, Gone"""

    rate: Rate


@dataclass(frozen=True, slots=True)
class TakePage:
    """Receive a page's image. -> PageCame, Interrupted, Silent, Gone"""

    terms: Terms


@dataclass(frozen=True, slots=True)
class TakeBlock:
    """With ECM: receive a block's frames, or those that were asked for again. -> BlockCame, Interrupted, Silent, Gone"""

    terms: Terms
    short: bool = True  # V.17's start


@dataclass(frozen=True, slots=True)
class CloseBlock:
    """With ECM: the caller says that this block is complete. -> BlockWhole, BlockMisses, BlockAgain, BlockLost"""

    part: Part


@dataclass(frozen=True, slots=True)
class GiveUpBlock:
    """With ECM: the caller repeats no more of this block; what stands before the first gap stays. -> Done"""

    part: Part


@dataclass(frozen=True, slots=True)
class EndPage:
    """With ECM: no more of this page comes; begin to keep it. -> Done"""

    terms: Terms


@dataclass(frozen=True, slots=True)
class SendPage:
    """Send the image of page `number`, counted from 0. -> Done, Gone"""

    number: int
    terms: Terms


@dataclass(frozen=True, slots=True)
class SendBlock:
    """With ECM: send these frames of a block of page `number`, both counted from 0. -> Done, Gone"""

    number: int
    block: int
    terms: Terms
    frames: frozenset[int]


@dataclass(frozen=True, slots=True)
class KeepPage:
    """Is the oldest page of which we have not heard yet, good or not, where it is safe? That began when its image was in. -> Kept, NotKept, Keeping"""

    within: float  # s to wait for it


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the receiver down. -> Done, Gone"""


Answering = (
    PickUp
    | Send
    | Listen
    | CheckTraining
    | TakePage
    | TakeBlock
    | CloseBlock
    | GiveUpBlock
    | EndPage
    | KeepPage
    | HangUp
)
Calling = PickUp | Send | Listen | SendTraining | SendPage | SendBlock | HangUp
Step = Answering | Calling


@dataclass(frozen=True, slots=True)
class Done:
    """It was done."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A whole frame."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Garbled:
    """A frame whose check sequence was wrong, or that is none of T.30's."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing came in the time given."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """In place of a training signal or page the other side sends frames: listen."""

    after: float = 0.0  # s since we last said something


@dataclass(frozen=True, slots=True)
class Trained:
    """A training signal came."""

    clean: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a page came."""

    rows: int
    damaged: int  # of them
    worst_run: int  # damaged ones in a row
    ended: bool  # with its own end mark, so that no rows are missing below

    def __str__(self) -> str:
        end = "whole" if self.ended else "no-end"
        return f"rows={self.rows} damaged={self.damaged} worst-run={self.worst_run} {end}"


@dataclass(frozen=True, slots=True)
class PageCame:
    """A page's image has come to its end, and is on its way to where it is safe if there are rows in it."""

    quality: Quality


@dataclass(frozen=True, slots=True)
class BlockCame:
    """The signal with a block's frames has come to its end."""


@dataclass(frozen=True, slots=True)
class BlockWhole:
    """Every frame of it is here."""


@dataclass(frozen=True, slots=True)
class BlockMisses:
    """Some are not: the map of them, as a PPR carries it."""

    bitmap: bytes


@dataclass(frozen=True, slots=True)
class BlockAgain:
    """It was confirmed before."""


@dataclass(frozen=True, slots=True)
class BlockLost:
    """It does not follow the block before: one between them is lost."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The page is safe: only now may it be confirmed."""

    quality: Quality


@dataclass(frozen=True, slots=True)
class NotKept:
    """The page could not be kept."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """It is not safe yet: ask again."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The modem says that there is no call any more."""


Block = BlockCame | BlockWhole | BlockMisses | BlockAgain | BlockLost
Event = Block | Done | Heard | Garbled | Silent | Interrupted | Trained | PageCame | Kept | NotKept | Keeping | Gone
