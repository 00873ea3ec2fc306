"""The policy sheet: what everybody who opens messages here has read and agreed to, in plain words, and who has done so.

A text is shipped in each language; an admin may put the practice's own in its place. What all texts say together has one version, their digest: when a word
changes, everybody reads and agrees again. `policy.json` and `acknowledgements.json` lie in the store's folder; the daemon writes them, page and command read.
What the record does not vouch for counts as damaged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from appliance import logs
from appliance.access import people, vouching
from appliance.access.remembered import Remembered
from appliance.access.roles import Permission, Person
from appliance.access.small_file import moment, reading
from appliance.errors import NotForThisRoleError, PolicyChangedError, PolicyTextError, StoreError
from appliance.store.changes import Change

SHEET: Final = Path("policy.json")
ACKNOWLEDGED: Final = Path("acknowledgements.json")
LANGUAGES: Final = ("en", "es")  # in which a text is shipped
LONGEST: Final = 5000  # letters of one text
_VERSION: Final = 1

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The texts in force, by language. Blocks stand apart by an empty line; a line that begins with `# ` is a heading."""

    texts: Mapping[str, str]
    own: frozenset[str]  # languages in which the practice has its own text
    by: str  # who set it; "" as it was shipped
    at: float  # s since 1970

    @property
    def version(self) -> str:
        """The digest of all that it says (SHA-256)."""
        said = json.dumps(sorted(self.texts.items()), ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()

    def text(self, language: str) -> str:
        """In that language, or in English where there is none."""
        return self.texts.get(language) or self.texts["en"]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has read a version and agreed."""

    name: str
    recipient: str  # their key's public half: a later person of the same name has not agreed
    version: str
    at: float  # s since 1970
    clock_trusted: bool


def sheet(folder: Path) -> Sheet:
    """What is in force. `folder` is the store's. A damaged file counts as none: then the shipped text is in force, and asked for again."""
    return _sheets.of(folder)


def acknowledgements(folder: Path) -> tuple[Acknowledgement, ...]:
    """Every one that was ever given, oldest first."""
    return _given.of(folder)


def last(given: Sequence[Acknowledgement], person: Person) -> Acknowledgement | None:
    """What this person agreed to last."""
    key = (person.name, str(person.recipient))
    return next((item for item in reversed(given) if (item.name, item.recipient) == key), None)


def has_acknowledged(folder: Path, person: Person) -> bool:
    """Has this person agreed to what is in force?"""
    found = last(acknowledgements(folder), person)
    return found is not None and found.version == sheet(folder).version


def plan_text(folder: Path, by: str, language: str, text: str, at: float) -> tuple[Sheet, Change]:
    """The daemon's part of changing the sheet; an empty `text` brings the shipped one back. Raises `PolicyTextError`, `NotForThisRoleError`."""
    if not people.find_person(folder, by).may(Permission.RUN_SWITCHES):
        raise NotForThisRoleError("Only an admin sets the policy sheet.")
    text = clean(text)
    if language not in LANGUAGES or len(text) > LONGEST:
        raise PolicyTextError
    present = sheet(folder)
    own = {name: present.texts[name] for name in present.own if name != language} | ({language: text} if text else {})
    data = {"keepline": _VERSION, "by": by, "at": at, "texts": own}
    change = Change({SHEET: json.dumps(data, indent=1, ensure_ascii=False).encode() + b"\n"})
    return Sheet(_shipped() | own, frozenset(own), by, at), change


def plan_acknowledgement(
    folder: Path, by: str, version: str, at: float, clock_trusted: bool
) -> tuple[Acknowledgement, Change]:
    """The daemon's part: `by` agrees to `version`. Raises `PolicyChangedError` when another is in force by now."""
    person = people.find_person(folder, by)
    if version != sheet(folder).version:
        raise PolicyChangedError
    new = Acknowledgement(person.name, str(person.recipient), version, at, clock_trusted)
    given = [asdict(item) for item in (*acknowledgements(folder), new)]
    data = {"keepline": _VERSION, "acknowledgements": given}
    aside = _damaged(folder)
    return new, Change({**aside, ACKNOWLEDGED: json.dumps(data, indent=1).encode() + b"\n"})


def clean(text: str) -> str:
    """A text as it is kept: no control characters, no spaces at the ends of lines, blocks apart by one empty line."""
    shown = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text.replace("\r\n", "\n"))
    lines = [line.rstrip() for line in shown.strip().split("\n")]
    return "\n".join(line for place, line in enumerate(lines) if line or lines[place - 1])


@cache
def shipped(language: str) -> str:
    """The text that comes with Keepline."""
    return clean(Path(__file__).with_name(f"policy.{language}.txt").read_text(encoding="utf-8"))


def _shipped() -> dict[str, str]:
    return {language: shipped(language) for language in LANGUAGES}


def _read_sheet(folder: Path) -> Sheet:
    try:
        if not vouching.vouches(folder, SHEET):
            raise StoreError
        return read_own(folder)
    except FileNotFoundError:
        pass
    except StoreError:
        log.error("policy.damaged")
    return Sheet(_shipped(), frozenset(), "", 0.0)


def read_own(folder: Path) -> Sheet:
    """The sheet that the practice has set. Raises `FileNotFoundError` where it never did, `StoreError` when that cannot be read."""
    with reading(StoreError):
        data: Any = json.loads((folder / SHEET).read_bytes())
        own = {str(language): str(text) for language, text in data["texts"].items() if language in LANGUAGES}
        return Sheet(_shipped() | own, frozenset(own), str(data["by"]), moment(data["at"]))


def read_acknowledgements(folder: Path) -> tuple[Acknowledgement, ...]:
    """The file as it is now. Raises `FileNotFoundError` where there is none, `StoreError` when it cannot be read."""
    with reading(StoreError):
        return tuple(
            Acknowledgement(
                str(item["name"]),
                str(item["recipient"]),
                str(item["version"]),
                moment(item["at"]),
                bool(item["clock_trusted"]),
            )
            for item in json.loads((folder / ACKNOWLEDGED).read_bytes())["acknowledgements"]
        )


def _read_given(folder: Path) -> tuple[Acknowledgement, ...]:
    try:
        _must_vouch(folder)
        return read_acknowledgements(folder)
    except (FileNotFoundError, StoreError):
        return ()


def _must_vouch(folder: Path) -> None:
    """Raises `StoreError` unless the record does; `FileNotFoundError` where there is nothing to vouch for."""
    if not vouching.vouches(folder, ACKNOWLEDGED):
        raise StoreError


def _damaged(folder: Path) -> dict[Path, bytes]:
    """Nobody could log in if a damaged list could not be begun anew; what it held stays under another name."""
    try:
        _must_vouch(folder)
        read_acknowledgements(folder)
    except FileNotFoundError:
        return {}
    except StoreError:
        log.error("policy.acknowledgements_damaged")
        with suppress(OSError):
            return {ACKNOWLEDGED.with_suffix(".damaged"): (folder / ACKNOWLEDGED).read_bytes()}
    return {}


_sheets: Final = Remembered(SHEET, _read_sheet)
_given: Final = Remembered(ACKNOWLEDGED, _read_given)
