"""What the content of a message is in clear: a WAV file or a TIFF file, put together from the parts as they came.

A voicemail's parts are sound (16-bit little-endian samples, 8 kHz, one channel: what AudioSocket delivers); its content is a WAV header and then the parts.
A fax's parts are the pieces of one TIFF file in their order; its content is the parts and nothing else.
"""

from __future__ import annotations

import struct
from typing import Final

from appliance.messages import Kind

SOUND_RATE: Final = 8000  # samples a second
SAMPLE_BYTES: Final = 2
SECOND_BYTES: Final = SOUND_RATE * SAMPLE_BYTES

MEDIA_TYPES: Final = {Kind.VOICEMAIL: "audio/wav", Kind.FAX: "image/tiff"}

_WAV: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")  # RIFF WAVE, one "fmt " chunk of 16 octets, one "data" chunk
_PCM: Final = 1


def head(kind: Kind, parts_bytes: int) -> bytes:
    """What stands before `parts_bytes` octets of parts in the content."""
    match kind:
        case Kind.VOICEMAIL:
            return _wav_header(parts_bytes)
        case Kind.FAX:
            return b""


def duration(kind: Kind, parts_bytes: int) -> float:
    """Seconds of sound in `parts_bytes` octets of parts; 0 for a fax."""
    match kind:
        case Kind.VOICEMAIL:
            return parts_bytes / SECOND_BYTES
        case Kind.FAX:
            return 0.0


def must_fit(kind: Kind, part: bytes) -> None:
    """Raises `ValueError` when `part` cannot be one: nothing at all, or half a sample, after which all sound would be noise."""
    if not part or (kind is Kind.VOICEMAIL and len(part) % SAMPLE_BYTES):
        raise ValueError("a part of a message is one octet or more, and sound comes in whole samples")


def _wav_header(data_bytes: int) -> bytes:
    rate = SOUND_RATE * SAMPLE_BYTES
    form = (b"fmt ", 16, _PCM, 1, SOUND_RATE, rate, SAMPLE_BYTES, 8 * SAMPLE_BYTES)
    return _WAV.pack(b"RIFF", 36 + data_bytes, b"WAVE", *form, b"data", data_bytes)
