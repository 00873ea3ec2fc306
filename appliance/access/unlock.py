"""From name and password to the practice key: what a log-in is.

`unlock` for a program at the box's own terminal; the `Doorkeeper` for a page that a whole network can reach. He lets nobody guess quickly, tells nobody which
names exist, and locks nobody out for good.
"""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from appliance import logs
from appliance.access import passwords, people, practice
from appliance.access.attempts import Attempts, Kind, source
from appliance.access.people import Person, Unlocked
from appliance.clock import Clock
from appliance.errors import (
    BusyError,
    ForeignKeyError,
    KeysDamagedError,
    NotFoundedError,
    PersonDamagedError,
    PersonNameError,
    PersonUnknownError,
    SealError,
    SealKeyError,
    TooSoonError,
    UnsealedPersonError,
    WrongPasswordError,
)
from appliance.store.keys import Identity

DELAYS: Final = (
    0.0,
    0.0,
    1.0,
    2.0,
    4.0,
    8.0,
    16.0,
    30.0,
)  # s after the first, second ... wrong attempt; the last stays
FORGIVEN: Final = 900.0  # s without a wrong attempt after which earlier ones no longer count
MOST_KNOWN: Final = 4096  # names and addresses remembered; the oldest is forgotten first
CROWDED: Final = (
    *(0.0,) * 8,
    0.5,
    1.0,
    2.0,
)  # s the same for one IPv6 network. A host there has 2^64 addresses, but a whole practice may be in it too: so
# whoever takes another address each time is looked at thirty times a minute, and nobody else there is kept out for longer than that
MOST_AT_ONCE: Final = (
    2  # strangers from one IPv6 network whose passwords are looked at or wait for it, of the five there is room for
)

log = logs.get(__name__)


def unlock(folder: Path, name: str, password: str) -> Unlocked:
    """The person `name`, with the practice key if they may read. `folder` is the store's. Capital letters in a name do not count.

    Raises `WrongPasswordError` (an unknown name takes as long and says the same), `BusyError`, `NotFoundedError`, `ForeignKeyError`, and
    `PersonDamagedError`, `UnsealedPersonError` or `KeysDamagedError` where the password was right and a file cannot be read.
    """
    if not (folder / practice.PUBLIC).exists():
        raise NotFoundedError
    name = as_kept(name)
    try:
        people.must_exist(folder, name)
        file = folder / people.FOLDER / f"{name}.age"
        wrapped = file.read_bytes()
    except (PersonNameError, PersonUnknownError, FileNotFoundError):
        _pretend(folder, password)
        raise WrongPasswordError from None
    try:
        identity = passwords.unwrap(wrapped, password)
    except SealKeyError:
        raise WrongPasswordError from None
    except SealError:
        raise PersonDamagedError from None
    try:
        if not _is_still(file, wrapped):  # removed, or another password, in the second that this took
            raise WrongPasswordError
        person = people.find_person(folder, name)
    except BaseException:
        identity.wipe()
        raise
    return enter(folder, person, identity)


def enter(folder: Path, person: Person, own: Identity) -> Unlocked:
    """What the person's own key opens; `own` goes with it, or is wiped. Raises as `unlock` does."""
    try:
        return _unlocked(folder, person, own)
    except BaseException:
        own.wipe()
        raise


def as_kept(name: str) -> str:
    """A name as people are kept by: a telephone likes to begin it with a capital letter and end it with a space, and Lucía writes herself with an accent."""
    letters = unicodedata.normalize("NFKD", name.strip().lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


class Doorkeeper:
    """Whoever logs in over the network comes past him. Delays are refusals that name the wait, so that no thread sleeps; they end by themselves."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.attempts = Attempts(clock)  # that failed, until the record was told
        self._folder = folder
        self._names = Failures(clock)
        self._addresses = Failures(clock)
        self._networks = Failures(clock, CROWDED)
        self._welcome = Welcome(clock)
        self._trying: set[str] = set()  # addresses with an attempt under way
        self._crowd: Counter[str] = Counter()  # the same by network
        self._lock = threading.Lock()

    def unlock(self, name: str, password: str, address: str) -> Unlocked:
        """As `unlock`, for an attempt from `address`. Raises `TooSoonError`, which names the wait, as well."""
        name = as_kept(name)
        with self.attempt(name, address):
            return unlock(self._folder, name, password)

    @contextmanager
    def attempt(self, name: str, address: str) -> Iterator[None]:
        """Around whatever raises `WrongPasswordError` for a wrong one. Raises `TooSoonError`, `BusyError`."""
        try:
            with self._alone(name, address):
                try:
                    yield
                except WrongPasswordError:
                    self._failed(name, address)
                    raise
                self._succeeded(name, address)
        except (TooSoonError, BusyError):
            self.attempts.add(Kind("", source(address), looked_at=False))
            raise

    @contextmanager
    def _alone(self, name: str, address: str) -> Iterator[None]:
        """One attempt at a time from each address, so that no address takes all the places in the queue, nor all those that one host can have."""
        network = source(address)
        with self._lock:
            wait = max(self._addresses.wait(address), self._welcome.wait(name, address))
            stranger = not self._welcome.knows(name, address)
            if stranger:
                wait = max(wait, self._names.wait(name), self._networks.wait(network))
            if wait > 0:
                raise TooSoonError(wait=wait)
            if address in self._trying or (stranger and self._crowd[network] >= MOST_AT_ONCE):
                raise BusyError
            self._trying.add(address)
            self._crowd[network] += 1
        try:
            yield
        finally:
            with self._lock:
                self._trying.discard(address)
                self._crowd -= Counter([network])  # which forgets who has none left

    def _failed(self, name: str, address: str) -> None:
        network = source(address)
        with self._lock:
            self._names.add(name)
            self._addresses.add(address)
            if network != address:
                self._networks.add(network)
            self._welcome.add_failure(name, address)
        log.warning("access.refused")

    def _succeeded(self, name: str, address: str) -> None:
        with self._lock:
            self._names.clear(name)
            self._addresses.clear(address)
            self._welcome.add(name, address)


@dataclass(slots=True)
class Failures:
    """Wrong attempts by name or by address. `delays`: s after the first, second ... of them; the last stays."""

    clock: Clock
    delays: tuple[float, ...] = DELAYS
    _last: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)  # how many, and when the last was

    def wait(self, key: str) -> float:
        """Seconds until the next attempt is looked at; 0 when it is now."""
        count, last = self._counted(key)
        return max(0.0, last + self.delays[min(count, len(self.delays)) - 1] - self.clock.monotonic()) if count else 0.0

    def add(self, key: str) -> None:
        count, _ = self._counted(key)
        self._last[key] = (count + 1, self.clock.monotonic())
        self._last.move_to_end(key)
        _keep_newest(self._last)

    def clear(self, key: str) -> None:
        self._last.pop(key, None)

    def _counted(self, key: str) -> tuple[int, float]:
        count, last = self._last.get(key, (0, 0.0))
        return (0, 0.0) if self.clock.monotonic() - last > FORGIVEN else (count, last)


class Welcome:
    """Names let in, and from where: somebody else's guessing keeps no person from the desk where they were let in before. What goes wrong there counts for
    that name at that desk, so that whoever else sits there guesses no faster, and its owner may mistype."""

    def __init__(self, clock: Clock, delays: tuple[float, ...] = DELAYS) -> None:
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._failures = Failures(clock, delays)

    def knows(self, name: str, address: str) -> bool:
        """Was this name let in from there?"""
        return (name, address) in self._known

    def wait(self, name: str, address: str) -> float:
        """Seconds until that name is looked at again at that desk; 0 for strangers, for whom other delays hold."""
        return self._failures.wait(_pair(name, address)) if self.knows(name, address) else 0.0

    def add(self, name: str, address: str) -> None:
        self._known[name, address] = None
        self._failures.clear(_pair(name, address))
        _keep_newest(self._known)

    def add_failure(self, name: str, address: str) -> None:
        if self.knows(name, address):
            self._failures.add(_pair(name, address))


def _pair(name: str, address: str) -> str:
    return f"{name} {address}"  # a name has no space in it


def _keep_newest(known: OrderedDict[Any, Any]) -> None:
    while len(known) > MOST_KNOWN:
        known.popitem(last=False)


def _unlocked(folder: Path, person: Person, identity: Identity) -> Unlocked:
    if identity.recipient != person.recipient:
        raise ForeignKeyError
    if not person.may_read:
        return Unlocked(person, None, identity)
    try:
        key, roster = practice.open_practice(folder, identity)
    except SealKeyError:
        raise UnsealedPersonError from None
    except (SealError, OSError, ValueError):
        raise KeysDamagedError from None
    known = roster.find(person.name)
    if known is None or known.recipient != person.recipient:
        key.wipe()
        raise ForeignKeyError
    return Unlocked(known, key, identity)  # with the role that the roster says


def _is_still(file: Path, content: bytes) -> bool:
    try:
        return file.read_bytes() == content
    except FileNotFoundError:
        return False


def _pretend(folder: Path, password: str) -> None:
    """Take as long as for a name that exists: open somebody's key with a password that cannot be right."""
    for wrapped in sorted((folder / people.FOLDER).glob("*.age")):
        try:
            passwords.unwrap(wrapped.read_bytes(), password + "\x00").wipe()
        except SealKeyError:
            return
        except (SealError, OSError):  # damaged, which took no time: another one
            continue
