"""The recovery sheet alone, on another machine: its text, a copy of the store, the `age` command and FORMAT.md's own steps. Nothing of ours runs there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import wave
from pathlib import Path

import pytest

from appliance.access import rotation
from appliance.fax import tiff
from appliance.messages import Envelope, Kind, Row
from tests.access.box import SECOND, Box
from tests.access.practice import Practice
from tests.store.boxes import fax, fax_page

FORMAT = Path(__file__).parents[2] / "appliance" / "store" / "FORMAT.md"
STEPS = re.findall(r"^```sh\n(.*?)^```$", FORMAT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
PAGES = 2

pytestmark = pytest.mark.skipif(not shutil.which("age"), reason="the age command is not installed")


class Elsewhere:
    """Another machine: a folder with a copy of the store and the sheet's text, and a shell that knows the way to Debian's programs and to nothing else."""

    def __init__(self, folder: Path, store: Path, sheet: str) -> None:
        self.folder, self.store = folder, folder / "copy"
        folder.mkdir()
        shutil.copytree(store, self.store)
        (folder / "recovery.key").write_text(sheet, encoding="ascii")

    def run(self, id: str, *steps: str) -> subprocess.CompletedProcess[str]:
        """FORMAT.md's steps, one after the other."""
        script = "\n".join(("set -eu", f"store={self.store}", f"id={id}", *steps))
        clean = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        return subprocess.run(
            ("sh", "-c", script), cwd=self.folder, env=clean, capture_output=True, text=True, check=False
        )


def leave_fax(box: Box) -> Row:
    envelope = Envelope(caller_name="Elm Laboratory", pages=PAGES)
    delivery = box.inbox.begin(Kind.FAX, "front-desk", envelope)
    for piece in fax(PAGES):
        delivery.append(piece)
    return delivery.finish(envelope)


def must_open(there: Elsewhere, voicemail: Row, letter: Row) -> None:
    practice, epochs, message, *_ = STEPS
    done = there.run(voicemail.stamp.id, practice, epochs, message)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["stamp"]["id"], told["envelope"]["caller_name"]) == (voicemail.stamp.id, "Jane Canary")
    with wave.open(str(there.folder / "message.wav")) as file:
        assert file.readframes(-1) == bytes(SECOND)
    done = there.run(letter.stamp.id, practice, epochs, message.replace("message.wav", "message.tiff"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["envelope"]["caller_name"] == "Elm Laboratory"
    found = [list(page.rows) for page in tiff.read((there.folder / "message.tiff").read_bytes())]
    assert found == [list(fax_page(number).rows) for number in range(PAGES)]


def test_the_sheet_opens_a_voicemail_and_a_fax(practice: Practice, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Box(practice.folder) as box:
        voicemail, letter = box.leave(), leave_fax(box)
    must_open(
        Elsewhere(tmp_path_factory.mktemp("elsewhere") / "x", practice.folder, practice.sheet.text), voicemail, letter
    )


def test_after_an_exchange_the_new_sheet_opens_them_and_the_old_one_nothing(
    practice: Practice, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Box(practice.folder) as box:
        voicemail, letter = box.leave(), leave_fax(box)
        with rotation.start(box.folder, practice.ana(), new_sheet=True) as made:
            assert made.sheet is not None
            sheet = made.sheet.text
            list(made.run(box.client, "ana"))
        box.clock.advance(86_400.0)
        later = box.leave()
    must_open(Elsewhere(tmp_path_factory.mktemp("new") / "x", practice.folder, sheet), voicemail, letter)
    must_open(Elsewhere(tmp_path_factory.mktemp("later") / "x", practice.folder, sheet), later, letter)
    done = Elsewhere(tmp_path_factory.mktemp("old") / "x", practice.folder, practice.sheet.text).run(
        voicemail.stamp.id, *STEPS[:3]
    )
    assert done.returncode != 0
    assert "no identity matched" in done.stderr


def test_in_the_midst_of_an_exchange_the_old_sheet_opens_everything(
    practice: Practice, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Box(practice.folder) as box:
        voicemail, letter = box.leave(), leave_fax(box)
        with rotation.start(box.folder, practice.ana(), new_sheet=True) as made:
            running = made.run(box.client, "ana")
            next(running)
            running.close()
        assert rotation.is_under_way(box.folder)
    must_open(
        Elsewhere(tmp_path_factory.mktemp("elsewhere") / "x", practice.folder, practice.sheet.text), voicemail, letter
    )


def test_nothing_of_ours_is_on_the_way_that_the_steps_take(
    practice: Practice, tmp_path_factory: pytest.TempPathFactory
) -> None:
    there = Elsewhere(tmp_path_factory.mktemp("elsewhere") / "x", practice.folder, practice.sheet.text)
    assert not re.search(r"keepline|python", "".join(STEPS).replace("keepline-ring/1", ""))
    assert there.run("", "command -v keepline").returncode != 0
