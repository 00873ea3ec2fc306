"""Calls over real sockets, with a fake Asterisk on one side and a fake inbox on the other."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from appliance.errors import BadStorageError, NoRoomError, VoiceError
from appliance.voice.callflow import Sound
from appliance.voice.line import VoiceLine
from appliance.voice.listener import STRANGERS
from tests.fakes.asterisk import PATIENCE, FakeCall, frame, quiet, speech
from tests.fakes.inbox import FakeInbox, refuse
from tests.voice.conftest import SPOKEN, LineFactory

AFTER_THE_TONE = SPOKEN[Sound.TONE] + quiet(0.02)


def leave(call: FakeCall, said: bytes, keys: str = "#") -> None:
    """Wait for the tone, speak, press."""
    assert call.hears(AFTER_THE_TONE)
    call.say(said)
    call.press(keys)


def until(event: threading.Event) -> None:
    """What a slow card does."""
    assert event.wait(20)


def eventually(holds: Callable[[], bool], within: float = PATIENCE) -> bool:
    """Does it hold before time is up?"""
    until = time.monotonic() + within
    while not holds():
        if time.monotonic() > until:
            return False
        threading.Event().wait(0.01)
    return True


def test_what_was_said_after_the_tone_is_the_message_sample_for_sample(
    line_with: LineFactory, inbox: FakeInbox
) -> None:
    line = line_with()
    said = speech(1.5)
    with FakeCall(line.agi_port) as call:
        leave(call, said)
        assert call.hears(SPOKEN[Sound.KEPT])
    (message,) = inbox.wait_for(1)
    assert message.sound == said
    assert message.mailbox == "front-desk"
    assert (message.envelope.caller_number, message.envelope.caller_name) == ("5551234", "Jane Caller")
    assert message.envelope.duration == 1.5


def test_the_caller_hears_greeting_and_tone_without_a_gap(line_with: LineFactory) -> None:
    with FakeCall(line_with().agi_port) as call:
        whole = SPOKEN[Sound.GREETING] + SPOKEN[Sound.TONE]
        assert call.hear(len(whole))[: len(whole)] == whole


def test_asterisk_is_asked_to_answer_and_then_for_the_sound(line_with: LineFactory) -> None:
    line = line_with()
    with FakeCall(line.agi_port) as call:
        call.hear(320)
    answer, audio = call.commands
    assert answer == "ANSWER"
    assert audio.startswith('EXEC AudioSocket "')
    assert audio.endswith(f',127.0.0.1:{line.audio_port}"')


def test_a_hang_up_ends_the_message_and_keeps_it_to_the_last_frame(line_with: LineFactory, inbox: FakeInbox) -> None:
    said = speech(1.2)
    with FakeCall(line_with().agi_port) as call:
        assert call.hears(AFTER_THE_TONE)
        call.say(said)
    assert inbox.wait_for(1)[0].sound == said


def test_a_hang_up_in_the_greeting_leaves_a_log_line_without_a_number_and_no_message(
    line_with: LineFactory, inbox: FakeInbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    line = line_with()
    with FakeCall(line.agi_port) as call:
        call.hear(320)
    assert eventually(lambda: line.calls == 0)
    assert inbox.settled()
    assert not inbox.messages
    assert "call.ended outcome=no message" in caplog.text
    assert "5551234" not in caplog.text
    assert "Jane" not in caplog.text


def test_silence_ends_a_message_and_silence_alone_leaves_none(line_with: LineFactory, inbox: FakeInbox) -> None:
    line = line_with()
    with FakeCall(line.agi_port) as speaks, FakeCall(line.agi_port) as breathes:
        assert breathes.hears(AFTER_THE_TONE)
        leave(speaks, speech(0.5), keys="")
        assert speaks.hears(SPOKEN[Sound.KEPT])
        assert breathes.hears(SPOKEN[Sound.GOODBYE])
    assert len(inbox.wait_for(1)) == 1
    assert inbox.settled()


def test_the_longest_message_ends_with_a_word(line_with: LineFactory, inbox: FakeInbox) -> None:
    said = speech(2.0)
    with FakeCall(line_with(longest_message=1).agi_port) as call:
        leave(call, said)
        assert call.hears(SPOKEN[Sound.TIME_IS_UP])
        assert call.hears(SPOKEN[Sound.KEPT])
    assert inbox.wait_for(1)[0].sound == said[:16_000]


def test_nobody_is_told_kept_before_it_is(line_with: LineFactory, inbox: FakeInbox) -> None:
    safe = threading.Event()
    inbox.on_finish = lambda: until(safe)
    with FakeCall(line_with().agi_port) as call:
        leave(call, speech(0.3))
        assert not call.hears(SPOKEN[Sound.KEPT], within=0.5)
        safe.set()
        assert call.hears(SPOKEN[Sound.KEPT])


@pytest.mark.parametrize("error", [BadStorageError, NoRoomError])
def test_when_nothing_can_be_stored_the_caller_hears_so(
    line_with: LineFactory, inbox: FakeInbox, error: type[BadStorageError | NoRoomError]
) -> None:
    inbox.on_begin = refuse(error)
    with FakeCall(line_with().agi_port) as call:
        assert call.hears(SPOKEN[Sound.NOT_TAKEN])


def test_a_card_that_fails_while_the_caller_speaks_is_told(line_with: LineFactory, inbox: FakeInbox) -> None:
    inbox.on_append = refuse(BadStorageError)
    with FakeCall(line_with().agi_port) as call:
        leave(call, speech(2.0), keys="")
        assert call.hears(SPOKEN[Sound.NOT_KEPT])


def test_a_slow_card_costs_no_frame_in_either_direction(line_with: LineFactory, inbox: FakeInbox) -> None:
    moving = threading.Event()
    inbox.on_begin = lambda: until(moving)
    said = speech(2.0)
    with FakeCall(line_with().agi_port) as call:
        leave(call, said)
        heard = len(call.heard)
        moving.set()
        assert call.hears(SPOKEN[Sound.KEPT])
    assert heard >= len(SPOKEN[Sound.GREETING]) + len(SPOKEN[Sound.TONE]) + len(said) - 5 * 320
    assert inbox.wait_for(1)[0].sound == said


def test_four_calls_at_once_each_stay_whole(line_with: LineFactory, inbox: FakeInbox) -> None:
    line = line_with()
    said = {f"555000{count}": speech(2.0, seed=count) for count in range(4)}

    def one(number: str) -> None:
        with FakeCall(line.agi_port, number=number) as call:
            leave(call, said[number])
            assert call.hears(SPOKEN[Sound.KEPT])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, said))
    assert {m.envelope.caller_number: m.sound for m in inbox.wait_for(4)} == said


def test_a_call_too_many_hears_that_the_lines_are_busy_and_a_flood_is_not_answered(line_with: LineFactory) -> None:
    line = line_with(calls_at_once=1)
    with FakeCall(line.agi_port) as first:
        first.hear(320)
        with FakeCall(line.agi_port) as second:
            second.hear(320)
            with FakeCall(line.agi_port) as third:
                assert third.over.wait(PATIENCE)
                assert third.commands == []
            assert second.hears(SPOKEN[Sound.BUSY])


def test_a_line_that_is_free_again_takes_the_next_call(line_with: LineFactory, inbox: FakeInbox) -> None:
    line = line_with(calls_at_once=1)
    for count in range(3):
        with FakeCall(line.agi_port) as call:
            leave(call, speech(0.3, seed=count))
            assert call.hears(SPOKEN[Sound.KEPT])
        assert eventually(lambda: line.calls == 0)
    assert len(inbox.wait_for(3)) == 3


def test_whoever_asks_is_told_how_many_calls_there_are(line_with: LineFactory) -> None:
    line = line_with()
    assert line.calls == 0
    with FakeCall(line.agi_port) as call:
        call.hear(320)
        assert line.calls == 1
    assert eventually(lambda: line.calls == 0)


def test_stopping_the_line_keeps_what_was_said_so_far(line_with: LineFactory, inbox: FakeInbox) -> None:
    line = line_with()
    said = speech(1.0)
    with FakeCall(line.agi_port) as call:
        assert call.hears(AFTER_THE_TONE)
        call.say(said)
        call.hear(len(call.heard) + 640)
        line.stop()
    assert inbox.messages[0].sound == said
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", line.agi_port), timeout=PATIENCE)


def test_a_call_whose_agi_side_is_gone_ends_at_once_and_keeps_what_was_said(
    line_with: LineFactory, inbox: FakeInbox
) -> None:
    line, said = line_with(silence=60.0), speech(0.5)
    with FakeCall(line.agi_port) as call:
        assert call.hears(AFTER_THE_TONE)
        call.say(said)
        call.hear(len(call.heard) + 640)
        call.agi.shutdown(socket.SHUT_RDWR)  # the AGI side only: the sound would go on
        assert inbox.wait_for(1)[0].sound == said


def test_the_sound_of_a_call_can_be_brought_only_once(line_with: LineFactory, inbox: FakeInbox) -> None:
    line, said = line_with(), speech(0.5)
    with FakeCall(line.agi_port) as call:
        assert call.hears(AFTER_THE_TONE)
        name = UUID(call.commands[-1].split('"')[1].partition(",")[0])
        with socket.create_connection(("127.0.0.1", line.audio_port)) as other:
            other.settimeout(PATIENCE)
            other.sendall(frame(0x01, name.bytes))
            with contextlib.suppress(ConnectionResetError):
                assert other.recv(100) == b""
        call.say(said)
        call.press("#")
        assert call.hears(SPOKEN[Sound.KEPT])
    assert inbox.messages[0].sound == said


def test_a_port_that_is_taken_is_said_with_what_to_do_and_nothing_stays_open(line_with: LineFactory) -> None:
    taken = line_with().agi_port
    descriptors = open_descriptors()
    with pytest.raises(VoiceError, match=f"{taken}.*settings"):
        line_with(agi_port=taken)
    assert open_descriptors() == descriptors


# Calls that go wrong, beside one that must not notice.


def flood_keys(line: VoiceLine) -> None:
    with FakeCall(line.agi_port) as call:
        call.hear(320)
        for _ in range(20):
            call.press("1234567890*ABCD" * 100)


def flood_sound(line: VoiceLine) -> None:
    with FakeCall(line.agi_port) as call:
        assert call.hears(AFTER_THE_TONE)
        call.say(speech(60), pace=False)


def wrong_length(line: VoiceLine) -> None:
    with FakeCall(line.agi_port) as call:
        call.hear(320)
        call.send(b"\x10\x00\x03abc")
        assert call.over.wait(PATIENCE)


def wrong_kind(line: VoiceLine) -> None:
    with FakeCall(line.agi_port) as call:
        call.hear(320)
        call.send(b"\x77\x10\x00" + bytes(4096))
        call.send(frame(0x01, bytes(16)))


def half_a_frame(line: VoiceLine) -> None:
    with FakeCall(line.agi_port) as call:
        call.hear(320)
        call.send(b"\x10\x01")


def resets(line: VoiceLine) -> None:
    with FakeCall(line.agi_port) as call:
        call.hear(320)
        assert call.audio is not None
        call.audio.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def unknown_call(line: VoiceLine) -> None:
    with socket.create_connection(("127.0.0.1", line.audio_port)) as other:
        other.settimeout(PATIENCE)
        other.sendall(frame(0x01, UUID(int=42).bytes) + frame(0x10, bytes(320)) * 10)
        with contextlib.suppress(ConnectionResetError):
            assert other.recv(100) == b""


def no_name(line: VoiceLine) -> None:
    with socket.create_connection(("127.0.0.1", line.audio_port)) as other:
        other.settimeout(PATIENCE)
        other.sendall(frame(0x10, bytes(320)))
        with contextlib.suppress(ConnectionResetError):
            assert other.recv(100) == b""


def silent_strangers(line: VoiceLine) -> None:
    with contextlib.ExitStack() as stack:
        for port in (line.agi_port, line.audio_port):
            for _ in range(2 * STRANGERS):
                stack.enter_context(socket.create_connection(("127.0.0.1", port)))


def broken_agi(line: VoiceLine) -> None:
    for octets in (b"\xff" * 5000, b"agi_x: " + b"y" * 100_000, b"agi_x: y\n" * 1000, b"\n\n\n", b"agi_channel"):
        with socket.create_connection(("127.0.0.1", line.agi_port)) as other, contextlib.suppress(OSError):
            other.sendall(octets)


MISFITS = (
    flood_keys,
    flood_sound,
    wrong_length,
    wrong_kind,
    half_a_frame,
    resets,
    unknown_call,
    no_name,
    silent_strangers,
    broken_agi,
)


@pytest.mark.parametrize("misfit", MISFITS, ids=lambda misfit: misfit.__name__)
def test_a_call_that_goes_wrong_disturbs_no_other(
    line_with: LineFactory, inbox: FakeInbox, misfit: Callable[[VoiceLine], None]
) -> None:
    line = line_with()
    said = speech(1.5, seed=9)
    with FakeCall(line.agi_port, number="5559999") as call, ThreadPoolExecutor(1) as pool:
        assert call.hears(AFTER_THE_TONE)
        beside = pool.submit(misfit, line)
        call.say(said)
        call.press("#")
        assert call.hears(SPOKEN[Sound.KEPT])
        beside.result(30)
    assert said in [message.sound for message in inbox.wait_for(1) if message.envelope.caller_number == "5559999"]


def test_nothing_leaks_however_calls_end(line_with: LineFactory, inbox: FakeInbox) -> None:
    line = line_with()
    assert eventually(lambda: line.calls == 0)
    threads, descriptors = threading.active_count(), open_descriptors()
    for misfit in MISFITS:
        misfit(line)
    with FakeCall(line.agi_port) as call:
        leave(call, speech(0.3))
        assert call.hears(SPOKEN[Sound.KEPT])
    assert eventually(lambda: line.calls == 0)
    assert inbox.settled()
    assert eventually(lambda: threading.active_count() <= threads), threading.enumerate()
    assert eventually(lambda: open_descriptors() <= descriptors)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
