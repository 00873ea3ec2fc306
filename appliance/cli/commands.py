"""What each verb of the `keepline` command does. What a verb needs is imported when it runs, so that none waits for the others' libraries."""

# ruff: noqa: PLC0415 - see above: `keepline status` must not load the page's or the daemon's libraries

from __future__ import annotations

import getpass
import os
import sys
from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from appliance.cli import output
from appliance.errors import MessageNotFoundError, StoreError, UsageError
from appliance.settings import Settings, current, describe

if TYPE_CHECKING:
    from appliance.access.people import Unlocked
    from appliance.messages import Row
    from appliance.store.reader import Reader


def run(given: Namespace, settings: Settings) -> None:
    """`keepline run`: the daemon, until it is told to end."""
    from appliance import daemon

    daemon.run(settings)


def web(given: Namespace, settings: Settings) -> None:
    """`keepline web`: the page, until it is told to end."""
    from web import server

    server.serve(settings)


def console(given: Namespace, settings: Settings) -> None:
    """`keepline console`: the technician's console, or its PIN."""
    from appliance.console import shell

    if given.set_pin:
        shell.set_pin(settings, _chosen(given, "New PIN (at least six digits): "))
        output.say("The PIN is set.")
    else:
        shell.serve(settings)


def status(given: Namespace, settings: Settings) -> None:
    """`keepline status`: how the box is."""
    from appliance.control.client import Client

    found = Client(settings.control.path).status()
    if given.json:
        output.as_json(found)
        return
    rows = [(part.name, part.level.value, part.sentence) for part in found.parts]
    if found.next_purge is not None:
        rows.append(("Next purge", "", _time(found.next_purge, settings)))
    if found.last_fault is not None:
        rows.append(("Last fault", _time(found.last_fault.at, settings), found.last_fault.sentence))
    output.table("", ("Part", "State", "In words"), rows, "")


def inbox_list(given: Namespace, settings: Settings) -> None:
    """`keepline inbox list`: every message; with --as, who left it."""
    reader = _reader(settings)
    rows = reader.list()
    unlocked = _unlock(given, settings) if given.who else None
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
                _time(row.stamp.arrived_at, settings) + ("" if row.clock_trusted else " (clock not trusted)"),
                row.stamp.kind.value,
                row.stamp.mailbox,
                f"{row.duration:.0f} s" if row.duration else f"{row.pages} page{'s' * (row.pages != 1)}",
                row.state.value + (", recovered" if row.recovered else ""),
                *([callers[row.stamp.id]] if unlocked else []),
            )
            for row in rows
        ],
        "The inbox is empty.",
    )


def inbox_export(given: Namespace, settings: Settings) -> None:
    """`keepline inbox export`: one message's content, opened, into a file."""
    reader = _reader(settings)
    fitting = [row for row in reader.list() if row.stamp.id.startswith(given.id)]
    if len(fitting) != 1:
        raise MessageNotFoundError(
            f'{len(fitting) or "No"} messages begin with "{given.id}". `keepline inbox list` shows them.'
        )
    unlocked = _unlock(given, settings)
    with reader.open(fitting[0], unlocked.practice) as message:
        if given.to == "-":
            sys.stdout.buffer.write(message.read(0, message.size))
            return
        try:
            descriptor = os.open(given.to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UsageError(f"{given.to} cannot be made: {error.strerror}.") from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(message.read(0, message.size))
    output.say(f"{given.to} holds the message now, unsealed. Delete it when it is no longer needed.")


def people_list(given: Namespace, settings: Settings) -> None:
    """`keepline people list`: who may log in."""
    from appliance.access.people import list_people

    people = list_people(settings.store.folder)
    if given.json:
        output.as_json(
            [{"name": person.name, "role": person.role, "recipient": str(person.recipient)} for person in people]
        )
        return
    output.table(
        "",
        ("Name", "Role"),
        [(person.name, person.role.value) for person in people],
        "Nobody yet: keepline people add NAME",
    )


def people_add(given: Namespace, settings: Settings) -> None:
    """`keepline people add`: a person more; the very first founds the practice."""
    from appliance.access import passwords, people

    folder = settings.store.folder
    if not people.list_people(folder):
        _found(given, settings)
        return
    if not given.who:
        raise UsageError("Only an admin adds people: name one with --as NAME.")
    from appliance.control.client import Client

    unlocked = _unlock(given, settings)
    password = _new_password(given)
    files = people.prepare_person(
        folder,
        unlocked,
        given.name,
        people.Role(given.role),
        password,
        passwords.work_factor(settings.store.work_factor),
    )
    Client(settings.control.path).put_person(files)
    output.say(f"{given.name} may log in now, as {given.role}.")


def people_remove(given: Namespace, settings: Settings) -> None:
    """`keepline people remove`: a person less."""
    from appliance.access.people import prepare_removal
    from appliance.control.client import Client

    practice_key = prepare_removal(settings.store.folder, _unlock(given, settings), given.name)
    Client(settings.control.path).remove_person(given.name, practice_key)
    output.say(f"{given.name} may not log in any more.")


def keys_show(given: Namespace, settings: Settings) -> None:
    """`keepline keys show`: public halves only; there is nothing secret to show."""
    from appliance.access.people import list_people

    folder = settings.store.folder
    rows = [("person", f"{person.name} ({person.role.value})", str(person.recipient)) for person in list_people(folder)]
    practice = folder / "keys" / "practice.pub"
    if practice.exists():
        rows.insert(0, ("practice", "", practice.read_text(encoding="ascii").strip()))
    rows += [("epoch", file.stem, "sealed to the practice key") for file in sorted((folder / "epochs").glob("*.age"))]
    if given.json:
        output.as_json([{"kind": kind, "name": name, "public": public} for kind, name, public in rows])
        return
    output.table("", ("Key", "Of", "Public half"), rows, "No keys yet: keepline people add NAME")


def keys_check(given: Namespace, settings: Settings) -> None:
    """`keepline keys check`: does this person's password, or the recovery sheet, open everything that is kept?"""
    from appliance.access.recovery import open_with_sheet
    from appliance.store.epochs import open_epoch

    folder = settings.store.folder
    if given.sheet:
        what, practice = "The recovery sheet", open_with_sheet(folder, _password(given, "The sheet's text: "))
    else:
        what, practice = f"{given.who}'s password", _unlock(given, settings).practice
    epochs = sorted(file.stem for file in (folder / "epochs").glob("*.age"))
    for name in epochs:
        open_epoch(folder, name, practice).wipe()
    reader = _reader(settings)
    rows = reader.list()
    for row in rows:
        reader.open(row, practice).close()
    output.say(f"{what} opens the practice key, {len(epochs)} epoch keys and {len(rows)} messages.")


def purge(given: Namespace, settings: Settings) -> None:
    """`keepline purge`: what is due goes now, or is only named."""
    from appliance.control.client import Client

    due = Client(settings.control.path).purge(dry_run=given.dry_run)
    if given.json:
        output.as_json(list(due))
        return
    title = "These would go:" if given.dry_run else "These are gone:"
    output.table(title, ("Id", "Why"), [(item.id[:8], item.reason) for item in due], "Nothing is due.")


def store_check(given: Namespace, settings: Settings) -> None:
    """`keepline store check`: every file against its row; exit status 4 when something does not fit."""
    from appliance.store.inspection import inspect

    findings = inspect(settings.store.folder)
    if given.json:
        output.as_json(list(findings))
    else:
        rows = [(finding.file, finding.trouble.value) for finding in findings]
        output.table("", ("File", "What is wrong"), rows, "Every sealed file is as its row says.")
    if findings:
        raise StoreError(
            f"{len(findings)} files are not as they should be. Restore them from the backup; do not delete them before."
        )


def modem_detect(given: Namespace, settings: Settings) -> None:
    """`keepline modem detect`: which modems there are."""
    from appliance.cli import modem

    modem.detect(given)


def modem_test(given: Namespace, settings: Settings) -> None:
    """`keepline modem test`: what one modem can do."""
    from appliance.cli import modem

    modem.test(given)


def modem_answer(given: Namespace, settings: Settings) -> None:
    """`keepline modem answer`: the bare fax engine on a device. Pages, transcript and result of each call go to a folder."""
    from appliance.fax.folder import Folder, check
    from appliance.fax.line import FaxLine
    from appliance.fax.profiles import AUTO
    from appliance.fax.receiving import Station

    if not given.out.is_dir():
        raise UsageError(f"{given.out} is no folder. Make it first: mkdir {given.out}")
    with FaxLine(given.device, AUTO) as line:
        while True:
            while not line.wait(60.0):
                pass
            folder = Folder(given.out, datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
            received = line.receive(Station(given.identity), folder.keep)
            try:
                result = folder.finish(received)
            except OSError as error:
                raise UsageError(f"{given.out} takes no files: {error.strerror}.") from None
            if given.json:
                output.as_json(result)
            else:
                output.say(f"{folder.name}: {result['outcome']}, {len(folder.pages)} pages in {received.seconds:.0f} s")
            if given.once:
                check(received)
                return


def fax_replay(given: Namespace, settings: Settings) -> None:
    """`keepline fax replay`: a recorded call, step by step, beside what this version would do."""
    from appliance.errors import ReplayDiffersError
    from appliance.fax.replay import replay

    try:
        lines = given.file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"{given.file} cannot be read: {error.strerror}.") from None
    played = replay(lines)
    for moment in played.moments:
        if moment.recorded:
            output.say(f"> {moment.recorded}")
        if moment.differs:
            output.say(f"! {moment.today or 'would have ended here'}")
        if moment.event:
            output.say(f"< {moment.event}")
    ended = "complete" if played.complete else played.error or "open"
    output.say(f"= {played.pages} pages {ended}")
    if played.differs:
        raise ReplayDiffersError


def prompts(given: Namespace, settings: Settings) -> None:
    """`keepline prompts`: speak what callers hear."""
    from appliance.voice.prompts import speak_all

    spoken = speak_all(settings.store.folder / "prompts")
    output.say(f"{spoken} prompts spoken." if spoken else "The prompts are spoken already.")


def list_settings(given: Namespace, settings: Settings) -> None:
    """`keepline settings`: every option there is."""
    rows = [
        (name, current(settings, name), default, allowed, help_text) for name, default, allowed, help_text in describe()
    ]
    if given.json:
        output.as_json([dict(zip(("name", "value", "default", "allowed", "help"), row, strict=True)) for row in rows])
        return
    output.table(str(given.settings), ("Setting", "Value", "Default", "Allowed", "What it is"), rows, "")


def _found(given: Namespace, settings: Settings) -> None:
    from appliance.access import passwords, people

    if given.role != "admin" and given.who is None:
        output.say(f"{given.name} is the first person and becomes an admin.")
    password = _new_password(given)
    sheet = people.found_practice(
        settings.store.folder, given.name, password, passwords.work_factor(settings.store.work_factor)
    )
    output.say(
        "\nThe recovery sheet. It opens everything without any password. Print or write it down now, put it in the safe; it is not shown again.\n"
    )
    output.say(sheet.terminal_qr())
    output.say(f"    {sheet.text}\n")


def _reader(settings: Settings) -> Reader:
    from appliance.store.reader import Reader

    return Reader(settings.store.folder)


def _unlock(given: Namespace, settings: Settings) -> Unlocked:
    from appliance.access.unlock import unlock

    return unlock(settings.store.folder, given.who, _password(given, f"Password of {given.who}: "))


def _caller(reader: Reader, row: Row, unlocked: Unlocked) -> str:
    with reader.open(row, unlocked.practice) as message:
        envelope = message.header.envelope
    return " ".join(filter(None, (envelope.caller_name, envelope.caller_number))) or "Unknown caller"


def _password(given: Namespace, prompt: str) -> str:
    if given.password_stdin:
        line = sys.stdin.readline()
        if not line:
            raise UsageError("Standard input ended before a password came.")
        return line.rstrip("\n")
    return _asked(prompt)


def _new_password(given: Namespace) -> str:
    """For a person at a terminal, four words are offered: easy to say and to keep."""
    from appliance.access import passwords

    if not given.password_stdin:
        output.say(f"A new password has at least 15 characters. For example: {passwords.make_up()}")
    return _chosen(given, f"Password for {given.name}: ")


def _chosen(given: Namespace, prompt: str) -> str:
    first = _password(given, prompt)
    if not given.password_stdin and first != _asked("Once more: "):
        raise UsageError("The two were not the same. Nothing was changed.")
    return first


def _asked(prompt: str) -> str:
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise UsageError("No password was typed. Where there is no terminal, use --password-stdin.") from None


def _time(moment: float, settings: Settings) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(settings.practice.zone)).strftime("%Y-%m-%d %H:%M")
