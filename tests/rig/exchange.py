"""One thread that serves every call of this process: sends each one's packet every 20 ms and takes in what comes.

When the machine was busy it sends what is overdue at once: no sound is ever left out, it only comes late.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Protocol

PERIOD = 0.02  # s, one packet of sound


class Party(Protocol):
    """One call, as the exchange sees it."""

    def tick(self) -> None:
        """20 ms have passed."""


class Exchange:
    """Its thread runs only while there is a call; `changed` is notified after every round."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._parties: dict[Party, tuple[socket.socket, ...]] = {}
        self._selector: selectors.BaseSelector | None = None

    def join(self, party: Party, sockets: dict[socket.socket, Callable[[bytes], None]]) -> None:
        """Serves a call: each datagram goes to its socket's function. All of it happens while `changed` is held."""
        with self.changed:
            if self._selector is None:
                self._selector = selectors.DefaultSelector()
                threading.Thread(target=self._serve, args=(self._selector,), name="rig-exchange", daemon=True).start()
            for each, take in sockets.items():
                each.setblocking(False)
                self._selector.register(each, selectors.EVENT_READ, take)
            self._parties[party] = tuple(sockets)

    def leave(self, party: Party) -> None:
        """Serves that call no more and closes its sockets."""
        with self.changed:
            for each in self._parties.pop(party, ()):
                assert self._selector is not None
                self._selector.unregister(each)
                each.close()

    def _serve(self, selector: selectors.BaseSelector) -> None:
        due = time.monotonic() + PERIOD
        while True:
            ready = selector.select(max(0.0, due - time.monotonic()))
            with self.changed:
                for key, _ in ready:
                    _drain(key)
                while due <= time.monotonic():
                    for party in tuple(self._parties):
                        party.tick()
                    due += PERIOD
                self.changed.notify_all()
                if not self._parties:
                    self._selector = None
                    selector.close()
                    return


def _drain(key: selectors.SelectorKey) -> None:
    source = key.fileobj
    assert isinstance(source, socket.socket)
    while source.fileno() >= 0:  # a function may end the call, which closes its sockets
        try:
            datagram = source.recv(65536)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            continue  # somebody is not there (any more): time will tell
        key.data(datagram)


EXCHANGE = Exchange()
