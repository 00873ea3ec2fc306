"""Every call to the crypto library, in one file: what the sealed store is made of.

Nothing here chooses a format. Secrets that pass through are overwritten as soon as they were used (`forget`), because Python leaves the octets of a dead
object in memory until something else wants the room, and idle memory must hold nothing that opens a message.
"""

from __future__ import annotations

import ctypes
import hmac
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from appliance.errors import SealKeyError

KEY: Final = 32  # octets of an X25519 scalar or point, and of a ChaCha20 key
TAG: Final = 16  # octets that ChaCha20-Poly1305 adds, RFC 8439 §2.8
_NONCE: Final = bytes(12)  # all zero wherever a key seals once only
_WRAP_SALT: Final = 32  # octets
_SHA256: Final = hashes.SHA256()
_BYTES_HEAD: Final = bytes.__basicsize__ - 1  # octets before the content of a CPython bytes object
_ASCII_HEAD: Final = sys.getsizeof("") - 1  # the same for text that is all ASCII

Buffer = bytes | bytearray | memoryview
Secret = bytes | bytearray


def random_bytes(length: int) -> bytes:
    """`length` octets that nobody can foresee."""
    return os.urandom(length)


def forget(*secrets: Secret | str) -> None:
    """Overwrite secrets that only the caller still holds; they must not be used afterwards. Text must be ASCII.

    A bytearray is overwritten as the language allows; bytes and text behind the language's back, since a library returned them so.
    """
    for secret in secrets:
        if isinstance(secret, bytearray):
            secret[:] = bytes(len(secret))
        elif len(secret) > 1:  # shorter ones are shared by the whole process
            if isinstance(secret, str) and not secret.isascii():
                raise ValueError("only ASCII text can be forgotten")
            head = _ASCII_HEAD if isinstance(secret, str) else _BYTES_HEAD
            ctypes.memset(id(secret) + head, 0, len(secret))


@contextmanager
def forgetting(*secrets: Secret | str) -> Iterator[None]:
    """Forget `secrets` at the end of the block, however it ends."""
    try:
        yield
    finally:
        forget(*secrets)


def same(one: Buffer, other: Buffer) -> bool:
    """Are they equal? Takes as long whatever differs."""
    return hmac.compare_digest(one, other)


def mac(key: Secret, data: Buffer) -> bytes:
    """HMAC-SHA-256, 32 octets."""
    code = HMAC(key, _SHA256)
    code.update(data)
    return code.finalize()


def derive(secret: Secret, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA-256 (RFC 5869), 32 octets: one block, so expanding is one HMAC. Written out so that the key in between can be forgotten."""
    between = mac(salt or bytes(KEY), secret)
    key = mac(between, info + b"\x01")
    forget(between)
    return key


def derive_from_password(password: Buffer, salt: bytes, work_factor: int) -> bytes:
    """scrypt (RFC 7914) with N = 2^work_factor, r = 8, p = 1: 32 octets. Takes 2^(work_factor + 10) octets of memory."""
    return Scrypt(salt=salt, length=KEY, n=1 << work_factor, r=8, p=1).derive(password)


class SecretKey:
    """An X25519 secret (RFC 7748). The crypto library holds it, and overwrites it when the last reference to this goes."""

    __slots__ = ("_key", "point")

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key
        self.point = key.public_key().public_bytes_raw()  # the public half, 32 octets

    @classmethod
    def generate(cls) -> Self:
        return cls(X25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, secret: Secret) -> Self:
        return cls(X25519PrivateKey.from_private_bytes(secret))

    def to_bytes(self) -> bytes:
        """The secret in clear: `forget` it after use."""
        return self._key.private_bytes_raw()

    def agree(self, point: bytes) -> bytes:
        """What is shared with the owner of `point`. Raises ValueError for a low-order point: anybody would know that secret."""
        return self._key.exchange(X25519PublicKey.from_public_bytes(point))


class SigningKey:
    """An Ed25519 secret (RFC 8032): signs what the box itself says."""

    __slots__ = ("_key", "point")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.point = key.public_key().public_bytes_raw()  # the public half, 32 octets

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, secret: Secret) -> Self:
        """Raises ValueError for anything but 32 octets."""
        return cls(Ed25519PrivateKey.from_private_bytes(secret))

    def to_bytes(self) -> bytes:
        """The secret in clear: `forget` it after use."""
        return self._key.private_bytes_raw()

    def sign(self, message: Buffer) -> bytes:
        """64 octets."""
        return self._key.sign(message)


def is_signed(point: bytes, message: Buffer, signature: bytes) -> bool:
    """Did the owner of the Ed25519 public half `point` sign this?"""
    try:
        Ed25519PublicKey.from_public_bytes(point).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Cipher:
    """ChaCha20-Poly1305 under one key. A nonce (12 octets) must never seal twice under it."""

    __slots__ = ("_cipher",)

    def __init__(self, key: Secret) -> None:
        self._cipher = ChaCha20Poly1305(key)

    def seal(self, plaintext: Buffer, nonce: bytes = _NONCE) -> bytes:
        return self._cipher.encrypt(nonce, plaintext, None)

    def seal_into(self, plaintext: Buffer, nonce: bytes, out: Buffer) -> None:
        """`out` takes exactly the plaintext's length and `TAG` more, and does not overlap it."""
        self._cipher.encrypt_into(nonce, plaintext, None, out)

    def open(self, sealed: Buffer, nonce: bytes = _NONCE) -> bytes | None:
        """The plaintext, or None when it was not sealed under this key and nonce or has been changed."""
        try:
            return self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            return None

    def open_into(self, sealed: Buffer, nonce: bytes, out: Buffer) -> bool:
        """`out` takes exactly the sealed length less `TAG`. On False its content means nothing."""
        try:
            self._cipher.decrypt_into(nonce, sealed, None, out)
        except InvalidTag:
            return False
        return True


def wrap(secret: Secret, plaintext: Buffer, context: bytes) -> bytes:
    """`plaintext` sealed under a key derived from `secret` (at least 16 random octets) for one purpose, named by `context`."""
    salt = random_bytes(_WRAP_SALT)
    key = derive(secret, salt, context)
    with forgetting(key):
        return salt + Cipher(key).seal(plaintext)


def unwrap(secret: Secret, wrapped: bytes, context: bytes) -> bytes:
    """What `wrap` sealed. Raises `SealKeyError` when secret or context differ or it was changed."""
    key = derive(secret, wrapped[:_WRAP_SALT], context)
    with forgetting(key):
        plaintext = Cipher(key).open(wrapped[_WRAP_SALT:])
    if plaintext is None:
        raise SealKeyError
    return plaintext
