"""Codes that are good once: the six digits of an app on a telephone (TOTP, RFC 6238), and the printed ones for the day that telephone is lost.

The door of pyotp. Nothing here keeps anything: who holds which secret, and what was used up, stands in `access.factors`.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

import pyotp

from appliance.store import primitives

STEP: Final = 30  # s that a code of the app stands, RFC 6238 §5.2
DRIFT: Final = 1  # steps before and after this one that are taken, too: the telephone's clock may be off (RFC 6238 §6)
DIGITS: Final = 6
CODES: Final = 10  # printed codes at a time
_GROUPS: Final = 3  # of four letters: 12 of 31 are 59 bits, far more than anybody guesses
_GROUP: Final = 4
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another on paper


def draw_secret() -> str:
    """A new secret for an app: 160 bits in base 32, as RFC 4226 §4 recommends."""
    return pyotp.random_base32(32)


def address(secret: str, person: str, practice: str) -> str:
    """What an app reads from the square: secret, person and practice."""
    return pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=practice)


def step_of(secret: str, code: str, now: float, used: int) -> int | None:
    """The step that `code` belongs to, if it is one of about `now` (s since 1970) and none up to `used` was taken before; else None."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits, re.ASCII):
        return None
    totp, present = pyotp.TOTP(secret), int(now // STEP)
    fitting = [
        step
        for step in range(present - DRIFT, present + DRIFT + 1)
        if primitives.same(totp.generate_otp(max(0, step)).encode(), digits.encode())
    ]
    return max((step for step in fitting if step > used), default=None)


def draw_codes() -> tuple[str, ...]:
    """New printed codes, such as "k7m4-p2xq-9tbd". Show them once."""
    return tuple("-".join(_letters(_GROUP) for _ in range(_GROUPS)) for _ in range(CODES))


def looks_printed(code: str) -> bool:
    """Has this the shape of a printed code? Nobody guesses one: there are 7 * 10^17."""
    return re.fullmatch(rf"[{_LETTERS}]{{{_GROUP * _GROUPS}}}", _bare(code)) is not None


def digest(code: str) -> str:
    """What is kept of a printed code. Capital letters, spaces and dashes of whoever types it do not count."""
    return hashlib.sha256(_bare(code).encode("utf-8", "surrogatepass")).hexdigest()


def _bare(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
