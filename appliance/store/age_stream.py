"""The payload of an age v1 file: STREAM, chunks of 64 KiB, each sealed under its number and whether it is the last.

So chunks cannot be exchanged, dropped or cut off unseen, and each can be opened by itself. Only the last may be short; it is empty only when there is
nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from appliance.errors import SealPayloadError
from appliance.store.primitives import TAG, Buffer, Cipher

CHUNK: Final = 65536  # octets of plaintext in a full chunk
SEALED_CHUNK: Final = CHUNK + TAG
_AT_ONCE: Final = 16  # chunks in one read or write of a file


class Sink(Protocol):
    """What a sealed file is written to: any binary file."""

    def write(self, data: memoryview, /) -> int | None: ...


class Source(Protocol):
    """What a sealed file is read from: any binary file."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...

    def readline(self, limit: int, /) -> bytes: ...


def nonce(index: int, last: bool) -> bytes:
    """Of chunk `index`, counted from 0: eleven octets of number, one that marks the last."""
    return (index << 8 | last).to_bytes(12, "big")


def seal_chunks(cipher: Cipher, plaintext: Buffer) -> Iterator[bytes]:
    """The sealed chunks of a plaintext that is at hand as a whole."""
    view = memoryview(plaintext).cast("B")
    final = max(0, (len(view) - 1) // CHUNK)
    for index in range(final + 1):
        yield cipher.seal(view[index * CHUNK : (index + 1) * CHUNK], nonce(index, index == final))


def open_chunks(cipher: Cipher, sealed: memoryview) -> Iterator[bytes]:
    """The plaintext of chunks that are at hand as a whole. Raises `SealPayloadError` when anything is amiss."""
    final = max(0, plaintext_size(len(sealed)) - 1) // CHUNK
    for index in range(final + 1):
        chunk = cipher.open(sealed[index * SEALED_CHUNK : (index + 1) * SEALED_CHUNK], nonce(index, index == final))
        if chunk is None:
            raise SealPayloadError
        yield chunk


def plaintext_size(sealed: int) -> int:
    """Octets in clear of chunks that take `sealed` octets. Raises `SealPayloadError` when no chunks take that many."""
    before, rest = divmod(max(0, sealed - 1), SEALED_CHUNK)  # full chunks before the last, octets of the last less one
    last = min(sealed, rest + 1) - TAG
    if last < 0 or (last == 0 and before):
        raise SealPayloadError
    return before * CHUNK + last


class Writer:
    """Seals what is written, chunk by chunk. What it holds back becomes the last chunk on `close`, which leaves `out` open."""

    def __init__(self, out: Sink, cipher: Cipher, start: bytes) -> None:
        """`start` goes out before the first chunk."""
        self._out = out
        self._cipher = cipher
        self._index = 0
        self._held = memoryview(bytearray(CHUNK))
        self._held_length = 0
        self._sealed = memoryview(bytearray(_AT_ONCE * SEALED_CHUNK))
        self._sealed_length = 0
        self._write_all(memoryview(start))

    def write(self, data: Buffer) -> int:
        view = memoryview(data).cast("B")
        length = len(view)
        while view:
            if self._held_length == CHUNK:  # more has come, so it is not the last
                self._seal(self._held, last=False)
                self._held_length = 0
            if not self._held_length and len(view) > CHUNK:
                self._seal(view[:CHUNK], last=False)
                view = view[CHUNK:]
                continue
            taken = min(len(view), CHUNK - self._held_length)
            self._held[self._held_length : self._held_length + taken] = view[:taken]
            self._held_length += taken
            view = view[taken:]
        return length

    def close(self) -> None:
        self._seal(self._held[: self._held_length], last=True)
        self._flush()
        self.forget()

    def forget(self) -> None:
        """Overwrite the plaintext that is held back."""
        self._held[:] = bytes(CHUNK)
        self._held_length = 0

    def _seal(self, chunk: memoryview, last: bool) -> None:
        end = self._sealed_length + len(chunk) + TAG
        self._cipher.seal_into(chunk, nonce(self._index, last), self._sealed[self._sealed_length : end])
        self._index += 1
        self._sealed_length = end
        if end == len(self._sealed):
            self._flush()

    def _flush(self) -> None:
        self._write_all(self._sealed[: self._sealed_length])
        self._sealed_length = 0

    def _write_all(self, data: memoryview) -> None:
        while data:
            data = data[self._out.write(data) or 0 :]


def fill(source: Source, buffer: memoryview) -> int:
    """Read until `buffer` is full or the source ends; returns how many octets."""
    length = 0
    while length < len(buffer) and (got := source.readinto(buffer[length:])):
        length += got
    return length
