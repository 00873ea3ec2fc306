"""How a file key is wrapped: to an X25519 recipient, or to a password by scrypt. And how it is had back.

Every stanza of a kind we know is checked whole before any is tried, so that a damaged header is called damaged and not "wrong key".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.errors import KeyFormatError, SealHeaderError, SealKeyError
from appliance.store import primitives
from appliance.store.age_header import Stanza, from_base64, to_base64
from appliance.store.keys import Identity, Recipient

FILE_KEY: Final = 16  # octets
_WRAPPED: Final = FILE_KEY + primitives.TAG
_SALT: Final = 16  # octets
_X25519: Final = b"X25519"
_SCRYPT: Final = b"scrypt"
_X25519_LABEL: Final = b"age-encryption.org/v1/X25519"
_SCRYPT_LABEL: Final = b"age-encryption.org/v1/scrypt"
_WORK_FACTOR: Final = re.compile(rb"[1-9][0-9]?")  # 2^99 is more than any machine has


@dataclass(frozen=True, slots=True)
class _Share:
    """An X25519 stanza: an ephemeral public point and the file key wrapped under what it shares with the recipient."""

    point: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class _Salted:
    """A scrypt stanza."""

    salt: bytes
    work_factor: int
    wrapped: bytes


def wrap_to_recipients(file_key: bytes, recipients: Iterable[Recipient]) -> tuple[Stanza, ...]:
    """A stanza for each recipient. Raises `KeyFormatError` for a point that cannot keep a secret, or for no recipient at all."""
    stanzas = tuple(_wrap_to_recipient(file_key, recipient) for recipient in recipients)
    if not stanzas:
        raise KeyFormatError("There is nobody to seal this to.")
    return stanzas


def _wrap_to_recipient(file_key: bytes, recipient: Recipient) -> Stanza:
    with Identity.generate() as ephemeral:
        share = ephemeral.recipient.point
        try:
            shared = ephemeral.agree(recipient.point)
        except ValueError:
            raise KeyFormatError from None
    wrapped = _x25519_cipher(shared, share, recipient).seal(file_key)
    return Stanza((_X25519, to_base64(share)), wrapped)


def unwrap_with_identities(stanzas: Sequence[Stanza], identities: Sequence[Identity]) -> bytes:
    """The file key. Raises `SealHeaderError` for a malformed stanza, `SealKeyError` when no identity fits."""
    _parse_password(stanzas)
    for share in [_parse_share(stanza) for stanza in stanzas if stanza.arguments[0] == _X25519]:
        for identity in identities:
            try:
                shared = identity.agree(share.point)
            except ValueError:  # a low-order point: nobody who means well sends one
                raise SealHeaderError from None
            file_key = _x25519_cipher(shared, share.point, identity.recipient).open(share.wrapped)
            if file_key is not None:
                return file_key
    raise SealKeyError


def wrap_to_password(file_key: bytes, password: str, work_factor: int) -> tuple[Stanza, ...]:
    """The one stanza of a file that a password opens. `work_factor` is the binary logarithm of scrypt's cost."""
    salt = primitives.random_bytes(_SALT)
    wrapped = _scrypt_cipher(password, salt, work_factor).seal(file_key)
    return (Stanza((_SCRYPT, to_base64(salt), b"%d" % work_factor), wrapped),)


def unwrap_with_password(stanzas: Sequence[Stanza], password: str, max_work_factor: int) -> bytes:
    """The file key. Raises `SealHeaderError` (also when more work is asked than allowed), `SealKeyError`."""
    for stanza in stanzas:
        if stanza.arguments[0] == _X25519:
            _parse_share(stanza)
    salted = _parse_password(stanzas)
    if salted is None:
        raise SealKeyError
    if salted.work_factor > max_work_factor:
        raise SealHeaderError("Opening this would take more work than is allowed.")
    file_key = _scrypt_cipher(password, salted.salt, salted.work_factor).open(salted.wrapped)
    if file_key is None:
        raise SealKeyError
    return file_key


def _x25519_cipher(shared: bytes, share: bytes, recipient: Recipient) -> primitives.Cipher:
    """Takes over `shared` and forgets it."""
    key = primitives.derive(shared, share + recipient.point, _X25519_LABEL)
    with primitives.forgetting(shared, key):
        return primitives.Cipher(key)


def _scrypt_cipher(password: str, salt: bytes, work_factor: int) -> primitives.Cipher:
    octets = bytearray(password, "utf-8")
    with primitives.forgetting(octets):
        key = primitives.derive_from_password(octets, _SCRYPT_LABEL + salt, work_factor)
    with primitives.forgetting(key):
        return primitives.Cipher(key)


def _parse_share(stanza: Stanza) -> _Share:
    match stanza.arguments:
        case (_, share_text):
            # the length is checked before opening: a longer file key could be made to open under several keys
            return _Share(_exactly(from_base64(share_text), primitives.KEY), _exactly(stanza.body, _WRAPPED))
        case _:
            raise SealHeaderError


def _parse_password(stanzas: Sequence[Stanza]) -> _Salted | None:
    """The scrypt stanza, None when there is none. It must stand alone: who knows the password could otherwise pass for somebody else."""
    if all(stanza.arguments[0] != _SCRYPT for stanza in stanzas):
        return None
    match stanzas:
        case [Stanza((_, salt_text, work_factor), body)] if _WORK_FACTOR.fullmatch(work_factor):
            return _Salted(_exactly(from_base64(salt_text), _SALT), int(work_factor), _exactly(body, _WRAPPED))
        case _:
            raise SealHeaderError


def _exactly(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise SealHeaderError
    return data
