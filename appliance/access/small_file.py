"""Reading the small files of people, factors and decisions: each is damaged or it is not, and one that is stops nothing but itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from appliance.errors import KeeplineError

LATEST: Final = 1e11  # s since 1970, the year 5138: what no calendar holds is no time


@contextmanager
def reading(damaged: Callable[[], KeeplineError]) -> Iterator[None]:
    """Around whatever reads such a file and takes it apart: whatever goes wrong means that it is `damaged`. That it is not there is another matter.

    A card that fails gives errors, zeros or pieces of other files; whoever has it elsewhere can write what they like.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (
        OSError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
        KeeplineError,
    ):
        raise damaged() from None


def moment(value: Any) -> float:
    """Seconds since 1970; raises `ValueError` for what no calendar holds."""
    found = float(value)
    if not 0 <= found <= LATEST:
        raise ValueError("no time")
    return found
