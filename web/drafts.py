"""What somebody has typed and not yet sent: kept while they are logged off, so that no text is lost to an idle screen or the lock button.

In this process's memory only, each sealed to the practice's key: without a log-in nothing here opens it, and a restart forgets it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

from appliance.access import policy
from appliance.access.sessions import Session
from appliance.clock import Clock
from appliance.errors import NotForThisRoleError, SealError
from appliance.store import age_file

MOST: Final = 200  # of all people together; the oldest makes room
MOST_EACH: Final = 20  # of one person
LONGEST: Final = policy.LONGEST  # letters: no form takes more
KEPT: Final = 24 * 3600.0  # s


@dataclass(frozen=True, slots=True)
class Draft:
    """One field's text, sealed."""

    sealed: bytes = field(repr=False)
    at: float  # monotonic s


@dataclass(slots=True)
class Drafts:
    """The texts of everybody. Many threads may use it."""

    clock: Clock
    _kept: dict[tuple[str, str], Draft] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def keep(self, person: Session, name: str, text: str) -> None:
        """`text` in the field `name`; "" forgets it. Of people who hold no practice key nothing is kept."""
        try:
            sealed = age_file.seal(text[:LONGEST].encode(), [person.practice.recipient]) if text else b""
        except NotForThisRoleError:
            return
        who = person.person.name
        with self._lock:
            self._kept.pop((who, name), None)
            if sealed:
                self._kept[who, name] = Draft(sealed, self.clock.monotonic())
            self._make_room(who)

    def of(self, person: Session) -> dict[str, str]:
        """Each field of this person with its text."""
        since = self.clock.monotonic() - KEPT
        with self._lock:
            mine = {name: draft for (who, name), draft in self._kept.items() if who == person.person.name}
        found = {}
        for name, draft in mine.items():
            try:
                text = age_file.open_bytes(draft.sealed, [person.practice]).decode()
            except (SealError, NotForThisRoleError):
                continue  # the practice's key was changed meanwhile, or the person's role
            if draft.at >= since:
                found[name] = text
        return found

    def _make_room(self, who: str) -> None:
        """The oldest go first, this person's before others'."""
        since = self.clock.monotonic() - KEPT
        for place in [place for place, draft in self._kept.items() if draft.at < since]:
            del self._kept[place]
        mine = [place for place in self._kept if place[0] == who]
        for place in mine[:-MOST_EACH]:
            del self._kept[place]
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
