"""Both ways with the `age` command of the Debian package: what we seal it opens, what it seals we open, and what one refuses the other refuses."""

from __future__ import annotations

import io
import random
import subprocess
from pathlib import Path

import pexpect
import pytest

from appliance.errors import SealError
from appliance.store.age_file import (
    SealedFile,
    Sealer,
    open_bytes,
    open_with_password,
    seal,
    seal_identity,
    seal_with_password,
)
from appliance.store.keys import Identity

CHUNK = 65536
EDGES = (
    0,
    1,
    65519,
    65520,
    65521,
    65535,
    65536,
    65537,
    131071,
    131072,
    131073,
    196608,
    1048576,
    1048577,
    3 * 1048576 + 5,
)
PASSWORD = "correct horse battery staple"

every_edge = pytest.mark.parametrize("size", EDGES)


@pytest.fixture(scope="module")
def identity() -> Identity:
    return Identity.generate()


@pytest.fixture
def key(identity: Identity, tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text(identity.encode() + "\n")
    return file


def age(*arguments: str | Path, given: bytes) -> bytes:
    return subprocess.run(("age", *arguments), input=given, capture_output=True, check=True).stdout


def plaintext_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@every_edge
def test_the_command_opens_what_we_seal(size: int, identity: Identity, key: Path) -> None:
    plaintext, out = plaintext_of(size), io.BytesIO()
    with Sealer(out, [identity.recipient]) as sealer:
        sealer.write(plaintext)
    assert age("-d", "-i", key, given=seal(plaintext, [identity.recipient])) == plaintext
    assert age("-d", "-i", key, given=out.getvalue()) == plaintext


@every_edge
def test_we_open_what_the_command_seals(size: int, identity: Identity) -> None:
    plaintext = plaintext_of(size)
    sealed = age("-r", str(identity.recipient), given=plaintext)
    assert open_bytes(sealed, [identity]) == plaintext
    with SealedFile(io.BytesIO(sealed), [identity]) as file:
        assert file.read() == plaintext


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1])
def test_both_refuse_a_file_cut_at_any_edge(size: int, identity: Identity, key: Path) -> None:
    sealed = seal(plaintext_of(size), [identity.recipient])
    header = sealed.index(b"\n", sealed.index(b"---")) + 1
    edges = {0, 1, header - 1, header, header + 1, header + 15, header + 16, header + 17, header + 31}
    edges |= {header + 32, header + 33, header + 16 + CHUNK, header + 32 + CHUNK, len(sealed) - 16, len(sealed) - 1}
    for edge in sorted(edge for edge in edges if edge < len(sealed)):
        assert not _command_opens(sealed[:edge], key), f"the command opens {edge} octets"
        with pytest.raises(SealError):
            open_bytes(sealed[:edge], [identity])


def test_both_refuse_what_stands_behind_the_end(identity: Identity, key: Path) -> None:
    for size in (0, 5, CHUNK, 2 * CHUNK):
        sealed = seal(plaintext_of(size), [identity.recipient]) + b"\0"
        assert not _command_opens(sealed, key)
        with pytest.raises(SealError):
            open_bytes(sealed, [identity])


def _command_opens(sealed: bytes, key: Path) -> bool:
    return subprocess.run(("age", "-d", "-i", key), input=sealed, capture_output=True, check=False).returncode == 0


def test_several_recipients_open_it_either_way(tmp_path: Path) -> None:
    people = [Identity.generate() for _ in range(3)]
    list_of_all = tmp_path / "recipients"
    list_of_all.write_text("".join(f"{person.recipient}\n" for person in people))
    ours, peers = seal(b"sound", [person.recipient for person in people]), age("-R", list_of_all, given=b"sound")
    for number, person in enumerate(people):
        file = tmp_path / f"key{number}"
        file.write_text(person.encode())
        assert age("-d", "-i", file, given=ours) == b"sound"
        assert open_bytes(peers, [person]) == b"sound"


def test_a_key_of_age_keygen_is_ours_too(tmp_path: Path) -> None:
    subprocess.run(("age-keygen", "-o", tmp_path / "key"), check=True, capture_output=True)
    *_, secret = (tmp_path / "key").read_text().splitlines()
    made = Identity.parse(secret)
    assert f"# public key: {made.recipient}" in (tmp_path / "key").read_text()
    assert open_bytes(age("-r", str(made.recipient), given=b"sound"), [made]) == b"sound"


def test_a_sealed_epoch_opens_to_a_key_file_that_opens_its_messages(
    identity: Identity, key: Path, tmp_path: Path
) -> None:
    with Identity.generate() as epoch:
        sealed_epoch, message = seal_identity(epoch, [identity.recipient]), seal(b"sound", [epoch.recipient])
    (tmp_path / "epoch").write_bytes(age("-d", "-i", key, given=sealed_epoch))
    assert age("-d", "-i", tmp_path / "epoch", given=message) == b"sound"


def test_the_command_opens_what_our_password_sealed(tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    sealed.write_bytes(seal_with_password(b"the person's key", PASSWORD, 10))
    _at_a_terminal("-d", "-o", tmp_path / "clear", sealed)
    assert (tmp_path / "clear").read_bytes() == b"the person's key"


def test_our_password_opens_what_the_command_sealed(tmp_path: Path) -> None:
    (tmp_path / "clear").write_bytes(b"the person's key")
    _at_a_terminal("-p", "-o", tmp_path / "sealed", tmp_path / "clear")
    assert open_with_password((tmp_path / "sealed").read_bytes(), PASSWORD) == b"the person's key"


def _at_a_terminal(*arguments: str | Path) -> None:
    """The command, with the password typed in as often as it asks."""
    with pexpect.spawn("age", [str(argument) for argument in arguments], timeout=60) as command:
        while command.expect([r"(?:Enter|Confirm) passphrase[^:]*: ", pexpect.EOF]) == 0:
            command.sendline(PASSWORD)
        command.wait()
    assert command.exitstatus == 0
