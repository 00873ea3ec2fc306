"""Calls over real sockets, with a fake Asterisk on one side and a fake inbox on the other."""

from __future__ import annotations

from appliance.voice.callflow import Sound
from tests.fakes.asterisk import FakeCall, quiet, speech
from tests.fakes.inbox import FakeInbox
from tests.voice.conftest import SPOKEN, LineFactory


def test_what_was_said_after_the_tone_is_the_message_sample_for_sample(
    line_with: LineFactory, inbox: FakeInbox
) -> None:
    line = line_with()
    said = speech(1.5)
    with FakeCall(line.agi_port) as call:
        assert call.hears(SPOKEN[Sound.TONE] + quiet(0.02))
        call.say(said)
        call.press("#")
        assert call.hears(SPOKEN[Sound.KEPT])
    (message,) = inbox.wait_for(1)
    assert message.sound == said
    assert message.mailbox == "front-desk"
    assert (message.envelope.caller_number, message.envelope.caller_name) == ("5551234", "Jane Caller")
    assert message.envelope.duration == 1.5
