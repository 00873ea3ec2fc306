"""A Class 1 modem as a list of what it says to each command, on a clock that runs only while somebody waits."""

from __future__ import annotations

from collections import deque

from appliance.errors import SerialError

TICK = 0.25  # s, as the real port


class FakeModem:
    """Port and clock in one. `says` maps what is written to what comes back, one after the other; the last stays. A piece is a read; None ends the device."""

    def __init__(self, says: dict[bytes, list[list[bytes | None]]]) -> None:
        self.says = {command: deque(answers) for command, answers in says.items()}
        self.now = 0.0
        self.written: list[bytes] = []
        self.coming: deque[bytes | None] = deque()
        self.reopened = 0

    def clock(self) -> float:
        return self.now

    def read(self) -> bytes:
        if not self.coming:
            self.now += TICK
            return b""
        self.now += 0.001
        piece = self.coming.popleft()
        if piece is None:
            raise SerialError
        return piece

    def pending(self) -> bytes:
        came = b""
        while self.coming:
            if (piece := self.coming.popleft()) is None:
                raise SerialError
            came += piece
        return came

    def reopen(self) -> None:
        self.reopened += 1
        self.coming.clear()

    def write(self, octets: bytes) -> None:
        self.written.append(octets)
        answers = self.says.get(octets)
        if answers:
            self.coming.extend(answers.popleft() if len(answers) > 1 else answers[0])
