"""What every way of receiving pages needs: who we are, what has come so far, the caller's commands and our answers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from appliance.errors import (
    CallerHungUpError,
    CallerSilentError,
    NotKeptError,
    PollingRefusedError,
    TrainingFailedError,
)
from appliance.fax.capabilities import Capabilities, Terms
from appliance.fax.exchange import NEXT_FRAME, Turn, do, hear, send, unhoped
from appliance.fax.frames import Frame, Kind, Side
from appliance.fax.steps import Answering, EndPage, Event, Garbled, Keeping, KeepPage, Kept, NotKept, Quality
from appliance.fax.timers import ANSWER, IDLE, T2, TURNS, Tolerance

T = TypeVar("T")
Script = Generator[Answering, Event, T]
Said = Turn | Garbled | None

PLAIN: Final = {Kind.PRI_EOM: Kind.EOM, Kind.PRI_MPS: Kind.MPS, Kind.PRI_EOP: Kind.EOP}  # nobody is there to talk to
ENDS: Final = {Kind.EOM, Kind.MPS, Kind.EOP}
_REPEATS: Final = {Kind.CRP, Kind.RR}  # ask for our last answer, whatever it was
_OFFERS: Final = Capabilities()
_TOLERANCE: Final = Tolerance()


@dataclass(frozen=True, slots=True)
class Station:
    """Who we are and what we take."""

    identity: str = ""  # our number as CSI says it
    offers: Capabilities = _OFFERS
    tolerance: Tolerance = _TOLERANCE


@dataclass(frozen=True, slots=True)
class PageTaken:
    """A page that is kept, and what the caller was told of it."""

    terms: Terms
    quality: Quality
    answer: Kind | None  # MCF, RTP, RTN; ERR when it has a gap; None when the caller was told nothing


@dataclass(slots=True)
class Call:
    """What has come of a call so far. It stays true when the script ends in an error."""

    sender: str = ""  # the number that the caller's TSI gives: theirs to choose, so a hint and no proof
    sub_address: str = ""
    pages: list[PageTaken] = field(default_factory=list)
    complete: bool = False  # the caller said that it was all, and we confirmed it
    asked: Frame | None = None  # the command that we answered last
    said: Frame | None = (
        None  # our answer to it, to be said again when it was missed; None as soon as something came that it does not answer
    )
    idle: int = 0  # commands since a page was last brought further
    begun: Terms | None = None  # with ECM: of a page of which blocks are here, and not yet the last
    gap: bool = False  # and of which the caller has given up a block
    coming: list[Terms] = field(default_factory=list)  # of pages whose image is in and that are not known to be kept


def command(call: Call, *hope_for: Kind, said: Said = None, through: float = 0.0) -> Script[Turn]:
    """The caller's next command; `said` is what was heard of it already. What is left of a page whose signal broke off may sound on `through` so many seconds
    before it. The one that we have answered already is answered again, and one that came in damaged
    is asked for again (CRP), once: not where a DCS is hoped for, behind which a training signal is on the line.

    Raises `CallerHungUpError`, `CallerSilentError`, `PollingRefusedError`, `TrainingFailedError`.
    """
    may_ask, asked = hope_for != (Kind.DCS,), False
    for _ in range(TURNS):
        soon = NEXT_FRAME if may_ask else None
        turn = said or (yield from hear(T2, ours=Side.CALLED, damaged=soon, through=through))
        said = None
        if turn is None:
            break
        call.idle += 1
        if call.idle > IDLE:
            raise TrainingFailedError
        if isinstance(turn, Garbled):
            if may_ask and not asked:
                yield from send(Frame(Kind.CRP))
                asked = True
            continue
        if turn.main.kind is Kind.CRP and asked:
            continue  # our own, as an echo
        if PLAIN.get(turn.main.kind, turn.main.kind) in hope_for:
            return turn
        if turn.main.kind is Kind.DCN:
            raise CallerHungUpError
        if turn.main.kind is Kind.DTC:
            raise PollingRefusedError
        if call.said is not None and (turn.main.kind in _REPEATS or turn.main == call.asked):
            yield from send(call.said)
    raise CallerSilentError


def say(call: Call, asked: Frame, kind: Kind, info: bytes = b"") -> Script[None]:
    """Answer the caller, and remember it."""
    call.asked, call.said = asked, Frame(kind, info)
    yield from send(call.said)


def judge(quality: Quality, tolerance: Tolerance) -> Kind:
    """Is that page good (MCF), good enough (RTP) or not (RTN)?"""
    if not quality.ended or quality.worst_run >= tolerance.bad_run:
        return Kind.RTN
    share = quality.damaged / quality.rows
    if share > tolerance.bad_share:
        return Kind.RTN
    return Kind.RTP if share > tolerance.retrain_share else Kind.MCF


def keep(call: Call, verdict: Kind | None, within: float = ANSWER) -> Script[bool]:
    """Is every page that came where it is safe? The last of them is about to be answered with `verdict`. Raises `NotKeptError`."""
    while call.coming:
        match (yield KeepPage(within)):
            case Kept(quality):
                terms = call.coming.pop(0)
                call.pages.append(PageTaken(terms, quality, None if call.coming else verdict))
                if verdict is not Kind.RTN:
                    call.idle = 0
            case Keeping():
                return False
            case NotKept():
                call.coming.pop(0)
                raise NotKeptError
            case other:
                unhoped(other)
    return True


def end_page(call: Call) -> Script[None]:
    """With ECM: no more comes of the page that has begun. Begin to keep it."""
    if call.begun is not None:
        yield from do(EndPage(call.begun))
        call.coming.append(call.begun)
        call.begun, call.gap = None, False
