"""The practice key is exchanged for a new one, because somebody left who may have copied it, or because the recovery sheet was used.

An admin's program makes K2, hands it to the daemon sealed to everybody on the roster, then opens the key of each day with K1 and hands it back sealed to K2. It
looks at all of it once more before it says commit: from then on K1 opens nothing. Interrupted anywhere, any admin goes on (with their password, which opens K2
from `keys/next/practice.age`) or drops it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from appliance.access import emergency, people, practice
from appliance.access.people import Unlocked
from appliance.access.practice import Roster
from appliance.access.recovery import RecoverySheet
from appliance.access.roles import RECOVERY
from appliance.errors import (
    AccessError,
    DamagedKeysError,
    DamagedMessageError,
    ForeignKeyError,
    NewSheetError,
    NotAdminError,
    NotRotatingError,
    RotatingError,
    SealError,
    SealKeyError,
    WrongSheetError,
)
from appliance.speech import spoken
from appliance.store import exchange, primitives
from appliance.store.age_file import open_identity, seal_identity
from appliance.store.exchange import is_under_way
from appliance.store.keys import Identity, Recipient

__all__ = ["Exchange", "Progress", "Resealed", "Rotation", "is_under_way", "resume", "start", "take_up"]

NOT_YOURS: Final = spoken("The key that is coming was made for other people. Drop this exchange and begin another.")
SAME_SHEET: Final = spoken(
    "The recovery sheet was used after this exchange had begun, and would stay as it is. Drop this exchange and begin another, with a new sheet."
)
OTHER_SHEET: Final = spoken(
    "That is not the sheet which was printed for this exchange. Compare it letter by letter. If that sheet is lost, drop this exchange and begin another."
)
BATCH: Final = 40  # keys handed over at once: some 20 kB of the 64 that a line holds


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the daemon is handed to begin with."""

    sealed: bytes  # K2 for everybody on the roster
    public: str
    digest: str  # of K2's proof
    built_on: str  # the version of the practice key that the roster was read from
    new_sheet: bool
    proof: bytes = field(repr=False)  # of K1


@dataclass(frozen=True, slots=True)
class Resealed:
    """Keys that are now sealed to K2, by name."""

    sealed: dict[str, bytes]
    proof: bytes = field(repr=False)  # of K1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come."""

    done: int
    of: int


class Daemon(Protocol):
    """What a rotation asks of the daemon (`control.client.Client`)."""

    def begin_rotation(self, exchange: Exchange, by: str) -> None: ...
    def put_epochs(self, resealed: Resealed, by: str) -> None: ...
    def give_up_keys(self, names: Sequence[str], proof: bytes, by: str) -> None: ...
    def commit_rotation(self, proof: bytes, by: str) -> None: ...
    def drop_rotation(self, proof: bytes, by: str) -> None: ...


@dataclass(slots=True)
class _Hand:
    """To whom keys are handed over, and those that could not be opened."""

    daemon: Daemon
    proof: bytes = field(repr=False)
    by: str
    damaged: set[str] = field(default_factory=set)


class Rotation:
    """An exchange at work, in the memory of an admin's program. Use it in a `with`: its keys are overwritten at the end."""

    def __init__(
        self, folder: Path, old: Identity, new: Identity, beginning: Exchange | None, sheet: RecoverySheet | None
    ) -> None:
        self.sheet = sheet  # the new recovery sheet: show it and have it typed back before `run`
        self.sheet_goes = sheet is not None  # at the end the sheet of before opens nothing
        self._folder = folder
        self._old = old
        self._new = new
        self._beginning = beginning

    def run(self, daemon: Daemon, by: str, without: frozenset[str] = frozenset()) -> Generator[Progress, None, None]:
        """All of it, as far as it has not been done. Whoever stops iterating leaves an exchange that can be resumed.

        Raises `DamagedKeysError` at the end when keys cannot be opened: restore them, or go on `without` them. It names all of them.
        """
        hand = _Hand(daemon, practice.proof_of(self._old), by)
        if self._beginning is not None:
            daemon.begin_rotation(self._beginning, by)
        yield from self._hand_over(exchange.given_up(self._folder), hand)  # they may have been restored
        while owed := [name for name in exchange.owed(self._folder) if name not in hand.damaged]:
            yield from self._hand_over(owed, hand)
        yield from self._hand_over(wrong := self._wrong(_names(self._folder)), hand)
        if self._wrong([name for name in wrong if name not in hand.damaged]):
            raise DamagedMessageError
        lost = hand.damaged - set(exchange.given_up(self._folder))
        if not lost <= without:
            raise DamagedKeysError(tuple(sorted(lost)))
        if lost:
            daemon.give_up_keys(sorted(lost), hand.proof, by)
        daemon.commit_rotation(hand.proof, by)

    def set_aside(self) -> tuple[str, Exchange]:
        """For a page, where the sheet is typed back in another request: K2 as text, which is a secret, and what the daemon will be handed, which is none."""
        if self._beginning is None:
            raise RotatingError
        return self._new.encode(), replace(self._beginning, proof=b"")

    def wipe(self) -> None:
        """Overwrite K2, and K1 here."""
        self._new.wipe()
        self._old.wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def _hand_over(self, names: Sequence[str], hand: _Hand) -> Iterator[Progress]:
        for first in range(0, len(names), BATCH):
            sealed = {}
            for name in names[first : first + BATCH]:
                try:
                    octets = self._reseal(name)
                except (SealError, OSError):
                    hand.damaged.add(name)
                    continue
                if octets is not None:
                    sealed[name] = octets
            if sealed:
                hand.daemon.put_epochs(Resealed(sealed, hand.proof), hand.by)
            yield so_far(self._folder)

    def _reseal(self, name: str) -> bytes | None:
        try:
            sealed = exchange.file_of(self._folder, name).read_bytes()
        except FileNotFoundError:
            return None  # its last message went in this moment
        with open_identity(sealed, [self._old]) as secret:
            return seal_identity(secret, [self._new.recipient])

    def _wrong(self, names: Sequence[str]) -> list[str]:
        """The old seals are destroyed after this: what does K2 not open that K1 opens?"""
        return [name for name in names if not self._is_right(name)]

    def _is_right(self, name: str) -> bool:
        try:
            sealed = exchange.next_file_of(self._folder, name).read_bytes()
            with open_identity(sealed, [self._new]) as other:
                return self._public_of(name) in {other.recipient, None}
        except FileNotFoundError:
            return True  # gone, or never handed over
        except (SealError, OSError):
            return False

    def _public_of(self, name: str) -> Recipient | None:
        """None where K1 opens it no more: what K2 opens is then all there is."""
        try:
            with open_identity(exchange.file_of(self._folder, name).read_bytes(), [self._old]) as secret:
                return secret.recipient
        except (SealError, OSError):
            return None


def start(folder: Path, by: Unlocked, new_sheet: bool) -> Rotation:
    """A new practice key, not yet told to anybody. With `new_sheet` the rotation's `sheet` is to be shown before it runs.

    Raises `RotatingError` when one is under way, `NotAdminError`, `NewSheetError` when the sheet was used and must go as well.
    """
    if is_under_way(folder):
        raise RotatingError
    if not new_sheet and emergency.demands_rotation(folder):
        raise NewSheetError
    roster = people.roster_for(folder, by)
    sheet = None
    if new_sheet:
        with Identity.generate() as paper:
            roster, sheet = replace(roster, recovery=paper.recipient), RecoverySheet(paper.encode())
    new, old = Identity.generate(), _copy(by.practice)
    beginning = Exchange(
        practice.seal_practice(new, roster),
        str(new.recipient),
        practice.digest_of(practice.proof_of(new)),
        practice.version(folder),
        new_sheet,
        practice.proof_of(old),
    )
    return Rotation(folder, old, new, beginning, sheet)


def take_up(folder: Path, by: Unlocked, secret: str, beginning: Exchange) -> Rotation:
    """What `set_aside` gave, now that the sheet was typed back. Raises `NotAdminError`, `RotatingError`."""
    if is_under_way(folder):
        raise RotatingError
    people.roster_for(folder, by)
    old = _copy(by.practice)
    return Rotation(folder, old, Identity.parse(secret), replace(beginning, proof=practice.proof_of(old)), None)


def resume(folder: Path, by: Unlocked) -> Rotation:
    """The exchange that was interrupted. `by` must carry a key that the new one is sealed to: their own, as it is right after the password was given, or
    that of the recovery sheet: of the new one where a new one was printed.

    Raises `NotRotatingError`, `NotAdminError`, `WrongSheetError`, `NewSheetError` when the sheet was used since and would stay, and `ForeignKeyError` when what
    lies in `keys/next` was made by nobody on the roster: drop it then.
    """
    if not is_under_way(folder):
        raise NotRotatingError
    roster = people.roster_for(folder, by)
    if by.own is None:
        raise NotAdminError("To go on with an exchange of keys an admin gives their password once more.")
    try:
        new, coming = practice.open_next(folder, by.own)
    except SealKeyError:
        raise (WrongSheetError(OTHER_SHEET) if by.person.name == RECOVERY else ForeignKeyError(NOT_YOURS)) from None
    if mistake := _mistake(folder, by, roster, coming):
        new.wipe()
        raise mistake
    resumed = Rotation(folder, _copy(by.practice), new, None, None)
    resumed.sheet_goes = coming.recovery != roster.recovery
    return resumed


def _mistake(folder: Path, by: Unlocked, roster: Roster, coming: Roster) -> AccessError | None:
    """Why the exchange to a key with the roster `coming` must not go on."""
    if coming.people != roster.people:
        return ForeignKeyError(NOT_YOURS)
    if coming.recovery == roster.recovery and emergency.demands_rotation(folder):
        return NewSheetError(SAME_SHEET)
    if by.person.name == RECOVERY and (by.own is None or by.own.recipient != coming.recovery):
        return WrongSheetError(OTHER_SHEET)
    return None


def so_far(folder: Path) -> Progress:
    """How far the exchange that is under way has come."""
    return Progress(_there(folder), len(_names(folder)))


def drop(folder: Path, by: Unlocked, daemon: Daemon) -> None:
    """Leave everything as it was. Raises `NotAdminError`, and `RotatingError` when it is too late for that."""
    people.roster_for(folder, by)
    daemon.drop_rotation(practice.proof_of(by.practice), by.person.name)


def _copy(key: Identity) -> Identity:
    text = key.to_bytes()
    with primitives.forgetting(text):
        return Identity.parse(text)


def _names(folder: Path) -> list[str]:
    names = [file.stem for file in sorted((folder / "epochs").glob("*.age"))]
    return [*names, exchange.RECORD] if exchange.file_of(folder, exchange.RECORD).exists() else names


def _there(folder: Path) -> int:
    return sum(exchange.next_file_of(folder, name).exists() for name in _names(folder))
