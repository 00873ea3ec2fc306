"""Phases C and D with error correction (ECM, T.30 Annex A): a page comes in blocks of frames, and what is missing is asked for until it is here."""

from __future__ import annotations

from appliance.errors import BadFrameError, BlockLostError, NotKeptError, TermsError
from appliance.fax.capabilities import Terms
from appliance.fax.ecm import Part
from appliance.fax.exchange import Turn, do, unhoped
from appliance.fax.frames import Frame, Kind
from appliance.fax.receiving import PLAIN, Call, Script, Station, command, keep, say
from appliance.fax.steps import (
    BlockAgain,
    BlockCame,
    BlockLost,
    BlockMisses,
    BlockWhole,
    CloseBlock,
    EndPage,
    GiveUpBlock,
    Interrupted,
    Silent,
    TakeBlock,
)
from appliance.fax.timers import ROUNDS


def take_pages(station: Station, call: Call, terms: Terms) -> Script[Turn | Kind]:
    """Pages on these terms. Returns the caller's next terms, or EOM or EOP when that was said and answered."""
    short = True
    open_part: Part | None = None  # the block of which frames are missing
    while True:
        event = yield TakeBlock(terms, short)
        if not isinstance(event, BlockCame | Interrupted | Silent):
            unhoped(event)
        short = True
        turn = yield from command(call, Kind.DCS, Kind.PPS, Kind.CTC, Kind.EOR)
        ended = PLAIN.get(turn.main.inner, turn.main.inner) if turn.main.inner else None  # None: this page goes on
        match turn.main.kind:
            case Kind.CTC:
                terms = slow_down(station, terms, turn.main)
                short = False  # the carrier after a CTR starts long, T.30 Annex A
                yield from say(call, Kind.CTR)
                continue
            case Kind.PPS:
                open_part = yield from close(call, terms, turn.main, ended)
            case Kind.EOR:
                if open_part is not None:
                    yield from give_up(open_part)
                    open_part = None
                    yield from settle(call, terms, ended, Kind.ERR)
                else:
                    yield from say(call, Kind.ERR)  # it has not heard us
            case _:
                return turn
        if open_part is None and ended in {Kind.EOM, Kind.EOP}:
            return ended


def close(call: Call, terms: Terms, command: Frame, ended: Kind | None) -> Script[Part | None]:
    """Answer a PPS. Returns its block when frames of it are missing."""
    part = Part.from_info(command.info[1:])
    if part is None:
        raise BadFrameError
    match (yield CloseBlock(part)):
        case BlockWhole():
            yield from settle(call, terms, ended, Kind.MCF)
        case BlockMisses(bitmap):
            yield from say(call, Kind.PPR, bitmap)
            return part
        case BlockAgain():
            yield from say(call, Kind.MCF)
        case BlockLost():
            raise BlockLostError
        case other:
            unhoped(other)
    return None


def settle(call: Call, terms: Terms, ended: Kind | None, answer: Kind) -> Script[None]:
    """A block is done, and with it perhaps a page: have that kept, and only then confirm. Raises `NotKeptError`."""
    if ended is not None:
        yield from do(EndPage(terms))
        call.coming.append(terms)
    for _ in range(ROUNDS):
        if (yield from keep(call, answer)):
            yield from say(call, answer)
            return
        yield from say(call, Kind.RNR)
        yield from command(call, Kind.RR, Kind.PPS, Kind.EOR)  # it asks again, one way or the other
    raise NotKeptError


def give_up(part: Part) -> Script[None]:
    """The caller repeats this block no more."""
    yield from do(GiveUpBlock(part))


def slow_down(station: Station, terms: Terms, command: Frame) -> Terms:
    """The terms after a CTC. Raises `TermsError`."""
    slower = terms.at_rate_of(command.info)
    if not slower.within(station.offers):
        raise TermsError
    return slower
