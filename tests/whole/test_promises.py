"""The first two promises, held against the running appliance: it cannot read back what it took, and nothing in clear is ever on a disk."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.access import record, testimony
from appliance.access.unlock import unlock
from appliance.errors import KeyFormatError, SealError
from appliance.store import age_header, age_stanzas, bech32
from appliance.store.age_file import open_bytes
from appliance.store.epochs import open_epoch
from appliance.store.keys import Identity
from tests.rig import ulaw
from tests.rig.appliance import NAME, PASSWORD, Appliance
from tests.rig.compare import holds_exactly
from tests.rig.page_client import PageClient
from tests.rig.patient import Patient
from tests.whole.search import core_of, files_below, find, pieces, spellings

pytestmark = pytest.mark.rig

NUMBER = "5559876543"
CALLER = "Quillon Canary"
NOTE = "Her sister Ottilie Canary asks for Friday"
KEY_TEXT = b"AGE-SECRET-KEY-1"
KEY_LENGTH = 74  # letters of an encoded identity


@pytest.fixture(scope="module")
def appliance() -> Iterator[Appliance]:
    with Appliance() as appliance:
        yield appliance


@pytest.fixture(scope="module")
def canary() -> bytes:
    """Three seconds of a sound that nothing else makes, as the line carries it."""
    noise = np.random.default_rng(20).normal(0, 5000, 24_000)
    return ulaw.carried(noise.astype("<i2").tobytes())


@pytest.fixture(scope="module")
def message(appliance: Appliance, canary: bytes) -> str:
    """A message that holds the canary; while it is recorded the disk is searched once, too."""
    with Patient(NUMBER, CALLER).call(appliance.company) as call:
        call.wait(1.0)
        call.press("#")
        call.wait_for_tone()
        call.wait(1.0)  # until the tone is over
        call.say(canary)
        assert on_disk(appliance, canary) == []
        call.say(canary)
    (row,) = appliance.wait_for_messages(1)
    return str(row["row"]["stamp"]["id"])


def on_disk(appliance: Appliance, canary: bytes) -> list[str]:
    """Where any trace of the canary lies in a file of data, spool, log or temporary folder."""
    needles = pieces("sound", canary) | pieces("sound (G.711)", ulaw.encode(canary), 24)
    needles |= spellings("number", NUMBER) | spellings("name", CALLER)
    folders = [appliance.folder, appliance.company.box_asterisk.folder]
    return find(needles, files_below(*folders))


def secrets(appliance: Appliance, message: str) -> dict[str, bytes]:
    """Every secret that opens `message`, from the practice's key down to the payload's: as text and as it lies in memory."""
    practice = unlock(appliance.store, NAME, PASSWORD).practice
    (row,) = [found for found in appliance.messages() if found["row"]["stamp"]["id"] == message]
    epoch = open_epoch(appliance.store, row["row"]["epoch"], practice)
    found: dict[str, bytes] = {}
    for name, identity in (
        ("practice key", practice),
        ("epoch key", epoch),
        ("recovery key", Identity.parse(appliance.recovery)),
        ("record's key", testimony.open_key(appliance.store, practice)),
    ):
        text = identity.encode()
        found |= {
            f"{name}, text": text.encode(),
            f"{name}, octets": bytes(bech32.decode(b"AGE-SECRET-KEY-", text.encode())),
        }
    with (appliance.store / "vault" / f"{message}.age").open("rb") as sealed:
        found["file key"] = age_stanzas.unwrap_with_identities(age_header.read(sealed.readline).stanzas, [epoch])
    return found | {"password": PASSWORD.encode()}


def identities_in(content: bytes) -> Iterator[Identity]:
    """Every age identity that stands in `content` as text."""
    at = content.find(KEY_TEXT)
    while at >= 0:
        with contextlib.suppress(KeyFormatError):
            yield Identity.parse(content[at : at + KEY_LENGTH])
        at = content.find(KEY_TEXT, at + 1)


def test_the_page_plays_exactly_what_the_line_carried(appliance: Appliance, message: str, canary: bytes) -> None:
    with PageClient(appliance.address, appliance.ca_file) as page:
        page.log_in(NAME, PASSWORD)
        assert holds_exactly(page.sound(message), canary)


def test_no_trace_of_sound_number_or_name_is_on_the_disk(appliance: Appliance, message: str, canary: bytes) -> None:
    with PageClient(appliance.address, appliance.ca_file) as page:
        page.log_in(NAME, PASSWORD)
        page.get("/")
        page.sound(message)
        assert on_disk(appliance, canary) == []


def test_no_trace_of_a_note_is_on_the_disk_or_in_the_daemons_memory(
    appliance: Appliance, message: str, tmp_path: Path
) -> None:
    """The page seals it; what crosses the socket is sealed already."""
    with PageClient(appliance.address, appliance.ca_file) as page:
        page.log_in(NAME, PASSWORD)
        page.post(f"/messages/{message}/notes", note=NOTE)
        assert NOTE in page.get(f"/messages/{message}").decode()
    assert (appliance.store / "notes" / f"{message}-001.age").is_file()
    needles = spellings("note", NOTE) | spellings("note's end", NOTE[-16:])
    assert find(needles, files_below(appliance.folder, appliance.company.box_asterisk.folder)) == []
    assert find(needles, [core_of(appliance.daemon.pid, tmp_path)]) == []


def test_the_search_would_find_what_it_looks_for(appliance: Appliance, canary: bytes) -> None:
    planted = appliance.folder / "planted"
    planted.write_bytes(b"x" * 999 + canary[16:] + CALLER.encode() + NUMBER.encode("utf-16-le"))
    try:
        found = " ".join(on_disk(appliance, canary))
    finally:
        planted.unlink()
    assert "sound at" in found
    assert "name (UTF-8)" in found
    assert "number (UTF-16)" in found


def test_nothing_in_the_idle_daemons_memory_opens_a_message(appliance: Appliance, message: str, tmp_path: Path) -> None:
    core = core_of(appliance.daemon.pid, tmp_path)
    assert core.stat().st_size > 10_000_000
    assert find(secrets(appliance, message), [core]) == []
    sealed = (appliance.store / "vault" / f"{message}.age").read_bytes()
    for identity in identities_in(core.read_bytes()):
        with pytest.raises(SealError):
            open_bytes(sealed, [identity])


def test_the_one_secret_that_the_daemon_keeps_signs_the_record_and_opens_nothing(
    appliance: Appliance, message: str
) -> None:
    """The box's key must be at hand for each line. Taken for an identity, it opens no file of the store."""
    key = (appliance.store / record.KEY).read_bytes()
    taken = Identity.parse(bytes(bech32.encode(b"AGE-SECRET-KEY-", key)))
    sealed = [file.read_bytes() for file in files_below(appliance.store)]
    assert [file for file in sealed if file.startswith(b"age-encryption.org/v1\n") and opens(file, taken)] == []


def test_nothing_the_daemon_can_read_opens_a_sealed_file(appliance: Appliance, message: str) -> None:
    readable = [file.read_bytes() for file in files_below(appliance.folder)]
    candidates = [identity for content in readable for identity in identities_in(content)]
    sealed = [content for content in readable if content.startswith(b"age-encryption.org/v1\n")]
    assert len(sealed) >= 4  # person, practice, epoch, message
    assert [identity for identity in candidates for file in sealed if opens(file, identity)] == []
    assert find(secrets(appliance, message), files_below(appliance.folder)) == []


def opens(file: bytes, identity: Identity) -> bool:
    try:
        open_bytes(file, [identity])
    except SealError:
        return False
    return True


def test_a_key_in_memory_would_be_found(tmp_path: Path) -> None:
    identity = Identity.generate()
    program = "import sys; key = sys.stdin.readline(); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write(identity.encode() + "\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "held\n"
        core = core_of(holder.pid, tmp_path)
        holder.stdin.close()
    assert find({"key": identity.encode().encode()}, [core])
    assert identity.recipient in {found.recipient for found in identities_in(core.read_bytes())}
