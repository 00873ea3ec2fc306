"""What a modem can do, tried out command by command: each answer timed, and told in plain words.

Nothing here opens or waits: the modem does, and the clock is an argument.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from appliance.errors import ModemError
from appliance.fax.at import Result
from appliance.fax.class1 import Class1, read_rates
from appliance.fax.profiles import AUTO, HELLO, IDENTITY, Profile, Wish, recognise
from appliance.fax.rates import Modulation, Rate
from appliance.fax.timers import RESET, TURNAROUND

_GREETINGS: Final = 5  # the slowest counts
_SLOW: Final = 0.5  # s for a plain answer: turns of a call become late with more, T.30's gaps are 75 ms and its T4 3 s
_SILENCE: Final = 1.0  # s in which a modem that listens to an idle line should say nothing
_ZEROS: Final = bytes(20)
_PAUSE: Final = f"+FTS={TURNAROUND}"
_TRIED: Final = {Rate.V27TER_4800, Rate.V29_9600, Rate.V17_14400}  # one of each modulation


class Verdict(StrEnum):
    """Of one trial."""

    WORKS = "works"
    LACKS = "lacks"  # it goes without
    FAILS = "fails"  # no fax with this


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one trial."""

    command: str
    answer: str
    verdict: Verdict
    advice: str = ""  # what it means, or what to do; "" when it works


@dataclass(frozen=True, slots=True)
class Finding:
    """One trial, what came of it, and how long that took."""

    what: str
    outcome: Outcome
    seconds: float


Trial = tuple[str, Callable[[], Outcome]]


class Examination:
    """Of one modem. `findings` grow with each trial; `profile`, `said` and `rates` are known at the end."""

    def __init__(self, modem: Class1, clock: Callable[[], float], profile: Profile) -> None:
        """`clock` counts seconds. With `AUTO` the modem is treated as what it says it is."""
        self.findings: list[Finding] = []
        self.profile = profile
        self.said: tuple[str, ...] = ()
        self.rates: frozenset[Rate] = frozenset()
        self._modem: Final = modem
        self._clock: Final = clock

    @property
    def usable(self) -> bool:
        """Can it be the fax line's modem?"""
        return all(finding.outcome.verdict is not Verdict.FAILS for finding in self.findings)

    def run(self, *, off_hook: bool) -> None:
        """Try everything; `off_hook` also what needs the line. Raises `SerialError` when the device goes. A modem that hangs is a finding."""
        for what, act in self._trials(off_hook=off_hook):
            began = self._clock()
            outcome = act()
            self.findings.append(Finding(what, outcome, self._clock() - began))
            if outcome.verdict is Verdict.FAILS and not self._modem.is_ready():
                break  # it hangs: all that follows would fail alike
        self._modem.hang_up()
        self._modem.ask("Z", RESET)  # so that nothing which was only tried stays on

    def _trials(self, *, off_hook: bool) -> Iterator[Trial]:
        yield "answers", self._greet
        yield "identity", self._ask_identity
        yield "fax classes", self._ask_class
        for command in self.profile.needed:
            yield "set-up", partial(self._need, command)
        for what, question in (("frames to send", "+FTH=?"), ("frames to receive", "+FRH=?")):
            yield what, partial(self._ask_frames, question)
        for what, question in (("rates to send", "+FTM=?"), ("rates to receive", "+FRM=?")):
            yield what, partial(self._ask_rates, question)
        for wish in (*self.profile.wishes, self.profile.patterns):
            yield wish.what, partial(self._wish, wish)
        if off_hook:
            yield from self._use_line()

    def _greet(self) -> Outcome:
        slowest = 0.0
        for _ in range(_GREETINGS):
            began = self._clock()
            if not self._modem.is_ready():
                return self._revive()
            slowest = max(slowest, self._clock() - began)
        if slowest > _SLOW:
            advice = "It answers slowly, so calls may fail. Use it without a hub, or use another modem."
            return Outcome(f"AT{HELLO}", "OK", Verdict.LACKS, advice)
        return Outcome(f"AT{HELLO}", "OK", Verdict.WORKS)

    def _revive(self) -> Outcome:
        """It said nothing: does anything bring it back?"""
        try:
            how = self._modem.recover()
        except ModemError as error:
            return Outcome(f"AT{HELLO}", "nothing", Verdict.FAILS, str(error))
        advice = f"It hung and answered again after {how.value}. If this happens again, give it a powered hub or another cable."
        return Outcome(f"AT{HELLO}", "nothing at first", Verdict.LACKS, advice)

    def _ask_identity(self) -> Outcome:
        self.said = self._modem.ask_identity()
        if self.profile is AUTO:
            self.profile = recognise(self.said)
        answer = " / ".join(dict.fromkeys(self.said)) or "nothing"
        return Outcome("AT" + ", AT".join(IDENTITY), answer, Verdict.WORKS)

    def _ask_class(self) -> Outcome:
        result, lines = self._modem.ask("+FCLASS=?")
        advice = "This is no Class 1 fax modem: it cannot be used. hardware/README.md names some that can."
        works = lists_class_1(lines)
        return _judge("AT+FCLASS=?", _show(result, lines), Verdict.WORKS if works else Verdict.FAILS, advice)

    def _need(self, command: str) -> Outcome:
        result, lines = self._modem.ask(command)
        advice = "It refuses what this kind of modem must take. Try another kind: --profile generic."
        works = result is Result.OK
        return _judge(f"AT{command}", _show(result, lines), Verdict.WORKS if works else Verdict.FAILS, advice)

    def _ask_frames(self, question: str) -> Outcome:
        result, lines = self._modem.ask(question)
        advice = "It does not say that it speaks V.21, which every fax begins with. A call will show."
        works = "3" in re.findall(r"[0-9]+", " ".join(lines))
        return _judge(f"AT{question}", _show(result, lines), Verdict.WORKS if works else Verdict.LACKS, advice)

    def _ask_rates(self, question: str) -> Outcome:
        result, lines = self._modem.ask(question)
        self.rates = read_rates(lines)
        advice = "It does not say that it has all of V.27ter, V.29 and V.17: faxes may be slower."
        works = {rate.modulation for rate in self.rates} == set(Modulation)
        return _judge(f"AT{question}", _show(result, lines), Verdict.WORKS if works else Verdict.LACKS, advice)

    def _wish(self, wish: Wish) -> Outcome:
        for way in wish.ways:
            if all(self._modem.ask(command)[0] is Result.OK for command in way):
                return Outcome(_name(way), "OK", Verdict.WORKS)
        return Outcome(" or ".join(map(_name, wish.ways)), "refused", Verdict.LACKS, f"Without it {wish.without}.")

    def _use_line(self) -> Iterator[Trial]:
        ask, send, receive = self._modem.ask, self._modem.try_sending, self._modem.try_receiving
        yield "takes the line", partial(_act, "H1", lambda: ask("H1")[0])
        yield "pauses", partial(_act, _PAUSE, lambda: ask(_PAUSE)[0])
        yield "sends frames", partial(_act, "+FTH=3", lambda: send("+FTH=3", b""))
        for rate in sorted(self.rates & _TRIED, key=lambda rate: rate.speed):
            out, back = f"+FTM={rate.code(short=False)}", f"+FRM={rate.code(short=False)}"
            yield f"sends {rate}", partial(_act, out, partial(send, out, _ZEROS))
            yield f"receives {rate}", partial(_act, back, partial(receive, back, _SILENCE))
        yield "waits for frames", partial(_act, "+FRH=3", lambda: receive("+FRH=3", _SILENCE))
        yield "gives the line back", partial(_act, "H0", lambda: ask("H0")[0])


def lists_class_1(lines: Iterable[str]) -> bool:
    """Do these lines, the answer to AT+FCLASS=?, have Class 1 among them?"""
    return bool({"1", "1.0"} & set(re.findall(r"[0-9.]+", " ".join(lines))))


def _act(command: str, act: Callable[[], Result | None]) -> Outcome:
    result = act()
    fails = result in {None, Result.ERROR}
    advice = f"It {'hangs at' if result is None else 'refuses'} AT{command}. Power it off and on; if that does not help, use another modem."
    return _judge(f"AT{command}", _show(result, ()), Verdict.FAILS if fails else Verdict.WORKS, advice)


def _judge(command: str, answer: str, verdict: Verdict, advice: str) -> Outcome:
    return Outcome(command, answer, verdict, "" if verdict is Verdict.WORKS else advice)


def _name(way: tuple[str, ...]) -> str:
    return "AT" + ", AT".join(way)


def _show(result: Result | None, lines: tuple[str, ...]) -> str:
    return " / ".join((*lines, "nothing" if result is None else result.value))
