"""Sealed files: age v1, as C2SP age-encryption.org/v1 describes it. `age -d -i key file.age` opens them without us.

`seal` and `open_bytes` for what is at hand as a whole, `Sealer` for what passes through, `SealedFile` to read anywhere in a file without opening the rest.
Nothing is believed before the header's code was checked.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from typing import Final, Protocol, Self

from appliance.errors import SealHeaderError, SealMacError, SealPayloadError
from appliance.store import age_header, age_stanzas, primitives
from appliance.store.age_header import Stanza
from appliance.store.age_stream import (
    CHUNK,
    SEALED_CHUNK,
    Sink,
    Source,
    Writer,
    fill,
    nonce,
    open_chunks,
    plaintext_size,
    seal_chunks,
)
from appliance.store.keys import Identity, Recipient
from appliance.store.primitives import Buffer, Cipher

_SALT: Final = 16  # octets between header and chunks, from which the payload's key is derived
_HEADER_LABEL: Final = b"header"
_PAYLOAD_LABEL: Final = b"payload"
_LEAST_WORK: Final = 15
_MOST_WORK: Final = 18
_SHARE_OF_MEMORY: Final = 8  # a derivation takes at most one part in eight of the machine's memory


class SeekableSource(Source, Protocol):
    """A binary file that can be read anywhere."""

    def seek(self, offset: int, whence: int = ..., /) -> int: ...

    def tell(self) -> int: ...

    def close(self) -> None: ...


def seal(plaintext: Buffer, recipients: Sequence[Recipient]) -> bytes:
    """`plaintext` so that each of `recipients` opens it. Raises `KeyFormatError` when there is none."""
    return _seal(plaintext, lambda file_key: age_stanzas.wrap_to_recipients(file_key, recipients))


def open_bytes(sealed: bytes, identities: Sequence[Identity]) -> bytes:
    """What was sealed. Raises `SealHeaderError`, `SealKeyError`, `SealMacError` or `SealPayloadError`."""
    return _open(sealed, lambda stanzas: age_stanzas.unwrap_with_identities(stanzas, identities))


def seal_with_password(plaintext: Buffer, password: str, work_factor: int) -> bytes:
    """`plaintext` so that `password` opens it. `work_factor`: see `choose_work_factor`."""
    return _seal(plaintext, lambda file_key: age_stanzas.wrap_to_password(file_key, password, work_factor))


def open_with_password(sealed: bytes, password: str, max_work_factor: int = 20) -> bytes:
    """What was sealed. Raises `SealKeyError` for a wrong password, `SealHeaderError` also when more work is asked than allowed, and the others."""
    return _open(sealed, lambda stanzas: age_stanzas.unwrap_with_password(stanzas, password, max_work_factor))


def choose_work_factor(memory_bytes: int) -> int:
    """The scrypt work factor for a machine with this much memory: never under 15 (32 MiB a derivation), at most age's own 18 (256 MiB)."""
    fitting = (memory_bytes // _SHARE_OF_MEMORY).bit_length() - 11  # a derivation takes 2^(work factor + 10) octets
    return max(_LEAST_WORK, min(_MOST_WORK, fitting))


def seal_identity(identity: Identity, recipients: Sequence[Recipient]) -> bytes:
    """The text of `identity` sealed, so that `age -d` gives a key file. No copy of the text stays in memory."""
    text = identity.to_bytes()
    with primitives.forgetting(text):
        return seal(text, recipients)


def open_identity(sealed: bytes, identities: Sequence[Identity]) -> Identity:
    """The identity in `sealed`. Raises as `open_bytes` does, and `KeyFormatError`."""
    text = open_bytes(sealed, identities)
    with primitives.forgetting(text):
        return Identity.parse(text)


class Sealer:
    """Seals what is written to it into `out`, for `recipients`. Only `close` makes it whole; an error inside a `with` leaves it cut short.

    `out` stays open: the caller flushes it to the disk.
    """

    def __init__(self, out: Sink, recipients: Sequence[Recipient]) -> None:
        start, cipher = _begin(lambda file_key: age_stanzas.wrap_to_recipients(file_key, recipients))
        self._writer: Writer | None = Writer(out, cipher, start)

    def write(self, data: Buffer) -> int:
        if self._writer is None:
            raise ValueError("write to a closed seal")
        return self._writer.write(data)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        elif self._writer is not None:
            self._writer.forget()
            self._writer = None


class SealedFile(io.RawIOBase):
    """A sealed file as a file in clear that can be read anywhere. Takes over `file` and closes it with itself, or when it cannot be opened.

    Keeps one opened chunk, overwritten on `close`. The last chunk is opened first: so `size` is true, and a file that was cut short is refused at once.
    Raises as `open_bytes` does.
    """

    def __init__(self, file: SeekableSource, identities: Sequence[Identity]) -> None:
        super().__init__()
        self._file = file
        self._position = 0
        self._sealed = memoryview(bytearray(SEALED_CHUNK))
        self._chunk = memoryview(bytearray(CHUNK))
        self._held = -1  # which chunk `_chunk` holds
        try:
            file.seek(0)
            self._cipher = _open_header(file, lambda stanzas: age_stanzas.unwrap_with_identities(stanzas, identities))
            self._start = file.tell()
            self.size = plaintext_size(file.seek(0, os.SEEK_END) - self._start)  # octets in clear
            self._last = max(0, self.size - 1) // CHUNK
            self._hold(self._last)
        except BaseException:
            self.close()
            raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("there is nothing before the start")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # typeshed's Buffer is not in Python 3.11
        if self.closed:
            raise ValueError("the file is closed")
        view = memoryview(buffer).cast("B")
        done = 0
        while done < len(view) and self._position + done < self.size:
            done += self._read_from_chunk(self._position + done, view[done:])
        self._position += done
        return done

    def readall(self) -> bytes:
        rest = bytearray(max(0, self.size - self._position))
        self.readinto(rest)
        return bytes(rest)

    def close(self) -> None:
        if not self.closed:
            self._chunk[:] = bytes(CHUNK)
            self._file.close()
        super().close()

    def _read_from_chunk(self, position: int, view: memoryview) -> int:
        index, skip = divmod(position, CHUNK)
        length = min(self.size - index * CHUNK, CHUNK)
        if not skip and len(view) >= length:  # all of it is wanted: straight to where it goes
            self._open(index, view[:length])
            return length
        if index != self._held:
            self._hold(index)
        taken = min(len(view), length - skip)
        view[:taken] = self._chunk[skip : skip + taken]
        return taken

    def _hold(self, index: int) -> None:
        self._held = -1
        self._open(index, self._chunk[: min(self.size - index * CHUNK, CHUNK)])
        self._held = index

    def _open(self, index: int, plain: memoryview) -> None:
        sealed = self._sealed[: len(plain) + primitives.TAG]
        self._file.seek(self._start + index * SEALED_CHUNK)
        whole = fill(self._file, sealed) == len(sealed)
        if not whole or not self._cipher.open_into(sealed, nonce(index, index == self._last), plain):
            plain[:] = bytes(len(plain))  # nothing that was not proven goes out
            raise SealPayloadError


def _seal(plaintext: Buffer, wrap: Callable[[bytes], tuple[Stanza, ...]]) -> bytes:
    start, cipher = _begin(wrap)
    return b"".join((start, *seal_chunks(cipher, plaintext)))


def _begin(wrap: Callable[[bytes], tuple[Stanza, ...]]) -> tuple[bytes, Cipher]:
    """Everything before the chunks, and the cipher for them, under a new file key that is forgotten here."""
    file_key = primitives.random_bytes(age_stanzas.FILE_KEY)
    with primitives.forgetting(file_key):
        signed = age_header.signed_part(wrap(file_key))
        salt = primitives.random_bytes(_SALT)
        return signed + age_header.last_line(_mac(file_key, signed)) + salt, _payload_cipher(file_key, salt)


def _open(sealed: bytes, unwrap: Callable[[Sequence[Stanza]], bytes]) -> bytes:
    source = io.BytesIO(sealed)
    cipher = _open_header(source, unwrap)
    return b"".join(open_chunks(cipher, memoryview(sealed)[source.tell() :]))


def _open_header(source: Source, unwrap: Callable[[Sequence[Stanza]], bytes]) -> Cipher:
    """Reads up to the first chunk; the cipher for the chunks."""
    header = age_header.read(source.readline)
    file_key = unwrap(header.stanzas)
    with primitives.forgetting(file_key):
        if not primitives.same(_mac(file_key, header.signed), header.mac):
            raise SealMacError
        salt = bytearray(_SALT)
        if fill(source, memoryview(salt)) < _SALT:
            raise SealHeaderError
        return _payload_cipher(file_key, bytes(salt))


def _mac(file_key: bytes, signed: bytes) -> bytes:
    key = primitives.derive(file_key, b"", _HEADER_LABEL)
    with primitives.forgetting(key):
        return primitives.mac(key, signed)


def _payload_cipher(file_key: bytes, salt: bytes) -> Cipher:
    key = primitives.derive(file_key, salt, _PAYLOAD_LABEL)
    with primitives.forgetting(key):
        return Cipher(key)
