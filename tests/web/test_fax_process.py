"""The page as a process that shows faxes: it stays small, writes nothing, and one who sends a monster stops nobody."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from appliance.fax import tiff
from appliance.messages import Envelope
from tests.web.faxes import leave_fax, letter
from tests.web.page_process import PageProcess, control_of
from tests.web.practice import Practice, babble

MB = 120  # for the page with all that it has seen: 86 of it are there after the first log-in
WITH_A_MONSTER = 200  # MB


@pytest.fixture
def page(practice: Practice) -> Iterator[PageProcess]:
    control = control_of(practice)
    control.start()
    with PageProcess(practice) as running:
        running.log_in()
        yield running
    control.stop()


def test_after_twenty_pages_in_every_size_it_is_still_small_and_has_written_nothing(
    practice: Practice, page: PageProcess
) -> None:
    """`PageProcess` lets it write no octet into any file."""
    id = leave_fax(practice, [letter(number) for number in range(1, 21)], Envelope(caller_number="5550102001"))
    assert page.get("/")[0] == 200
    for path in ("", "/sketch.png", "/fax.pdf", "/fax.tiff"):
        assert page.get(f"/messages/{id}{path}")[0] == 200
    for query in ("?width=800", "?width=1200", "", "?turn=90&width=800"):
        for number in range(1, 21):
            status, octets = page.get(f"/messages/{id}/pages/{number}.png{query}")
            assert status == 200
            assert octets.startswith(b"\x89PNG")
    assert page.resident() < MB


def test_monsters_are_drawn_one_at_a_time_in_part_and_stop_nobody(practice: Practice, page: PageProcess) -> None:
    rows = [bytes([row % 251]) + bytes(300) + b"\x0f\xf0\x01" for row in range(20_000)]
    monster = leave_fax(practice, [tiff.encode(tiff.Page(rows, 2432, 204, 196))])
    answers: list[tuple[int, bytes]] = []
    path = f"/messages/{monster}/pages/1.png?width=1200"
    crowd = [threading.Thread(target=lambda: answers.append(page.get(path))) for _ in range(6)]
    for one in crowd:
        one.start()
    voice = practice.leave(babble(1))
    assert page.get(f"/messages/{voice}")[0] == 200
    for one in crowd:
        one.join()
    assert [status for status, _ in answers] == [200] * 6
    assert Image.open(io.BytesIO(answers[0][1])).width == 1200
    peak = Path(f"/proc/{page.process.pid}/status").read_text(encoding="ascii")
    (highest,) = (int(line.split()[1]) // 1000 for line in peak.splitlines() if line.startswith("VmHWM"))
    assert highest < WITH_A_MONSTER  # six at once would be past it
    assert page.resident() < MB
