"""The recovery sheet at a terminal: shown once, and two of its groups typed back."""

from __future__ import annotations

import random
from argparse import Namespace
from typing import TYPE_CHECKING

from appliance.cli import asking, output

if TYPE_CHECKING:
    from appliance.access.recovery import RecoverySheet


def show(sheet: RecoverySheet) -> None:
    """The recovery sheet on this terminal."""
    output.say(
        "\nThe recovery sheet. It opens everything without any password. Print or write it down now, put it in the safe; it is not shown again.\n"
    )
    output.say(sheet.terminal_qr())
    output.say(f"    {sheet.text}\n")
    output.say("  ".join(f"{number}: {word}" for number, word in enumerate(sheet.words, 1)) + "\n")


def type_back(given: Namespace, sheet: RecoverySheet) -> None:
    """Whoever sits at a terminal shows that the sheet is in their hands."""
    if given.password_stdin:
        return
    asked = sheet.asks(random.SystemRandom())
    while True:
        output.say("So that we know the sheet is written down, type two of its groups from the paper.")
        first, second = (asking.plain(f"Group {number}: ") for number in (asked.first, asked.second))
        if asked.fits(first, second):
            return
        output.say("That is not what the sheet says. Compare letter by letter.")
