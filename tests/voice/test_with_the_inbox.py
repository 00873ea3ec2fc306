"""The line and the real sealed inbox: what a reader with the practice's key then hears."""

from __future__ import annotations

import dataclasses
import io
import wave
from pathlib import Path

from appliance.messages import Row
from appliance.voice.callflow import Sound
from appliance.voice.line import VoiceLine
from appliance.voice.prompts import Prompts
from tests.fakes.asterisk import FakeCall, quiet, speech
from tests.store.boxes import Box
from tests.voice.conftest import OPTIONS, SPOKEN


def samples(box: Box, row: Row) -> bytes:
    """The message as a player of WAV files reads it."""
    with wave.open(io.BytesIO(box.content(row))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return bytes(sound.readframes(sound.getnframes()))


def test_the_reader_hears_exactly_the_samples_that_the_line_delivered(tmp_path: Path) -> None:
    box, said = Box(tmp_path), speech(2.3)
    line = VoiceLine(OPTIONS, box.inbox, Prompts.of(SPOKEN))
    line.start()
    try:
        with FakeCall(line.agi_port) as call:
            assert call.hears(SPOKEN[Sound.TONE] + quiet(0.02))
            call.say(said)
            call.press("#")
            assert call.hears(SPOKEN[Sound.KEPT])
            (row,) = box.reader.list()  # it is there when the caller hears so
    finally:
        line.stop()
    assert samples(box, row) == said
    assert row.duration == 2.3
    with box.open(row) as message:
        assert message.header.envelope.caller_number == "5551234"


def test_a_full_inbox_is_said_and_the_next_caller_finds_room_again(tmp_path: Path) -> None:
    box = Box(tmp_path, rings=1)
    line = VoiceLine(dataclasses.replace(OPTIONS, calls_at_once=2), box.inbox, Prompts.of(SPOKEN))
    line.start()
    try:
        with FakeCall(line.agi_port) as first:
            assert first.hears(SPOKEN[Sound.TONE])
            with FakeCall(line.agi_port) as second:
                assert second.hears(SPOKEN[Sound.NOT_TAKEN])
            first.say(speech(0.5))
            first.press("#")
            assert first.hears(SPOKEN[Sound.KEPT])
        with FakeCall(line.agi_port) as third:
            assert third.hears(SPOKEN[Sound.TONE] + quiet(0.02))
    finally:
        line.stop()
    assert len(box.reader.list()) == 1
