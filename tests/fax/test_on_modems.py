"""The command on a real serial line: soft modems that modulate; efax sends without error correction, spandsp's own T.30 with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.fax import tiff
from tests.fax.test_back_to_back import make_page
from tests.rig import efax
from tests.rig.fax_modems import FaxModems

SPEED = 4.0  # times real time: with more, this machine's own pauses look like the line's


@dataclass(frozen=True, slots=True)
class Answered:
    """What `keepline modem answer` left behind."""

    status: int
    result: dict[str, object]
    pages: list[list[bytes]]
    transcript: str
    errors: str


@pytest.fixture
def fax_pair(tmp_path: Path) -> Iterator[FaxModems]:
    with FaxModems(tmp_path, SPEED) as pair:
        yield pair


def start(pair: FaxModems, folder: Path) -> subprocess.Popen[str]:
    """Our command, ready to answer."""
    folder.mkdir()
    (settings := folder.parent / "keepline.toml").touch()
    words = ["modem", "answer", "--device", str(pair.near), "--out", str(folder), "--json", "--once"]
    command = [sys.executable, "-m", "appliance.cli.main", "--settings", str(settings), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(ours: subprocess.Popen[str], folder: Path) -> Answered:
    """What it left behind."""
    try:
        out, errors = ours.communicate(timeout=120)
    finally:
        ours.kill()
        ours.wait()
    assert out, errors
    pages = [list(page.rows) for file in sorted(folder.glob("*.tif")) for page in tiff.read(file.read_bytes())]
    (transcript,) = folder.glob("*.t30")
    return Answered(ours.returncode, json.loads(out), pages, transcript.read_text(), errors)


def receive(
    pair: FaxModems, folder: Path, letter: list[list[bytes]], capabilities: str = "1,5,0,2,0,0,0,0"
) -> Answered:
    """efax sends, our command answers."""
    files = [efax.write_pbm(folder.parent / f"page-{number}.pbm", rows) for number, rows in enumerate(letter)]
    ours = start(pair, folder)
    theirs = efax.send(pair.far, folder.parent / "efax.log", files, capabilities=capabilities)
    try:
        answered = finish(ours, folder)
        theirs.wait(30)
    finally:
        theirs.kill()
        theirs.wait()
    assert theirs.returncode == 0, answered
    return answered


@pytest.mark.parametrize("pages", [1, 3])
def test_a_fax_from_efax_arrives_exactly(fax_pair: FaxModems, tmp_path: Path, pages: int) -> None:
    letter = [make_page(seed, rows=500) for seed in range(pages)]
    answered = receive(fax_pair, tmp_path / "out", letter)
    assert answered.status == 0, answered
    assert answered.result["outcome"] == "complete"
    assert answered.result["sender"] == "+1 555 0100"
    assert [efax.find_shift(sent, came) is not None for sent, came in zip(letter, answered.pages, strict=True)] == [
        True
    ] * pages
    told = answered.result["pages"]
    assert isinstance(told, list)
    assert {(page["answer"], page["damaged"], page["rate"]) for page in told} == {("MCF", 0, "V.17/14400")}
    assert "555" not in answered.transcript
    assert "Heard DCS 006278 [V.17/14400 FINE MH A4 unlimited no-ECM]" in answered.transcript


@pytest.mark.parametrize(
    ("digit", "rate"), [(0, "V.27ter/2400"), (1, "V.27ter/4800"), (2, "V.29/7200"), (3, "V.29/9600")]
)
def test_slower_senders_are_understood_too(fax_pair: FaxModems, tmp_path: Path, digit: int, rate: str) -> None:
    letter = [make_page(digit, rows=100)]
    answered = receive(fax_pair, tmp_path / "out", letter, f"1,{digit},0,2,0,0,0,0")
    assert answered.status == 0, answered
    assert efax.find_shift(letter[0], answered.pages[0]) is not None
    told = answered.result["pages"]
    assert isinstance(told, list)
    assert told[0]["rate"] == rate


@pytest.mark.rig
@pytest.mark.parametrize(("codings", "coding"), [((), "MMR"), (("-2",), "MR")])
def test_pages_with_error_correction_arrive_exactly(tmp_path: Path, codings: tuple[str, ...], coding: str) -> None:
    letter = [make_page(7, rows=700), make_page(8, rows=100)]
    file = tmp_path / "letter.tif"
    file.write_bytes(tiff.assemble([tiff.encode(tiff.Page(rows, 1728, 204, 196)) for rows in letter]))
    with FaxModems(tmp_path, SPEED, machine=("-f", file, *codings)) as pair:
        answered = finish(start(pair, tmp_path / "out"), tmp_path / "out")
    assert answered.status == 0, answered
    assert answered.pages == letter
    told = answered.result["pages"]
    assert isinstance(told, list)
    assert [(page["coding"], page["answer"], page["damaged"]) for page in told] == [(coding, "MCF", 0)] * 2
    if coding == "MMR":  # which makes more than one block of a page as busy as this
        assert "> CloseBlock page=0 block=1" in answered.transcript
    assert pair.confirmed == len(letter)  # the machine was content, too
