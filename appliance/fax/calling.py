"""The station that calls, and sends: enough of it to talk with our own receiving side. No product door leads here yet."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from appliance.errors import (
    AnswererSilentError,
    FaxError,
    LineGoneError,
    TermsError,
    TrainingFailedError,
)
from appliance.fax.capabilities import Capabilities, Terms
from appliance.fax.ecm import MOST_FRAMES, Part
from appliance.fax.exchange import Turn, do, hear, send
from appliance.fax.frames import Frame, Kind, Side, pack_identity, pack_inner
from appliance.fax.rates import Rate
from appliance.fax.steps import Calling, Event, HangUp, SendBlock, SendPage, SendTraining
from appliance.fax.timers import ROUNDS, T1, T4, TRIES

T = TypeVar("T")
Script = Generator[Calling, Event, T]

TIMES: Final = 3  # that one page is sent before we give it up
REQUESTS: Final = 4  # PPR of one block before its sender goes on slower or gives it up, T.30 §A.4
_GREETINGS: Final = round(T1 / T4)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent."""

    identity: str
    pages: int
    terms: Terms  # the best we wish for; the rate falls back from there
    frames: tuple[int, ...] = ()  # with ECM: how many each page has
    sub_address: str = ""
    between: Kind = Kind.MPS  # behind each page but the last: MPS, or EOM to agree on terms anew
    counted_anew: bool = False  # with ECM: pages behind an EOM are numbered from 0 again, as some senders do


@dataclass(slots=True)
class Sent:
    """What has come of it so far. It stays true when the script ends in an error."""

    confirmed: int = 0  # pages that the other side took, MCF or RTP
    given_up: int = 0  # blocks that it took with what was there, ERR


def call(letter: Letter, sent: Sent) -> Script[None]:
    """A whole call, from the other side's first DIS. Raises a `FaxError`; `sent` says how far it came."""
    try:
        terms = None
        while sent.confirmed < letter.pages:
            if terms is None:
                offers = yield from meet()
                terms = yield from train(letter, offers, letter.terms)
            terms = yield from send_page(letter, sent, offers, terms)
            if letter.between is Kind.EOM:
                terms = None
    except LineGoneError:
        yield HangUp()
        raise
    except FaxError:
        yield from part()
        raise
    yield from part()


def meet() -> Script[Capabilities]:
    """Wait for a DIS (T1)."""
    for _ in range(_GREETINGS):
        match (yield from hear(T4, ours=Side.CALLER)):
            case Turn(Frame(Kind.DIS, info)):
                return Capabilities.from_info(info)
            case _:
                continue
    raise AnswererSilentError


def train(letter: Letter, offers: Capabilities, wished: Terms) -> Script[Terms]:
    """Find a rate at which the training survives, from the one wished for downward."""
    for rate in slower(wished.rate, offers):
        terms = replace(wished, rate=rate)
        if not terms.within(offers):
            raise TermsError
        if (yield from propose(letter, terms)):
            return terms
    raise TrainingFailedError


def slower(rate: Rate, offers: Capabilities) -> list[Rate]:
    """That rate and those below it which the other side has, fastest first."""
    rates = list(Rate)
    return [below for below in rates[rates.index(rate) :] if below.modulation in offers.modulations]


def propose(letter: Letter, terms: Terms) -> Script[bool]:
    """Say the terms and send a training signal; did it arrive whole?"""
    sub_address = [Frame(Kind.SUB, pack_identity(letter.sub_address))] if letter.sub_address else []
    for _ in range(TRIES):
        identity = Frame(Kind.TSI, pack_identity(letter.identity))
        yield from send(identity, *sub_address, Frame(Kind.DCS, terms.to_info()))
        yield from do(SendTraining(terms.rate))
        match (yield from hear(T4, ours=Side.CALLER)):
            case Turn(Frame(Kind.CFR)):
                return True
            case Turn(Frame(Kind.FTT)):
                return False
            case Turn(Frame(Kind.DCN)):
                raise LineGoneError
            case _:
                continue
    raise AnswererSilentError


def send_page(letter: Letter, sent: Sent, offers: Capabilities, terms: Terms) -> Script[Terms]:
    """One page, again until it is taken; the terms for the next one."""
    end = Kind.EOP if sent.confirmed + 1 == letter.pages else letter.between
    if terms.ecm:
        return (yield from send_blocks(letter, sent, offers, terms, end))
    for _ in range(TIMES):
        yield from do(SendPage(sent.confirmed, terms))
        answer = yield from insist(Frame(end), Kind.MCF, Kind.RTP, Kind.RTN)
        sent.confirmed += answer.main.kind is not Kind.RTN
        if answer.main.kind is Kind.MCF or (end is not Kind.MPS and answer.main.kind is Kind.RTP):
            return terms
        terms = yield from train(letter, offers, terms)
        if answer.main.kind is Kind.RTP:
            return terms
    raise TrainingFailedError


def send_blocks(letter: Letter, sent: Sent, offers: Capabilities, terms: Terms, end: Kind) -> Script[Terms]:
    """One page with error correction, in blocks; the terms for the next one."""
    number, total = sent.confirmed, letter.frames[sent.confirmed]
    for block, first in enumerate(range(0, total, MOST_FRAMES)):
        part = Part(0 if letter.counted_anew else number, block, min(total - first, MOST_FRAMES))
        last = first + part.frames == total
        terms = yield from correct(sent, part, end if last else None, offers, terms)
    sent.confirmed += 1
    return terms


def correct(sent: Sent, part: Part, end: Kind | None, offers: Capabilities, terms: Terms) -> Script[Terms]:
    """One block: what is missing is sent again, and slower where that does not help (CTC), until nothing does (EOR). The terms for the next one."""
    wanted = frozenset(range(part.frames))
    for rate in slower(terms.rate, offers):
        if rate is not terms.rate:
            terms = replace(terms, rate=rate)
            yield from insist(Frame(Kind.CTC, terms.to_info()[:2]), Kind.CTR)
        for _ in range(REQUESTS):
            yield from do(SendBlock(sent.confirmed, part.block, terms, wanted))
            answer = yield from be_patient(Frame(Kind.PPS, pack_inner(end) + part.to_info()), Kind.MCF, Kind.PPR)
            if answer.main.kind is Kind.MCF:
                return terms
            bits = int.from_bytes(answer.main.info, "little")
            wanted = frozenset(place for place in range(part.frames) if bits >> place & 1)
    yield from be_patient(Frame(Kind.EOR, pack_inner(end)), Kind.ERR)
    sent.given_up += 1
    return terms


def be_patient(command: Frame, *hope_for: Kind) -> Script[Turn]:
    """Say `command`, and ask again as long as the other side is not ready (RNR), T5 at the most. Raises `AnswererSilentError`."""
    turn = yield from insist(command, Kind.RNR, *hope_for)
    for _ in range(ROUNDS):
        if turn.main.kind is not Kind.RNR:
            return turn
        turn = yield from insist(Frame(Kind.RR), Kind.RNR, *hope_for)
    raise AnswererSilentError


def insist(command: Frame, *hope_for: Kind) -> Script[Turn]:
    """Say `command` up to three times until it is answered. Raises `AnswererSilentError`."""
    for _ in range(TRIES):
        yield from send(command)
        turn = yield from hear(T4, ours=Side.CALLER)
        if isinstance(turn, Turn) and turn.main.kind in hope_for:
            return turn
        if isinstance(turn, Turn) and turn.main.kind is Kind.DCN:
            raise LineGoneError
    raise AnswererSilentError


def part() -> Script[None]:
    """Say that we hang up, and do."""
    with suppress(LineGoneError):  # nobody may be there to be told
        yield from send(Frame(Kind.DCN))
    yield HangUp()
