"""Which of the small files of people, and of what was agreed and decided, cannot be read, and what is to be done. Each stops nobody but whom it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.access import decisions, departures, emergency, factors, people, policy
from appliance.errors import KeeplineError

_BACKUP: Final = "or restore it from the backup"
_PERSON: Final = (
    f"cannot be read, so this person cannot log in. Give them a new password (`keepline people password`), {_BACKUP}"
)
_FACTORS: Final = (
    f"cannot be read, so this person cannot log in on the page. Reset it (`keepline people factors`), {_BACKUP}"
)
_DECISIONS: Final = "cannot be read, so everything counts as switched off. Restore it from the backup"
_SHEET: Final = (
    f"cannot be read, so the policy sheet that Keepline came with is in force. Set the practice's own again, {_BACKUP}"
)
_AGREED: Final = (
    "cannot be read, so everybody is asked to agree again. Restore it from the backup to know who had agreed before"
)
_EMERGENCY: Final = f"cannot be read, which counts as a use of the recovery sheet. Exchange key and sheet, {_BACKUP}"
_DEPARTURES: Final = f"cannot be read, so nobody is told who left with the practice key. Exchange the key, {_BACKUP}"


@dataclass(frozen=True, slots=True)
class Damage:
    """A file, and what its damage means."""

    place: str  # below the store's folder
    words: str  # after the place


@dataclass(frozen=True, slots=True)
class _Single:
    file: Path
    read: Callable[[Path], object]
    words: str


_SINGLE: Final = (
    _Single(decisions.FILE, decisions.read_file, _DECISIONS),
    _Single(policy.SHEET, policy.read_own, _SHEET),
    _Single(policy.ACKNOWLEDGED, policy.read_acknowledgements, _AGREED),
    _Single(emergency.FILE, emergency.read_surely, _EMERGENCY),
    _Single(departures.FILE, departures.read, _DEPARTURES),
)


def find(folder: Path) -> tuple[Damage, ...]:
    """Every one of them. `folder` is the store's; needs nobody's key and writes nothing."""
    return tuple(_find(folder))


def _find(folder: Path) -> Iterator[Damage]:
    for name in people.list_damaged(folder):
        yield Damage(str(people.FOLDER / f"{name}.json"), _PERSON)
    for file in sorted((folder / factors.FOLDER).glob(f"*/{factors.CLEAR}")):
        if _is_damaged(factors.read, folder, file.parent.name):
            yield Damage(str(file.relative_to(folder)), _FACTORS)
    for single in _SINGLE:
        if _is_damaged(single.read, folder):
            yield Damage(str(single.file), single.words)


def _is_damaged(read: Callable[..., object], *what: object) -> bool:
    try:
        read(*what)
    except FileNotFoundError:
        return False
    except KeeplineError:
        return True
    return False
