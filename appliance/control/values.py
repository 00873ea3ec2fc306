"""What daemon, page, console and command tell each other: typed values on both sides of one Unix socket.

The wire is one JSON object a line, UTF-8, at most 64 KiB. A request is `{"verb": ..., "arguments": {...}}`, its answer `{"ok": ...}` or
`{"error": {"kind": ..., "message": ...}}`. `subscribe` turns the connection into a stream of `{"event": ...}` lines. No number, name or content of a
message ever travels here: the page reads those from the sealed files, with a person's key, and what somebody writes on one comes sealed.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import types
import typing
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, TypeVar

from appliance.errors import ControlError
from appliance.speech import put_together

V = TypeVar("V")


class Verb(StrEnum):
    """What the daemon can be asked. `by` is who asks, by log-in name, for the record: "root" at the box itself without a person's key."""

    STATUS = "status"  # -> Status
    MARK_HEARD = "mark-heard"  # id, heard, by -> nothing
    NOTE = "note"  # id, number, at, sealed, by -> nothing, once it is kept
    ERASE = "erase"  # id, by -> nothing
    UNDO_ERASE = "undo-erase"  # id, by -> nothing
    HOLD = "hold"  # id, sealed (why), by -> nothing
    RELEASE = "release"  # id, sealed (why), by -> nothing
    LOCK = "lock"  # drop every session of the page; by -> nothing
    PURGE = "purge"  # dry_run, by -> tuple[Due, ...]
    PUT_PERSON = "put-person"  # files, by -> nothing
    SHOW_CLAIM = "show-claim"  # -> the code that claims a new box
    CHECK_CLAIM = "check-claim"  # code, address -> nothing
    CLAIM = "claim"  # code, address, founding -> nothing
    BEGIN_ROTATION = "begin-rotation"  # exchange, by -> nothing
    PUT_EPOCHS = "put-epochs"  # resealed, by -> nothing
    GIVE_UP_KEYS = "give-up-keys"  # names, proof, by -> nothing
    COMMIT_ROTATION = "commit-rotation"  # proof, by -> nothing
    DROP_ROTATION = "drop-rotation"  # proof, by -> nothing
    MEND_KEYS = "mend-keys"  # mended, by -> the names of what was missing and is no more
    NOTE_EMERGENCY = "note-emergency"  # why, proof -> nothing
    NOTE_TRIAL = "note-trial"  # proof -> nothing
    TOLD = "told"  # by, numbers -> nothing
    REMOVE_PERSON = "remove-person"  # removal, by -> nothing
    DECIDE = "decide"  # choice -> nothing
    SET_POLICY = "set-policy"  # by, language, text -> nothing
    ACKNOWLEDGE_POLICY = "acknowledge-policy"  # by, version -> nothing
    PUT_FACTORS = "put-factors"  # files, by -> nothing
    RESET_FACTORS = "reset-factors"  # name, by, proof -> nothing
    FINGERPRINT = "fingerprint"  # of the box's own CA -> Fingerprint
    RECORD = "record"  # deed -> nothing, once it is on record
    SUBSCRIBE = "subscribe"  # -> a stream of Event


class Peer(StrEnum):
    """Who is at the other end, told by the kernel (SO_PEERCRED)."""

    PAGE = "page"
    CONSOLE = "console"
    OWNER = "owner"  # the daemon's own user or root: the `keepline` command


MAY_ASK = {
    Verb.STATUS: {Peer.PAGE, Peer.CONSOLE, Peer.OWNER},
    Verb.MARK_HEARD: {Peer.PAGE, Peer.OWNER},
    Verb.NOTE: {Peer.PAGE},
    Verb.ERASE: {Peer.PAGE, Peer.OWNER},
    Verb.UNDO_ERASE: {Peer.PAGE, Peer.OWNER},
    Verb.HOLD: {Peer.PAGE, Peer.OWNER},
    Verb.RELEASE: {Peer.PAGE, Peer.OWNER},
    Verb.LOCK: {Peer.PAGE, Peer.CONSOLE, Peer.OWNER},
    Verb.PURGE: {Peer.OWNER},
    Verb.PUT_PERSON: {Peer.PAGE, Peer.OWNER},
    Verb.REMOVE_PERSON: {Peer.PAGE, Peer.OWNER},
    Verb.SHOW_CLAIM: {Peer.CONSOLE, Peer.OWNER},
    Verb.CHECK_CLAIM: {Peer.PAGE, Peer.OWNER},
    Verb.CLAIM: {Peer.PAGE, Peer.OWNER},
    Verb.BEGIN_ROTATION: {Peer.PAGE, Peer.OWNER},
    Verb.PUT_EPOCHS: {Peer.PAGE, Peer.OWNER},
    Verb.GIVE_UP_KEYS: {Peer.PAGE, Peer.OWNER},
    Verb.COMMIT_ROTATION: {Peer.PAGE, Peer.OWNER},
    Verb.DROP_ROTATION: {Peer.PAGE, Peer.OWNER},
    Verb.MEND_KEYS: {Peer.OWNER},  # the daemon cannot look whether it is right, and who may ask could write it as well
    Verb.NOTE_EMERGENCY: {Peer.PAGE, Peer.OWNER},
    Verb.NOTE_TRIAL: {Peer.OWNER},  # from the page it would be a use of which no exchange follows
    Verb.TOLD: {Peer.PAGE, Peer.OWNER},
    Verb.DECIDE: {Peer.PAGE, Peer.OWNER},
    Verb.SET_POLICY: {Peer.PAGE, Peer.OWNER},
    Verb.ACKNOWLEDGE_POLICY: {Peer.PAGE, Peer.OWNER},
    Verb.PUT_FACTORS: {Peer.PAGE, Peer.OWNER},
    Verb.RESET_FACTORS: {Peer.PAGE, Peer.OWNER},
    Verb.FINGERPRINT: {Peer.PAGE, Peer.CONSOLE, Peer.OWNER},
    Verb.RECORD: {Peer.PAGE, Peer.CONSOLE, Peer.OWNER},
    Verb.SUBSCRIBE: {Peer.PAGE, Peer.OWNER},
}


class Event(StrEnum):
    """What a subscriber hears of."""

    CHANGED = "changed"  # the inbox holds something new or no longer holds something
    LOCKED = "locked"  # every session ends now
    PERSON_CHANGED = (
        "person-changed"  # somebody's role, mailboxes, password, key or second factor; the page finds out whose
    )


class Level(StrEnum):
    """How well a part of the box is."""

    GOOD = "good"
    ATTENTION = "attention"  # somebody should look at it today
    FAULT = "fault"  # something does not work


class Lamp(StrEnum):
    """A lamp on the panel."""

    MESSAGE = "message"
    LINE = "line"
    FAULT = "fault"


class Light(StrEnum):
    """How a lamp is lit."""

    OFF = "off"
    ON = "on"
    BLINKING = "blinking"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the box and how it is: a level for the eye and a sentence for the person, with what to do when it is not good."""

    name: str  # "Line", "Disk", "Clock"
    level: Level
    text: str  # the sentence, with a place such as "%(count)s" for each of `values`: so it can be said in another language
    values: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """In English."""
        return put_together(self.text, self.values)


@dataclass(frozen=True, slots=True)
class Fault:
    """The last thing that went wrong."""

    at: float  # s since 1970, UTC
    text: str  # as of a part
    values: dict[str, str] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """In English."""
        return put_together(self.text, self.values)


@dataclass(frozen=True, slots=True)
class Day:
    """What the record tells of one day, in numbers."""

    date: str  # "2026-11-21", in the practice's zone
    voicemails: int = 0
    faxes: int = 0
    log_ins: int = 0
    failed: int = 0  # log-ins
    opened: int = 0  # looks at messages
    removed: int = 0


@dataclass(frozen=True, slots=True)
class RecordState:
    """How far the record has come. Whoever writes head and number down can tell later whether it is still the same record."""

    sequence: int  # of the last line
    hash: str  # its beginning, in groups of four
    yesterday: Day | None


@dataclass(frozen=True, slots=True)
class Status:
    """How the box is, in plain words."""

    now: float  # the box's clock, s since 1970, UTC
    parts: tuple[Part, ...]
    calls: int  # calls in progress
    new_messages: int
    next_purge: float | None
    last_fault: Fault | None
    lamps: dict[Lamp, Light]
    record: RecordState | None = None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a certificate, in capital hexadecimal digits."""

    sha256: str
    sha1: str  # the short one, which some systems show when they ask

    def lines(self) -> tuple[str, ...]:
        """The long one for the eye, broken everywhere alike: four lines of four groups of four digits."""
        groups = [self.sha256[place : place + 4] for place in range(0, len(self.sha256), 4)]
        return tuple(" ".join(groups[line : line + 4]) for line in range(0, len(groups), 4))

    def short(self) -> str:
        """The short one, likewise."""
        return " ".join(self.sha1[place : place + 4] for place in range(0, len(self.sha1), 4))


@dataclass(frozen=True, slots=True)
class Due:
    """A message that a purge would take, or has taken."""

    id: str
    reason: str


def pack(value: Any) -> Any:
    """`value` (dataclasses, enums, tuples, dicts, octets, plain) as what JSON can carry."""
    match value:
        case Enum():
            return value.value
        case dict():
            return {pack(key): pack(item) for key, item in value.items()}
        case list() | tuple():
            return [pack(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {item.name: pack(getattr(value, item.name)) for item in dataclasses.fields(value)}
        case _:
            return value


def unpack(kind: Any, data: Any) -> Any:
    """`data` from JSON as a value of type `kind`; raises `ControlError` when it is not one."""
    try:
        return _unpack(kind, data)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ControlError(f"an answer has the wrong form: {type(error).__name__}.") from None


def _unpack(kind: Any, data: Any) -> Any:  # noqa: PLR0911 - a table of types reads best as one
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return tuple(_unpack(arguments[0], item) for item in _typed(list, data))
    if origin is dict:
        return {_unpack(arguments[0], key): _unpack(arguments[1], item) for key, item in _typed(dict, data).items()}
    if origin in {typing.Union, types.UnionType}:
        return None if data is None else _unpack(next(item for item in arguments if item is not type(None)), data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(
            **{item.name: _unpack(hints[item.name], _typed(dict, data)[item.name]) for item in dataclasses.fields(kind)}
        )
    if kind is bytes:
        return base64.b64decode(_typed(str, data), validate=True)
    if kind is float and type(data) is int:
        return float(data)
    return _typed(kind, data)


def _typed(kind: Any, data: Any) -> Any:
    if kind is type(None) and data is None:
        return None
    if not isinstance(data, kind) or (kind is not bool and isinstance(data, bool)):
        raise TypeError
    return data
