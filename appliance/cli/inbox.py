"""`keepline inbox`: what is in the inbox, one message of it in a file, and what is on hold."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from typing import TYPE_CHECKING

from appliance.access.roles import Permission
from appliance.cli import asking, output, verbs
from appliance.cli.verbs import Verb
from appliance.deeds import LONGEST_WHY
from appliance.errors import DamagedMessageError, MessageNotFoundError, SealError, UsageError
from appliance.settings import Settings

if TYPE_CHECKING:
    from appliance.access.people import Unlocked
    from appliance.messages import Header, Row
    from appliance.store.reader import Reader


def show(given: Namespace, settings: Settings) -> None:
    """`keepline inbox list`: every message; with --as, who left it."""
    from appliance.store.reader import Reader

    reader = Reader(settings.store.folder)
    rows = reader.list()
    unlocked = asking.unlock(given, settings, Permission.READ_MESSAGES) if given.who else None
    if unlocked:
        asking.must_have_agreed(settings, unlocked)
        rows = tuple(row for row in rows if unlocked.person.may_open(row.stamp.mailbox))
    callers = {row.stamp.id: _caller(reader, row, unlocked) for row in rows} if unlocked else {}
    if given.json:
        output.as_json([{"row": row, "caller": callers.get(row.stamp.id)} for row in rows])
        return
    output.table(
        "",
        ("Id", "Arrived", "Kind", "Mailbox", "Length", "State", *(["From"] if unlocked else [])),
        [
            (
                row.stamp.id[:8],
                output.moment(row.stamp.arrived_at, settings) + ("" if row.clock_trusted else " (clock not trusted)"),
                row.stamp.kind.value,
                row.stamp.mailbox,
                f"{row.duration:.0f} s" if row.duration else output.count(row.pages, "page"),
                row.state.value + (", recovered" if row.recovered else "") + (", on hold" if row.held else ""),
                *([callers[row.stamp.id]] if unlocked else []),
            )
            for row in rows
        ],
        f"There is no message in the mailboxes of {unlocked.person.name}." if unlocked else "The inbox is empty.",
    )


def export(given: Namespace, settings: Settings) -> None:
    """`keepline inbox export`: one message's content, opened, into a file. Like every download it must be switched on."""
    from appliance.access import decisions
    from appliance.store.reader import Reader

    if given.own and (given.whom or given.why):
        raise UsageError("Either the practice itself needs it (--own), or it is for somebody outside (--for, --why).")
    decisions.must_be_on(settings.store.folder, decisions.Switch.TAKE_MESSAGES)
    reader = Reader(settings.store.folder)
    row, unlocked = _named(given, settings, reader, Permission.TAKE_MESSAGES)
    words = _outside(given)
    with reader.open(row, unlocked.practice) as message:
        if given.to == "-":
            _tell(settings, message.header, unlocked.person.name, words)
            sys.stdout.buffer.write(message.read(0, message.size))
            return
        try:
            descriptor = os.open(given.to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UsageError(f"{given.to} cannot be made: {error.strerror}.") from None
        with os.fdopen(descriptor, "wb") as file:
            try:
                _tell(settings, message.header, unlocked.person.name, words)
            except BaseException:
                os.unlink(given.to)  # nothing was written
                raise
            file.write(message.read(0, message.size))
    output.say(f"{given.to} holds the message now, unsealed. Delete it when it is no longer needed.")


def hold(given: Namespace, settings: Settings) -> None:
    """`keepline inbox hold`: from now on it stays, whatever its time, and nobody erases it."""
    from appliance.control.client import Client
    from appliance.store.reader import Reader

    row, unlocked = _named(given, settings, reader := Reader(settings.store.folder), Permission.CHANGE_MESSAGES)
    Client(settings.control.path).hold(row.stamp.id, _why(given, settings, reader, row, unlocked), unlocked.person.name)
    output.say("The message is on hold: it stays until an admin lifts the hold.")


def release(given: Namespace, settings: Settings) -> None:
    """`keepline inbox release`: an admin lifts the hold."""
    from appliance.control.client import Client
    from appliance.store.reader import Reader

    row, unlocked = _named(given, settings, reader := Reader(settings.store.folder), Permission.LIFT_HOLDS)
    why = _why(given, settings, reader, row, unlocked)
    Client(settings.control.path).release(row.stamp.id, why, unlocked.person.name)
    output.say("The hold is lifted: the message goes when its time comes, and may be erased.")


def _named(given: Namespace, settings: Settings, reader: Reader, may: Permission) -> tuple[Row, Unlocked]:
    """The one message whose id begins so, and whoever `--as` names, if they may do that with it. Raises `MessageNotFoundError`, `AccessError`."""
    fitting = [row for row in reader.list() if row.stamp.id.startswith(given.id)]
    if len(fitting) != 1:
        raise MessageNotFoundError(
            f'{len(fitting) or "No"} messages begin with "{given.id}". `keepline inbox list` shows them.'
        )
    unlocked = asking.unlock(given, settings, may)
    asking.must_have_agreed(settings, unlocked)
    if not unlocked.person.may_open(fitting[0].stamp.mailbox):
        raise MessageNotFoundError
    return fitting[0], unlocked


def _why(given: Namespace, settings: Settings, reader: Reader, row: Row, unlocked: Unlocked) -> bytes:
    """The reason, and whose message it is, sealed for the record. Raises `UsageError` without a reason."""
    from appliance.access import testimony

    why = _sentence(given.why or asking.plain("Why? "), "Say why in a sentence")
    return testimony.seal(settings.store.folder, **_whose(reader, row, unlocked), why=why)


def _outside(given: Namespace) -> dict[str, str]:
    """For whom outside the practice, and why, as the page asks; nothing where the practice itself needs it. Raises `UsageError`."""
    if given.own:
        return {}
    whom = given.whom or asking.plain("For whom outside the practice? (nothing: the practice itself needs it) ")
    if not whom.strip() and not given.why:
        return {}
    whom = _sentence(whom, "Say for whom: a name, a practice, an office")
    return {"whom": whom, "why": _sentence(given.why or asking.plain("Why? "), "Say why: what do they need it for")}


def _sentence(text: str, wanted: str) -> str:
    line = " ".join(text.split())
    if not line or len(line) > LONGEST_WHY or not line.isprintable():
        raise UsageError(f"{wanted}: {LONGEST_WHY} letters at most. Nothing was changed.")
    return line


def _whose(reader: Reader, row: Row, unlocked: Unlocked) -> dict[str, str]:
    from appliance.store import telling

    with suppress(DamagedMessageError, SealError), reader.open(row, unlocked.practice) as message:
        return telling.words(message.header.envelope)
    return {}  # what cannot be opened can be kept all the same


def _tell(settings: Settings, header: Header, by: str, outside: dict[str, str]) -> None:
    """On record before anything is given; with whom and why sealed where it goes to somebody `outside`. Raises `DaemonSilentError`."""
    from appliance.access import testimony
    from appliance.control.client import Client
    from appliance.deeds import Act, Deed
    from appliance.store import telling

    control, id = Client(settings.control.path), header.stamp.id
    control.record(Deed(Act.TAKEN, by, id, {"as": "file", "at": "terminal"}))
    if outside:
        words = telling.words(header.envelope) | outside
        control.record(Deed(Act.DISCLOSED, by, id, {"as": "file"}, testimony.seal(settings.store.folder, **words)))


def _caller(reader: Reader, row: Row, unlocked: Unlocked) -> str:
    with reader.open(row, unlocked.practice) as message:
        envelope = message.header.envelope
    return " ".join(filter(None, (envelope.caller_name, envelope.caller_number))) or "Unknown caller"


def _inbox_list(parser: ArgumentParser) -> None:
    verbs.as_json(parser)
    parser.add_argument(
        "--as", dest="who", metavar="NAME", help="also open callers' names and numbers with this person's key"
    )
    verbs.password(parser)


def _inbox_export(parser: ArgumentParser) -> None:
    parser.add_argument("id", help="the message, as `keepline inbox list` shows it (its first letters are enough)")
    parser.add_argument(
        "--to", metavar="FILE", required=True, help="where to; it will lie there unsealed. `-` is standard output"
    )
    parser.add_argument(
        "--for",
        dest="whom",
        metavar="WHOM",
        default="",
        help="who outside the practice it is given to. Left out it is asked for, and the shell's history does not keep it",
    )
    parser.add_argument(
        "--why", metavar="REASON", default="", help="why; asked for as well. Whom and why are kept sealed in the record"
    )
    parser.add_argument("--own", action="store_true", help="the practice itself needs it: nobody is asked for whom")
    verbs.who(parser)


def _inbox_hold(parser: ArgumentParser) -> None:
    parser.add_argument("id", help="the message, as `keepline inbox list` shows it (its first letters are enough)")
    parser.add_argument(
        "--why",
        metavar="REASON",
        default="",
        help="why; kept sealed in the record. Left out it is asked for, and the shell's history does not keep it",
    )
    verbs.who(parser)


VERBS = (
    Verb(("inbox", "list"), "list the messages", show, _inbox_list),
    Verb(("inbox", "export"), "open one message and write it to a file", export, _inbox_export),
    Verb(("inbox", "hold"), "put one message on hold: it stays, and nobody erases it", hold, _inbox_hold),
    Verb(("inbox", "release"), "lift the hold of one message (an admin)", release, _inbox_hold),
)
