"""Performs a call's script on the line: each turn is 20 ms, one frame out, whatever came in back.

A generator too, so that it needs no socket, thread or clock: it yields the frame to send and is sent the frames that were heard in the meantime. The
line's own time is counted in turns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol, TypeVar

from appliance.voice.audiosocket import SECOND_OCTETS, SILENCE, TICK, Frame, Heard, Kind
from appliance.voice.callflow import (
    END_KEY,
    AwaitKept,
    Discard,
    Done,
    Ending,
    Event,
    HungUp,
    Keep,
    Kept,
    NotKept,
    Play,
    Prepare,
    Pressed,
    Record,
    Recorded,
    Refused,
    Script,
    Sound,
    Step,
)
from appliance.voice.tones import Ear

_SLACK: Final = 1.0  # s by which a longest message may be late: sound comes in less than its own time, never in more

T = TypeVar("T")
Turns = Generator[bytes, Heard, T]  # yields the frame to send, is sent what was heard


def play(script: Script[T], caller: CallerOnLine) -> Turns[T]:
    """Play `script` to its end. Whatever happens, a recording that was begun is decided: kept if it holds sound, else discarded."""
    try:
        step = next(script)
        while True:
            event = yield from caller.perform(step)
            caller.transcript += (f"> {step}", f"< {event}")
            try:
                step = script.send(event)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]  # typeshed types StopIteration.value as Any
    finally:
        caller.leave()


class Progress(Enum):
    """How far a recording has come, as the line thread sees it."""

    TAKING = "taking"
    FAILED = "failed"  # the inbox takes it not, or not to its end
    KEPT = "kept"
    DISCARDED = "discarded"


class Tape(Protocol):
    """What a recording is to the line: it takes sound and never makes anybody wait."""

    @property
    def progress(self) -> Progress:
        """How far it is."""

    def add(self, sound: bytes, /) -> None:
        """Some sound came from the line."""

    def keep(self) -> None:
        """It is a message."""

    def discard(self) -> None:
        """It is no message. Does nothing once it was decided otherwise."""


@dataclass(slots=True)
class CallerOnLine:
    """The other end, to be played to and listened to."""

    sounds: Mapping[Sound, tuple[bytes, ...]]  # as frames ready to send
    record: Callable[[], Tape | None]  # starts a recording; None when it is known that nothing can be stored
    recording: Tape | None = None
    ear: Ear | None = None
    told: bool = False  # has the script heard that the inbox refuses?
    transcript: list[str] = field(default_factory=list)  # steps and events; only logged after the call: a log may wait

    def perform(self, step: Step) -> Turns[Event]:
        """Do one step; what came of it."""
        match step:
            case Prepare():
                return self._prepare()
            case Play(sound, until):
                return (yield from self._play(sound, until))
            case Record(longest, silence):
                return (yield from self._record(longest, silence))
            case Keep():
                return self._keep()
            case Discard():
                return self._discard()
            case AwaitKept(within):
                return (yield from self._await_kept(within))

    def leave(self) -> None:
        """The script is over. Sound that nobody decided about is kept: better a message too many than one lost."""
        if self.recording is not None:
            if self.ear is not None and self.ear.sound:
                self.recording.keep()
            self.recording.discard()

    def _prepare(self) -> Event:
        self.recording = self.record()
        return Refused() if self.recording is None else Done()

    def _keep(self) -> Event:
        if self.recording is not None:
            self.recording.keep()
        return Done()

    def _discard(self) -> Event:
        if self.recording is not None:
            self.recording.discard()
        return Done()

    def _play(self, sound: Sound, until: str) -> Turns[Event]:
        for out in self.sounds[sound]:
            for frame in (yield out):
                if gone(frame):
                    return HungUp()
                if (key := pressed(frame)) and key in until:
                    return Pressed(key)
            if self._failed() and not self.told and self.ear is None:  # once recorded, AwaitKept asks for it
                self.told = True
                return Refused()
        return Done()

    def _record(self, longest: float, silence: float) -> Turns[Event]:
        if self.recording is None:
            return Refused()
        self.ear = ear = Ear()
        room = int(longest * SECOND_OCTETS) & ~1  # whole samples
        while True:
            for frame in (yield SILENCE):
                if gone(frame):
                    return Recorded(Ending.HUNG_UP, ear.sound)
                if pressed(frame) == END_KEY:
                    return Recorded(Ending.KEY, ear.sound)
                self._take(frame, room)
            ear.wait(TICK)
            if self._failed():
                return Recorded(Ending.REFUSED, ear.sound)
            if ear.octets >= room or ear.time >= longest + _SLACK:
                return Recorded(Ending.LONGEST, ear.sound)
            if ear.quiet >= silence:
                return Recorded(Ending.SILENCE, ear.sound)

    def _take(self, frame: Frame, room: int) -> None:
        """One frame of a message, for which there are `room` octets."""
        if self.recording is None or self.ear is None:
            return
        if frame.kind is Kind.KEY:
            self.ear.notice()
        elif frame.kind is Kind.SOUND and (sound := frame.payload[: room - self.ear.octets]):
            self.recording.add(sound)
            self.ear.hear(sound)

    def _await_kept(self, within: float) -> Turns[Event]:
        for _ in range(round(within / TICK)):
            if self.recording is None or self._failed():
                return NotKept()
            if self.recording.progress is Progress.KEPT:
                return Kept()
            if any(gone(frame) for frame in (yield SILENCE)):
                return HungUp()
        return NotKept()

    def _failed(self) -> bool:
        return self.recording is not None and self.recording.progress is Progress.FAILED


def gone(frame: Frame) -> bool:
    """Does `frame` say that the caller is no longer there?"""
    return frame.kind is Kind.HANGUP or frame.kind is Kind.ERROR


def pressed(frame: Frame) -> str:
    """The key that `frame` says was pressed, or nothing."""
    return frame.payload.decode("latin-1") if frame.kind is Kind.KEY else ""
