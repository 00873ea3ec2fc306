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
from appliance.fax.ecm import Part
from appliance.fax.exchange import Turn, hear, send, unhoped
from appliance.fax.frames import Frame, Kind, Side, pack_identity, pack_inner
from appliance.fax.rates import Rate
from appliance.fax.steps import Calling, Done, Event, HangUp, SendBlock, SendPage, SendTraining
from appliance.fax.timers import ROUNDS, T1, T4, TRIES

T = TypeVar("T")
Script = Generator[Calling, Event, T]

REPETITIONS: Final = 12  # of a block's missing frames, before we give it up
TIMES: Final = 3  # that one page is sent before we give it up
_GREETINGS: Final = round(T1 / T4)


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent."""

    identity: str
    pages: int
    terms: Terms  # the best we wish for; the rate falls back from there
    frames: tuple[int, ...] = ()  # with ECM: how many each page has, one block at most


@dataclass(slots=True)
class Sent:
    """What has come of it so far. It stays true when the script ends in an error."""

    confirmed: int = 0  # pages that the other side took, MCF or RTP


def call(letter: Letter, sent: Sent) -> Script[None]:
    """A whole call, from the other side's first DIS. Raises a `FaxError`; `sent` says how far it came."""
    try:
        offers = yield from meet()
        terms = yield from train(letter, offers, letter.terms)
        while sent.confirmed < letter.pages:
            terms = yield from send_page(letter, sent, offers, terms)
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
        turn = yield from hear(T4, ours=Side.CALLER)
        if turn and turn.main.kind is Kind.DIS:
            return Capabilities.from_info(turn.main.info)
    raise AnswererSilentError


def train(letter: Letter, offers: Capabilities, wished: Terms) -> Script[Terms]:
    """Find a rate at which the training survives, from the one wished for downward."""
    slower = [rate for rate in Rate if rate.speed <= wished.rate.speed and rate.modulation in offers.modulations]
    for rate in slower:
        terms = replace(wished, rate=rate)
        if not terms.within(offers):
            raise TermsError
        if (yield from propose(letter, terms)):
            return terms
    raise TrainingFailedError


def propose(letter: Letter, terms: Terms) -> Script[bool]:
    """Say the terms and send a training signal; did it arrive whole?"""
    for _ in range(TRIES):
        yield from send(Frame(Kind.TSI, pack_identity(letter.identity)), Frame(Kind.DCS, terms.to_info()))
        yield from stream(SendTraining(terms.rate))
        turn = yield from hear(T4, ours=Side.CALLER)
        match turn.main.kind if turn else None:
            case Kind.CFR:
                return True
            case Kind.FTT:
                return False
            case Kind.DCN:
                raise LineGoneError
            case _:
                continue
    raise AnswererSilentError


def send_page(letter: Letter, sent: Sent, offers: Capabilities, terms: Terms) -> Script[Terms]:
    """One page, again until it is taken; the terms for the next one."""
    last = sent.confirmed + 1 == letter.pages
    if terms.ecm:
        yield from correct(sent, terms, letter.frames[sent.confirmed], Kind.EOP if last else Kind.MPS)
        return terms
    for _ in range(TIMES):
        yield from stream(SendPage(sent.confirmed, terms))
        answer = yield from insist(Frame(Kind.EOP if last else Kind.MPS), Kind.MCF, Kind.RTP, Kind.RTN)
        sent.confirmed += answer.main.kind is not Kind.RTN
        if answer.main.kind is Kind.MCF or (last and answer.main.kind is Kind.RTP):
            return terms
        terms = yield from train(letter, offers, terms)
        if answer.main.kind is Kind.RTP:
            return terms
    raise TrainingFailedError


def correct(sent: Sent, terms: Terms, frames: int, end: Kind) -> Script[None]:
    """One page of one block with error correction: what is missing is sent again."""
    number = sent.confirmed
    part = Part(number, 0, frames)
    wanted = frozenset(range(frames))
    for _ in range(REPETITIONS):
        yield from stream(SendBlock(number, terms, wanted))
        answer = yield from insist(Frame(Kind.PPS, pack_inner(end) + part.to_info()), Kind.MCF, Kind.PPR, Kind.RNR)
        for _ in range(ROUNDS):
            if answer.main.kind is Kind.RNR:  # it is still busy keeping the page
                answer = yield from insist(Frame(Kind.RR), Kind.MCF, Kind.PPR, Kind.RNR)
        if answer.main.kind is Kind.MCF:
            sent.confirmed += 1
            return
        bits = int.from_bytes(answer.main.info, "little")
        wanted = frozenset(place for place in range(frames) if bits >> place & 1)
    raise TrainingFailedError


def insist(command: Frame, *hope_for: Kind) -> Script[Turn]:
    """Say `command` up to three times until it is answered. Raises `AnswererSilentError`."""
    for _ in range(TRIES):
        yield from send(command)
        turn = yield from hear(T4, ours=Side.CALLER)
        if turn and turn.main.kind in hope_for:
            return turn
        if turn and turn.main.kind is Kind.DCN:
            raise LineGoneError
    raise AnswererSilentError


def stream(step: SendTraining | SendPage | SendBlock) -> Script[None]:
    """Send at high speed."""
    event = yield step
    if not isinstance(event, Done):
        unhoped(event)


def part() -> Script[None]:
    """Say that we hang up, and do."""
    with suppress(LineGoneError):  # nobody may be there to be told
        yield from send(Frame(Kind.DCN))
    yield HangUp()
