"""Asterisk as our two servers see it: a FastAGI client that obeys, and an AudioSocket client that carries the sound. Real sockets, no Asterisk."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
import uuid
from array import array
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

TICK = 0.02
FRAME = 320
PATIENCE = 60.0  # s that anything may take on a busy machine

ENVIRONMENT = {
    "agi_network": "yes",
    "agi_request": "agi://127.0.0.1/keepline",
    "agi_channel": "PJSIP/line-00000001",
    "agi_language": "en",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1700000000.1",
    "agi_version": "22.10.1",
    "agi_callingpres": "0",
    "agi_context": "from-line",
    "agi_extension": "s",
    "agi_priority": "1",
}


def frame(kind: int, payload: bytes = b"") -> bytes:
    """One AudioSocket frame."""
    return struct.pack(">BH", kind, len(payload)) + payload


def speech(seconds: float, seed: int = 1, level: int = 3000) -> bytes:
    """Loud samples that nobody else has: noise from `seed`."""
    noise = random.Random(seed)
    return array("h", (noise.randint(-level, level) for _ in range(round(seconds * 8000)))).tobytes()


def quiet(seconds: float) -> bytes:
    """Silence."""
    return bytes(round(seconds * 8000) * 2)


@dataclass
class FakeCall:
    """One call: AGI obeyed on a thread of its own, sound sent by the test, sound heard collected on another."""

    agi_port: int
    number: str = "5551234"
    name: str = "Jane Caller"
    pres: str = "0"
    heard: bytearray = field(default_factory=bytearray)
    commands: list[str] = field(default_factory=list)
    started_at: float = 0.0
    first_sound_at: float = 0.0

    def __enter__(self) -> Self:
        self.sounding, self.over, self.spoke = threading.Event(), threading.Event(), threading.Event()
        self.hung_up_by_us = False
        self.audio: socket.socket | None = None
        self.started_at = time.monotonic()
        self.agi = socket.create_connection(("127.0.0.1", self.agi_port))
        self.threads = [threading.Thread(target=self._obey, daemon=True)]
        self.threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()

    def say(self, sound: bytes, pace: bool = True) -> None:
        """Speak `sound`, 20 ms each 20 ms (or all at once); stops quietly when the line is closed."""
        assert self.sounding.wait(PATIENCE), "nobody fetched the sound"
        assert self.audio is not None
        due = time.monotonic()
        for start in range(0, len(sound), FRAME):
            self.send(frame(0x10, sound[start : start + FRAME]))
            due += TICK
            if pace and self.over.wait(max(0.0, due - time.monotonic())):
                return

    def send(self, octets: bytes) -> None:
        """Anything at all over the sound connection."""
        assert self.sounding.wait(PATIENCE), "nobody fetched the sound"
        assert self.audio is not None
        try:
            self.audio.sendall(octets)
        except OSError:
            self.over.set()

    def press(self, keys: str) -> None:
        """Keys, as Asterisk passes them on."""
        for key in keys:
            self.send(frame(0x03, key.encode()))

    def hear(self, octets: int, within: float = PATIENCE) -> bytes:
        """What was heard, once it is `octets` long."""
        until = time.monotonic() + within
        while len(self.heard) < octets and not self.over.wait(TICK / 2):
            assert time.monotonic() < until, f"heard only {len(self.heard)} octets"
        return bytes(self.heard)

    def hears(self, sound: bytes, within: float = PATIENCE) -> bool:
        """Is `sound` heard before the line closes or time is up?"""
        until = time.monotonic() + within
        while sound not in self.heard:
            if self.over.wait(TICK) or time.monotonic() > until:
                return sound in self.heard
        return True

    def hang_up(self) -> None:
        """The caller hangs up: Asterisk closes without a word."""
        self.hung_up_by_us = True
        for line in (self.audio, self.agi):
            if line is not None:
                try:
                    line.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def _obey(self) -> None:
        given = {
            **ENVIRONMENT,
            "agi_callerid": self.number,
            "agi_calleridname": self.name,
            "agi_callingpres": self.pres,
        }
        with self.agi, self.agi.makefile("rwb", 0) as lines:
            try:
                lines.write("".join(f"{key}: {value}\n" for key, value in given.items()).encode() + b"\n")
                for line in lines:
                    self.commands.append(line.decode().strip())
                    lines.write(self._result(self.commands[-1]))
            except OSError:
                pass
        self.over.set()

    def _result(self, command: str) -> bytes:
        if not command.startswith("EXEC AudioSocket"):
            return b"200 result=0\n"
        name, _, address = command.split(" ", 2)[2].strip('"').partition(",")
        host, _, port = address.rpartition(":")
        self._carry(uuid.UUID(name), (host, int(port)))
        return b"200 result=-1\n" if self.hung_up_by_us else b"200 result=0\n"

    def _carry(self, name: uuid.UUID, address: tuple[str, int]) -> None:
        with socket.create_connection(address) as audio:
            audio.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            audio.sendall(frame(0x01, name.bytes))
            self.audio = audio
            self.sounding.set()
            rest = b""
            try:
                while received := audio.recv(65536):
                    rest = self._collect(rest + received)
            except OSError:
                pass
        self.over.set()

    def _collect(self, octets: bytes) -> bytes:
        while len(octets) >= 3 and len(octets) >= (end := 3 + int.from_bytes(octets[1:3], "big")):
            if octets[0] == 0x10:
                self.first_sound_at = self.first_sound_at or time.monotonic()
                self.heard += octets[3:end]
            octets = octets[end:]
        return octets
