"""The sound of a call in packets (RFC 3550), 20 ms each, and keys as RFC 4733 has them: no sockets, no clock."""

from __future__ import annotations

import random
import struct
from collections import deque
from dataclasses import dataclass

from tests.rig import ulaw
from tests.rig.sip import DIGITS, SOUND

FRAME = 160  # samples in 20 ms
KEYS = "0123456789*#ABCD"
VOLUME = 10  # dBm0 below zero, RFC 4733 §2.3
LAST = 3  # packets that say a key was let go, RFC 4733 §2.5.1.4
LONGEST_GAP = 8000  # samples; a larger jump is a new stream, not lost sound


@dataclass(slots=True)
class _Key:
    event: int
    packets: int
    sent: int = 0


@dataclass(frozen=True, slots=True)
class _Sound:
    octets: bytes


class Outgoing:
    """What the caller sends: a queue of sound, silence and keys, one packet asked of it every 20 ms; silence when it is empty."""

    def __init__(self) -> None:
        self._queue: deque[_Sound | _Key] = deque()
        self._part = b""
        self._sequence = random.getrandbits(15)
        self._time = random.getrandbits(31)
        self._source = random.getrandbits(32)
        self._first = True
        self.frames = 0

    def say(self, pcm: bytes) -> None:
        self._queue.append(_Sound(ulaw.encode(pcm)))

    def rest(self, seconds: float) -> None:
        self._queue.append(_Sound(ulaw.SILENCE * (round(seconds * 50) * FRAME)))

    def press(self, key: str, hold: float, gap: float) -> None:
        self._queue.append(_Key(KEYS.index(key), max(1, round(hold * 50))))
        self.rest(gap)

    @property
    def done(self) -> bool:
        """Whether everything queued has been sent."""
        return not self._queue and not self._part

    def packet(self) -> bytes:
        """The packet for the next 20 ms."""
        while not self._part and self._queue:
            match self._queue[0]:
                case _Key() as key:
                    return self._key(key)
                case _Sound(octets):
                    self._part = octets
                    self._queue.popleft()
        octets, self._part = self._part[:FRAME], self._part[FRAME:]
        marker, self._first = self._first, False
        header = self._header(SOUND, marker, self._time)
        self._time += FRAME
        self.frames += 1
        return header + octets.ljust(FRAME, ulaw.SILENCE)

    def _key(self, key: _Key) -> bytes:
        """All packets of one key carry the time at which it was pressed."""
        header = self._header(DIGITS, key.sent == 0, self._time)
        ended = key.sent >= key.packets
        duration = min(key.sent + 1, key.packets) * FRAME
        key.sent += 1
        if key.sent == key.packets + LAST:
            self._queue.popleft()
            self._time += key.sent * FRAME
        return header + struct.pack(">BBH", key.event, 0x80 * ended | VOLUME, duration)

    def _header(self, kind: int, marker: bool, time: int) -> bytes:
        self._sequence += 1
        return struct.pack(
            ">BBHII", 0x80, kind | 0x80 * marker, self._sequence & 0xFFFF, time & 0xFFFFFFFF, self._source & 0xFFFFFFFF
        )


class Incoming:
    """What comes back, put together by its time stamps; sound that is missing is silence."""

    def __init__(self) -> None:
        self._octets = bytearray()
        self._due: int | None = None
        self.frames = 0

    def take(self, datagram: bytes) -> None:
        if len(datagram) < 12 or datagram[1] & 0x7F != SOUND:
            return
        (time,) = struct.unpack_from(">I", datagram, 4)
        if self._due is not None and 0 < (gap := time - self._due & 0xFFFFFFFF) <= LONGEST_GAP:
            self._octets += ulaw.SILENCE * gap
        self._octets += datagram[12:]
        self._due = time + len(datagram) - 12
        self.frames += 1

    def pcm(self, start: int = 0) -> bytes:
        """From this sample on: 16-bit little-endian samples, 8,000 a second."""
        return ulaw.decode(bytes(self._octets[start:]))

    @property
    def samples(self) -> int:
        return len(self._octets)
