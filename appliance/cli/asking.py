"""Passwords and PINs, typed at a terminal or read from standard input; never given as an argument, which every user of the machine could see."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from appliance.access.roles import Permission, Person
from appliance.cli import output
from appliance.deeds import Act, Deed
from appliance.errors import (
    AccessError,
    ControlError,
    NotAgreedError,
    UsageError,
    WrongPasswordError,
    WrongSheetError,
)
from appliance.settings import Settings

if TYPE_CHECKING:
    from appliance.access.people import Unlocked


ROOT: Final = "root"  # who asks, in the record, when somebody works at the box itself without a person's key


def unlock(given: Namespace, settings: Settings, permission: Permission) -> Unlocked:
    """Whoever `--as` names, with their password, if they may do that. Raises `AccessError`."""
    from appliance.access import unlock as way_in

    typed = password(given, f"Password of {given.who}: ")
    with failures_told(settings, given.who):
        unlocked = way_in.unlock(settings.store.folder, given.who, typed)
    tell_log_in(settings, unlocked.person.name)
    unlocked.person.must(permission)
    tell_uses_of_the_sheet(settings, unlocked.person)
    return unlocked


def tell_uses_of_the_sheet(settings: Settings, person: Person) -> None:
    """Every use that this admin has not confirmed on the page, at each log-in until they do: what a program reads here nobody may have seen."""
    from appliance.access import emergency

    if not person.may(Permission.RUN_KEYS):
        return
    untold = emergency.untold(settings.store.folder, person.name)
    for access in untold:
        when = output.moment(access.at, settings)
        if access.trial:
            output.tell(f"The recovery sheet was tried at the box, {when}. No message was shown.")
        else:
            output.tell(f'The recovery sheet was used, {when}. Reason given: "{access.why}"')
    if untold:
        trials = all(access.trial for access in untold)
        output.tell(
            f"If you do not know of it, ask at once who had the sheet{', and' if trials else '. Either way:'} exchange it together with the key, "
            f"keepline keys rotate --as {person.name} --new-sheet. This is said until you confirm on the page that you have read it."
        )


def must_have_agreed(settings: Settings, unlocked: Unlocked) -> None:
    """As on the page, nobody is shown a message or a caller before they agreed to the policy sheet. Raises `NotAgreedError`."""
    from appliance.access import policy

    if not policy.has_acknowledged(settings.store.folder, unlocked.person):
        unlocked.wipe()
        raise NotAgreedError


@contextmanager
def failures_told(settings: Settings, name: str, way: str = "") -> Iterator[None]:
    """A password or, as `way` says, something else that is wrong is on record, as far as there is a daemon: nothing was opened."""
    try:
        yield
    except (WrongPasswordError, WrongSheetError):
        with suppress(ControlError):
            _tell(settings, Deed(Act.LOG_IN_FAILED, _known(settings, name), detail=_from(way)))
        raise


def tell_log_in(settings: Settings, name: str, way: str = "") -> None:
    """On record before anything is shown. Raises `DaemonSilentError`: as on the page, nobody looks at anything without a line."""
    _tell(settings, Deed(Act.LOGGED_IN, name, detail=_from(way)))


def _known(settings: Settings, name: str) -> str:
    """Who it was, when there is such a person: what else was typed may be a password."""
    from appliance.access import people
    from appliance.access.unlock import as_kept

    with suppress(AccessError):
        people.must_exist(settings.store.folder, as_kept(name))
        return as_kept(name)
    return ""


def _from(way: str) -> dict[str, str]:
    return {"from": "terminal"} | ({"with": way} if way else {})


def _tell(settings: Settings, deed: Deed) -> None:
    from appliance.control.client import Client

    Client(settings.control.path).record(deed)


def password(given: Namespace, prompt: str) -> str:
    """One password. Raises `UsageError` when none comes."""
    if given.password_stdin:
        with _as_text():
            line = sys.stdin.readline()
            if not line:
                raise UsageError("Standard input ended before a password came.")
            return _must_be_text(line).rstrip("\n")
    return _asked(prompt)


def plain(prompt: str) -> str:
    """A line that is no secret, typed at a terminal; standard output stays for what was asked for. Raises `UsageError` when none comes."""
    output.ask(prompt)
    try:
        with _as_text():
            return _must_be_text(input())
    except EOFError:
        raise UsageError("Nothing was typed. Nothing was changed.") from None


def new_password(given: Namespace) -> str:
    """For a person at a terminal, four words are offered: easy to say and to keep."""
    from appliance.access import passwords

    if not given.password_stdin:
        output.say(f"A new password has at least 15 characters. For example: {passwords.make_up()}")
    return chosen(given, f"Password for {given.name}: ")


def chosen(given: Namespace, prompt: str) -> str:
    """Something new, typed twice. Raises `UsageError` when the two differ."""
    first = password(given, prompt)
    if not given.password_stdin and first != _asked("Once more: "):
        raise UsageError("The two were not the same. Nothing was changed.")
    return first


@contextmanager
def _as_text() -> Iterator[None]:
    """Octets that are no UTF-8 come as an error or as half letters, as the machine's language has it: neither is anybody's password."""
    try:
        yield
    except UnicodeError:
        raise UsageError(
            "What was typed or came on standard input is no text in UTF-8. Set the terminal, or the program that writes it, to UTF-8. Nothing was changed."
        ) from None


def _must_be_text(typed: str) -> str:
    typed.encode()
    return typed


def _asked(prompt: str) -> str:
    try:
        with _as_text():
            return _must_be_text(getpass.getpass(prompt))
    except EOFError:
        raise UsageError("No password was typed. Where there is no terminal, use --password-stdin.") from None
