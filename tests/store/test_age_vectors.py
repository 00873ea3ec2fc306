"""The age format's shared test vectors (tests/vectors/age), each through every reader that we have."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from appliance.errors import SealHeaderError, SealKeyError, SealMacError, SealPayloadError
from appliance.store.age_file import SealedFile, open_bytes, open_with_password
from appliance.store.keys import Identity

FOLDER = Path(__file__).parent.parent / "vectors" / "age"


class Skip(StrEnum):
    """Why a vector does not apply: we read only what we write."""

    ARMOR = "ASCII armor: our files are binary"
    HYBRID = "post-quantum recipients: our keys are X25519"


ERRORS = {
    "header failure": SealHeaderError,
    "no match": SealKeyError,
    "HMAC failure": SealMacError,
    "payload failure": SealPayloadError,
}


@dataclass(frozen=True)
class Vector:
    name: str
    expect: str
    payload: str
    identities: tuple[str, ...]
    passwords: tuple[str, ...]
    armored: bool
    sealed: bytes

    @classmethod
    def read(cls, file: Path) -> Vector:
        head, sealed = file.read_bytes().split(b"\n\n", 1)
        lines = [(key, value) for key, _, value in (line.partition(": ") for line in head.decode().splitlines())]
        keys = dict(lines)
        return cls(
            name=file.name,
            expect=keys["expect"],
            payload=keys.get("payload", ""),
            identities=tuple(value for key, value in lines if key == "identity"),
            passwords=tuple(value for key, value in lines if key == "passphrase"),
            armored=keys.get("armored") == "yes",
            sealed=zlib.decompress(sealed) if keys.get("compressed") == "zlib" else sealed,
        )

    @property
    def skip(self) -> Skip | None:
        if self.armored:
            return Skip.ARMOR
        if any(identity.startswith("AGE-SECRET-KEY-PQ-1") for identity in self.identities):
            return Skip.HYBRID
        return None

    def keys(self) -> list[Identity]:
        return [Identity.parse(identity) for identity in self.identities]


ALL = [Vector.read(file) for file in sorted(FOLDER.iterdir()) if file.suffix != ".md" and not file.name.startswith(".")]
APPLICABLE = [vector for vector in ALL if vector.skip is None]
WITH_KEYS = [vector for vector in APPLICABLE if not vector.passwords or vector.identities]
WITH_PASSWORD = [vector for vector in APPLICABLE if vector.passwords]

every_key_vector = pytest.mark.parametrize("vector", WITH_KEYS, ids=lambda vector: vector.name)
every_password_vector = pytest.mark.parametrize("vector", WITH_PASSWORD, ids=lambda vector: vector.name)


@contextmanager
def ending_as(vector: Vector) -> Iterator[None]:
    """The block must end as the vector says: well, or with the one right error."""
    if vector.expect == "success":
        yield
    else:
        with pytest.raises(ERRORS[vector.expect]):
            yield


def test_only_what_we_never_write_is_passed_over() -> None:
    assert len(ALL) == 143
    assert Counter(vector.skip for vector in ALL) == {None: 92, Skip.ARMOR: 33, Skip.HYBRID: 18}
    assert len(WITH_KEYS) == 68
    assert len(WITH_PASSWORD) == 25  # one of them has a key too


@every_key_vector
def test_a_whole_file_is_opened_or_refused(vector: Vector) -> None:
    with ending_as(vector):
        plaintext = open_bytes(vector.sealed, vector.keys())
        assert hashlib.sha256(plaintext).hexdigest() == vector.payload


@every_key_vector
def test_a_file_that_is_read_anywhere_is_opened_or_refused(vector: Vector) -> None:
    released = bytearray()
    with ending_as(vector):
        file = SealedFile(io.BytesIO(vector.sealed), vector.keys())
        while piece := file.read(10_007):
            released += piece
        assert len(released) == file.size
        assert hashlib.sha256(released).hexdigest() == vector.payload


@every_password_vector
def test_a_password_opens_only_what_it_should(vector: Vector) -> None:
    with ending_as(vector):
        plaintexts = [open_with_password(vector.sealed, password) for password in vector.passwords]
        assert [hashlib.sha256(plaintext).hexdigest() for plaintext in plaintexts] == [vector.payload]
