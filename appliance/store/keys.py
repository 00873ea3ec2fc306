"""The two halves of an age key: a `Recipient` that anything can be sealed to, and the `Identity` that opens it. X25519 (RFC 7748)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NoReturn, Self

from appliance.errors import KeyFormatError, SealKeyError
from appliance.store import bech32, primitives

_PUBLIC: Final = b"age"
_SECRET: Final = b"AGE-SECRET-KEY-"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public half: may lie anywhere."""

    point: bytes  # 32 octets

    def __str__(self) -> str:
        return bech32.encode(_PUBLIC, self.point).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The recipient in `text`, "age1..."; raises `KeyFormatError`."""
        return cls(bytes(_decode(_PUBLIC, text)))


class Identity:
    """The secret half. It is never shown by repr, str or an error; `wipe` it when it was used. Also a context manager that wipes it at the end."""

    __slots__ = ("_key", "_recipient")

    def __init__(self, key: primitives.SecretKey) -> None:
        self._key: primitives.SecretKey | None = key
        self._recipient = Recipient(key.point)

    @classmethod
    def generate(cls) -> Self:
        return cls(primitives.SecretKey.generate())

    @classmethod
    def parse(cls, text: str | bytes | bytearray) -> Self:
        """The identity in `text`, "AGE-SECRET-KEY-1..."; raises `KeyFormatError`."""
        secret = _decode(_SECRET, text)
        with primitives.forgetting(secret):
            return cls(primitives.SecretKey.from_bytes(secret))

    @property
    def recipient(self) -> Recipient:
        """What to seal to, so that this identity opens it."""
        return self._recipient

    def agree(self, point: bytes) -> bytes:
        """The secret shared with the owner of `point`; raises ValueError for a low-order point and `SealKeyError` after `wipe`."""
        return self._unwiped().agree(point)

    def encode(self) -> str:
        """AGE-SECRET-KEY-1...: for a person to keep. Programs take `to_bytes`, which can be overwritten."""
        text = self.to_bytes()
        with primitives.forgetting(text):
            return text.decode()

    def to_bytes(self) -> bytearray:
        """AGE-SECRET-KEY-1... as octets: `primitives.forget` them when they were used."""
        secret = self._unwiped().to_bytes()
        with primitives.forgetting(secret):
            return bech32.encode(_SECRET, secret)

    def wipe(self) -> None:
        """Let the secret go, which overwrites it; from now on this identity opens nothing."""
        self._key = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return f"Identity(secret of {self._recipient})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied or pickled")

    def _unwiped(self) -> primitives.SecretKey:
        if self._key is None:
            raise SealKeyError("This key was wiped and opens nothing any more.")
        return self._key


def _decode(prefix: bytes, text: str | bytes | bytearray) -> bytearray:
    if isinstance(text, str):
        if not text.isascii():
            raise KeyFormatError
        text = bytearray(text, "ascii")
        with primitives.forgetting(text):
            return _decode(prefix, text)
    data = bech32.decode(prefix, text)
    if len(data) != primitives.KEY:
        raise KeyFormatError
    return data
