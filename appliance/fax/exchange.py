"""What both stations' scripts are made of: take a turn, hear a turn. All waiting is here."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, NoReturn, TypeVar

from appliance.errors import BadTurnError, LineGoneError
from appliance.fax.frames import Frame, Side, turn
from appliance.fax.steps import Done, Event, Garbled, Gone, HangUp, Heard, Listen, PickUp, Send, Silent

S = TypeVar("S")
T = TypeVar("T")
Talk = Generator[PickUp | Send | Listen | HangUp, Event, T]

_FRAMES: Final = 12  # of one turn, damaged ones counted: more than any station sends
NEXT_FRAME: Final = 1.0  # s: frames of one turn follow each other without a pause, and so do the flags of the next


@dataclass(frozen=True, slots=True)
class Turn:
    """What the other station said in one go: its command or answer, and the frames it sent ahead of it."""

    main: Frame
    before: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Echo:
    """The frame that we had just said, come back from the far end."""


def send(*frames: Frame) -> Talk[None]:
    """Say `frames` in one go. Raises `LineGoneError`."""
    yield from do(Send(turn(*frames)))


def do(step: S) -> Generator[S, Event, None]:
    """Have a step done that asks nothing of the other station."""
    event = yield step
    if not isinstance(event, Done):
        unhoped(event)


def hear(
    within: float, ours: Side, *, damaged: float | None = None, through: float = 0.0, first: Event | None = None
) -> Talk[Turn | Garbled | None]:
    """The other station's next turn, Garbled when its last frame was damaged, None when nothing came. What is only `ours` to say is our own echo and skipped.
    Behind a damaged frame another one is waited for `damaged` seconds, `within` where nothing is said; `through` as in `Listen`. `first` was heard already."""
    before: tuple[Frame, ...] = ()
    spoiled = False
    for _ in range(_FRAMES):
        pause = damaged if spoiled and damaged is not None else within
        event, first = first or (yield Listen(NEXT_FRAME) if before else Listen(pause, through)), None
        match event:
            case Heard(frame) if frame.kind.side is ours:
                continue
            case Heard(frame) if frame.final:
                return Turn(frame, before)
            case Heard(frame):
                before += (frame,)
            case Garbled():
                spoiled = True
            case Silent():
                break
            case other:
                unhoped(other)
    if spoiled:
        return Garbled()
    return Turn(before[-1], before[:-1]) if before else None  # some stations forget the mark of the last frame


def hear_instead(within: float, ours: Side) -> Talk[Turn | Garbled | Echo | None]:
    """What is said in place of a page. An echo is told at once: the page begins right behind it, and who listens on has missed its start."""
    match (yield Listen(within)):
        case Heard(frame) if frame.kind.side is ours and frame.final:
            return Echo()
        case event:
            return (yield from hear(within, ours, first=event))


def unhoped(event: Event) -> NoReturn:
    """Raise what an unhoped-for event means."""
    if isinstance(event, Gone):
        raise LineGoneError
    raise BadTurnError(f"{type(event).__name__} came out of turn.")
