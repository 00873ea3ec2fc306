"""What the box says to a caller and when: the conversation as a script, in reading order.

A script is a generator. It yields a `Step` (what to do next on the line) and is sent the `Event` that came of it; it returns an `Outcome`. It knows neither
sockets nor threads nor clocks: `player` performs the steps, and what it notes of steps and events is a transcript that a test can replay.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, TypeVar

from appliance.errors import BadCallError, CallerGoneError, MessageRefusedError

PATIENCE: Final = 10.0  # s that a caller is kept waiting for the message to be safe; beyond it people have hung up
END_KEY: Final = "#"


class Sound(StrEnum):
    """What the caller may hear. All but the tone are spoken texts in prompts.toml."""

    GREETING = "greeting"
    TONE = "tone"
    KEPT = "kept"
    TIME_IS_UP = "time-is-up"
    GOODBYE = "goodbye"
    BUSY = "busy"
    NOT_TAKEN = "not-taken"  # no message can be taken now
    NOT_KEPT = "not-kept"  # a message was spoken, and may be lost


class Ending(StrEnum):
    """Why a recording ended."""

    HUNG_UP = "hung-up"
    KEY = "key"
    SILENCE = "silence"
    LONGEST = "longest"
    REFUSED = "refused"  # the inbox cannot keep it


class Outcome(StrEnum):
    """What came of a call, for the log."""

    MESSAGE = "message"
    NO_MESSAGE = "no message"
    NOT_TAKEN = "not taken"
    NOT_KEPT = "not kept"
    TURNED_AWAY = "turned away"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds."""

    longest: float  # message
    silence: float  # that ends a message
    shortest: float  # actual sound that makes a message


class Shown:
    """Shows itself as a line of a transcript: its name, then what it carries."""

    __slots__ = ()

    def __str__(self) -> str:
        carried = (getattr(self, item.name) for item in fields(self))  # type: ignore[arg-type]  # every heir is a dataclass
        return " ".join((type(self).__name__, *(str(value) for value in carried if value != "")))


@dataclass(frozen=True, slots=True)
class Prepare(Shown):
    """Open a recording while the greeting plays, so that a full or broken card is known before the tone. -> Done, Refused"""


@dataclass(frozen=True, slots=True)
class Play(Shown):
    """Let the caller hear a sound; a key of `until` cuts it short. -> Done, Pressed, HungUp, Refused"""

    sound: Sound
    until: str = ""


@dataclass(frozen=True, slots=True)
class Record(Shown):
    """Record what the caller says. -> Recorded"""

    longest: float  # s
    silence: float  # s


@dataclass(frozen=True, slots=True)
class Keep(Shown):
    """What was recorded is a message: hand it to the inbox, without waiting. -> Done"""


@dataclass(frozen=True, slots=True)
class Discard(Shown):
    """What was recorded, if anything, is no message. -> Done"""


@dataclass(frozen=True, slots=True)
class AwaitKept(Shown):
    """Wait until the inbox has the message for good. -> Kept, NotKept, HungUp"""

    within: float  # s


Step = Prepare | Play | Record | Keep | Discard | AwaitKept


@dataclass(frozen=True, slots=True)
class Done(Shown):
    """The step was done to its end."""


@dataclass(frozen=True, slots=True)
class Pressed(Shown):
    """The caller pressed a key that counts here."""

    key: str


@dataclass(frozen=True, slots=True)
class HungUp(Shown):
    """The caller is gone."""


@dataclass(frozen=True, slots=True)
class Refused(Shown):
    """The inbox can take no message."""


@dataclass(frozen=True, slots=True)
class Recorded(Shown):
    """A recording has ended."""

    ending: Ending
    sound: float  # s of actual sound in it


@dataclass(frozen=True, slots=True)
class Kept(Shown):
    """The message is sealed and flushed: only now may the caller be told so."""


@dataclass(frozen=True, slots=True)
class NotKept(Shown):
    """The message could not be kept, or not in time."""


Event = Done | Pressed | HungUp | Refused | Recorded | Kept | NotKept

T = TypeVar("T")
Script = Generator[Step, Event, T]


def take_message(limits: Limits) -> Script[Outcome]:
    """Greeting, tone, message, thanks. Raises `BadCallError` on an event that does not answer the step."""
    try:
        yield from do(Prepare())
        yield from say(Sound.GREETING, until=END_KEY)
        yield from say(Sound.TONE)
    except CallerGoneError:
        yield from do(Discard())
        return Outcome.NO_MESSAGE
    except MessageRefusedError:
        return (yield from refuse(Sound.NOT_TAKEN, Outcome.NOT_TAKEN))
    match (yield Record(limits.longest, limits.silence)):
        case Recorded(Ending.REFUSED):
            return (yield from refuse(Sound.NOT_KEPT, Outcome.NOT_KEPT))
        case Recorded(ending, sound) if sound < limits.shortest:
            return (yield from dismiss(ending))
        case Recorded(ending):
            return (yield from keep(ending))
        case other:
            raise BadCallError(f"{other} while recording.")


def keep(ending: Ending) -> Script[Outcome]:
    """Hand the message over, and tell a caller who is still there how it went."""
    yield from do(Keep())
    if ending is Ending.HUNG_UP:
        return Outcome.MESSAGE
    try:
        if ending is Ending.LONGEST:
            yield from say(Sound.TIME_IS_UP)
        match (yield AwaitKept(PATIENCE)):
            case Kept():
                yield from say(Sound.KEPT)
            case NotKept():
                return (yield from refuse(Sound.NOT_KEPT, Outcome.NOT_KEPT))
            case other:
                answer(other)
    except CallerGoneError:
        pass  # the message is on its way all the same
    return Outcome.MESSAGE


def dismiss(ending: Ending) -> Script[Outcome]:
    """Nothing was said: no message."""
    yield from do(Discard())
    if ending is not Ending.HUNG_UP:
        yield from say_last(Sound.GOODBYE)
    return Outcome.NO_MESSAGE


def refuse(sound: Sound, outcome: Outcome) -> Script[Outcome]:
    """Tell the caller what cannot be done."""
    yield from say_last(sound)
    return outcome


def turn_away() -> Script[Outcome]:
    """More callers than lines: ask for another call."""
    yield from say_last(Sound.BUSY)
    return Outcome.TURNED_AWAY


def say(sound: Sound, until: str = "") -> Script[None]:
    """Let the caller hear `sound`. Raises `CallerGoneError`, `MessageRefusedError`."""
    match (yield Play(sound, until)):
        case Done() | Pressed():
            return
        case other:
            answer(other)


def say_last(sound: Sound) -> Script[None]:
    """Let the caller hear `sound`, after which the call ends in any case."""
    try:
        yield from say(sound)
    except (CallerGoneError, MessageRefusedError):
        return


def do(step: Step) -> Script[None]:
    """Have a step done that asks nothing of the caller."""
    event = yield step
    if event != Done():
        answer(event)


def answer(event: Event) -> None:
    """Raise what an unhoped-for event means."""
    match event:
        case HungUp():
            raise CallerGoneError
        case Refused():
            raise MessageRefusedError
        case Done() | Pressed() | Recorded() | Kept() | NotKept():
            raise BadCallError(f"{event} came out of turn.")
