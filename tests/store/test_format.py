"""FORMAT.md tells the truth: its shell steps run here as they stand there, with Debian's `age` and nothing of ours, and its tables are the code's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.access.unlock import unlock
from appliance.chronicle import Chronicle
from appliance.console import pin
from appliance.fax import tiff
from appliance.messages import Envelope, Header, Kind, Row
from appliance.notes import NoteStamp, to_bytes
from appliance.settings import Settings
from appliance.store import slots
from appliance.store.index import tables
from appliance.store.slots import Slot, Word
from tests import planned
from tests.store.boxes import CALLER, MAILBOX, WAV_HEAD, Box, fax, fax_page, second, sound

FORMAT = Path(__file__).parents[2] / "appliance" / "store" / "FORMAT.md"
STEPS = re.findall(r"^```sh\n(.*?)^```$", FORMAT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
PASSWORD = "violet tractor humming seventeen"

needs_age = pytest.mark.skipif(not shutil.which("age"), reason="the age command is not installed")


@pytest.fixture
def founded(tmp_path: Path) -> tuple[Box, str]:
    """A box whose practice was founded as a person does it, and the text of its recovery sheet."""
    folder = tmp_path / "store"
    folder.mkdir()
    sheet = planned.found(folder, "anna", PASSWORD, 15)
    box = Box(tmp_path / "made")
    box.inbox.close()
    shutil.copytree(folder / "keys", box.folder / "keys", dirs_exist_ok=True)
    box.restart()
    return box, sheet.text


def test_the_table_has_every_file_of_a_box(founded: tuple[Box, str]) -> None:
    box, _ = founded
    box.practice = unlock(box.folder, "anna", PASSWORD).practice
    box.note(box.deliver(1), "Called back.")
    Chronicle(box.record, box.clock).settings(box.folder, Settings())
    pin.write(box.folder, "739154")
    known = "|".join(places())
    files = [str(file.relative_to(box.folder)) for file in box.folder.rglob("*") if file.is_file()]
    assert [file for file in sorted(files) if not re.fullmatch(known, file)] == []


def places() -> Iterator[str]:
    """Patterns of the files in the table."""
    table = FORMAT.read_text(encoding="utf-8").partition("## The folder\n")[2].partition("\n\nFiles")[0]
    for cell in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE):
        first, *others = re.findall(r"`([^`]+)`", cell)
        for place in (first, *(_beside(first, other) for other in others)):
            yield re.sub(r"<[^>]+>", "[^/]+", re.escape(place)) + (".*" if place.endswith("/") else "")


def _beside(first: str, other: str) -> str:
    """`other` in full: an ending of the first one's name, a file beside it, or a place of its own."""
    if other.startswith("-"):
        return first + other
    return other if "/" in other else f"{first.rpartition('/')[0]}/{other}"


def by_hand(box: Box, row: Row, recovery: str, steps: list[str]) -> Path:
    """Runs `steps` in a folder of their own; gives the folder."""
    folder = box.folder.parent / "by-hand"
    folder.mkdir()
    (folder / "recovery.key").write_text(recovery)
    script = "\n".join(("set -eu", f"store={box.folder}", f"id={row.stamp.id}", *steps))
    done = subprocess.run(("sh", "-c", script), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "output").write_text(done.stdout)
    return folder


@needs_age
def test_the_recovery_sheet_and_the_age_command_open_a_message(founded: tuple[Box, str]) -> None:
    box, recovery = founded
    box.deliver(1, seed=1)
    box.next_day()
    row = box.deliver(3, seed=2)
    practice, epochs, message, _, _ = STEPS
    folder = by_hand(box, row, recovery, [practice, epochs, message])
    header = Header.from_bytes((folder / "output").read_bytes())
    assert (header.stamp, header.envelope.caller_number) == (row.stamp, CALLER.caller_number)
    with wave.open(str(folder / "message.wav")) as file:
        assert file.readframes(-1) == b"".join(sound(3, seed=2))
    assert (folder / "practice.key").stat().st_mode & 0o077 == 0


@needs_age
def test_the_notes_on_a_message_open_with_the_age_command(founded: tuple[Box, str]) -> None:
    box, recovery = founded
    box.practice = unlock(box.folder, "anna", PASSWORD).practice
    row = box.deliver(1)
    box.next_day()
    box.note(box.deliver(1, seed=2), "another day's")
    written = [box.note(row, "Called back.\nShe comes on Friday: niña, 9 años."), box.note(row, "Came.", by="sam")]
    practice, epochs, _, notes, _ = STEPS
    folder = by_hand(box, row, recovery, [practice, epochs, notes])
    told = (folder / "output").read_text(encoding="utf-8")
    first, second = (to_bytes(note.stamp, text).decode() for note, text in zip(written, box.read(row), strict=True))
    assert told == first + second
    assert "niña, 9 años.\n" in told


@needs_age
def test_a_message_without_notes_has_none_to_open(founded: tuple[Box, str]) -> None:
    box, recovery = founded
    assert (by_hand(box, box.deliver(1), recovery, [STEPS[0], STEPS[1], STEPS[3]]) / "output").read_text() == ""


def test_the_shown_line_of_a_note_is_what_is_written() -> None:
    shown = re.search(r'^({"keepline":1,"note".*)$', FORMAT.read_text(encoding="utf-8"), re.MULTILINE)
    assert shown
    assert to_bytes(NoteStamp("...", 1, "ana", 1_772_500_000.0), "") == f"{shown[1]}\n\n".encode()


@needs_age
def test_a_recovered_message_opens_slot_by_slot(founded: tuple[Box, str]) -> None:
    box, recovery = founded
    older = box.begin()
    for part in sound(9, seed=1):
        older.append(part)
    older.finish(CALLER)
    box.begin().abandon()  # the rings take turns
    delivery = box.begin()
    for part in sound(3, seed=2):
        delivery.append(part)
    delivery.append(second(3, seed=2)[:1000])
    box.restart()
    row = next(row for row in box.inbox.list() if row.recovered)
    practice, epochs, _, _, ring = STEPS
    folder = by_hand(box, row, recovery, [practice, epochs, ring])
    header = Header.from_bytes((folder / "output").read_bytes())
    assert (header.stamp, header.envelope.caller_name) == (row.stamp, CALLER.caller_name)
    assert (folder / "message.raw").read_bytes() == b"".join(sound(3, seed=2)) + second(3, seed=2)[:1000]


@needs_age
@pytest.mark.skipif(not shutil.which("sox"), reason="sox is not installed")
def test_the_bare_sound_of_a_recovered_message_becomes_a_wav_file(founded: tuple[Box, str]) -> None:
    box, recovery = founded
    delivery = box.begin()
    delivery.append(second(0))
    box.restart()
    (row,) = box.inbox.list()
    (sox,) = re.findall(r"`(sox .*?)`", FORMAT.read_text(encoding="utf-8"))
    folder = by_hand(box, row, recovery, [STEPS[0], STEPS[1], STEPS[4], sox])
    with wave.open(str(folder / "message.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.readframes(-1) == second(0)


@needs_age
@pytest.mark.skipif(not shutil.which("tiffcp"), reason="libtiff-tools is not installed")
def test_the_pages_of_a_recovered_fax_become_a_whole_file(founded: tuple[Box, str]) -> None:
    box, recovery = founded
    delivery = box.begin(Kind.FAX)
    for piece in fax(2):
        delivery.append(piece)
    box.restart()
    (row,) = box.inbox.list()
    (tiffcp,) = re.findall(r"`(tiffcp .*?)`", FORMAT.read_text(encoding="utf-8"))
    folder = by_hand(box, row, recovery, [STEPS[0], STEPS[1], STEPS[4], tiffcp])
    found = [list(page.rows) for page in tiff.read((folder / "message.tiff").read_bytes())]
    assert found == [list(fax_page(number).rows) for number in range(2)]


def test_a_person_opens_a_message_as_the_sheet_does(founded: tuple[Box, str]) -> None:
    """Their key opens the practice's; the age command asks for its password at a terminal, so our own reader stands in for it."""
    box, _ = founded
    row = box.deliver(1)
    with box.reader.open(row, unlock(box.folder, "anna", PASSWORD).practice) as message:
        assert message.read(WAV_HEAD, message.size) == second(0)


def test_the_shown_first_line_is_what_is_written() -> None:
    shown = re.search(r"^```json\n(.*?)^```$", FORMAT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert shown
    header = Header.from_bytes(shown[1].encode())
    assert header.envelope == Envelope(caller_number="5551234", duration=31.0)
    assert header.to_bytes() == json.dumps(json.loads(shown[1]), separators=(",", ":")).encode() + b"\n"
    assert header.to_bytes().isascii()


def test_the_shown_line_of_a_slot_is_one() -> None:
    shown = re.search(r"^keepline-ring/1 part .*$", FORMAT.read_text(encoding="utf-8"), re.MULTILINE)
    assert shown
    written = Slot(Word.PART, "9f3c21aa5b7d0e64", 2, 16_000, bytes(16_200)).to_bytes()[: slots.HEAD]
    assert shown[0][:-8] == written.decode()[:-9]
    assert len(shown[0]) + 1 == slots.HEAD


def test_every_table_and_column_is_described() -> None:
    text = FORMAT.read_text(encoding="utf-8")
    for table in tables.TABLES.tables.values():
        (line,) = re.findall(rf"^\| `{table.name}` \|.*$", text, re.MULTILINE)
        missing = {column.name for column in table.columns} - set(re.findall(r"`(\w+)`", line)) - {"number", "one"}
        assert not missing, f"{table.name} lacks {missing}"


def test_every_kind_and_word_is_described() -> None:
    text = FORMAT.read_text(encoding="utf-8")
    assert all(f"`{word.value}`" in text for word in Word)
    assert all(kind.value in text for kind in Kind)
    assert MAILBOX in text
