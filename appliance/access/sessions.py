"""Who is logged in. The practice key of each session lies here wrapped under a secret that only that session's cookie carries.

So what this process holds while nobody asks opens nothing: of the cookie it keeps a SHA-256 to find the session by, and the key only sealed. A request unwraps
it for itself alone. Limits run on the monotonic clock, which nobody can set back.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from appliance import logs
from appliance.access.people import Unlocked
from appliance.access.roles import Person
from appliance.access.signs import Sign
from appliance.clock import Clock
from appliance.errors import NotForThisRoleError, OvertakenError
from appliance.store import primitives
from appliance.store.keys import Identity

log = logs.get(__name__)

MOST: Final = 64  # sessions at once; the one that rested longest makes room
_CONTEXT: Final = b"keepline session 1"
_TOKEN: Final = 32  # octets: 256 bits


class Session:
    """A logged-in person, for one request. Close it (or use `with`) when the request is answered: its key is overwritten."""

    __slots__ = ("_kept", "_own", "_practice", "ends_in", "is_open", "proven_ago", "rests_in")

    def __init__(self, kept: _Kept, keys: _Keys, rests_in: float, ends_in: float, is_open: Callable[[], bool]) -> None:
        self._kept = kept
        self.rests_in = rests_in  # s until the person is logged off if nothing is done
        self.ends_in = ends_in  # s until the person must log in again, whatever is done
        self.proven_ago = 0.0  # s since this person last showed who they are, at log-in or when asked once more
        self.is_open = is_open  # does it go on? For an answer that takes long: a session may end in the middle of it
        self._practice, self._own = keys

    @property
    def person(self) -> Person:
        """Whose session it is."""
        return self._kept.person

    @property
    def memory(self) -> dict[str, Any]:
        """What the page remembers of this session; it goes when the session ends."""
        return self._kept.memory

    @property
    def practice(self) -> Identity:
        """What opens the epochs. Raises `NotForThisRoleError` for people who may not read."""
        if self._practice is None:
            raise NotForThisRoleError
        return self._practice

    @property
    def unlocked(self) -> Unlocked:
        """This person as `access.people` wants an admin; good until the session is closed."""
        return Unlocked(self.person, self._practice, self._own)

    def close(self) -> None:
        """Overwrite the keys."""
        self.unlocked.wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Session(of a {self.person.role.value})"


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that ended without its person's doing."""

    name: str
    why: str
    kept: dict[str, Any] = field(default_factory=dict)  # of what the page remembered, as much as `outlives` it


_Keys = tuple[Identity | None, Identity | None]  # the practice's and the person's own


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as its person sees it among their others."""

    is_this: bool
    opened_ago: float  # s
    used_ago: float  # s
    memory: dict[str, Any] = field(repr=False)


@dataclass(slots=True)
class _Kept:
    person: Person
    wrapped: tuple[
        bytes | None, bytes | None
    ]  # the keys under the cookie's secret; None for what this session does not hold
    opened: float  # monotonic s
    used: float  # monotonic s
    proven: float  # monotonic s
    signs: set[Sign]  # what the person's files may be like for this session to go on
    memory: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class Sessions:
    """Every session of the page. `idle` and `longest` in seconds. `keeps_own`: the person's own key is kept as well as the practice's, for the few minutes
    between the steps of a log-in."""

    clock: Clock
    idle: float
    longest: float
    keeps_own: bool = False
    outlives: tuple[str, ...] = ()  # what the page remembers of a session beyond its end, until that is told
    _kept: dict[bytes, _Kept] = field(default_factory=dict, repr=False)
    _ended: deque[Ended] = field(default_factory=lambda: deque(maxlen=256), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def open(
        self, unlocked: Unlocked, sign: Sign | None = None, stands: Callable[[], bool] = lambda: True, **memory: Any
    ) -> str:
        """A new session; gives the secret for its cookie, which is kept nowhere else. `unlocked` stays the caller's to wipe.

        `sign`: of the person's files as they were before they were read; when they change, `drop_changed` ends the session. `stands`: is what the log-in
        began with still so? Asked where nobody can end sessions meanwhile: whatever has changed is seen here, or by whoever ends them next. Raises
        `OvertakenError` if not. `memory`: what the page remembers from the start.
        """
        token = secrets.token_urlsafe(_TOKEN)
        own = unlocked.own if self.keeps_own else None
        practice = unlocked.practice if unlocked.person.may_read else None
        wrapped = (_wrap(token, practice), _wrap(token, own))
        now = self.clock.monotonic()
        with self._lock:
            if not stands():
                self._note(unlocked.person.name, "overtaken", memory)
                raise OvertakenError
            self._drop_ended(now)
            while len(self._kept) >= MOST:
                rested = min(self._kept, key=lambda place: self._kept[place].used)
                gone = self._kept.pop(rested)
                self._note(gone.person.name, "made room", gone.memory)
            self._kept[_place(token)] = _Kept(
                unlocked.person, wrapped, now, now, now, {sign} if sign else set(), memory
            )
        return token

    def get(self, cookie: str, activity: bool) -> Session | None:
        """The session of this cookie, or None when there is none or it has ended. `activity=False` (polling) keeps it no longer."""
        now, place = self.clock.monotonic(), _place(cookie)
        with self._lock:
            self._drop_ended(now)
            kept = self._kept.get(place)
            if kept is None:
                return None
            if activity:
                kept.used = now
            rests_in, ends_in = kept.used + self.idle - now, kept.opened + self.longest - now
            proven_ago = now - kept.proven
        practice, own = kept.wrapped
        keys = (_unwrap(cookie, practice), _unwrap(cookie, own))
        found = Session(kept, keys, min(rests_in, ends_in), ends_in, lambda: place in self._kept)
        found.proven_ago = proven_ago
        return found

    def prove(self, cookie: str) -> None:
        """This session's person has shown once more who they are."""
        with self._lock:
            if kept := self._kept.get(_place(cookie)):
                kept.proven = self.clock.monotonic()

    def close(self, cookie: str) -> None:
        """End one session: its person has logged off."""
        with self._lock:
            self._kept.pop(_place(cookie), None)

    def replace(self, cookie: str) -> None:
        """End one session because somebody logs in where it was open."""
        with self._lock:
            self._drop(lambda place, _: place == _place(cookie), "logged in over it")

    def close_all(self, why: str = "") -> int:
        """End every session, as the lock button does; says how many there were. With `why` each is among those that `take_ended` gives."""
        with self._lock:
            count = self._drop(lambda _place, _kept: True, why) if why else len(self._kept)
            self._kept.clear()
        if count:
            log.info("sessions.closed count=%d", count)
        return count

    def close_others(self, cookie: str) -> int:
        """End every other session of the person whose cookie this is; says how many."""
        with self._lock:
            mine = self._kept.get(_place(cookie))
            return self._drop(
                lambda _, kept: mine is not None and kept is not mine and kept.person.name == mine.person.name,
                "ended from another one",
            )

    def expect(self, cookie: str, changed: Callable[[Sign], Sign]) -> None:
        """This session's person is about to change their own files: it goes on with what they make of its sign as well, and with nobody else's change."""
        with self._lock:
            if kept := self._kept.get(_place(cookie)):
                kept.signs |= {changed(sign) for sign in kept.signs}

    def drop_changed(self, sign_of: Callable[[str], Sign]) -> int:
        """End each session of a person whose files are no longer what they were when it began; says how many."""
        with self._lock:
            signs = {name: sign_of(name) for name in {kept.person.name for kept in self._kept.values()}}
            count = self._drop(
                lambda _, kept: bool(kept.signs) and signs[kept.person.name] not in kept.signs, "person changed"
            )
        if count:
            log.info("sessions.changed count=%d", count)
        return count

    def of(self, name: str, cookie: str) -> tuple[Seen, ...]:
        """Every session of that person, the newest first; `cookie` tells which one asks."""
        now, place = self.clock.monotonic(), _place(cookie)
        with self._lock:
            self._drop_ended(now)
            mine = [
                Seen(one == place, now - kept.opened, now - kept.used, kept.memory)
                for one, kept in self._kept.items()
                if kept.person.name == name
            ]
        return tuple(sorted(mine, key=lambda seen: seen.opened_ago))

    def drop_ended(self) -> None:
        """Let go of what has ended, though nobody asks: what the page remembers of a session must not outlive it."""
        with self._lock:
            self._drop_ended(self.clock.monotonic())

    def take_ended(self) -> list[Ended]:
        """Whose sessions ended without their doing since the last call, and why: for the record."""
        with self._lock:
            self._drop_ended(self.clock.monotonic())
            ended = list(self._ended)
            self._ended.clear()
        return ended

    def __len__(self) -> int:
        self.drop_ended()
        return len(self._kept)

    def _drop_ended(self, now: float) -> None:
        self._drop(lambda _, kept: now - kept.used >= self.idle, "idle")
        self._drop(lambda _, kept: now - kept.opened >= self.longest, "longest time over")

    def _drop(self, ended: Callable[[bytes, _Kept], bool], why: str) -> int:
        places = [place for place, kept in self._kept.items() if ended(place, kept)]
        for place in places:
            gone = self._kept.pop(place)
            self._note(gone.person.name, why, gone.memory)
        return len(places)

    def _note(self, name: str, why: str, memory: dict[str, Any]) -> None:
        self._ended.append(Ended(name, why, {what: memory[what] for what in self.outlives if what in memory}))


def _place(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()


def _wrap(token: str, key: Identity | None) -> bytes | None:
    if key is None:
        return None
    text = key.to_bytes()
    with primitives.forgetting(text):
        return primitives.wrap(token.encode(), text, _CONTEXT)


def _unwrap(token: str, wrapped: bytes | None) -> Identity | None:
    if wrapped is None:
        return None
    text = primitives.unwrap(token.encode(), wrapped, _CONTEXT)
    with primitives.forgetting(text):
        return Identity.parse(text)
