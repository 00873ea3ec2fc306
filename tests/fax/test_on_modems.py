"""The command on a real serial line: soft modems that modulate, and efax sending."""

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


def receive(
    pair: FaxModems, folder: Path, letter: list[list[bytes]], capabilities: str = "1,5,0,2,0,0,0,0"
) -> Answered:
    """efax sends, our command answers."""
    folder.mkdir()
    files = [efax.write_pbm(folder.parent / f"page-{number}.pbm", rows) for number, rows in enumerate(letter)]
    (settings := folder.parent / "keepline.toml").touch()
    command = [
        "--settings",
        str(settings),
        "modem",
        "answer",
        "--device",
        str(pair.near),
        "--out",
        str(folder),
        "--json",
        "--once",
    ]
    ours = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli.main", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    theirs = efax.send(pair.far, folder.parent / "efax.log", files, capabilities=capabilities)
    try:
        out, errors = ours.communicate(timeout=120)
        assert out, errors
        theirs.wait(30)
    finally:
        for program in (ours, theirs):
            program.kill()
            program.wait()
    assert theirs.returncode == 0, (folder.parent / "efax.log").read_text(errors="replace")[-2000:] + out + errors
    pages = [list(page.rows) for file in sorted(folder.glob("*.tif")) for page in tiff.read(file.read_bytes())]
    (transcript,) = folder.glob("*.t30")
    return Answered(ours.returncode, json.loads(out), pages, transcript.read_text(), errors)


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
