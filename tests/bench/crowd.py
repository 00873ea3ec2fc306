"""A crowd that guesses passwords, for `tests.bench.guessing`: a program of its own that loads little and works little, since real guessers have computers of
their own. Says "ready" when every address has its connection, begins at the first line that it reads, ends with its standard input, and says what came of it.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
import time
import urllib.parse
from typing import Final

ADDRESSES: Final = 25  # a network's worth of hijacked computers, all on loopback
PATIENCE: Final = 60.0  # s
REQUEST: Final = (
    "POST /login HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\nSec-Fetch-Site: same-origin\r\n"
    "Content-Length: {length}\r\n\r\n{form}"
)


class Guesser:
    """One address with one kept connection."""

    def __init__(self, number: int, port: int, name: str, context: ssl.SSLContext) -> None:
        self.number, self.port, self.name = number, port, name
        self.sent = self.wrong = 0
        where = (f"127.0.1.{number + 1}", 0)
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE, source_address=where)
        self.connection = context.wrap_socket(plain, server_hostname="localhost")

    def guess(self, begin: float, period: float, ended: threading.Event) -> None:
        """One guess each `period` s from `begin` on, whether the last was answered quickly or not."""
        while not ended.wait(max(0.0, begin + self.sent * period - time.monotonic())):
            self.sent += 1
            typed = self.name if self.sent % 3 else f"nobody{self.number}.{self.sent}"
            guess = f"guess {self.number}.{self.sent} of very many"
            form = urllib.parse.urlencode({"name": typed, "password": guess})
            self.connection.sendall(REQUEST.format(port=self.port, length=len(form), form=form).encode())
            self.wrong += b"belong together" in self._answer()

    def _answer(self) -> bytes:
        head, _, body = self._more().partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 401 "):
            raise RuntimeError(f"a guess was answered with {head[:20]!r}")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        return body

    def _more(self) -> bytes:
        more = self.connection.recv(65536)
        if not more:
            raise RuntimeError("the page closed a connection")
        return more


def main(port: int, ca_file: str, name: str, rate: float) -> dict[str, float]:
    """How many guesses were sent in how many seconds, and how many of them were looked at."""
    context = ssl.create_default_context(cafile=ca_file)
    guessers = [Guesser(number, port, name, context) for number in range(ADDRESSES)]
    print("ready", flush=True)
    sys.stdin.readline()
    begin, ended = time.monotonic(), threading.Event()
    threads = [
        threading.Thread(target=one.guess, args=(begin + one.number / rate, ADDRESSES / rate, ended))
        for one in guessers
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    seconds = time.monotonic() - begin
    sent = sum(one.sent for one in guessers)
    ended.set()
    for thread in threads:
        thread.join()
    return {"sent": sent, "seconds": seconds, "wrong": sum(one.wrong for one in guessers)}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]))))
