"""The second step of a log-in, and log-in by a passkey alone. Like the doorkeeper of the first, it lets nobody guess quickly and locks nobody out for good."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.access import factors, one_time, passkeys, people
from appliance.access.factors import FactorFiles, Held
from appliance.access.passkeys import Answer, Challenges, Site
from appliance.access.people import Unlocked
from appliance.access.unlock import Failures, Welcome, enter
from appliance.clock import Clock
from appliance.errors import (
    AccessError,
    ClockUntrustedError,
    FactorsChangedError,
    FactorsDamagedError,
    PasskeyError,
    SealKeyError,
    TooSoonError,
    WrongCodeError,
)

DELAYS: Final = (
    0.0,
    0.0,
    1.0,
    4.0,
    15.0,
    60.0,
    300.0,
)  # s after wrong codes; at one in 300 s, and three codes in a million being right, who knows the password guesses for three years
ATTEMPTS: Final = 5  # to prepare a change on the newest state
ALONE: Final = "log-in"  # the purpose of a challenge that anybody may have

log = logs.get(__name__)


class Way(StrEnum):
    """What somebody has shown beside the password, as the record says it."""

    PASSWORD = "password alone"  # noqa: S105 - the word for it
    APP = "app"
    CODE = "printed code"
    PASSKEY = "passkey"
    PASSKEY_ALONE = "passkey alone"
    SHEET = "recovery sheet"  # instead of both


class SecondStep:
    """One for a page. `put` hands files to the daemon; while one code is looked at no other is, so that none counts twice."""

    def __init__(self, folder: Path, clock: Clock, put: Callable[[FactorFiles, str], None]) -> None:
        self.challenges = Challenges(clock)
        self._folder = folder
        self._clock = clock
        self._put = put
        self._names = Failures(clock, DELAYS)
        self._addresses = Failures(clock, DELAYS)
        self._welcome = Welcome(clock, DELAYS)
        self._strangers = Failures(clock, DELAYS)
        self._lock = threading.Lock()

    def take_code(self, unlocked: Unlocked, code: str, address: str, clock_trusted: bool) -> Way:
        """A code of the app or a printed one, which nobody guesses and so waits for nobody.

        Raises `TooSoonError`, `WrongCodeError`, `ClockUntrustedError`, `FactorsDamagedError`.
        """
        name = unlocked.person.name
        with self._lock:
            if not one_time.looks_printed(code) and (wait := self._wait(name, address)) > 0:
                raise TooSoonError(wait=wait)
            way = Way.APP if re.fullmatch(r"\s*(\d\s*){6}", code) else Way.CODE

            def use(held: Held) -> Held:
                if way is Way.APP and held.secrets.app and not clock_trusted:
                    raise ClockUntrustedError
                used = held.used_app(code, self._clock.now()) if way is Way.APP else held.used_code(code)
                if used is None:
                    raise WrongCodeError
                return used

            try:
                self._alter(unlocked, use)
            except WrongCodeError:
                self._names.add(name)
                self._addresses.add(address)
                self._welcome.add_failure(name, address)
                log.warning("access.second_refused")
                raise
            self._names.clear(name)
            self._addresses.clear(address)
            self._welcome.add(name, address)
            return way

    def take_passkey(self, unlocked: Unlocked, answer: Answer, site: Site, purpose: str) -> Way:
        """A passkey of the person whose password was right. Nobody guesses one, so there is no delay. Raises `PasskeyError`, `FactorsDamagedError`."""
        with self._lock:
            self.challenges.must_stand(answer.challenge, purpose)
            self._use(unlocked, answer, site)
            return Way.PASSKEY

    def passkey_alone(self, answer: Answer, derived: str, site: Site) -> Unlocked:
        """Whoever's passkey that is, if it opens its person's key. Raises `PasskeyError`, `FactorsDamagedError`, and as `unlock` does."""
        with self._lock:
            self.challenges.must_stand(answer.challenge, ALONE)
            found = factors.owner_of(self._folder, answer.id)
            if found is None:
                raise PasskeyError
            name, passkey = found
            passkeys.check(answer, site, passkey)
            if not (passkey.opens and derived):
                raise PasskeyError
            with passkeys.identity_of(derived, passkey.id) as identity:
                own = factors.open_with_passkey(self._folder, name, passkey, identity)
            unlocked = enter(self._folder, people.find_person(self._folder, name), own)
            try:
                self._use(unlocked, answer, site)
            except BaseException:
                unlocked.wipe()
                raise
            return unlocked

    def whose(self, answer: Answer) -> str:
        """Who says to own that passkey; nothing of it is checked yet. Raises `PasskeyError` where nobody does."""
        found = factors.owner_of(self._folder, answer.id)
        if found is None:
            raise PasskeyError
        return found[0]

    def owner(self, answer: Answer, site: Site) -> str:
        """Whose passkey answered, though it cannot open their key: for a page that then asks for the password. Raises `PasskeyError`."""
        found = factors.owner_of(self._folder, answer.id)
        if found is None:
            raise PasskeyError
        self.challenges.must_stand(answer.challenge, ALONE)
        passkeys.check(answer, site, found[1])
        return found[0]

    def is_news(self) -> bool:
        """Is a wrong passkey without a password to stand in the record? Anybody on the network can send such, as fast as they like: after a few in a row
        only now and then, so that nobody fills the card with lines. A right one waits for nobody."""
        with self._lock:
            if self._strangers.wait("") > 0:
                return False
            self._strangers.add("")
            return True

    def open_held(self, unlocked: Unlocked) -> Held:
        """What that person has. Raises `FactorsDamagedError`."""
        return self._held(unlocked)

    def change(self, unlocked: Unlocked, alter: Callable[[Held], Held]) -> None:
        """Let the daemon write what `alter` makes of what that person has. It may be asked more than once: the newest counts. Raises `FactorsChangedError`."""
        with self._lock:
            self._alter(unlocked, alter)

    def _wait(self, name: str, address: str) -> float:
        """Seconds until a code that can be guessed is looked at."""
        desk = max(self._addresses.wait(address), self._welcome.wait(name, address))
        return desk if self._welcome.knows(name, address) else max(desk, self._names.wait(name))

    def _use(self, unlocked: Unlocked, answer: Answer, site: Site) -> None:
        def use(held: Held) -> Held:
            passkey = held.factors.find(answer.id)
            if passkey is None:
                raise PasskeyError
            count = passkeys.check(answer, site, passkey)
            self.challenges.use_up(answer.challenge)
            return held if count == passkey.count else held.used_passkey(passkey.id, count)

        self._alter(unlocked, use)

    def _alter(self, unlocked: Unlocked, alter: Callable[[Held], Held]) -> None:
        """The daemon refuses what was prepared on an older state, as when a code was used at the command meanwhile: then it is prepared once more."""
        for attempt in range(1, ATTEMPTS + 1):
            held = self._held(unlocked)
            changed = alter(held)
            if changed is held:
                return
            try:
                self._write(changed, unlocked)
            except FactorsChangedError:
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def _held(self, unlocked: Unlocked) -> Held:
        if unlocked.own is None:
            raise AccessError
        try:
            return factors.open_held(self._folder, unlocked.person.name, unlocked.own)
        except SealKeyError:
            raise FactorsDamagedError from None

    def _write(self, held: Held, unlocked: Unlocked) -> None:
        if unlocked.own is None:
            raise AccessError
        self._put(held.files(unlocked.own), unlocked.person.name)
