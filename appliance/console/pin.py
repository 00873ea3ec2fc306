"""The technician's PIN: kept only as a scrypt hash, so that whoever reads the card does not read the PIN.

`console/technician.pin` is one line: `keepline-pin 1 <work factor> <salt> <hash>`, the last two hexadecimal. Its folder is all the console sees of the store.
"""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Final

from appliance.errors import NoPinError, UsageError
from appliance.store.primitives import derive_from_password, random_bytes, same

SHORTEST: Final = 6  # digits; with the delays after wrong ones, trying them all takes years
LONGEST: Final = 32
WORK: Final = 15  # log2 of scrypt's N: 32 MiB, a tenth of a second on a Pi
_MOST_WORK: Final = 18  # a damaged file must not take all memory
_SALT: Final = 16  # octets
_LINE: Final = re.compile(r"keepline-pin 1 (\d{1,2}) ([0-9a-f]{32}) ([0-9a-f]{64})\n?")


def write(folder: Path, pin: str) -> None:
    """Set the PIN of the store in `folder`. Raises `UsageError` for one that is easily guessed."""
    if not re.fullmatch(rf"[0-9]{{{SHORTEST},{LONGEST}}}", pin):
        raise UsageError(f"A PIN has {SHORTEST} to {LONGEST} digits and nothing else.")
    if len({(int(after) - int(before)) % 10 for before, after in pairwise(pin)}) == 1:
        raise UsageError("That PIN is one of the first that anybody would try. Take another.")
    salt = random_bytes(_SALT)
    line = f"keepline-pin 1 {WORK} {salt.hex()} {derive_from_password(pin.encode(), salt, WORK).hex()}\n"
    file = place(folder)
    file.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    _replace(file, line)


def fits(folder: Path, typed: str) -> bool:
    """Is `typed` the PIN? Raises `NoPinError` when none is set or the file is damaged."""
    try:
        found = _LINE.fullmatch(place(folder).read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError):
        raise NoPinError from None
    if not found or int(found[1]) > _MOST_WORK:
        raise NoPinError
    return same(derive_from_password(typed.encode(), bytes.fromhex(found[2]), int(found[1])), bytes.fromhex(found[3]))


def place(folder: Path) -> Path:
    """Where the PIN of the store in `folder` stands, hashed."""
    return folder / "console" / "technician.pin"


def _replace(file: Path, line: str) -> None:
    """All of it or nothing, readable for the folder's group, which is the console's."""
    owner = file.parent.stat()
    part = file.with_suffix(".new")
    part.unlink(missing_ok=True)
    with part.open("x", encoding="ascii") as out:
        os.fchmod(out.fileno(), 0o640)
        if os.geteuid() == 0:
            os.fchown(out.fileno(), owner.st_uid, owner.st_gid)
        out.write(line)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
