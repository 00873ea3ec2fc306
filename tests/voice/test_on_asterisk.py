"""Calls from a patient's telephone through two real Asterisks to the line, with real sound both ways."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from appliance.settings import Voice
from appliance.voice.callflow import Sound
from appliance.voice.line import VoiceLine
from appliance.voice.prompts import SPOKEN, Prompts
from tests.fakes.inbox import FakeInbox
from tests.rig.asterisk import Installed
from tests.rig.compare import correlation, frames_lost, holds_exactly
from tests.rig.line import PhoneCompany
from tests.rig.patient import Call, Patient
from tests.rig.speech import babble, speech

#: Noise, each its own, as an ATA carries it: so that what a patient hears can be told apart. The tone is the real one.
NOISES: dict[Sound, bytes] = {sound: babble(0.6, seed=1000 + count) for count, sound in enumerate(SPOKEN)}
OPTIONS = Voice(agi_port=0, audio_port=0, calls_at_once=4, longest_message=30, silence=1.5, shortest_message=0.5)

LineFactory = Callable[..., VoiceLine]


@pytest.fixture(scope="module")
def company(asterisk: Installed) -> Iterator[PhoneCompany]:
    """One line for all of these tests: each call is its own."""
    with PhoneCompany(asterisk) as made:
        yield made


@pytest.fixture
def line_with(company: PhoneCompany, inbox: FakeInbox) -> Iterator[LineFactory]:
    """Makes the line that Asterisk hands its calls to; options by name."""
    with ExitStack() as stack:

        def make(**options: object) -> VoiceLine:
            line = VoiceLine(dataclasses.replace(OPTIONS, **options), inbox, Prompts.of(NOISES))  # type: ignore[arg-type]  # a test's own
            line.start()
            stack.callback(line.stop)
            company.hand_calls_to("127.0.0.1", line.agi_port)
            return line

        yield make


def at_the_tone(call: Call) -> None:
    """Listen to the end of the tone, as people do."""
    call.wait_for_tone()
    call.wait(0.4)


def heard(call: Call, sound: Sound) -> bool:
    """Did the patient hear that prompt?"""
    return correlation(NOISES[sound], call.heard) > 0.99


def test_a_patients_words_arrive_as_spoken_with_number_and_name(
    company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox
) -> None:
    line_with()
    words = speech("Hello, this is Jane Doe. Please call me back about my appointment.")
    with Patient("5550123", "Jane Doe").call(company) as call:
        at_the_tone(call)
        call.say(words)
        call.press("#")
        call.wait_ended()
        assert heard(call, Sound.GREETING)
        assert heard(call, Sound.KEPT)
    (message,) = inbox.wait_for(1)
    assert correlation(words, message.sound) > 0.99
    assert (message.envelope.caller_number, message.envelope.caller_name) == ("5550123", "Jane Doe")
    assert message.envelope.duration == len(message.sound) / 16_000


def test_who_withholds_the_number_leaves_a_message_without_one(
    company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox
) -> None:
    line_with()
    with Patient(None).call(company) as call:
        at_the_tone(call)
        call.say(babble(1.0))
    (message,) = inbox.wait_for(1)
    assert (message.envelope.caller_number, message.envelope.caller_name) == ("", "")


def test_hanging_up_ends_the_message_with_every_sample_in_it(
    company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox
) -> None:
    line_with()
    said = babble(3.0, seed=2)
    with Patient().call(company) as call:
        at_the_tone(call)
        call.say(said)
        call.wait(0.2)  # what is still on its way when the line is cut is nobody's
    assert holds_exactly(inbox.wait_for(1)[0].sound, said)


def test_hanging_up_in_the_greeting_leaves_no_message(
    company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox
) -> None:
    line = line_with()
    with Patient().call(company) as call:
        call.wait(0.2)
    with Patient().call(company) as other:  # by then the first call is over
        at_the_tone(other)
        assert line.calls == 1
    assert inbox.settled()
    assert not inbox.messages


def test_the_pound_key_skips_the_greeting(company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox) -> None:
    line_with()
    with Patient().call(company) as call:
        call.press("#")
        at_the_tone(call)
        assert not heard(call, Sound.GREETING)


def test_silence_ends_a_message_and_silence_alone_leaves_none(
    company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox
) -> None:
    line_with()

    def speak() -> None:
        with Patient("5550001").call(company) as call:
            at_the_tone(call)
            call.say(speech("Call me back."))
            call.wait_ended()
            assert heard(call, Sound.KEPT)

    def breathe() -> None:
        with Patient("5550002").call(company) as call:
            call.wait_ended()
            assert heard(call, Sound.GOODBYE)

    together(speak, breathe)
    assert inbox.settled()
    assert [message.envelope.caller_number for message in inbox.messages] == ["5550001"]


def test_the_longest_message_ends_with_a_word(company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox) -> None:
    line_with(longest_message=2)
    with Patient().dial(company).wait_answered(20) as call:
        at_the_tone(call)
        with ThreadPoolExecutor(1) as pool:
            talk = pool.submit(call.say, babble(4.0, seed=3))
            call.wait_ended()
            talk.exception()
        assert heard(call, Sound.TIME_IS_UP)
        assert heard(call, Sound.KEPT)
    assert len(inbox.wait_for(1)[0].sound) == 32_000


def test_four_calls_at_once_each_stay_whole(company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox) -> None:
    line_with()
    said = {f"555000{count}": babble(4.0, seed=count) for count in range(4)}
    together(*(lambda number=number: leave(company, number, said[number]) for number in said))
    kept = {message.envelope.caller_number: message.sound for message in inbox.wait_for(4)}
    assert {number: frames_lost(said[number], kept[number]) for number in said} == dict.fromkeys(said, 0)


def test_a_flood_of_keys_costs_the_caller_beside_it_nothing(
    company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox
) -> None:
    line_with()
    said = babble(4.0, seed=5)

    def flood() -> None:
        with Patient("5550666").call(company) as call:
            at_the_tone(call)
            call.press("1234567890*" * 5, hold=0.05, gap=0.05)

    together(flood, lambda: leave(company, "5550001", said))
    inbox.settled()
    (kept,) = (message for message in inbox.messages if message.envelope.caller_number == "5550001")
    assert frames_lost(said, kept.sound) == 0


def test_a_call_too_many_hears_that_the_lines_are_busy(
    company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox
) -> None:
    line_with(calls_at_once=1)
    with Patient("5550001").call(company) as first:
        at_the_tone(first)
        with Patient("5550002").call(company) as second:
            second.wait_ended()
            assert heard(second, Sound.BUSY)


def test_a_line_that_stops_keeps_what_was_said_and_hangs_up(
    company: PhoneCompany, line_with: LineFactory, inbox: FakeInbox
) -> None:
    line = line_with()
    said = babble(2.0, seed=6)
    with Patient().call(company) as call:
        at_the_tone(call)
        call.say(said)
        call.wait(0.2)
        line.stop()
        call.wait_ended()
    assert holds_exactly(inbox.messages[0].sound, said)


def leave(company: PhoneCompany, number: str, said: bytes) -> None:
    """A whole call that leaves `said`."""
    with Patient(number).call(company) as call:
        at_the_tone(call)
        call.say(said)
        call.press("#")
        call.wait_ended()
        assert heard(call, Sound.KEPT)


def together(*calls: Callable[[], None]) -> None:
    """All at once; the first that fails is told."""
    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(call) for call in calls]:
            done.result(60)
