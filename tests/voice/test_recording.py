"""A recording between the line and the inbox."""

from __future__ import annotations

import threading

import pytest

from appliance.errors import BadStorageError, NoRoomError
from appliance.voice.player import Progress
from appliance.voice.recording import Caller, Recording
from tests.fakes.asterisk import PATIENCE, speech
from tests.fakes.inbox import FakeInbox, refuse

PATIENT = Caller("5551234", "Jane Caller")


def recording(inbox: FakeInbox) -> Recording:
    made = Recording(inbox, "front-desk", PATIENT)
    made.start()
    return made


def test_sound_reaches_the_inbox_in_whole_seconds_and_the_rest_at_the_end() -> None:
    inbox, said = FakeInbox(), speech(2.5)
    taking = recording(inbox)
    for start in range(0, len(said), 320):
        taking.add(said[start : start + 320])
    taking.keep()
    assert taking.wait(PATIENCE)
    (message,) = inbox.messages
    assert [len(part) for part in message.parts] == [16_000, 16_000, 8_000]
    assert message.sound == said
    assert message.envelope.duration == 2.5
    assert taking.progress is Progress.KEPT


def test_a_card_that_stands_still_never_holds_up_the_line() -> None:
    moving = threading.Event()
    inbox, said = FakeInbox(on_begin=lambda: assert_true(moving.wait(PATIENCE))), speech(10)
    taking = recording(inbox)

    def speak() -> None:
        for start in range(0, len(said), 320):
            taking.add(said[start : start + 320])
        taking.keep()

    line = threading.Thread(target=speak, daemon=True)
    line.start()
    line.join(PATIENCE / 2)
    assert not line.is_alive()  # though nothing moves
    assert taking.progress is Progress.TAKING
    moving.set()
    assert taking.wait(PATIENCE)
    assert inbox.messages[0].sound == said


def test_kept_is_said_only_after_the_inbox_has_finished() -> None:
    safe = threading.Event()
    taking = recording(FakeInbox(on_finish=lambda: assert_true(safe.wait(PATIENCE))))
    taking.add(speech(1))
    taking.keep()
    assert not taking.wait(0.05)
    before = taking.progress
    safe.set()
    assert taking.wait(PATIENCE)
    assert (before, taking.progress) == (Progress.TAKING, Progress.KEPT)


def test_a_discarded_recording_leaves_no_message() -> None:
    inbox = FakeInbox()
    taking = recording(inbox)
    taking.add(speech(3))
    taking.discard()
    taking.keep()  # too late
    assert taking.wait(PATIENCE)
    assert inbox.deliveries[0].abandoned
    assert taking.progress is Progress.DISCARDED


@pytest.mark.parametrize("when", ["on_begin", "on_append", "on_finish"])
@pytest.mark.parametrize("error", [BadStorageError, NoRoomError])
def test_whenever_the_inbox_refuses_the_line_is_told(when: str, error: type[BadStorageError | NoRoomError]) -> None:
    taking = recording(FakeInbox(**{when: refuse(error)}))  # type: ignore[arg-type]  # a test's own
    taking.add(speech(2))
    taking.keep()
    assert taking.wait(PATIENCE)
    assert taking.progress is Progress.FAILED


def test_a_bug_in_the_inbox_is_a_failure_and_not_a_silent_thread() -> None:
    taking = recording(FakeInbox(on_append=lambda: assert_true(False)))
    taking.add(speech(2))
    taking.keep()
    assert taking.wait(PATIENCE)
    assert taking.progress is Progress.FAILED


def test_what_a_bad_card_holds_is_left_for_recovery_and_what_a_full_one_holds_is_given_up() -> None:
    for error, abandoned in ((BadStorageError, False), (NoRoomError, True)):
        inbox = FakeInbox(on_append=refuse(error))
        taking = recording(inbox)
        taking.add(speech(2))
        taking.keep()
        assert taking.wait(PATIENCE)
        assert inbox.deliveries[0].abandoned is abandoned


def test_a_failed_recording_hoards_no_sound() -> None:
    taking = recording(FakeInbox(on_begin=refuse(NoRoomError)))
    assert taking.wait(PATIENCE)
    for _ in range(10):
        taking.add(speech(1))
    assert taking._parts.empty()


def test_neither_number_nor_name_is_ever_shown() -> None:
    assert "555" not in f"{PATIENT} {PATIENT!r}"
    assert "Jane" not in f"{PATIENT} {PATIENT!r}"


def assert_true(value: bool) -> None:
    assert value
