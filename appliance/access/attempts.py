"""Failed log-ins on their way to the record: a few lines a minute of one attempt each, the others as sums. Anybody on the network can fail as fast as they
like, from as many addresses as they like; the card is not theirs to fill."""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from appliance.clock import Clock
from appliance.deeds import Act, Deed
from appliance.errors import KeeplineError

ALONE: Final = 12  # attempts a minute with a line of their own: more than a whole practice mistypes on a Monday morning
MINUTE: Final = 60.0  # s
MOST_SUMS: Final = 16  # sums kept apart; those of all others are one of each kind, with neither name nor source
_SUBNET: Final = (
    64  # bits that one host may choose the rest of, RFC 4291 §2.5.1: it has 2^64 addresses and is one source
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Attempts that are told together."""

    by: str  # whose log-in; "" for nobody's, or when nobody looked
    source: str
    looked_at: bool  # a password, code or passkey was wrong; else they came too soon
    way: str = ""  # what was wrong, where all that this process sees are alike

    @property
    def rest(self) -> Kind:
        """What is left of it where there is no room to tell it apart."""
        return Kind("", "", self.looked_at, self.way)

    def deed(self, count: int) -> Deed:
        """So many of them, as a line of the record."""
        detail = {"from": self.source, "further" if self.looked_at else "refused": str(count), "with": self.way}
        return Deed(Act.LOG_IN_FAILED, self.by, detail={name: word for name, word in detail.items() if word})


class Attempts:
    """Any thread may use it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: deque[float] = deque(maxlen=ALONE)  # when the last lines were written, monotonic s
        self._sums: Counter[Kind] = Counter()
        self._lock = threading.Lock()

    def has_room(self) -> bool:
        """May this attempt have a line of its own? Then the place is taken."""
        now = self._clock.monotonic()
        with self._lock:
            if len(self._told) == ALONE and now - self._told[0] < MINUTE:
                return False
            self._told.append(now)
            return True

    def add(self, kind: Kind, count: int = 1) -> None:
        """So many attempts have no line of their own."""
        with self._lock:
            apart = kind in self._sums or len(self._sums) < MOST_SUMS
            self._sums[kind if apart else kind.rest] += count

    def take(self) -> dict[Kind, int]:
        """How many of each kind there were since this was last asked: at most `MOST_SUMS` + 2."""
        with self._lock:
            taken, self._sums = self._sums, Counter()
        return dict(taken)

    def tell(self, record: Callable[[Deed], object]) -> None:
        """A line for each sum, by `record`; what cannot be written now is told the next time."""
        failed = self.take()
        with suppress(KeeplineError):
            for kind in tuple(failed):
                record(kind.deed(failed[kind]))
                del failed[kind]
        for kind, count in failed.items():
            self.add(kind, count)


def source(address: str) -> str:
    """Who counts as one: an IPv4 address, or the /64 of an IPv6 one. What is no address stands for itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:  # as a page that is served on both says it
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found), _SUBNET), strict=False))
