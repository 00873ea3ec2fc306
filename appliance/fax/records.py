"""What is remembered of each call on the fax line: when it came, how it ended, and its transcript. No number, name or page.

`calls/<sequence>.t30` below the store's folder, six digits or more: header lines `# name: value`, then the transcript (`fax/transcript.py`). The last 100
calls stay. The daemon writes them and its group (the page) reads; never on a thread that serves the line.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from appliance import errors, logs
from appliance.errors import CallNotFoundError, KeeplineError, TranscriptError
from appliance.fax.transcript import CUT

MOST: Final = 100  # calls that are remembered
LONGEST: Final = 1 << 20  # octets of a file: a call of an hour takes a tenth of it

_NAME: Final = re.compile(r"[0-9]{6,12}")
_HEADER: Final = re.compile(r"# ([a-z]+):(?: (.*))?")
_FILE_MODE: Final = 0o640  # the page's user is in the daemon's group
_FOLDER_MODE: Final = 0o750

log = logs.get(__name__)


class Outcome(StrEnum):
    """What became of a call."""

    COMPLETE = "complete"  # the caller said that it was all, and was told that we have it
    PARTIAL = "partial"  # pages came, and then something else than the end
    NOTHING = "nothing"  # no page came


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call on the fax line. Holds nothing that tells who called or what came."""

    arrived_at: float  # s since 1970, UTC
    outcome: Outcome
    pages: int  # that were kept
    seconds: float  # from picking up to hanging up
    error: str  # name of the error in `appliance.errors` that ended the call, such as "CallerHungUpError"; "" when it ended well
    transcript: tuple[str, ...]  # lines as `fax/transcript.py` shows them
    name: str = ""  # "000012": its file is `calls/000012.t30`; given by `add`

    @property
    def sentence(self) -> str:
        """What the error means and what to do, for a person; "" when the call ended well."""
        kind = getattr(errors, self.error, None)
        if isinstance(kind, type) and issubclass(kind, KeeplineError):
            return inspect.cleandoc(kind.__doc__ or "").replace("\n", " ")
        return self.error


def add(folder: Path, record: CallRecord) -> CallRecord:
    """Remembers a call below the store's `folder` and forgets the oldest; the record with its name. Raises `OSError`. One thread adds at a time."""
    calls = folder / "calls"
    calls.mkdir(_FOLDER_MODE, parents=True, exist_ok=True)
    for leftover in calls.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)
    before = _names(folder)
    named = replace(record, name=f"{int(before[-1]) + 1 if before else 1:06}")
    _write(file_of(folder, named.name), _to_text(named).encode())
    for name in before[: max(0, len(before) + 1 - MOST)]:
        file_of(folder, name).unlink(missing_ok=True)
    return named


def latest(folder: Path) -> tuple[CallRecord, ...]:
    """The calls that are remembered below the store's `folder`, newest first. One that cannot be read is passed over."""
    found = []
    for name in reversed(_names(folder)):
        try:
            found.append(read(folder, name))
        except CallNotFoundError:
            continue  # forgotten meanwhile
        except TranscriptError:
            log.warning("call.unreadable name=%s", name)
    return tuple(found)


def read(folder: Path, name: str) -> CallRecord:
    """One call, by a name such as "000012". Raises `CallNotFoundError`, and `TranscriptError` for a file that is none."""
    try:
        with file_of(folder, name).open("rb") as file:
            octets = file.read(LONGEST + 1)
    except FileNotFoundError:
        raise CallNotFoundError from None
    except OSError as error:
        raise TranscriptError from error
    return replace(_from_text(octets), name=name)


def file_of(folder: Path, name: str) -> Path:
    """Where a call lies below the store's `folder`. A name that is none raises `CallNotFoundError`."""
    if not _NAME.fullmatch(name):
        raise CallNotFoundError
    return folder / "calls" / f"{name}.t30"


def _names(folder: Path) -> Sequence[str]:
    """Oldest first."""
    with suppress(FileNotFoundError):
        files = [file.stem for file in (folder / "calls").iterdir() if file.suffix == ".t30"]
        return sorted((name for name in files if _NAME.fullmatch(name)), key=int)
    return ()


def _write(file: Path, octets: bytes) -> None:
    """`file` holds `octets`, whole or not at all, also after a power cut."""
    temporary = file.with_name(f".{file.name}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, _FILE_MODE)
    with os.fdopen(descriptor, "wb") as out:
        os.fchmod(descriptor, _FILE_MODE)  # whatever the umask of the unit says
        out.write(octets)
        out.flush()
        os.fsync(descriptor)
    temporary.rename(file)


def _to_text(record: CallRecord) -> str:
    arrived = datetime.fromtimestamp(record.arrived_at, UTC).isoformat(timespec="milliseconds")
    head = [
        f"# arrived: {arrived}",
        f"# outcome: {record.outcome}",
        f"# pages: {record.pages}",
        f"# seconds: {record.seconds:.1f}",
        f"# error: {record.error}",
    ]
    room = LONGEST - sum(len(line) + 1 for line in (*head, CUT))
    kept: list[str] = []
    for line in record.transcript:
        room -= len(line.encode()) + 1
        if room < 0:
            kept.append(CUT)
            break
        kept.append(line)
    return "".join(f"{line}\n" for line in (*head, *kept))


def _from_text(octets: bytes) -> CallRecord:
    if len(octets) > LONGEST:
        raise TranscriptError
    try:
        lines = octets.decode().splitlines()
        facts = {found[1]: found[2] or "" for line in lines if (found := _HEADER.fullmatch(line))}
        return CallRecord(
            arrived_at=datetime.fromisoformat(facts["arrived"]).timestamp(),
            outcome=Outcome(facts["outcome"]),
            pages=int(facts["pages"]),
            seconds=float(facts["seconds"]),
            error=facts["error"],
            transcript=tuple(line for line in lines if not _HEADER.fullmatch(line)),
        )
    except (KeyError, ValueError, OverflowError):
        raise TranscriptError from None
