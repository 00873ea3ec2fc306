"""What the record says of patients: sealed to a key pair of the record's own, so that it outlives the keys of the days.

`keys/record.pub` is what everybody seals to. Its secret half, `keys/record.age`, is sealed to the practice key the moment it is made and then forgotten.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from appliance.access import practice
from appliance.errors import KeyFormatError, NotFoundedError, RecordKeyError, SealError
from appliance.store import age_file, primitives
from appliance.store.age_file import open_identity, seal_identity
from appliance.store.changes import NOTHING, Change
from appliance.store.keys import Identity, Recipient

PUBLIC: Final = Path("keys/record.pub")
SEALED: Final = Path("keys/record.age")


def seal(folder: Path, **words: str) -> bytes:
    """`words` (a caller's number and name; for whom and why) for the record; empty when there are none or there is no practice yet.

    Raises `RecordKeyError`: a line whose names are lost must not be written.
    """
    said = {name: text for name, text in words.items() if text}
    if not said or (recipient := recipient_of(folder)) is None:
        return b""
    text = bytearray(json.dumps(said, ensure_ascii=True, separators=(",", ":")), "ascii")
    with primitives.forgetting(text):
        return age_file.seal(text, [recipient])


def recipient_of(folder: Path) -> Recipient | None:
    """What to seal to; None while there is no practice that could open it. Raises `RecordKeyError`."""
    try:
        return Recipient.parse((folder / PUBLIC).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, KeyFormatError):
        if not (folder / practice.PUBLIC).exists():
            return None
        raise RecordKeyError from None


def open_sealed(sealed: bytes, key: Identity) -> dict[str, str]:
    """What `seal` sealed; empty when `key` does not open it or it was damaged."""
    try:
        data = json.loads(bytes(age_file.open_bytes(sealed, [key])))
        return {str(name): str(text) for name, text in data.items()}
    except (SealError, ValueError, AttributeError):
        return {}


def open_key(folder: Path, held: Identity) -> Identity:
    """The record's key, by the practice key: wipe it when it was used. Raises `NotFoundedError` while there is none, `SealError`."""
    try:
        return open_identity((folder / SEALED).read_bytes(), [held])
    except FileNotFoundError:
        raise NotFoundedError from None


def plan_key(folder: Path, to: Recipient | None = None) -> Change:
    """The daemon's part: the record has a key as soon as there is a practice key `to` to seal it to. What is there stays: it opens what was written before."""
    if (folder / PUBLIC).exists() or (folder / SEALED).exists():
        return NOTHING
    try:
        to = to or Recipient.parse((folder / practice.PUBLIC).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, KeyFormatError):
        return NOTHING
    with Identity.generate() as identity:
        return Change({SEALED: seal_identity(identity, [to]), PUBLIC: f"{identity.recipient}\n".encode("ascii")})
