"""How the `keepline` command speaks: tables for people, JSON for programs, errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from appliance.control.values import pack
from appliance.settings import Settings

WIDTH: Final = 120  # columns of what goes into a file or a pipe


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
    """A table, or the sentence `empty` when there is nothing to show. What callers gave is printed as plain text, never as markup."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    if not rows:
        console.print(Text(empty))
        return
    drawn = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        drawn.add_row(*(Text(_printable(cell)) for cell in row))
    console.print(drawn)


def as_json(value: Any) -> None:
    """`value` for a program to read."""
    print(json.dumps(pack(value), indent=2))


def say(text: str) -> None:
    """A line for the person."""
    print(text)


def ask(prompt: str) -> None:
    """What is to be typed, on standard error: standard output may be a file."""
    print(prompt, end="", file=sys.stderr, flush=True)


def tell(text: str) -> None:
    """What a person must know beside what they asked for, on standard error."""
    print(text, file=sys.stderr)


def complain(text: str) -> None:
    """What went wrong, on standard error."""
    print(f"keepline: {text}", file=sys.stderr)


def counted(lines: Iterable[bytes], octets: int, what: str) -> Iterator[bytes]:
    """The same `lines`; a person at a terminal sees how far they have come of so many `octets`."""
    console = Console(stderr=True)  # what is piped on stays what it is
    with Progress(
        *Progress.get_default_columns(), console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=octets)
        for line in lines:
            bar.advance(task, len(line) + 1)
            yield line


def _printable(text: str) -> str:
    """Without control characters: a caller's name must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def moment(seconds: float, settings: Settings) -> str:
    """`seconds` since 1970 in the practice's zone."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(settings.practice.zone)).strftime("%Y-%m-%d %H:%M")


def count(number: int, what: str) -> str:
    """`1 page`, `2 pages`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
