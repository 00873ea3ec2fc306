"""What the store tells about itself: receipts, what can be wrong with a file, how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from appliance.messages import Kind


class Extent(StrEnum):
    """How far a message is gone."""

    DELETED = "deleted"  # unlinked; what the card may still hold is sealed


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is kept of a message that went: that it went, when, why and how far."""

    message_id: str
    kind: Kind
    at: float  # s since 1970, UTC
    reason: str
    extent: Extent
    epoch_destroyed: bool  # nothing else was sealed to its epoch, so the epoch's key went with it


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the box has come."""

    last_sequence: int  # no message gets one up to this again
    changes: int  # grows with every change of the index
    last_event: float  # latest time that a trusted clock gave, s since 1970, UTC
    record_sequence: int = 0  # how far the record had come when the index was last written: its last line's number ...
    record_hash: str = ""  # ... and hash


class Trouble(StrEnum):
    """What can be wrong with a file, in words for a person."""

    MISSING = "is missing: it stands in the list and its file is gone"
    CHANGED = "was changed or damaged since it was sealed"
    NO_KEY = "is missing: it holds the key of messages in the list"
    FOREIGN = "belongs to no message in the list"
