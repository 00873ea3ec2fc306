"""A daemon killed in mid-message, many times, on a real line: at most two seconds are lost, nobody has to help, and the recovered message plays."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from appliance.access.unlock import unlock
from appliance.store.keys import Identity
from appliance.store.reader import Reader
from tests.rig import ulaw
from tests.rig.appliance import NAME, PASSWORD, Appliance
from tests.rig.errors import CallEndedError
from tests.rig.patient import Call, Patient

pytestmark = [pytest.mark.rig, pytest.mark.timeout(900)]

CALLERS = 4
ROUNDS = 13  # of four calls each: 52 messages cut
MOST_LOST = 2.0  # s of sound
SECOND = 8000  # samples
FRAME = 160  # samples
WAV_HEAD = 44  # octets
TONE = 1.0  # s until the tone is over and recording begins


@dataclass
class Caller:
    """Speaks a pattern of its own, and knows how much of it has gone out."""

    number: int
    speaking: threading.Event = field(default_factory=threading.Event)
    line: Call = field(init=False)
    pattern: bytes = field(init=False)
    _start: int = 0

    def __post_init__(self) -> None:
        noise = np.random.default_rng(self.number).normal(0, 4000, 20 * SECOND)
        self.pattern = ulaw.carried(noise.astype("<i2").tobytes())

    def call(self, appliance: Appliance) -> None:
        with Patient(f"555010{self.number}", "Cut Caller").call(appliance.company) as self.line:
            self.line.wait(1.0)
            self.line.press("#")
            self.line.wait_for_tone()
            self.line.wait(TONE)
            self._start = self.line.frames_sent
            self.speaking.set()
            with contextlib.suppress(CallEndedError):
                self.line.say(self.pattern)

    @property
    def sent(self) -> int:
        """Samples of the pattern that have gone out."""
        return (self.line.frames_sent - self._start) * FRAME


def lost(sent: int, pattern: bytes, heard: bytes) -> float:
    """Seconds that went out and are not in `heard`, which must end in a whole, unbroken piece from the start of the pattern."""
    spoken, kept = np.frombuffer(pattern, "<i2"), np.frombuffer(heard, "<i2")
    at = pattern.find(heard[-2 * FRAME :])
    assert at >= 0, "what was kept ends in a piece of the pattern"
    end = at // 2 + FRAME
    assert np.array_equal(kept[-end:], spoken[:end]), "what was kept is the pattern from its start, without a gap"
    return (sent - end) / SECOND


def cut(appliance: Appliance, seconds: float) -> list[tuple[int, Caller]]:
    """Four callers speak; `seconds` later the daemon is killed and started again. What each had sent by then."""
    callers = [Caller(number) for number in range(CALLERS)]
    threads = [threading.Thread(target=caller.call, args=(appliance,)) for caller in callers]
    for thread in threads:
        thread.start()
    for caller in callers:
        assert caller.speaking.wait(60)
    threading.Event().wait(seconds)
    os.kill(appliance.daemon.pid, signal.SIGKILL)
    sent = [(caller.sent, caller) for caller in callers]
    appliance.daemon.wait()
    for thread in threads:
        thread.join()
    appliance.start_daemon()
    return sent


def losses(appliance: Appliance, practice: Identity, sent: list[tuple[int, Caller]], known: set[str]) -> list[float]:
    """Seconds lost of each message that came back."""
    reader = Reader(appliance.store)
    rows = [row for row in reader.list() if row.stamp.id not in known]
    assert len(rows) == CALLERS
    found = []
    for row in rows:
        assert row.recovered
        known.add(row.stamp.id)
        with reader.open(row, practice) as message:
            number = int(message.header.envelope.caller_number[-1])
            heard = message.read(WAV_HEAD, message.size - WAV_HEAD)
        found.append(lost(sent[number][0], sent[number][1].pattern, heard))
    return found


def test_a_killed_daemon_loses_at_most_two_seconds_and_needs_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    choose = random.Random(7)
    all_losses: list[float] = []
    known: set[str] = set()
    with Appliance() as appliance:
        practice = unlock(appliance.store, NAME, PASSWORD).practice
        for _ in range(ROUNDS):
            sent = cut(appliance, choose.uniform(2.0, 4.0))
            all_losses += losses(appliance, practice, sent, known)
    with capsys.disabled():
        print(
            f"\n{len(all_losses)} messages cut by kill -9: at most {max(all_losses):.2f} s lost, all recovered without help"
        )
    assert len(all_losses) >= 50
    assert max(all_losses) <= MOST_LOST
