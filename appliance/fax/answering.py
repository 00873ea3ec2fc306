"""The station that was called, and receives: T.30's phases A to E as a script, in reading order. Without error correction (ECM)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

from appliance.errors import (
    CallerHungUpError,
    CallerSilentError,
    FaxError,
    LineGoneError,
    NoFaxError,
    NotKeptError,
    PollingRefusedError,
    TermsError,
    TrainingFailedError,
)
from appliance.fax.capabilities import Capabilities, Terms
from appliance.fax.exchange import Turn, do, hear, send, unhoped
from appliance.fax.frames import Frame, Kind, Side, pack_identity, unpack_identity
from appliance.fax.steps import (
    Answering,
    CheckTraining,
    Event,
    HangUp,
    Interrupted,
    KeepPage,
    Kept,
    NotKept,
    PageCame,
    PickUp,
    Quality,
    Silent,
    TakePage,
    Trained,
)
from appliance.fax.timers import INVITATIONS, REPEATS, T2, T4, TRAININGS, Tolerance

T = TypeVar("T")
Script = Generator[Answering, Event, T]

PLAIN: Final = {Kind.PRI_EOM: Kind.EOM, Kind.PRI_MPS: Kind.MPS, Kind.PRI_EOP: Kind.EOP}  # nobody is there to talk to
_OFFERS: Final = Capabilities()
_TOLERANCE: Final = Tolerance()
ENDS: Final = {Kind.EOM, Kind.MPS, Kind.EOP}


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
    answer: Kind | None  # MCF, RTP, RTN; None when the call broke off before


@dataclass(slots=True)
class Call:
    """What has come of a call so far. It stays true when the script ends in an error."""

    sender: str = ""  # the number that the caller's TSI gives: theirs to choose, so a hint and no proof
    sub_address: str = ""
    pages: list[PageTaken] = field(default_factory=list)
    complete: bool = False  # the caller said that it was all, and we confirmed it
    said: Frame | None = None  # our last answer, to be said again when it was missed


def answer(station: Station, call: Call) -> Script[None]:
    """A whole call. Raises a `FaxError`; whatever it is, the line was hung up and `call` says what came before."""
    yield from do(PickUp())
    try:
        yield from receive(station, call)
    except (CallerHungUpError, LineGoneError):
        yield HangUp()
        raise
    except FaxError:
        yield from part()
        raise
    yield HangUp()


def receive(station: Station, call: Call) -> Script[None]:
    """Phases B to D, as often as the caller asks for new terms."""
    turn: Turn | None = yield from invite(station, call)
    while turn is not None:
        terms = yield from train(station, call, turn)
        turn = yield from take_pages(station, call, terms)


def invite(station: Station, call: Call) -> Script[Turn]:
    """Phase B: say who we are and what we can do until the caller says how it will send."""
    for _ in range(INVITATIONS):
        yield from send(Frame(Kind.CSI, pack_identity(station.identity)), Frame(Kind.DIS, station.offers.to_info()))
        turn = yield from hear(T4, ours=Side.CALLED)
        match turn.main.kind if turn else None:
            case Kind.DCS if turn:
                return turn
            case Kind.DTC:
                raise PollingRefusedError
            case Kind.DCN:
                raise CallerHungUpError
            case Kind.EOM | Kind.PRI_EOM if call.said:
                yield from send(call.said)
            case _:
                continue
    raise NoFaxError


def train(station: Station, call: Call, turn: Turn) -> Script[Terms]:
    """Take terms from the caller until one set survives the training signal."""
    for _ in range(TRAININGS):
        terms = read_terms(station, call, turn)
        match (yield CheckTraining(terms.rate)):
            case Trained(clean=True):
                yield from say(call, Kind.CFR)
                return terms
            case Trained() | Silent():
                yield from say(call, Kind.FTT)
            case Interrupted():
                pass  # it has not heard us and says its terms again
            case other:
                unhoped(other)
        turn = yield from command(call, Kind.DCS)
    raise TrainingFailedError


def read_terms(station: Station, call: Call, turn: Turn) -> Terms:
    """What a DCS and the frames ahead of it say. Raises `TermsError` for what we did not offer."""
    for frame in turn.before:
        match frame.kind:
            case Kind.TSI:
                call.sender = unpack_identity(frame.info)
            case Kind.SUB:
                call.sub_address = unpack_identity(frame.info)
            case _:
                continue
    terms = Terms.from_info(turn.main.info)
    if not terms.within(station.offers):
        raise TermsError
    return terms


def take_pages(station: Station, call: Call, terms: Terms) -> Script[Turn | None]:
    """Phases C and D: pages on these terms. Returns the caller's next terms, or None when all has been said."""
    while True:
        quality = yield from take_image(terms)
        try:
            turn = yield from command(call, Kind.DCS, *ENDS)
        except FaxError:
            yield from keep(call, terms, quality, None)
            raise
        kind = PLAIN.get(turn.main.kind, turn.main.kind)
        if kind is Kind.DCS:  # it has not heard our CFR, or has given up this page
            yield from keep(call, terms, quality, None)
            return turn
        if quality is not None:
            verdict = judge(quality, station.tolerance)
            yield from keep(call, terms, quality, verdict)
            yield from say(call, verdict)
        elif call.said and call.said.kind in {Kind.MCF, Kind.RTP, Kind.RTN}:
            yield from send(call.said)  # it has not heard our answer to the page before
        else:
            yield from say(call, Kind.RTN)  # no page came at all
        if kind is Kind.EOP:
            return (yield from finish(call))
        if kind is Kind.EOM:
            return (yield from invite(station, call))
        if call.said and call.said.kind is not Kind.MCF:
            return (yield from command(call, Kind.DCS))


def take_image(terms: Terms) -> Script[Quality | None]:
    """Phase C. None when no page came."""
    match (yield TakePage(terms)):
        case PageCame(quality):
            return quality if quality.rows else None
        case Interrupted() | Silent():
            return None
        case other:
            unhoped(other)


def judge(quality: Quality, tolerance: Tolerance) -> Kind:
    """Is that page good (MCF), good enough (RTP) or not (RTN)?"""
    if not quality.ended or quality.worst_run >= tolerance.bad_run:
        return Kind.RTN
    share = quality.damaged / quality.rows
    if share > tolerance.bad_share:
        return Kind.RTN
    return Kind.RTP if share > tolerance.retrain_share else Kind.MCF


def keep(call: Call, terms: Terms, quality: Quality | None, verdict: Kind | None) -> Script[None]:
    """Have the page put where it is safe, good or not. Raises `NotKeptError`."""
    if quality is None:
        return
    match (yield KeepPage()):
        case Kept():
            call.pages.append(PageTaken(terms, quality, verdict))
        case NotKept():
            raise NotKeptError
        case other:
            unhoped(other)


def finish(call: Call) -> Script[Turn | None]:
    """Phase E: the caller hangs up, or says the last page again that we did not take."""
    confirmed = call.said is not None and call.said.kind is not Kind.RTN and bool(call.pages)
    call.complete = confirmed
    try:
        again = yield from command(call, Kind.DCS)
    except (CallerHungUpError, CallerSilentError, LineGoneError):
        if not confirmed:
            raise
        return None
    call.complete = False
    return again


def command(call: Call, *hope_for: Kind) -> Script[Turn]:
    """The caller's next command. A command that we have answered already is answered again. Raises `CallerHungUpError`, `CallerSilentError`."""
    for _ in range(REPEATS):
        turn = yield from hear(T2, ours=Side.CALLED)
        if turn is None:
            raise CallerSilentError
        kind = PLAIN.get(turn.main.kind, turn.main.kind)
        if kind in hope_for:
            return turn
        if kind is Kind.DCN:
            raise CallerHungUpError
        if call.said and kind in {Kind.CRP, *ENDS}:
            yield from send(call.said)
    raise CallerSilentError


def say(call: Call, kind: Kind) -> Script[None]:
    """Answer the caller, and remember it."""
    call.said = Frame(kind)
    yield from send(call.said)


def part() -> Script[None]:
    """Say that we hang up, and do."""
    with suppress(FaxError):  # nobody may be there to be told
        yield from send(Frame(Kind.DCN))
    yield HangUp()
