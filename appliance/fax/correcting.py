"""Phases C and D with error correction (ECM, T.30 Annex A): a page comes in blocks of frames, and what is missing is asked for until it is here."""

from __future__ import annotations

from appliance.errors import BadFrameError, BlockLostError, NotKeptError, TermsError
from appliance.fax.capabilities import Terms
from appliance.fax.ecm import Part
from appliance.fax.exchange import Echo, Turn, do, hear_instead, send, unhoped
from appliance.fax.frames import Frame, Kind, Side
from appliance.fax.receiving import PLAIN, Call, Said, Script, Station, command, end_page, keep, say
from appliance.fax.steps import (
    BlockAgain,
    BlockCame,
    BlockLost,
    BlockMisses,
    BlockWhole,
    CloseBlock,
    GiveUpBlock,
    Interrupted,
    Silent,
    TakeBlock,
)
from appliance.fax.timers import INTERRUPTION, LONGEST_BLOCK, ROUNDS, TRIES


def take_pages(station: Station, call: Call, terms: Terms) -> Script[Turn | Kind]:
    """Pages on these terms. Returns the caller's next terms, or EOM or EOP when that was said and answered."""
    short = True
    missed: Part | None = None  # the block of which frames are missing
    while True:
        came, said = yield from take_block(call, terms, short=short)
        short = short or came
        hope_for = (Kind.DCS, Kind.CRP, Kind.RR, Kind.CTC, Kind.PPS, Kind.EOR)
        turn = yield from command(call, *hope_for, said=said, through=LONGEST_BLOCK * 8 / terms.rate.speed)
        ended = read_end(turn.main)
        match turn.main.kind:
            case Kind.DCS:
                return turn
            case Kind.CTC:
                terms = slow_down(station, terms, turn.main)
                short = False  # the carrier after a CTR starts long, T.30 Annex A
                yield from say(call, turn.main, Kind.CTR)
                continue
            case Kind.PPS:
                missed = yield from close(call, terms, turn.main)
            case Kind.EOR if missed is not None:
                yield from give_up(call, terms, turn.main, missed)
                missed = None
            case _:  # CRP, RR, or EOR once more: it has not heard us
                yield from repeat(call, turn.main)
                continue
        if missed is None and ended in {Kind.EOM, Kind.EOP}:
            return ended


def take_block(call: Call, terms: Terms, *, short: bool) -> Script[tuple[bool, Said]]:
    """Phase C: did a block's signal come? Or what was said in its place; unless that is so, our last answer is no answer any more."""
    for _ in range(TRIES):
        match (yield TakeBlock(terms, short)):
            case BlockCame():
                call.said = None
                return True, None
            case Silent():
                call.said = None
                return False, None
            case Interrupted():
                said = yield from hear_instead(INTERRUPTION, ours=Side.CALLED)
                if isinstance(said, Echo):
                    continue
                if said is not None:
                    return False, said
                call.said = None  # it was no frame, perhaps a block that began with noise
            case other:
                unhoped(other)
    return False, None


def read_end(asked: Frame) -> Kind | None:
    """What stands in a PPS or EOR: EOM, MPS or EOP, or None where the page goes on."""
    return PLAIN.get(asked.inner, asked.inner) if asked.inner is not None else None


def close(call: Call, terms: Terms, asked: Frame) -> Script[Part | None]:
    """Answer a PPS. Returns its block when frames of it are missing. Raises `BadFrameError`, `BlockLostError`, `NotKeptError`."""
    part = Part.from_info(asked.info[1:])
    if part is None:
        raise BadFrameError
    match (yield CloseBlock(part)):
        case BlockWhole():
            call.idle = 0
            yield from settle(call, terms, asked, Kind.MCF)
        case BlockMisses(bitmap):
            yield from say(call, asked, Kind.PPR, bitmap)
            return part
        case BlockAgain():
            yield from say(call, asked, Kind.MCF)
        case BlockLost():
            raise BlockLostError
        case other:
            unhoped(other)
    return None


def give_up(call: Call, terms: Terms, asked: Frame, part: Part) -> Script[None]:
    """Answer an EOR: the caller repeats this block no more."""
    yield from do(GiveUpBlock(part))
    call.gap = True
    yield from settle(call, terms, asked, Kind.ERR)


def settle(call: Call, terms: Terms, asked: Frame, answer: Kind) -> Script[None]:
    """A block is done, and with it perhaps a page: have that kept, and only then answer. Raises `NotKeptError`."""
    call.begun = terms
    verdict = Kind.ERR if call.gap else answer
    if read_end(asked) is not None:
        yield from end_page(call)
    for _ in range(ROUNDS):
        if (yield from keep(call, verdict)):
            yield from say(call, asked, answer)
            return
        yield from say(call, asked, Kind.RNR)
        yield from command(call, Kind.RR, Kind.PPS, Kind.EOR)  # it asks again, one way or the other
    raise NotKeptError


def repeat(call: Call, asked: Frame) -> Script[None]:
    """Say our last answer again. Raises `BlockLostError` when the caller gives up a block of which it never said that it is complete."""
    if call.said is not None:
        yield from send(call.said)
    elif asked.kind is Kind.EOR:
        raise BlockLostError


def slow_down(station: Station, terms: Terms, asked: Frame) -> Terms:
    """The terms after a CTC. Raises `BadFrameError`, `TermsError`."""
    slower = terms.at_rate_of(asked.info)
    if not slower.within(station.offers):
        raise TermsError
    return slower
