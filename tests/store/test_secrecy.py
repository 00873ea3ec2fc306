"""The daemon can write and cannot read back, and nothing in clear is ever on a disk. Looked for in every file, in the raw disk and in the daemon's memory."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import SealError
from appliance.store import bech32, slots
from appliance.store.age_file import open_bytes, open_identity
from appliance.store.epochs import open_epoch
from appliance.store.keys import Identity
from tests.store.boxes import CALLER, Box, box_in, second, sound
from tests.store.loop_disk import loop_disk, why_not
from tests.store.promises import ROOT, new_store

SECRET = re.compile(rb"AGE-SECRET-KEY-1[0-9A-Z]+")

NOTE = "She asked Quillon Canary for her images"

IDLE = """
import sys
from pathlib import Path
from appliance.clock import SystemClock
from appliance.messages import Kind
from appliance.store.inbox import Inbox, RingSet
from tests.store.boxes import CALLER, MAILBOX, sound

folder = Path(sys.argv[1])
inbox = Inbox(folder, RingSet(2, 12), SystemClock(folder / "keys" / "practice.pub"))
inbox.start()
for seed in range(8):
    delivery = inbox.begin(Kind.VOICEMAIL, MAILBOX, CALLER)
    for part in sound(3, seed):
        delivery.append(part)
    if seed:
        delivery.finish(CALLER)  # the first stays in its ring
inbox.remove(inbox.list()[0].stamp.id, "erased")
print("idle", flush=True)
sys.stdin.read()
"""


def files(folder: Path) -> dict[Path, bytes]:
    """Every file of the store but the public key."""
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != "practice.pub"}


def fill(box: Box) -> None:
    """Two days with messages, one in the middle of being recorded, one recovered, one removed; and notes on two."""
    box.note(box.deliver(3, seed=1), NOTE)
    box.begin().append(second(0, seed=2))
    box.restart()
    box.next_day()
    gone = box.deliver(2, seed=3)
    box.note(gone, NOTE)
    box.inbox.remove(gone.stamp.id, "erased")
    box.deliver(2, seed=4)
    box.begin().append(second(0, seed=5))


def every_secret(box_folder: Path, practice: Identity) -> Iterator[Identity]:
    """The secrets that open what lies there, for who has the practice's key."""
    epochs = [open_epoch(box_folder, file.stem, practice) for file in (box_folder / "epochs").iterdir()]
    yield from epochs
    for file in (*(box_folder / "journal").iterdir(), *(box_folder / "vault").glob("*.ring")):
        if opening := slots.read_opening(io.BytesIO(file.read_bytes())):
            yield next(found for epoch in epochs if (found := opened(opening.sealed_key, epoch)))


def opened(sealed: bytes, epoch: Identity) -> Identity | None:
    try:
        return open_identity(sealed, [epoch])
    except SealError:
        return None


def spellings(secret: Identity) -> list[bytes]:
    """How a secret could stand somewhere."""
    text = bytes(secret.to_bytes())
    raw = bytes(bech32.decode(b"AGE-SECRET-KEY-", text))
    return [raw, raw[:16], raw[16:], text, text.lower(), raw.hex().encode(), base64.b64encode(raw)[:-2]]


def sealed_pieces(folder: Path) -> Iterator[bytes]:
    """Every age file below `folder`, those inside rings included."""
    for data in files(folder).values():
        for start in re.finditer(rb"age-encryption\.org/v1\n", data):
            yield data[start.start() :]


def test_nothing_in_the_store_opens_anything_in_the_store(box: Box) -> None:
    """Every file is tried as a key, from each of its first places, against everything that is sealed."""
    fill(box)
    clear = b"".join(files(box.folder).values())
    assert not SECRET.findall(clear.upper())
    candidates = [
        Identity.parse(bech32.encode(b"AGE-SECRET-KEY-", data[start : start + 32]))
        for data in files(box.folder).values()
        for start in range(0, min(len(data) - 31, 4))
    ]
    pieces = list(sealed_pieces(box.folder))
    assert len(pieces) > 15
    for piece in pieces:
        with pytest.raises(SealError):
            open_bytes(piece, candidates)


def test_no_secret_stands_in_any_file(box: Box) -> None:
    fill(box)
    clear = b"".join(files(box.folder).values())
    secrets = [*every_secret(box.folder, box.practice), box.practice]
    assert len(secrets) >= 5
    for secret in secrets:
        assert not [spelling for spelling in spellings(secret) if spelling in clear]


def canaries() -> list[bytes]:
    number, name = CALLER.caller_number.encode(), CALLER.caller_name.encode()
    return [
        NOTE.encode(),
        NOTE[9:25].encode(),
        number,
        name,
        number.decode().encode("utf-16-le"),
        second(0, 1)[:24],
        second(0, 4)[:24],
        second(0, 5)[:24],
    ]


def test_no_sound_and_no_caller_stands_in_any_file(box: Box) -> None:
    fill(box)
    clear = b"".join(files(box.folder).values())
    assert not [canary for canary in canaries() if canary in clear]


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_no_sound_no_caller_and_no_secret_was_ever_on_the_raw_disk(tmp_path: Path) -> None:
    with loop_disk(tmp_path) as disk:
        with box_in(disk.folder / "store") as box:
            fill(box)
            secrets = [*every_secret(box.folder, box.practice), box.practice]
        disk.flush()
        raw = disk.image.read_bytes()
    assert b"keepline-ring/1 part" in raw, "this is the disk"
    for wanted in (*canaries(), *(spelling for secret in secrets for spelling in spellings(secret))):
        assert wanted not in raw


def memory(pid: int) -> Iterator[bytes]:
    """All that a process may write to."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as octets:
        for line in maps:
            span, rights, *_ = line.split()
            start, end = (int(place, 16) for place in span.split("-"))
            if rights.startswith("rw") and "[v" not in line:
                octets.seek(start)
                yield octets.read(end - start)


def test_an_idle_daemons_memory_holds_no_key_to_what_it_took_in(tmp_path: Path) -> None:
    practice = new_store(tmp_path)
    command = (sys.executable, "-c", IDLE, str(tmp_path))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline() == "idle\n"
        held = b"".join(memory(process.pid))
        process.kill()
    assert b"keepline-ring/1" in held, "this is its memory"
    secrets = list(every_secret(tmp_path, practice))
    assert len(secrets) == 2  # the epoch's, and that of the message that is still in its ring
    for secret in secrets:
        assert not [spelling for spelling in spellings(secret) if spelling in held]
    for text in set(SECRET.findall(held)):
        for piece in sealed_pieces(tmp_path):
            with pytest.raises(SealError):
                open_identity(piece, [Identity.parse(text)])


def test_an_error_about_a_message_quotes_nothing_of_it(box: Box) -> None:
    row = box.deliver(1)
    file = box.folder / "vault" / f"{row.stamp.id}.age"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(SealError) as caught:
        open_bytes(file.read_bytes(), [open_epoch(box.folder, row.epoch, box.practice)])
    shown = repr(caught.value) + str(caught.value)
    assert CALLER.caller_number not in shown
    assert sound(1)[0][:6].hex() not in shown
