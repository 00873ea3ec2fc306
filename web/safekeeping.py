"""What must be shown again on the next page and may stand in no address and no hidden field: sealed in memory under the secret of the asker's own cookie,
for minutes only. Without that cookie nothing in this process opens it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from appliance.errors import SealKeyError
from appliance.store import primitives

MINUTES: Final = 60.0  # s
_CONTEXT: Final = b"keepline page 1"


@dataclass(frozen=True, slots=True)
class Kept:
    """A text that only the cookie's owner can have back."""

    sealed: bytes = field(repr=False)
    until: float  # monotonic s


def keep(text: str, cookie: str, until: float) -> Kept:
    """Seal `text` under the secret that `cookie` carries, until then (monotonic s)."""
    return Kept(primitives.wrap(cookie.encode(), text.encode(), _CONTEXT), until)


def read(kept: Kept | None, cookie: str, now: float) -> str | None:
    """The text, for the same cookie and in time; else None."""
    if kept is None or now >= kept.until:
        return None
    try:
        return primitives.unwrap(cookie.encode(), kept.sealed, _CONTEXT).decode()
    except SealKeyError:
        return None
