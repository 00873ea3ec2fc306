"""The line between the two soft modems: what it does to the sound is what a telephone line does, and a fax comes through."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.fax import tiff
from tests.rig.fax_modems import MOST_NOISE, FaxModems, Wire
from tests.rig.letters import Rows, note, to_tiff

SPEED = 4.0  # times real time
LETTER = [note(seed) for seed in (11, 12)]


@dataclass(frozen=True, slots=True)
class Came:
    """What our command has received."""

    pages: list[Rows]
    rates: set[str]
    blocks_again: int  # that were asked for once more


def receive(folder: Path, wire: Wire) -> Came:
    """A fax machine sends over such a line, our command answers."""
    (out := folder / "out").mkdir()
    (settings := folder / "keepline.toml").touch()
    (letter := folder / "letter.tif").write_bytes(to_tiff(LETTER))
    words: list[str | Path] = ["--settings", settings, "modem", "answer", "--out", out, "--json", "--once", "--device"]
    with FaxModems(folder, SPEED, wire, machine=("-f", letter)) as pair:
        command: list[str | Path] = [sys.executable, "-m", "appliance.cli.main", *words, pair.near]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, (done.stderr, pair.says)
    pages = [list(page.rows) for file in sorted(out.glob("*.tif")) for page in tiff.read(file.read_bytes())]
    (transcript,) = out.glob("*.t30")
    rates = {page["rate"] for page in json.loads(done.stdout)["pages"]}
    return Came(pages, rates, transcript.read_text().count("> Send PPR"))


@pytest.mark.rig
@pytest.mark.parametrize("wire", [Wire(), Wire(loss=12), Wire(delay=200, echo=26), Wire(noise=-50)], ids=str)
def test_pages_come_exactly_at_full_rate_over_a_fair_line(tmp_path: Path, wire: Wire) -> None:
    came = receive(tmp_path, wire)
    assert (came.rates, came.pages) == ({"V.17/14400"}, LETTER)


@pytest.mark.rig
def test_our_own_echo_in_place_of_a_page_costs_nothing_of_it(tmp_path: Path) -> None:
    came = receive(tmp_path, Wire(delay=250, echo=15))
    assert (came.rates, came.pages, came.blocks_again) == ({"V.17/14400"}, LETTER, 0)


@pytest.mark.rig
def test_over_a_noisy_line_pages_come_exactly_at_a_lower_rate(tmp_path: Path) -> None:
    came = receive(tmp_path, Wire(loss=12, noise=MOST_NOISE))
    assert "V.17/14400" not in came.rates
    assert came.pages == LETTER


def test_noise_that_the_modems_would_take_for_a_carrier_is_refused() -> None:
    with pytest.raises(ValueError, match="never lets a modem see"):
        Wire(noise=MOST_NOISE + 1)
