"""The line between the two soft modems: what it does to the sound is what a telephone line does, and a fax comes through."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.fax import tiff
from tests.rig.fax_modems import MOST_NOISE, FaxModems, Wire
from tests.rig.letters import Rows, note, to_tiff

SPEED = 4.0  # times real time
LETTER = [note(seed) for seed in (11, 12)]


def receive(folder: Path, wire: Wire) -> tuple[set[str], list[Rows]]:
    """A fax machine sends over such a line, our command answers: at which rates pages came, and the pages."""
    (out := folder / "out").mkdir()
    (settings := folder / "keepline.toml").touch()
    (letter := folder / "letter.tif").write_bytes(to_tiff(LETTER))
    words: list[str | Path] = ["--settings", settings, "modem", "answer", "--out", out, "--json", "--once", "--device"]
    with FaxModems(folder, SPEED, wire, machine=("-f", letter)) as pair:
        command: list[str | Path] = [sys.executable, "-m", "appliance.cli.main", *words, pair.near]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, (done.stderr, pair.says)
    pages = [list(page.rows) for file in sorted(out.glob("*.tif")) for page in tiff.read(file.read_bytes())]
    return {page["rate"] for page in json.loads(done.stdout)["pages"]}, pages


@pytest.mark.rig
@pytest.mark.parametrize("wire", [Wire(), Wire(loss=12), Wire(delay=200, echo=26), Wire(noise=-50)], ids=str)
def test_pages_come_exactly_at_full_rate_over_a_fair_line(tmp_path: Path, wire: Wire) -> None:
    assert receive(tmp_path, wire) == ({"V.17/14400"}, LETTER)


@pytest.mark.rig
def test_over_a_noisy_line_pages_come_exactly_at_a_lower_rate(tmp_path: Path) -> None:
    rates, pages = receive(tmp_path, Wire(loss=12, noise=MOST_NOISE))
    assert "V.17/14400" not in rates
    assert pages == LETTER


def test_noise_that_the_modems_would_take_for_a_carrier_is_refused() -> None:
    with pytest.raises(ValueError, match="never lets a modem see"):
        Wire(noise=MOST_NOISE + 1)
