"""Bech32 (BIP 173), the alphabet in which age keys are written: no letter looks like another, and a checksum finds every typing mistake of four letters.

age sets no limit of 90 letters, and writes public keys in small letters and secret ones in capitals. Works on bytearrays, so that a secret can be overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from appliance.errors import KeyFormatError

_ALPHABET: Final = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM: Final = 6  # letters


def encode(prefix: bytes, data: bytes | bytearray) -> bytearray:
    """`data` as bech32 text after `prefix`, in capitals when the prefix is."""
    small = prefix.lower()
    values = _regroup(data, 8, 5)
    check = _polymod(small, (*values, *bytes(_CHECKSUM))) ^ 1
    values.extend(check >> 5 * (_CHECKSUM - 1 - place) & 31 for place in range(_CHECKSUM))
    capitals = prefix.isupper()
    text = bytearray(prefix + b"1")
    for value in values:
        letter = _ALPHABET[value]
        text.append(letter - 32 if capitals and letter > ord("9") else letter)
    values[:] = bytes(len(values))
    return text


def decode(prefix: bytes, text: bytes | bytearray) -> bytearray:
    """The data in `text`, which must start with `prefix` in this very case. Raises `KeyFormatError`, which never quotes the text."""
    start = len(prefix) + 1
    if not text.startswith(prefix + b"1") or len(text) < start + _CHECKSUM:
        raise KeyFormatError
    capitals = prefix.isupper()
    values = bytearray()
    for letter in memoryview(text)[start:]:
        value = _VALUES.get(letter + 32 if capitals and letter > ord("9") else letter)
        if value is None:  # also a small letter among capitals, or the other way round
            raise KeyFormatError
        values.append(value)
    if _polymod(prefix.lower(), values) != 1:
        raise KeyFormatError
    del values[-_CHECKSUM:]
    data = _regroup(values, 5, 8)
    values[:] = bytes(len(values))
    return data


def _polymod(prefix: bytes, values: Iterable[int]) -> int:
    check = 1
    for value in (*(letter >> 5 for letter in prefix), 0, *(letter & 31 for letter in prefix), *values):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, term in enumerate(_GENERATOR):
            if top >> place & 1:
                check ^= term
    return check


def _regroup(data: bytes | bytearray, wide: int, narrow: int) -> bytearray:
    """`data`, groups of `wide` bits, as groups of `narrow` bits. Towards fewer groups what is left over must be less than a group, and zero."""
    groups = bytearray()
    held = bits = 0
    for value in data:
        held = (held << wide | value) & 0xFFF
        bits += wide
        while bits >= narrow:
            bits -= narrow
            groups.append(held >> bits & (1 << narrow) - 1)
    rest = held & (1 << bits) - 1
    if narrow < wide and bits:
        groups.append(rest << narrow - bits)
    elif narrow > wide and (bits >= wide or rest):
        raise KeyFormatError
    return groups
