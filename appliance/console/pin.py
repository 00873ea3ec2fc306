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
from appliance.store.disk import Disk, write_all
from appliance.store.primitives import derive_from_password, random_bytes, same

SHORTEST: Final = 6  # digits; with the delays after wrong ones, trying them all takes years
LONGEST: Final = 32
WORK: Final = 15  # log2 of scrypt's N: 32 MiB, a tenth of a second on a Pi
_MOST_WORK: Final = 18  # a damaged file must not take all memory
_SALT: Final = 16  # octets
_LINE: Final = re.compile(r"keepline-pin 1 (\d{1,2}) ([0-9a-f]{32}) ([0-9a-f]{64})\n?")


def write(folder: Path, pin: str) -> None:
    """Set the PIN of the store in `folder`. Raises `UsageError` for one that is easily guessed, `StoreError`."""
    if not re.fullmatch(rf"[0-9]{{{SHORTEST},{LONGEST}}}", pin):
        raise UsageError(f"A PIN has {SHORTEST} to {LONGEST} digits and nothing else.")
    if len({(int(after) - int(before)) % 10 for before, after in pairwise(pin)}) == 1:
        raise UsageError("That PIN is one of the first that anybody would try. Take another.")
    salt = random_bytes(_SALT)
    line = f"keepline-pin 1 {WORK} {salt.hex()} {derive_from_password(pin.encode(), salt, WORK).hex()}\n"
    file, disk = place(folder), Disk()
    disk.make_folder(file.parent)
    owner = file.parent.stat()
    with disk.replacing(file) as descriptor:
        if os.geteuid() == 0:  # the folder's group is the console's
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        write_all(descriptor, line.encode("ascii"))


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
