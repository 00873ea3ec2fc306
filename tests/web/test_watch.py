"""How the box is, asked seldom, and never by everybody at once."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import web
from appliance.control.client import Client
from appliance.control.values import Status
from appliance.errors import DaemonSilentError
from tests.fakes.clock import FakeClock
from web.watch import Watch

STATUS = Status(now=0.0, parts=(), calls=0, new_messages=0, next_purge=None, last_fault=None, lamps={})


class Hanging(Client):
    """A daemon that answers the first question, and hangs at each further one until it is let go; then it is silent."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))
        self.asked = 0
        self.hangs, self.let_go = threading.Event(), threading.Event()

    def status(self) -> Status:
        self.asked += 1
        if self.asked == 1:
            return STATUS
        self.hangs.set()
        assert self.let_go.wait(30)
        raise DaemonSilentError


def test_a_daemon_that_hangs_holds_one_thread_and_not_all() -> None:
    daemon, clock = Hanging(), FakeClock()
    watch = Watch(daemon, clock)
    assert watch.look() == STATUS
    clock.advance(2)
    one = threading.Thread(target=watch.look)
    one.start()
    assert daemon.hangs.wait(10)
    told: list[Status | None] = []
    other = threading.Thread(target=lambda: told.append(watch.look()), daemon=True)
    other.start()
    other.join(5)
    assert told == [STATUS]
    daemon.let_go.set()
    one.join(10)
    assert watch.look() is None
    assert daemon.asked == 2


def test_the_page_asks_often_enough_for_two_seconds() -> None:
    """The question, and then the list: a script that waited longer than this between two questions could not keep what the documents promise."""
    script = (Path(web.__file__).parent / "static" / "session.js").read_text(encoding="utf-8")
    (every,) = re.findall(r"^const EVERY = ([0-9]+);", script, re.MULTILINE)
    assert "setTimeout(look, EVERY)" in script
    assert int(every) <= 1500  # ms, and half a second for the two answers
