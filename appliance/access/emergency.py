"""Emergency access: somebody comes in with the recovery sheet alone, because nobody else can. It is asked why, every admin is told, and the keys are exchanged.

`keys/emergency.json` holds each such access: when, why, which admins were told, and which practice key was in use, so that it is known
whether it was exchanged since. The daemon writes it before the door opens.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from appliance.access import practice
from appliance.access.people import Unlocked
from appliance.access.roles import RECOVERY, Person, Role, check_name
from appliance.access.small_file import moment, reading
from appliance.errors import (
    KeeplineError,
    KeyFormatError,
    KeysDamagedError,
    ReasonError,
    SealError,
    SealKeyError,
    StoreError,
    WrongSheetError,
)
from appliance.speech import spoken
from appliance.store.changes import Change
from appliance.store.keys import Identity

FILE: Final = Path("keys/emergency.json")
SHORTEST: Final = 10  # letters of a reason
LONGEST: Final = 600
MOST: Final = 200  # accesses that are remembered; the record keeps every one
COMING: Final = spoken(
    "This is the new sheet of an exchange of keys that is not finished. Until it is, the sheet of before opens the box: use that one."
)
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Access:
    """One use of the recovery sheet."""

    number: int
    at: float  # s since 1970, UTC
    clock_trusted: bool
    why: str
    practice: str  # the public half of the practice key at that time
    told: tuple[str, ...] = ()  # admins who have seen it
    trial: bool = False  # it was only counted what it opens, so that nothing needs to be exchanged


def check_reason(why: str) -> str:
    """`why` without spaces around it; raises `ReasonError`."""
    text = " ".join(why.split())
    if not SHORTEST <= len(text) <= LONGEST or not text.isprintable():
        raise ReasonError
    return text


def read_sheet(text: str) -> Identity:
    """The key on a sheet, whichever it is: wipe it when it was used. Raises `WrongSheetError` for what is no sheet at all."""
    try:
        return Identity.parse("".join(text.split()).upper())
    except KeyFormatError:
        raise WrongSheetError from None


def unlock(folder: Path, text: str) -> Unlocked:
    """Whoever holds the recovery sheet, as an admin of the name `RECOVERY`. Have the daemon note it before anything is opened with this.

    `folder` is the store's; spaces and line breaks in `text` do no harm. Raises `WrongSheetError`, `NotFoundedError`, `ForeignKeyError`, `KeysDamagedError`.
    """
    paper = read_sheet(text)
    try:
        key, roster = practice.open_practice(folder, paper)
    except SealKeyError:
        is_coming = _opens_next(folder, paper)
        paper.wipe()
        raise (WrongSheetError(COMING) if is_coming else WrongSheetError) from None
    except (SealError, OSError, ValueError):
        paper.wipe()
        raise KeysDamagedError from None
    if roster.recovery != paper.recipient:  # somebody's own key, or the practice key itself
        paper.wipe()
        key.wipe()
        raise WrongSheetError
    return Unlocked(Person(RECOVERY, Role.ADMIN, paper.recipient), key, paper)


def read(folder: Path) -> tuple[Access, ...]:
    """Every use of the sheet that is remembered, oldest first. What cannot be read counts as one that nobody was told of."""
    try:
        return read_surely(folder)
    except FileNotFoundError:
        return ()
    except StoreError:
        return (
            Access(0, 0.0, False, "The list of emergency accesses (keys/emergency.json) is damaged.", _public(folder)),
        )


def read_surely(folder: Path) -> tuple[Access, ...]:
    """The same. Raises `FileNotFoundError` when it was never used, `StoreError` when the file cannot be read."""
    with reading(StoreError):
        told: Any = json.loads((folder / FILE).read_bytes())
        return tuple(_parse(one) for one in told["accesses"])


def untold(folder: Path, name: str) -> tuple[Access, ...]:
    """What the admin `name` has not been told of."""
    return tuple(access for access in read(folder) if name not in access.told)


def demands_rotation(folder: Path) -> bool:
    """Was the sheet used, and is the practice key still the same? A new key comes with a new sheet then."""
    used = [access.practice for access in read(folder) if not access.trial]
    return bool(used) and _public(folder) in used


def plan_use(folder: Path, why: str, now: float, clock_trusted: bool) -> tuple[Access, Change]:
    """The daemon's part: the sheet is being used. Raises `ReasonError`."""
    return _plan(folder, Access(0, now, clock_trusted, check_reason(why), _public(folder)))


def plan_trial(folder: Path, now: float, clock_trusted: bool) -> tuple[Access, Change]:
    """The daemon's part: it is being tried what the sheet opens, and nobody is shown any of it."""
    return _plan(folder, Access(0, now, clock_trusted, "", _public(folder), trial=True))


def plan_telling(folder: Path, name: str, numbers: Sequence[int]) -> Change:
    """The daemon's part: the admin `name` has seen these."""
    check_name(name)
    known = read(folder)
    return _change([_seen(access, name) if access.number in numbers else access for access in known])


def _plan(folder: Path, access: Access) -> tuple[Access, Change]:
    known = read(folder)
    numbered = replace(access, number=max((one.number for one in known), default=0) + 1)
    return numbered, _change((*known, numbered))


def _opens_next(folder: Path, paper: Identity) -> bool:
    try:
        practice.open_next(folder, paper)[0].wipe()
    except KeeplineError:
        return False
    return True


def _public(folder: Path) -> str:
    return (folder / practice.PUBLIC).read_text(encoding="ascii").strip()


def _seen(access: Access, name: str) -> Access:
    return access if name in access.told else replace(access, told=(*access.told, name))


def _change(accesses: Sequence[Access]) -> Change:
    data = {"keepline": _VERSION, "accesses": [asdict(access) for access in accesses[-MOST:]]}
    return Change({FILE: json.dumps(data, indent=1).encode("ascii") + b"\n"})


def _parse(one: Any) -> Access:
    return Access(
        int(one["number"]),
        moment(one["at"]),
        bool(one["clock_trusted"]),
        str(one["why"]),
        str(one["practice"]),
        tuple(map(str, one["told"])),
        bool(one.get("trial", False)),
    )
