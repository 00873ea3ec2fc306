"""The text at the start of an age v1 file: who may open it (stanzas) and a code that nobody without the file key can forge.

    age-encryption.org/v1
    -> X25519 <share>
    <wrapped file key>
    --- <MAC>

Strict as C2SP age-encryption.org/v1 asks: base64 without padding and canonical, no spare space, nothing missing.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from appliance.errors import SealHeaderError

VERSION: Final = b"age-encryption.org/v1\n"
MAC: Final = 32  # octets
_LARGEST: Final = 1 << 18  # octets of header that are read before we give up: room for two thousand recipients
_COLUMNS: Final = 64  # letters in a full line of a stanza's body
_ARGUMENTS: Final = re.compile(rb"-> ([!-~]+(?: [!-~]+)*)\n")
_END: Final = b"---"


@dataclass(frozen=True, slots=True)
class Stanza:
    """One way to the file key: its type and other arguments, and the file key wrapped that way."""

    arguments: tuple[bytes, ...]  # the type first
    body: bytes

    def to_bytes(self) -> bytes:
        text = to_base64(self.body)
        lines = [text[start : start + _COLUMNS] for start in range(0, len(text) + 1, _COLUMNS)]
        return b"-> " + b" ".join(self.arguments) + b"\n" + b"\n".join(lines) + b"\n"


@dataclass(frozen=True, slots=True)
class Header:
    """A header as it was read. `signed` is what the MAC speaks for: every octet up to and including the three dashes."""

    stanzas: tuple[Stanza, ...]
    signed: bytes
    mac: bytes


def is_sealed(octets: bytes, most: int) -> bool:
    """Does this begin as an age file, and is it no longer than `most` octets? Whether it opens, only a key tells."""
    return octets.startswith(VERSION) and len(octets) <= most


def signed_part(stanzas: tuple[Stanza, ...]) -> bytes:
    """The header of these stanzas, up to where the MAC comes in."""
    return VERSION + b"".join(stanza.to_bytes() for stanza in stanzas) + _END


def last_line(mac: bytes) -> bytes:
    """What follows the signed part."""
    return b" " + to_base64(mac) + b"\n"


def read(readline: Callable[[int], bytes]) -> Header:
    """Read a header and not one octet more. `readline` is that of a binary file. Raises `SealHeaderError`."""
    lines = _Lines(readline)
    if lines.next() != VERSION:
        raise SealHeaderError
    stanzas = []
    while not (line := lines.next()).startswith(_END):
        stanzas.append(_read_stanza(line, lines))
    mac = from_base64(line[len(_END) + 1 : -1])
    if not stanzas or not line.startswith(_END + b" ") or len(mac) != MAC:
        raise SealHeaderError
    return Header(tuple(stanzas), b"".join(lines.read[:-1]) + _END, mac)


def _read_stanza(line: bytes, lines: _Lines) -> Stanza:
    arguments = _ARGUMENTS.fullmatch(line)
    if arguments is None:
        raise SealHeaderError
    body = []
    while len(part := lines.next()[:-1]) == _COLUMNS:
        body.append(part)
    if len(part) > _COLUMNS:
        raise SealHeaderError
    return Stanza(tuple(arguments[1].split(b" ")), from_base64(b"".join((*body, part))))


def to_base64(data: bytes) -> bytes:
    """Standard base64 without padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=")


def from_base64(text: bytes) -> bytes:
    """The octets of canonical base64 without padding; raises `SealHeaderError`."""
    try:
        data = binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        raise SealHeaderError from None
    if to_base64(data) != text:  # padding, spare bits, spaces, foreign letters
        raise SealHeaderError
    return data


class _Lines:
    """The header line by line, each whole and with its line feed; keeps what was read."""

    __slots__ = ("_readline", "_room", "read")

    def __init__(self, readline: Callable[[int], bytes]) -> None:
        self._readline = readline
        self._room = _LARGEST
        self.read: list[bytes] = []

    def next(self) -> bytes:
        line = self._readline(self._room)
        if not line.endswith(b"\n"):
            raise SealHeaderError
        self._room -= len(line)
        self.read.append(line)
        return line
