"""Fax programs that nobody here wrote send to `keepline modem answer`: over a telephone line with ring and modulation, and between two modems back to back."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from appliance.fax import tiff
from tests.rig import efax, hylafax
from tests.rig.asterisk import Installed
from tests.rig.fax_modems import FaxModems
from tests.rig.letters import Rows, note, to_tiff
from tests.rig.line import PhoneCompany
from tests.rig.soft_modem import SoftModem

pytestmark = [pytest.mark.rig, pytest.mark.timeout(600)]

LETTERS = {pages: [note(seed) for seed in range(pages)] for pages in (1, 3)}
PATIENCE = 150.0  # s; a call of three pages takes 40
SOON = 15.0  # s after the sender has ended
CALLS = 5  # that a sender makes at most
PAIR_SPEED = 3.0  # times real time: HylaFAX's own waits are of real time


@dataclass(frozen=True, slots=True)
class Call:
    """How a call went at both ends."""

    status: int
    result: dict[str, object]
    pages: list[Rows]
    sender_content: bool
    said: str

    @property
    def told(self) -> list[dict[str, object]]:
        """What the result says of each page."""
        pages = self.result.get("pages", [])
        assert isinstance(pages, list)
        return pages

    @property
    def story(self) -> str:
        """What both ends say of it."""
        return f"{self.status} {self.result.get('outcome')}: {self.result.get('message')}\nThe sender:\n{self.said}"


def stories(calls: list[Call]) -> str:
    """Every call made until the sender was content, for whoever has to find out why it was not."""
    return "\n".join(f"\nCall {place}: {call.story}" for place, call in enumerate(calls))


def receive(device: Path, folder: Path, send: Callable[[], tuple[bool, str]]) -> list[Call]:
    """Our command answers while `send` sends, and again until the sender is content: on a busy machine a soft modem loses calls."""
    calls: list[Call] = []
    while len(calls) < CALLS and not (calls and calls[-1].sender_content):
        calls.append(receive_once(device, folder / f"call-{len(calls)}", send))
    return calls


def receive_once(device: Path, folder: Path, send: Callable[[], tuple[bool, str]]) -> Call:
    out = folder / "out"
    out.mkdir(parents=True)
    (settings := folder / "keepline.toml").touch()
    words = ["modem", "answer", "--device", str(device), "--out", str(out), "--json", "--once"]
    command = [sys.executable, "-m", "appliance.cli.main", "--settings", str(settings), *words]
    ours = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        content, said = send()
        answered, errors = ours.communicate(timeout=SOON)
    except subprocess.TimeoutExpired:  # no call came so far
        ours.kill()
        answered, errors = ours.communicate()
    finally:
        ours.kill()
        ours.wait()
    pages = [list(page.rows) for file in sorted(out.glob("*.tif")) for page in tiff.read(file.read_bytes())]
    return Call(ours.returncode, json.loads(answered or "{}"), pages, content, said + errors)


def send_with_efax(device: Path, number: str, pages: int, folder: Path, *more: str) -> tuple[bool, str]:
    folder.mkdir(parents=True, exist_ok=True)
    files = [efax.write_pbm(folder / f"page-{place}.pbm", rows) for place, rows in enumerate(LETTERS[pages])]
    theirs = efax.send(device, folder / "efax.log", files, to=number, more=more)
    try:
        status = theirs.wait(PATIENCE)
    finally:
        theirs.kill()
        theirs.wait()
    return status == 0, (folder / "efax.log").read_text(errors="replace")


def send_with_hylafax(device: Path, number: str, pages: int) -> tuple[bool, str]:
    with hylafax.Sender(device, number, to_tiff(LETTERS[pages]), pages) as sender:
        return sender.wait(PATIENCE) == hylafax.SENT, sender.log


def send_with_asterisk(company: PhoneCompany, number: str, pages: int) -> tuple[bool, str]:
    return company.send_fax(number, to_tiff(LETTERS[pages]), PATIENCE)


@pytest.fixture(scope="module")
def calls(asterisk: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, int], list[Call]]]:
    """Each of them sends one page, and three, two at once, each to a fax number of its own."""
    folder = tmp_path_factory.mktemp("calls")
    with PhoneCompany(asterisk) as company, ThreadPoolExecutor(2) as people:
        lines = itertools.count()

        def modem() -> SoftModem:
            made = SoftModem(company, next(lines))
            made.start()
            company.on_stop.append(made.stop)
            return made

        begun = {}
        for pages in (1, 3):
            efaxs, hylafaxs = modem(), modem()
            place = folder / f"efax-{pages}"
            answering = {name: modem() for name in ("efax", "HylaFAX", "Asterisk")}
            numbers = {name: answered.number for name, answered in answering.items()}
            ways: dict[str, Callable[[], tuple[bool, str]]] = {
                "efax": partial(send_with_efax, efaxs.device, numbers["efax"], pages, place, "-iX3"),
                "HylaFAX": partial(send_with_hylafax, hylafaxs.device, numbers["HylaFAX"], pages),
                "Asterisk": partial(send_with_asterisk, company, numbers["Asterisk"], pages),
            }
            for name, send in ways.items():
                begun[name, pages] = people.submit(
                    receive, answering[name].device, folder / f"{name}-{pages}-ours", send
                )
        yield {key: call.result() for key, call in begun.items()}


@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize("name", ["HylaFAX", "Asterisk"])
def test_over_a_telephone_line_pages_with_error_correction_arrive_exactly(
    calls: dict[tuple[str, int], list[Call]], name: str, pages: int
) -> None:
    *_, call = made = calls[name, pages]
    assert (call.status, call.result["outcome"], call.sender_content) == (0, "complete", True), stories(made)
    assert call.pages == LETTERS[pages]
    assert [(page["answer"], page["damaged"]) for page in call.told] == [("MCF", 0)] * pages


@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize("name", ["HylaFAX", "Asterisk"])
def test_on_a_bad_line_no_wrong_page_is_confirmed(
    calls: dict[tuple[str, int], list[Call]], name: str, pages: int
) -> None:
    for call in calls[name, pages]:
        confirmed = [rows for rows, page in zip(call.pages, call.told, strict=True) if page["answer"] == "MCF"]
        assert all(rows in LETTERS[pages] for rows in confirmed), call


@pytest.mark.parametrize("pages", [1, 3])
def test_over_a_telephone_line_pages_without_error_correction_arrive(
    calls: dict[tuple[str, int], list[Call]], pages: int
) -> None:
    *_, call = made = calls["efax", pages]  # this machine's pauses may have cost it some rows
    assert (call.status, call.result["outcome"], call.sender_content) == (0, "complete", True), stories(made)
    assert [page["answer"] in {"MCF", "RTP"} for page in call.told].count(True) == pages


@pytest.mark.parametrize("pages", [1, 3])
def test_between_two_modems_pages_from_hylafax_arrive_exactly(tmp_path: Path, pages: int) -> None:
    with FaxModems(tmp_path, PAIR_SPEED) as pair:
        send = partial(send_with_hylafax, pair.far, "5550199", pages)
        call = receive_once(pair.near, tmp_path / "call", send)
    assert (call.status, call.result["outcome"], call.sender_content) == (0, "complete", True), call.story
    assert call.pages == LETTERS[pages]
    assert {page["coding"] for page in call.told} == {"MMR"}
