"""The `.t30` transcript of a call: each step and event as a line that a person can read and that can be read back.

Frames stand with their fields decoded, and as octets too. What belongs to a person (numbers, sub-addresses, passwords, and whatever a maker may have put into
fields of its own) is `(private)`: such a frame reads back with an empty field, which changes nothing that is said. Of pages only their quality is told.
"""

from __future__ import annotations

from typing import Final

from appliance.errors import BadFrameError, TermsError, TranscriptError
from appliance.fax.capabilities import Capabilities, Terms
from appliance.fax.frames import Frame, Kind
from appliance.fax.steps import (
    BlockAgain,
    BlockCame,
    BlockLost,
    BlockMisses,
    BlockWhole,
    CheckTraining,
    CloseBlock,
    Done,
    EndPage,
    Event,
    Garbled,
    GiveUpBlock,
    Gone,
    HangUp,
    Heard,
    Interrupted,
    Keeping,
    KeepPage,
    Kept,
    Listen,
    NotKept,
    PageCame,
    PickUp,
    Quality,
    Send,
    SendBlock,
    SendPage,
    SendTraining,
    Silent,
    Step,
    TakeBlock,
    TakePage,
    Trained,
)
from appliance.logs import Private

CUT: Final = "# ... more than is kept"  # ends one that is too long

_DECODED: Final[dict[Kind, type[Capabilities] | type[Terms]]] = {
    Kind.DIS: Capabilities,
    Kind.DTC: Capabilities,
    Kind.DCS: Terms,
}
_OPEN: Final = {Kind.PPS, Kind.EOR, Kind.PPR, Kind.CTC}  # their fields count frames
_MAKERS: Final = {Kind.NSF, Kind.NSC, Kind.NSS}
_BLOCKS: Final = (BlockCame(), BlockWhole(), BlockAgain(), BlockLost())
_PLAIN: Final[dict[str, Event]] = {
    type(event).__name__: event for event in (Done(), Garbled(), Silent(), NotKept(), Keeping(), Gone(), *_BLOCKS)
}


def show_step(step: Step) -> str:
    """A step as a line."""
    return " ".join((type(step).__name__, *_carried(step)))


def _carried(step: Step) -> tuple[str, ...]:  # noqa: PLR0911 - one line a kind of step: a table
    match step:
        case Send(frames):
            return (", ".join(show_frame(frame) for frame in frames),)
        case Listen(given, _) | KeepPage(given) | CheckTraining(given) | SendTraining(given) | TakePage(given):
            return (str(given),)
        case SendBlock(number, block, terms, frames):
            return (f"{number}.{block}", str(terms), f"frames={len(frames)}")
        case SendPage(number, terms):
            return (str(number), str(terms))
        case CloseBlock(part) | GiveUpBlock(part):
            return (f"page={part.page} block={part.block} frames={part.frames}",)
        case TakeBlock(terms, short):
            return (str(terms), "short" if short else "long")
        case EndPage(terms):
            return (str(terms),)
        case PickUp() | HangUp():  # pragma: no branch - mypy sees that every kind is named
            return ()


def show_event(event: Event) -> str:
    """An event as a line."""
    match event:
        case Heard(frame):
            return f"Heard {show_frame(frame)}"
        case Interrupted(after):
            return f"Interrupted {after}"
        case Trained(clean):
            return f"Trained {'clean' if clean else 'spoiled'}"
        case BlockMisses(bitmap):
            return f"BlockMisses {bitmap.hex()}"
        case PageCame(quality) | Kept(quality):
            return f"{type(event).__name__} {quality}"
        case _:
            return type(event).__name__


def show_frame(frame: Frame) -> str:
    """A frame: its name (with `+` when more follow), its octets, and what they mean."""
    if not frame.info:
        return str(frame)
    if frame.kind in _OPEN:
        return f"{frame} {frame.info.hex()}" + (
            f" [{frame.inner.name if frame.inner else 'NULL'}]" if frame.kind in {Kind.PPS, Kind.EOR} else ""
        )
    if frame.kind not in _DECODED:
        return f"{frame} {show_maker(frame)}{Private(frame.info)}"
    try:
        meaning = str(_DECODED[frame.kind].from_info(frame.info))
    except (BadFrameError, TermsError) as error:
        meaning = str(error)
    return f"{frame} {frame.info.hex()} [{meaning}]"


def show_maker(frame: Frame) -> str:
    """Of what is beyond the standard: the country and the maker that its first three octets name (T.35), unless somebody's name or number stands there."""
    named = frame.kind in _MAKERS and any(not 0x20 <= octet < 0x7F for octet in frame.info[:3])
    return f"{frame.info[:3].hex()} " if named else ""


def read_event(line: str) -> Event:
    """The event that a transcript shows as `line`. Raises `TranscriptError`."""
    words = line.split()
    try:
        match words:
            case ["Heard", name, *rest]:
                info = bytes.fromhex(rest[0]) if rest and not rest[0].startswith("(") else b""
                return Heard(Frame(Kind[name.rstrip("+")], info, final=not name.endswith("+")))
            case ["Interrupted", after]:
                return Interrupted(float(after))
            case ["Trained", how]:
                return Trained(clean=how == "clean")
            case ["PageCame" | "Kept" as name, rows, damaged, run, end]:
                count = [int(word.partition("=")[2]) for word in (rows, damaged, run)]
                quality = Quality(count[0], count[1], count[2], end == "whole")
                return Kept(quality) if name == "Kept" else PageCame(quality)
            case ["BlockMisses", bitmap]:
                return BlockMisses(bytes.fromhex(bitmap))
            case [name]:
                return _PLAIN[name]
            case _:
                raise TranscriptError
    except (KeyError, ValueError, TypeError):
        raise TranscriptError from None
