"""Logs are events; people are private; and nobody who logs ever waits."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from appliance import logs
from appliance.logs import Private

CANARY = "5551234567"

#: Programs in which something goes wrong that nobody catches; each has the canary in what Python would print of it.
UNCAUGHT = {
    "main": f"raise ValueError('{CANARY}')",
    "thread": f"import threading\ndef work(): raise ValueError('{CANARY}')\n"
    "thread = threading.Thread(target=work)\nthread.start()\nthread.join()",
    "finaliser": f"class Thing:\n    def __del__(self): raise ValueError('{CANARY}')\nThing()",
    "log line that does not fit": f"import logging\nlogging.getLogger('x').warning('a %d', '{CANARY}')",
    "representation": f"import logging\nclass Thing:\n    def __str__(self): raise ValueError('{CANARY}')\n"
    f"logging.getLogger('x').warning('a %s %s', Thing(), '{CANARY}')",
}


@pytest.fixture(autouse=True)
def _root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    for handler in logging.getLogger().handlers:
        handler.flush()
    return capsys.readouterr().err


def write_lines(log: logging.Logger, count: int) -> None:
    for number in range(count):
        log.info("line %d %s", number, "x" * 100)


def test_a_private_thing_shows_only_whether_it_is_there() -> None:
    assert (
        f"{Private('5551234567')} {Private('')} {Private('x')!r} %s" % Private("y")
        == "(private) (none) (private) (private)"
    )


def test_a_logged_exception_names_its_place_and_never_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("debug")
    try:
        raise ValueError(CANARY)
    except ValueError:
        logs.get("somewhere").exception("voice.failed line=%s", 1)
    said = shown(capsys)
    assert CANARY not in said
    assert "ERROR somewhere voice.failed line=1" in said
    assert "ValueError at test_logs.py:" in said


def test_asyncio_tells_no_exceptions_text(capsys: pytest.CaptureFixture[str]) -> None:
    """ "Task exception was never retrieved" goes with the task's representation, and that with the exception's."""
    logs.start()

    async def fail() -> None:
        raise ValueError(CANARY)

    async def forget() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        del task

    asyncio.run(forget())
    said = shown(capsys)
    assert CANARY not in said
    assert "ValueError at test_logs.py:" in said


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("program", UNCAUGHT.values(), ids=UNCAUGHT.keys())
def test_what_nobody_catches_is_told_by_type_and_place(program: str, started: bool) -> None:
    before = "from appliance import logs\nlogs.keep_private()\n" + ("logs.start()\n" if started else "")
    done = subprocess.run([sys.executable, "-c", before + program], capture_output=True, text=True, check=False)
    assert CANARY not in done.stderr + done.stdout
    assert "log" in program or "program.failed" in done.stderr
    assert "log" in program or "ValueError at <string>:" in done.stderr


def test_a_journal_that_takes_nothing_stops_nobody() -> None:
    reading, writing = os.pipe()
    log = logs.get("flooded")
    with os.fdopen(reading, "rb", buffering=0) as journal, os.fdopen(writing, "w") as full:
        logs.start(stream=full)
        flood = threading.Thread(target=lambda: write_lines(log, 5_000), daemon=True)
        flood.start()
        flood.join(10)
        stopped = flood.is_alive()
        os.set_blocking(reading, False)
        heard, until = b"", time.monotonic() + 20
        while b"log.lost lines=" not in heard and time.monotonic() < until:
            heard += journal.read(65536) or b""
            time.sleep(0.001)
        os.set_blocking(reading, True)
        drain = threading.Thread(target=journal.readall, daemon=True)
        drain.start()
        logging.getLogger().handlers[0].flush()
        full.close()
        drain.join(20)
    assert not stopped
    assert b"line 0 " in heard
    assert b"log.lost lines=" in heard


def test_the_last_lines_of_a_program_are_written() -> None:
    program = "from appliance import logs\nlogs.start()\n[logs.get('x').info('line %d', n) for n in range(1000)]"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "INFO x line 999"
