"""A fax that is cut in the middle, many times, by a killed daemon and by a power cut: every page that the sending machine was told to be good is there."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.fax import tiff
from tests.rig.fax_box import FaxBox
from tests.rig.fax_modems import FaxModems
from tests.store.loop_disk import loop_disk, why_not

pytestmark = [pytest.mark.rig, pytest.mark.timeout(900)]

BOXES = 2  # at work at the same time
CUTS = 25  # of each
SPEED = 20.0  # times real time
PAGE = 0.5  # s that a page takes at that speed on an idle machine, its confirmation included
ECHO = (
    0.2  # s in which the line carries to the sender what the modem was given before the cut: 4 s of the line's own time
)
ROWS = 40


@dataclass
class Cuts:
    """What the sending machine knew at each cut, and what the box had after it."""

    box: FaxBox
    line: Path
    cut: Callable[[], None]
    dice: random.Random
    confirmed: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def play(self) -> None:
        """All of them; each time the box starts again by itself and is looked into."""
        for number in range(CUTS):
            self._send(number)
            self.box.start()
            self._look(number)

    def _send(self, number: int) -> None:
        """A machine sends three pages; at some moment of the call the box is cut off."""
        file = self.line / "letter.tif"
        file.write_bytes(tiff.assemble([tiff.encode(tiff.Page(rows, 1728, 204, 196)) for rows in letter(number)]))
        page, calls = 1 + number % 3, self.box.log().count("fax.received")
        with FaxModems(self.line, SPEED, machine=("-f", file)) as modems:
            self.box.wait_for(lambda: self._receives(page, calls), "no call is answered")
            threading.Event().wait(self.dice.uniform(0.0, PAGE))  # the moment of the cut, not a wait for something
            self.cut()
            threading.Event().wait(ECHO)
        self.confirmed.append(modems.confirmed)

    def _receives(self, page: int, calls: int) -> bool:
        """Is this page coming, or a later one, or is the whole call over?"""
        coming = self.box.fax_sentence().partition("Receiving page ")[2].rstrip(".")
        return int(coming or 0) >= page or self.box.log().count("fax.received") > calls

    def _look(self, number: int) -> None:
        rows = [row for row in self.box.rows() if row.stamp.id not in self._known]
        assert len(rows) <= 1
        for row in rows:
            self._known.add(row.stamp.id)
            envelope, pages = self.box.open(row)
            whole = 0
            for came, sent in zip(pages, letter(number), strict=False):
                whole += came == sent
                # a sender that was not heard in time again and again gives up a block: its page is cut short, and was never confirmed
                assert came == sent or came[:-1] == sent[: len(came) - 1], (
                    "what is there is what was sent, page by page"
                )
            assert len(pages) == row.pages == envelope.pages
            assert envelope.sender_id == "5550100"
        self.kept.append(whole if rows else 0)
        assert self.kept[-1] >= self.confirmed[-1], "a page that was confirmed is lost"


def letter(number: int) -> list[list[bytes]]:
    """Three pages that no other call sends."""
    dots = random.Random(number)
    return [[dots.randbytes(27) + bytes(189) for _ in range(ROWS)] for _ in range(3)]


def play(folder: Path, one: Callable[[Path], Cuts], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`one` box in a folder, several times at once; then all that was found."""
    folders = [folder / f"box-{number}" for number in range(BOXES)]
    for made in folders:
        (made / "line").mkdir(parents=True)
    with ThreadPoolExecutor(BOXES) as threads:
        played = list(threads.map(one, folders))
    confirmed = [pages for cuts in played for pages in cuts.confirmed]
    kept = [pages for cuts in played for pages in cuts.kept]
    with capsys.disabled():
        print(
            f"\n{len(kept)} faxes cut by {what}: {sum(confirmed)} pages confirmed, {sum(kept)} there; "
            f"faxes with 0, 1, 2, 3 pages: {[kept.count(pages) for pages in range(4)]}"
        )
    assert len(kept) == BOXES * CUTS
    assert {0, 1, 2} <= set(kept), "the cuts come at all moments"


def killed(folder: Path) -> Cuts:
    with FaxBox(folder, folder / "line" / "near") as box:
        cuts = Cuts(box, folder / "line", box.kill, random.Random(folder.name))
        cuts.play()
    return cuts


def without_power(folder: Path) -> Cuts:
    with loop_disk(folder, 128) as disk, FaxBox(folder, folder / "line" / "near", disk=disk.folder) as box:

        def cut() -> None:
            disk.cut_power()
            box.kill()
            disk.unmount()
            disk.mount()

        disk.flush()
        cuts = Cuts(box, folder / "line", cut, random.Random(folder.name))
        try:
            cuts.play()
        finally:
            box.kill()
    return cuts


def test_a_killed_daemon_loses_no_page_that_it_confirmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(tmp_path, killed, "kill -9", capsys)


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_a_power_cut_loses_no_page_that_was_confirmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(tmp_path, without_power, "a power cut", capsys)
