"""A script performed turn by turn: no socket, no clock; a turn is 20 ms."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import NoRoomError, VoiceError
from appliance.voice.audiosocket import HANGUP, SILENCE, Frame, Heard, Kind, to_frames
from appliance.voice.callflow import Limits, Outcome, Sound, take_message
from appliance.voice.player import CallerOnLine, Progress, play
from appliance.voice.prompts import Prompts
from appliance.voice.recording import Caller, Recording
from tests.fakes.asterisk import PATIENCE, quiet, speech
from tests.fakes.inbox import FakeInbox, refuse
from tests.voice.conftest import SPOKEN

LIMITS = Limits(longest=2.0, silence=0.5, shortest=0.1)
FRAMES = Prompts.of(SPOKEN).frames
TO_THE_TONE = len(FRAMES[Sound.GREETING]) + len(FRAMES[Sound.TONE])
HASH = Frame(Kind.KEY, b"#")


def heard(sound: bytes) -> list[Heard]:
    """`sound` as it comes in, a frame a turn."""
    return [(Frame(Kind.SOUND, sound[start : start + 320]),) for start in range(0, len(sound), 320)]


class Table:
    """A call on the table: give it turns, see what it sends and how it ends."""

    def __init__(self, inbox: FakeInbox, limits: Limits = LIMITS) -> None:
        self.inbox = inbox
        self.recordings: list[Recording] = []
        self.caller = CallerOnLine(FRAMES, self.record)
        self.turns = play(take_message(limits), self.caller)
        self.sent = [next(self.turns)]
        self.outcome: Outcome | None = None

    def give(self, turns: Iterable[Heard]) -> Outcome | None:
        try:
            for turn in turns:
                self.sent.append(self.turns.send(turn))
        except StopIteration as end:
            self.outcome = end.value
        return self.outcome

    def record(self) -> Recording | None:
        if not self.inbox.storage_good:
            return None
        self.recordings.append(Recording(self.inbox, "front-desk", Caller()))
        self.recordings[-1].start()
        return self.recordings[-1]

    def sealed(self) -> None:
        """Let the sealing thread come to its end."""
        assert self.recordings[-1].wait(PATIENCE)

    def heard(self, sound: Sound) -> bool:
        """Was `sound` sent whole?"""
        return b"".join(FRAMES[sound]) in b"".join(self.sent)


def test_greeting_tone_and_then_silence_are_sent_a_frame_a_turn(inbox: FakeInbox) -> None:
    call = Table(inbox)
    call.give([()] * (TO_THE_TONE + 3))
    assert call.sent == [*FRAMES[Sound.GREETING], *FRAMES[Sound.TONE], *[SILENCE] * 4]
    call.turns.close()


def test_hash_during_the_greeting_goes_straight_to_the_tone(inbox: FakeInbox) -> None:
    call = Table(inbox)
    call.give([(), (HASH,)])
    call.give([()] * (len(FRAMES[Sound.TONE]) - 1))
    assert call.sent == [*FRAMES[Sound.GREETING][:2], *FRAMES[Sound.TONE]]
    call.turns.close()


def test_other_keys_during_the_greeting_change_nothing(inbox: FakeInbox) -> None:
    call = Table(inbox)
    call.give([tuple(Frame(Kind.KEY, bytes((key,))) for key in b"0123456789*ABCD")] * TO_THE_TONE)
    assert call.sent[:TO_THE_TONE] == [*FRAMES[Sound.GREETING], *FRAMES[Sound.TONE]]
    call.turns.close()


def test_only_what_was_said_between_tone_and_hash_is_recorded(inbox: FakeInbox) -> None:
    call, said = Table(inbox), speech(1.0, seed=2)
    call.give(heard(speech(TO_THE_TONE * 0.02, seed=3)))
    call.give(heard(said))
    call.give([(HASH, *heard(speech(0.02, seed=4))[0])])
    call.sealed()
    assert call.give([()] * 100) is Outcome.MESSAGE
    assert inbox.messages[0].sound == said
    assert call.heard(Sound.KEPT)


def test_a_pause_shorter_than_the_silence_that_ends_a_message_does_not_end_it(inbox: FakeInbox) -> None:
    call, said = Table(inbox), speech(0.5) + quiet(0.46) + speech(0.5)
    call.give([()] * TO_THE_TONE)
    assert call.give([*heard(said), (HANGUP,)]) is Outcome.MESSAGE
    call.sealed()
    assert inbox.messages[0].sound == said


def test_silence_ends_a_message_whether_it_is_sent_or_not(inbox: FakeInbox) -> None:
    for silence in (heard(quiet(0.5)), [()] * 25):
        call = Table(inbox)
        call.give([()] * TO_THE_TONE)
        call.give([*heard(speech(0.5)), *silence])
        call.sealed()
        assert call.give([()] * 100) is Outcome.MESSAGE
        assert call.heard(Sound.KEPT)


def test_silence_alone_leaves_no_message_and_a_goodbye(inbox: FakeInbox) -> None:
    call = Table(inbox)
    call.give([()] * TO_THE_TONE)
    assert call.give([*heard(quiet(0.5)), *[()] * 20]) is Outcome.NO_MESSAGE
    call.sealed()
    assert call.heard(Sound.GOODBYE)
    assert not inbox.messages


def test_the_longest_message_is_cut_at_the_sample(inbox: FakeInbox) -> None:
    call, said = Table(inbox), speech(3.0)
    call.give([()] * TO_THE_TONE)
    frames = [Frame(Kind.SOUND, said[start : start + 480]) for start in range(0, len(said), 480)]  # 30 ms each
    call.give([(frame,) for frame in frames])
    call.sealed()
    assert call.give([()] * 100) is Outcome.MESSAGE
    assert inbox.messages[0].sound == said[:32_000]
    assert call.heard(Sound.TIME_IS_UP)
    assert call.heard(Sound.KEPT)


def test_pressing_keys_is_not_silence_but_does_not_go_on_for_ever(inbox: FakeInbox) -> None:
    call = Table(inbox)
    call.give([()] * TO_THE_TONE)
    call.give(heard(speech(0.5)))
    assert call.give([(Frame(Kind.KEY, b"5"),)] * 100) is None  # 2 s, four times the silence that ends a message
    call.give([(Frame(Kind.KEY, b"5"),)] * 25)
    assert any(line.startswith("< Recorded longest") for line in call.caller.transcript)
    call.turns.close()


def test_hang_up_in_the_greeting_leaves_no_message(inbox: FakeInbox) -> None:
    call = Table(inbox)
    assert call.give([(), (HANGUP,)]) is Outcome.NO_MESSAGE
    call.sealed()
    assert inbox.deliveries[0].abandoned


def test_an_error_frame_is_a_hang_up(inbox: FakeInbox) -> None:
    call = Table(inbox)
    call.give([()] * TO_THE_TONE)
    assert call.give([*heard(speech(0.5)), (Frame(Kind.ERROR, b"\1"),)]) is Outcome.MESSAGE
    call.sealed()
    assert inbox.messages[0].sound == speech(0.5)


def test_a_card_known_to_be_bad_is_told_instead_of_the_greeting() -> None:
    call = Table(FakeInbox(storage_good=False))
    assert call.give([()] * 100) is Outcome.NOT_TAKEN
    assert call.sent == list(FRAMES[Sound.NOT_TAKEN])
    assert call.caller.recording is None


def test_a_full_inbox_cuts_the_greeting_short() -> None:
    call = Table(FakeInbox(on_begin=refuse(NoRoomError)))
    call.sealed()
    assert call.give([()] * 100) is Outcome.NOT_TAKEN
    assert call.heard(Sound.NOT_TAKEN)
    assert not call.heard(Sound.GREETING)


def test_a_card_that_fails_in_mid_message_is_told_at_once() -> None:
    call = Table(FakeInbox(on_append=refuse(NoRoomError)))
    call.give([()] * TO_THE_TONE)
    call.give(heard(speech(1.0)))
    call.sealed()
    assert call.give(heard(speech(1.0))) is Outcome.NOT_KEPT
    assert call.heard(Sound.NOT_KEPT)


def test_a_caller_waits_ten_seconds_at_most_for_the_message_to_be_safe() -> None:
    inbox = FakeInbox()
    call = Table(inbox)
    call.give([()] * TO_THE_TONE)
    call.recordings[-1].keep = lambda: None  # type: ignore[method-assign]  # a card that takes for ever
    call.give([*heard(speech(0.5)), (HASH,)])
    waited = len(call.sent)
    assert call.give([()] * 1000) is Outcome.NOT_KEPT
    assert len(call.sent) - waited == pytest.approx(500 + len(FRAMES[Sound.NOT_KEPT]), abs=2)


def test_a_call_that_is_torn_off_keeps_what_was_said(inbox: FakeInbox) -> None:
    call = Table(inbox)
    call.give([()] * TO_THE_TONE)
    call.give(heard(speech(0.5)))
    call.turns.close()
    call.sealed()
    assert inbox.messages[0].sound == speech(0.5)


def test_what_happened_can_be_read_as_a_transcript(inbox: FakeInbox) -> None:
    call = Table(inbox)
    call.give([(HANGUP,)])
    assert call.caller.transcript == ["> Prepare", "< Done", "> Play greeting #", "< HungUp", "> Discard", "< Done"]


ANY_TURN = st.lists(
    st.one_of(
        st.just(Frame(Kind.SOUND, speech(0.02))),
        st.just(Frame(Kind.SOUND, quiet(0.02))),
        st.builds(lambda octets: Frame(Kind.SOUND, octets * 2), st.binary(max_size=50)),
        st.builds(lambda key: Frame(Kind.KEY, bytes((key,))), st.integers(0, 255)),
        st.sampled_from([HANGUP, Frame(Kind.ERROR), Frame(Kind.UUID, bytes(16))]),
    ),
    max_size=4,
).map(tuple)


@settings(max_examples=50, deadline=None)
@given(st.lists(ANY_TURN, max_size=200), st.booleans())
def test_whatever_comes_in_at_any_turn_the_call_ends_and_its_recording_is_decided(
    turns: list[Heard], stays: bool
) -> None:
    inbox = FakeInbox()
    call = Table(inbox)
    try:
        call.give([*turns, *[() if stays else (HANGUP,)] * 800])
    except VoiceError:
        pass
    else:
        assert call.outcome is not None
    call.sealed()
    assert call.caller.recording is not None
    assert call.caller.recording.progress in {Progress.KEPT, Progress.DISCARDED}
    assert len(call.sent) <= len(turns) + 801


def test_frames_to_send_are_the_sound_itself() -> None:
    assert b"".join(frame[3:] for frame in to_frames(SPOKEN[Sound.KEPT])) == SPOKEN[Sound.KEPT]
