"""Many callers at once, as one process: speaks AGI and AudioSocket like Asterisk, keeps the beat, and counts what is late or wrong.

`python -m tests.bench.callers AGI_PORT CALLS SECONDS GREETING_OCTETS GREETING_SHA256` prints one `Report` as JSON. A process of its own, so that it takes
nothing from the daemon that it measures but the machine.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import selectors
import socket
import sys
import time
import uuid
from dataclasses import dataclass, field

from tests.fakes.asterisk import ENVIRONMENT, FRAME, TICK, frame

LATE = 0.06  # s that a frame may come after its time: what an ATA's jitter buffer bridges
_PATIENCE = 30.0  # s beyond the message for everything else


@dataclass(frozen=True, slots=True)
class Report:
    """What the callers saw."""

    first_frame: list[float]  # s from AGI connect to the first frame of the greeting, a call each
    late: int  # frames that came more than LATE after their time
    worst: float  # s after its time of the latest frame
    greetings_whole: int  # calls that heard every sample of greeting and tone
    said: dict[str, str]  # caller's number: SHA-256 of what that caller said
    finished: int  # calls that went to their end


@dataclass(eq=False)
class Caller:
    """One call's two sockets and how far it is."""

    number: str
    agi: socket.socket
    started: float
    speech: bytes
    audio: socket.socket | None = None
    text: bytes = b""
    rest: bytes = b""
    heard: int = 0  # octets of sound
    greeting: hashlib._Hash = field(default_factory=hashlib.sha256)
    first: float = 0.0  # when the first frame came
    frames: int = 0
    worst: float = 0.0
    late: int = 0
    speaking_since: float = 0.0
    spoken: int = 0  # frames
    done: bool = False


class Crowd:
    """All callers, on one thread."""

    def __init__(self, agi_port: int, calls: int, seconds: float, greeting_octets: int) -> None:
        self.greeting_octets = greeting_octets
        self.ready = selectors.DefaultSelector()
        self.address = ("127.0.0.1", agi_port)
        self.frames = round(seconds / TICK)
        speeches = [random.Random(count).randbytes(self.frames * FRAME) for count in range(calls)]
        self.callers = [self._call(f"555{count:04}", speech) for count, speech in enumerate(speeches)]
        self.until = time.monotonic() + seconds + _PATIENCE

    def run(self) -> None:
        """Until every call has ended or time is up."""
        due = time.monotonic()
        while not all(caller.done for caller in self.callers) and (now := time.monotonic()) < self.until:
            if now >= due:
                for caller in self.callers:
                    self._speak(caller, now)
                due += TICK / 4  # callers do not all speak at the same moment
            for key, _ in self.ready.select(max(0.0, due - time.monotonic())):
                caller, is_audio = key.data
                (self._listen if is_audio else self._obey)(caller)

    def _call(self, number: str, speech: bytes) -> Caller:
        started = time.monotonic()
        agi = socket.create_connection(self.address)
        given = {**ENVIRONMENT, "agi_callerid": number, "agi_calleridname": "Bench"}
        agi.sendall("".join(f"{key}: {value}\n" for key, value in given.items()).encode() + b"\n")
        caller = Caller(number, agi, started, speech)
        self.ready.register(agi, selectors.EVENT_READ, (caller, False))
        return caller

    def _obey(self, caller: Caller) -> None:
        received = caller.agi.recv(4096)
        if not received:
            self.ready.unregister(caller.agi)
            caller.agi.close()
            return
        caller.text += received
        while b"\n" in caller.text:
            line, _, caller.text = caller.text.partition(b"\n")
            if line.startswith(b"EXEC"):
                self._connect(caller, line.decode())
            else:
                caller.agi.sendall(b"200 result=0\n")

    def _connect(self, caller: Caller, command: str) -> None:
        name, _, address = command.split(" ", 2)[2].strip().strip('"').partition(",")
        host, _, port = address.rpartition(":")
        caller.audio = socket.create_connection((host, int(port)))
        caller.audio.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller.audio.sendall(frame(0x01, uuid.UUID(name).bytes))
        self.ready.register(caller.audio, selectors.EVENT_READ, (caller, True))

    def _listen(self, caller: Caller) -> None:
        assert caller.audio is not None
        received, now = caller.audio.recv(65536), time.monotonic()
        if not received:
            self.ready.unregister(caller.audio)
            caller.audio.close()
            caller.done = True
            caller.agi.sendall(b"200 result=0\n")
            return
        octets = caller.rest + received
        while len(octets) >= 3 and len(octets) >= (end := 3 + (octets[1] << 8 | octets[2])):
            if octets[0] == 0x10:
                self._hear(caller, octets[3:end], now)
            octets = octets[end:]
        caller.rest = octets

    def _hear(self, caller: Caller, sound: bytes, now: float) -> None:
        caller.first = caller.first or now
        behind = now - caller.first - caller.frames * TICK
        caller.worst = max(caller.worst, behind)
        caller.late += behind > LATE
        caller.frames += 1
        if caller.heard < self.greeting_octets:
            caller.greeting.update(sound)
        caller.heard += len(sound)
        if caller.heard > self.greeting_octets and not caller.speaking_since:
            caller.speaking_since = now

    def _speak(self, caller: Caller, now: float) -> None:
        """Whatever frames are due by `now`; then the key that ends the message."""
        if not caller.speaking_since or caller.done or caller.spoken > self.frames:
            return
        assert caller.audio is not None
        while caller.spoken <= self.frames and now >= caller.speaking_since + caller.spoken * TICK:
            start = caller.spoken * FRAME
            last = caller.spoken == self.frames
            caller.audio.sendall(frame(0x03, b"#") if last else frame(0x10, caller.speech[start : start + FRAME]))
            caller.spoken += 1


def main() -> None:
    """Call, and report."""
    port, calls, seconds, octets, sha256 = sys.argv[1:]
    crowd = Crowd(int(port), int(calls), float(seconds), int(octets))
    crowd.run()
    callers = crowd.callers
    report = Report(
        first_frame=[caller.first - caller.started for caller in callers if caller.first],
        late=sum(caller.late for caller in callers),
        worst=max(caller.worst for caller in callers),
        greetings_whole=sum(caller.greeting.hexdigest() == sha256 for caller in callers),
        said={caller.number: hashlib.sha256(caller.speech).hexdigest() for caller in callers},
        finished=sum(caller.done for caller in callers),
    )
    json.dump(dataclasses.asdict(report), sys.stdout)


if __name__ == "__main__":
    main()
