"""What a verb of the `keepline` command is, and the arguments that several verbs share. Each area's module owns its tuple `VERBS`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from appliance.settings import Settings

Run = Callable[[argparse.Namespace, Settings], None]
Declare = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the command: `words` as typed, what it does, and its own arguments."""

    words: tuple[str, ...]
    help: str
    run: Run
    declare: Declare = lambda parser: None
    keeps_root: bool = False  # it looks at devices and programs that only root may see, and touches no store


def as_json(parser: argparse.ArgumentParser) -> None:
    """--json"""
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")


def who(parser: argparse.ArgumentParser) -> None:
    """--as NAME, and how their password comes"""
    parser.add_argument(
        "--as", dest="who", metavar="NAME", required=True, help="whose key opens it; the password is asked for"
    )
    password(parser)


def password(parser: argparse.ArgumentParser) -> None:
    """--password-stdin"""
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read passwords from standard input, a line each, instead of asking",
    )
