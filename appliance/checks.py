"""What an option may be: kinds of checks, each with its words for a person. `settings` declares every option with one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from zoneinfo import available_timezones


@dataclass(frozen=True, slots=True)
class Check:
    """How an option's value is read and what is allowed, in words for a person."""

    allowed: str
    parse: Callable[[Any], Any]  # raises ValueError or TypeError


def nearest(wrong: str, right: Sequence[str]) -> str:
    """The sentence that helps whoever wrote a name that is none of the `right` ones."""
    near = difflib.get_close_matches(wrong, right, n=1, cutoff=0.5)
    return f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(right)}."


def whole(low: int, high: int) -> Check:
    def parse(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    return Check(f"a whole number from {low} to {high}", parse)


def zero_or(low: int, high: int) -> Check:
    def parse(value: Any) -> int:
        if type(value) is not int or not (value == 0 or low <= value <= high):
            raise ValueError
        return value

    return Check(f"0 or a whole number from {low} to {high}", parse)


def number(low: float, high: float) -> Check:
    def parse(value: Any) -> float:
        if type(value) not in {int, float} or not low <= value <= high:
            raise ValueError
        return float(value)

    return Check(f"a number from {low:g} to {high:g}", parse)


def text(pattern: str, allowed: str) -> Check:
    def parse(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return Check(allowed, parse)


def texts(pattern: str, allowed: str) -> Check:
    one = text(pattern, allowed)

    def parse(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            raise TypeError
        return tuple(one.parse(item) for item in value)

    return Check(f"a list of one or more {allowed}", parse)


def choice(*names: str) -> Check:
    return text("|".join(map(re.escape, names)), " or ".join(f'"{name}"' for name in names))


class EntryError(ValueError):
    """One entry of a table is wrong; the text says what is."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def table(key: Check, value: Check) -> Check:
    """A table, kept as pairs in the order of the file. Raises `EntryError` for one entry that is wrong."""

    def parse(given: Any) -> tuple[tuple[str, str], ...]:
        if not isinstance(given, dict):
            raise TypeError
        return tuple((_entry(key, name, name), _entry(value, name, item)) for name, item in given.items())

    return Check(f'a table such as {{ "101" = "billing" }}: {key.allowed} = {value.allowed}', parse)


def _entry(check: Check, key: str, given: Any) -> str:
    try:
        return cast(str, check.parse(given))
    except (ValueError, TypeError):
        what = f'"{key}"' if given is key else f'the value of "{key}"'
        raise EntryError(key, f"{what} is not {check.allowed}") from None


def path() -> Check:
    def parse(value: Any) -> Path:
        if not isinstance(value, str) or not value.startswith("/"):
            raise ValueError
        return Path(value)

    return Check('a path that starts with "/"', parse)


def zone() -> Check:
    def parse(value: Any) -> str:
        if value not in available_timezones():
            raise ValueError
        return cast(str, value)

    return Check('a time zone such as "America/New_York"', parse)
