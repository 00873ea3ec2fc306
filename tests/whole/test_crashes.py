"""A daemon killed in mid-message, many times, on a real line: at most two seconds are lost, nobody has to help, and the recovered message plays."""

from __future__ import annotations

import os
import random
import signal
import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from appliance.access.unlock import unlock
from appliance.store.reader import Reader
from tests.rig.appliance import NAME, PASSWORD, Appliance
from tests.rig.compare import through_ulaw
from tests.rig.patient import Patient

pytestmark = [pytest.mark.rig, pytest.mark.slow]

CALLERS = 4
ROUNDS = 13  # of four calls each: 52 messages cut
MOST_LOST = 2.0  # s of sound
SECOND = 8000  # samples
WAV_HEAD = 44  # octets


@dataclass
class Caller:
    """Speaks a pattern of its own without end, and knows how much of it has gone out."""

    number: int
    speaking: threading.Event = field(default_factory=threading.Event)
    cut: threading.Event = field(default_factory=threading.Event)
    sent: int = 0

    def __post_init__(self) -> None:
        noise = np.random.default_rng(self.number).normal(0, 4000, 20 * SECOND)
        self.pattern = through_ulaw(noise.astype("<i2").tobytes())

    def call(self, appliance: Appliance) -> None:
        with Patient(f"555010{self.number}", "Cut Caller").call(appliance.company) as call:
            call.wait(1.0)
            call.press("#")
            call.wait_for_tone()
            self.speaking.set()
            self.sent = call.say_until(self.pattern, self.cut)


def lost(sent: int, pattern: bytes, heard: bytes) -> float:
    """Seconds of `pattern` that went out and are not in `heard`, which must hold an unbroken piece from the start of the pattern."""
    spoken, kept = np.frombuffer(pattern, "<i2"), np.frombuffer(heard, "<i2")
    tail = kept[-160:]
    ends = [end for end in range(160, len(spoken)) if spoken[end - 1] == tail[-1] and np.array_equal(spoken[end - 160 : end], tail)]
    assert len(ends) == 1, "what was kept ends in a piece of the pattern, found once"
    return (sent - ends[0]) / SECOND


def test_a_killed_daemon_loses_at_most_two_seconds_and_needs_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    choose = random.Random(7)
    worst, cuts = 0.0, 0
    with Appliance() as appliance:
        practice = unlock(appliance.store, NAME, PASSWORD).practice
        for _ in range(ROUNDS):
            known = {row["row"]["stamp"]["id"] for row in appliance.messages()}
            callers = [Caller(number) for number in range(CALLERS)]
            threads = [threading.Thread(target=caller.call, args=(appliance,)) for caller in callers]
            for thread in threads:
                thread.start()
            for caller in callers:
                assert caller.speaking.wait(60)
            threading.Event().wait(choose.uniform(2.5, 5.5))
            os.kill(appliance.daemon.pid, signal.SIGKILL)
            for caller in callers:
                caller.cut.set()
            appliance.daemon.wait()
            for thread in threads:
                thread.join()
            appliance.start_daemon()
            reader = Reader(appliance.store)
            rows = [row for row in reader.list() if row.stamp.id not in known]
            assert len(rows) == CALLERS
            for row in rows:
                with reader.open(row, practice) as message:
                    number = int(message.header.envelope.caller_number[-1])
                    heard = message.read(WAV_HEAD, message.size - WAV_HEAD)
                worst = max(worst, lost(callers[number].sent, callers[number].pattern, heard))
                cuts += 1
    with capsys.disabled():
        print(f"\n{cuts} messages cut by kill -9: at most {worst:.2f} s lost, all recovered by themselves")
    assert worst <= MOST_LOST
