"""What the voice tests share: short prompts that can be told apart, and a line on free ports."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from appliance.settings import Voice
from appliance.voice.callflow import Sound
from appliance.voice.line import VoiceLine
from appliance.voice.prompts import Prompts
from tests.fakes.asterisk import speech
from tests.fakes.inbox import FakeInbox

#: Short, so that a call in a test is short, but for the one during which another call must come; each its own noise.
SECONDS = {sound: 0.2 for sound in Sound} | {Sound.BUSY: 2.0}
SPOKEN = {sound: speech(SECONDS[sound], seed=1000 + count) for count, sound in enumerate(Sound)}

OPTIONS = Voice(
    agi_port=0,
    audio_port=0,
    calls_at_once=4,
    longest_message=20,
    silence=0.5,
    shortest_message=0.1,
    mailbox="front-desk",
)

LineFactory = Callable[..., VoiceLine]


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
def line_with(inbox: FakeInbox) -> Iterator[LineFactory]:
    """Makes running lines; options by name."""
    with ExitStack() as stack:

        def make(**options: object) -> VoiceLine:
            line = VoiceLine(dataclasses.replace(OPTIONS, **options), inbox, Prompts.of(SPOKEN))  # type: ignore[arg-type]  # a test's own
            line.start()
            stack.callback(line.stop)
            return line

        yield make
