"""The station that was called, and receives: T.30's phases A to E as a script, in reading order. Pages with error correction are taken in `correcting`."""

from __future__ import annotations

from contextlib import suppress

from appliance.errors import (
    BadTurnError,
    BlockGivenUpError,
    CallerHungUpError,
    CallerSilentError,
    FaxError,
    LineGoneError,
    LineStoppedError,
    NoFaxError,
    NotKeptError,
    PollingRefusedError,
    SerialError,
    TermsError,
    TrainingFailedError,
)
from appliance.fax import correcting
from appliance.fax.capabilities import Terms
from appliance.fax.exchange import Echo, Turn, do, hear, hear_instead, send, unhoped
from appliance.fax.frames import Frame, Kind, Side, pack_identity, unpack_identity
from appliance.fax.receiving import ENDS, PLAIN, Call, Said, Script, Station, command, end_page, judge, keep, say
from appliance.fax.steps import (
    CheckTraining,
    HangUp,
    Interrupted,
    PageCame,
    PickUp,
    Quality,
    Silent,
    TakePage,
    Trained,
)
from appliance.fax.timers import INTERRUPTION, INVITATIONS, KEPT_AT_LAST, LONGEST_IMAGE, REPEATED, T4, TRAININGS, TRIES


def answer(station: Station, call: Call) -> Script[None]:
    """A whole call. Raises a `FaxError`; whatever it is, the line was hung up and `call` says what came before. At any step the player may throw in that
    nothing can be performed any more, `SerialError` or `LineStoppedError`; then the line is left as it is."""
    try:
        yield from talk(station, call)
    except (FaxError, SerialError):
        yield from wait(call)
        raise


def talk(station: Station, call: Call) -> Script[None]:
    """The call, and the line hung up behind it."""
    try:
        yield from do(PickUp())
        yield from receive(station, call)
    except LineStoppedError:
        raise
    except (BlockGivenUpError, CallerHungUpError, LineGoneError):
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
        if call.begun is not None and not call.begun.same_image(terms):
            yield from end_page(call)  # what follows is another page
        if terms.ecm:
            ended = yield from correcting.take_pages(station, call, terms)
        else:
            ended = yield from take_pages(station, call, terms)
        match ended:
            case Turn():
                turn = ended
            case Kind.EOM:
                turn = yield from invite(station, call)
            case _:
                turn = yield from finish(call)


def invite(station: Station, call: Call) -> Script[Turn]:
    """Phase B: say who we are and what we can do until the caller says how it will send."""
    retrains = call.said is not None and call.said.kind in {Kind.RTN, Kind.RTP}  # then the terms may come at once
    for _ in range(INVITATIONS):
        if not retrains:
            yield from send(Frame(Kind.CSI, pack_identity(station.identity)), Frame(Kind.DIS, station.offers.to_info()))
        retrains = False
        match (yield from hear(T4, ours=Side.CALLED)):
            case Turn(Frame(Kind.DCS)) as turn:
                return turn
            case Turn(Frame(Kind.DTC)):
                raise PollingRefusedError
            case Turn(Frame(Kind.DCN)):
                raise CallerHungUpError
            case Turn(asked) if call.said is not None and (asked == call.asked or asked.kind is Kind.RR):
                yield from send(call.said)
            case _:
                continue
    raise CallerSilentError if call.pages else NoFaxError


def train(station: Station, call: Call, turn: Turn) -> Script[Terms]:
    """Take terms from the caller until one set survives the training signal."""
    for _ in range(TRAININGS):
        call.said = None
        terms = read_terms(station, call, turn)
        match (yield CheckTraining(terms.rate)):
            case Trained(clean=True):
                yield from say(call, turn.main, Kind.CFR)
                return terms
            case Trained() | Silent():
                yield from say(call, turn.main, Kind.FTT)
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


def take_pages(station: Station, call: Call, terms: Terms) -> Script[Turn | Kind]:
    """Phases C and D: pages on these terms. Returns the caller's next terms, or EOM or EOP when that was said and answered."""
    while True:
        quality, said = yield from take_image(call, terms)
        hope_for = (Kind.DCS, *ENDS, *([] if quality else [Kind.CRP]))
        turn = yield from command(call, *hope_for, said=said, through=LONGEST_IMAGE * 8 / terms.rate.speed)
        verdict = Kind.RTN  # a page was sent of which nothing came
        if quality is not None:
            verdict = judge(quality, station.tolerance)
            turn = yield from keep_first(call, verdict, turn)
        kind = PLAIN.get(turn.main.kind, turn.main.kind)
        if kind is Kind.DCS:  # it has not heard our CFR, or has given up this page
            return turn
        if call.said is not None and (kind is Kind.CRP or turn.main == call.asked):
            yield from send(call.said)  # it has not heard that
        elif kind is Kind.CRP:
            continue
        else:
            yield from say(call, turn.main, verdict)
        if kind in {Kind.EOM, Kind.EOP}:
            return kind
        if call.said is not None and call.said.kind in {Kind.RTN, Kind.RTP}:
            return (yield from command(call, Kind.DCS))


def take_image(call: Call, terms: Terms) -> Script[tuple[Quality | None, Said]]:
    """Phase C: a page; or else what was said in its place. Our last answer stands only where that was said so soon that it must be the last command again."""
    for _ in range(TRIES):
        match (yield TakePage(terms)):
            case PageCame(quality):
                call.said = None
                if not quality.rows:
                    return None, None
                call.coming.append(terms)
                return quality, None
            case Silent():
                call.said = None
                return None, None
            case Interrupted(after):
                if after >= REPEATED:
                    call.said = None
                said = yield from hear_instead(INTERRUPTION, ours=Side.CALLED)
                if isinstance(said, Echo):
                    continue
                if said is not None:
                    return None, said
                call.said = None  # it was no frame, perhaps a page that began with noise
            case other:
                unhoped(other)
    return None, None


def keep_first(call: Call, verdict: Kind, turn: Turn) -> Script[Turn]:
    """No answer before what came is kept: a caller that is not answered says its command again. What it said last. Raises `NotKeptError`."""
    for _ in range(TRIES):
        if turn.main.kind is Kind.DCS or (yield from keep(call, verdict)):
            return turn
        turn = yield from command(call, Kind.DCS, *ENDS)
    raise NotKeptError


def finish(call: Call) -> Script[Turn | None]:
    """Phase E: the caller hangs up, or says the last page again that we did not take. Raises `BlockGivenUpError` when a page has a gap."""
    confirmed = call.said is not None and call.said.kind in {Kind.MCF, Kind.RTP} and bool(call.pages)
    given_up = any(page.answer is Kind.ERR for page in call.pages)
    call.complete = confirmed and not given_up
    try:
        again = yield from command(call, Kind.DCS)
    except (CallerHungUpError, CallerSilentError, LineGoneError):
        if given_up:
            raise BlockGivenUpError from None
        if not confirmed:
            raise
        return None
    call.complete = False
    return again


def wait(call: Call) -> Script[None]:
    """The call is over: what has come of a page is one, too. See whether the last of them are kept."""
    yield from end_page(call)
    lost = False
    for _ in tuple(call.coming):
        try:
            kept = yield from keep(call, None, KEPT_AT_LAST)
        except NotKeptError:
            kept = False
        lost = lost or not kept
    if lost:
        raise NotKeptError


def part() -> Script[None]:
    """Say that we hang up, and do."""
    with suppress(BadTurnError, LineGoneError):  # nobody may be there to be told
        yield from send(Frame(Kind.DCN))
    yield HangUp()
