"""AudioSocket's frames: what Asterisk and we say to each other over the socket that carries a call's sound.

One octet of kind, two of length (big-endian), then the payload. Sound is signed 16-bit little-endian at 8 kHz, mono ("slin"), 320 octets each 20 ms.
Source: Asterisk's res_audiosocket.c and the protocol page of its author. No I/O here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from appliance.errors import BadCallError

TICK: Final = 0.02  # s of sound in a frame
TICK_OCTETS: Final = 320  # of sound in a frame
SECOND_OCTETS: Final = 16_000  # of sound in a second
_HEADER: Final = 3  # octets: kind and length
_MOST_SOUND: Final = (
    3_200  # octets in a frame we still believe: 200 ms, twice the longest packet Asterisk makes (ptime 100)
)


class Kind(IntEnum):
    """What a frame carries."""

    HANGUP = 0x00
    UUID = 0x01
    KEY = 0x03  # one DTMF key, ASCII
    SOUND = 0x10
    ERROR = 0xFF


_KINDS: Final = {int(kind): kind for kind in Kind}

#: Which lengths of payload each kind may have.
_SIZES: Final = {
    Kind.HANGUP: range(256),  # nothing today; later versions may give a reason
    Kind.UUID: range(16, 17),
    Kind.KEY: range(1, 2),
    Kind.SOUND: range(0, _MOST_SOUND + 1, 2),
    Kind.ERROR: range(256),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Shown without its payload, which is somebody's voice or somebody's number."""

    kind: Kind
    payload: bytes = b""

    def __repr__(self) -> str:
        return f"Frame({self.kind.name}, {len(self.payload)} octets)"

    def to_bytes(self) -> bytes:
        """The frame as it travels."""
        return bytes((self.kind,)) + len(self.payload).to_bytes(2, "big") + self.payload


Heard = tuple[Frame, ...]  # what came in since the last look, in order

HANGUP: Final = Frame(Kind.HANGUP)
SILENCE: Final = Frame(Kind.SOUND, bytes(TICK_OCTETS)).to_bytes()  # 20 ms of it, ready to send


def to_frames(sound: bytes) -> tuple[bytes, ...]:
    """`sound` as frames ready to send, the last one filled up with silence."""
    cuts = range(0, len(sound), TICK_OCTETS)
    return tuple(Frame(Kind.SOUND, sound[cut : cut + TICK_OCTETS].ljust(TICK_OCTETS, b"\0")).to_bytes() for cut in cuts)


class Decoder:
    """Puts frames together from whatever pieces the socket hands over.

    Frames of a kind that we do not know are passed over, so that a later Asterisk may say more; a known kind of a wrong length is an error.
    It never keeps more than one frame's worth of octets.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> Heard:
        """The frames that are whole now; raises `BadCallError` when the next one is wrong, after those before it were given."""
        data = self._rest + octets
        frames: list[Frame] = []
        start = 0
        while (size := _payload(data, start)) is not None:
            kind = _KINDS.get(data[start])
            if kind is not None and size not in _SIZES[kind]:
                if not frames:
                    raise BadCallError(f"an AudioSocket frame of kind {kind.name} has {size} octets.")
                break
            if (end := start + _HEADER + size) > len(data):
                break
            if kind is not None:
                frames.append(Frame(kind, data[start + _HEADER : end]))
            start = end
        self._rest = data[start:]
        return tuple(frames)


def _payload(data: bytes, start: int) -> int | None:
    """Octets of payload in the frame at `start`, None while its header is not whole."""
    return data[start + 1] << 8 | data[start + 2] if len(data) - start >= _HEADER else None
