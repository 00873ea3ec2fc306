"""What may be lost beside the practice key without any secret being lost: whoever opens that key can make it anew.

`keys/practice.proof` tells the daemon who holds the key; `keys/record.pub` is what names in the record are sealed to. The one follows from the practice key,
the other from `keys/record.age`, which it opens. What is there is never replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.access import practice, testimony
from appliance.access.personnel import check_digest, parse_recipient
from appliance.errors import NotFoundedError, RecordKeyError
from appliance.store.changes import Change
from appliance.store.keys import Identity


@dataclass(frozen=True, slots=True)
class Mended:
    """What the daemon is handed. There is nothing secret in it."""

    proof: str  # the digest of the practice key's proof
    record: str  # the public half of the record's key; empty when that has none yet


def prepare(folder: Path, held: Identity) -> Mended:
    """By whoever opened the practice key. Raises `SealError` when the record's key is damaged."""
    try:
        with testimony.open_key(folder, held) as key:
            record = str(key.recipient)
    except NotFoundedError:
        record = ""
    return Mended(practice.digest_of(practice.proof_of(held)), record)


def missing(folder: Path) -> tuple[Path, ...]:
    """Which of the two are missing or damaged on a box that has a practice."""
    if not (folder / practice.PUBLIC).exists():
        return ()
    found = [] if practice.kept_digest(folder) else [practice.PROOF]
    try:
        testimony.recipient_of(folder)
    except RecordKeyError:
        found.append(testimony.PUBLIC)
    return tuple(found)


def plan(folder: Path, mended: Mended) -> Change:
    """The daemon's part: only what is missing. Raises `ControlError`, and `NotFoundedError` where there is no practice."""
    if not (folder / practice.PUBLIC).exists():
        raise NotFoundedError
    check_digest(mended.proof)
    files: dict[Path, bytes | None] = {practice.PROOF: f"{mended.proof}\n".encode("ascii")}
    if mended.record:
        files[testimony.PUBLIC] = f"{parse_recipient(mended.record)}\n".encode("ascii")
    elif not (folder / testimony.SEALED).exists():
        files[testimony.PUBLIC] = None  # a damaged one without its secret half: the daemon makes a new pair
    return Change({file: octets for file, octets in files.items() if file in missing(folder)})
