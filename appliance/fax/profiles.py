"""What differs from modem to modem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of modem. Commands stand without their `AT`."""

    name: str
    speed: int = 115200  # bit/s on the serial side
    needed: tuple[str, ...] = ("E0V1Q0", "S0=0", "+FCLASS=1")
    wished: tuple[str, ...] = (
        "+FAR=1",
    )  # it goes without: a wrong carrier is then only reported, not followed (T.31 §8.5.1)


GENERIC: Final = Profile("generic Class 1")
