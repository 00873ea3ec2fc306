"""What a process that has sealed messages still knows: nothing that opens them. Looked for in all of its memory, by another process that has the keys."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from appliance.store import age_header, age_stanzas, bech32, primitives
from appliance.store.age_file import open_bytes, open_identity
from appliance.store.keys import Identity

MESSAGES = 20
SEALING = f"""
import sys
from appliance.store.age_file import seal, seal_identity
from appliance.store.keys import Identity, Recipient

practice = Recipient.parse(sys.stdin.readline().strip())
with Identity.generate() as epoch:
    to = epoch.recipient
    print(seal_identity(epoch, [practice]).hex())
for number in range({MESSAGES}):
    print(seal(b"message %d" % number, [to]).hex())
print("idle", flush=True)
sys.stdin.read()
"""


def test_no_key_to_what_was_sealed_stays_in_memory() -> None:
    practice = Identity.generate()
    with subprocess.Popen(
        (sys.executable, "-c", SEALING), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{practice.recipient}\n")
        process.stdin.flush()
        sealed_epoch, *messages = [bytes.fromhex(line) for line in iter(process.stdout.readline, "idle\n")]
        memory = _memory_of(process.pid)
        process.stdin.close()

    epoch = open_identity(sealed_epoch, [practice])
    assert [open_bytes(message, [epoch]) for message in messages] == [
        b"message %d" % number for number in range(MESSAGES)
    ]
    assert memory.count(practice.recipient.point) > 0, "the search must find what is there"
    found = {name for name, key in _keys_of(sealed_epoch, practice, messages, epoch) if key in memory}
    assert not found


def _keys_of(
    sealed_epoch: bytes, practice: Identity, messages: list[bytes], epoch: Identity
) -> Iterator[tuple[str, bytes]]:
    yield "epoch text", bytes(epoch.to_bytes())
    yield "part of epoch text", bytes(epoch.to_bytes()[40:60])
    yield "epoch secret", bytes(bech32.decode(b"AGE-SECRET-KEY-", epoch.to_bytes()))
    for sealed, identity in ((sealed_epoch, practice), *((message, epoch) for message in messages)):
        source = io.BytesIO(sealed)
        header = age_header.read(source.readline)
        share = age_header.from_base64(header.stanzas[0].arguments[1])
        shared = identity.agree(share)
        file_key = age_stanzas.unwrap_with_identities(header.stanzas, [identity])
        salt = source.read(16)
        yield "shared secret", shared
        yield (
            "key that wraps the file key",
            primitives.derive(shared, share + identity.recipient.point, b"age-encryption.org/v1/X25519"),
        )
        yield "file key", file_key
        yield "payload key", primitives.derive(file_key, salt, b"payload")
        yield "payload key half made", primitives.mac(salt, file_key)


def _memory_of(pid: int) -> bytes:
    """All that the process may write to, one after the other."""
    memory = bytearray()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if place := re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line):
                start, end = (int(number, 16) for number in place.groups())
                file.seek(start)
                part = file.read(end - start)
                assert len(part) == end - start
                memory += part
    return bytes(memory)
