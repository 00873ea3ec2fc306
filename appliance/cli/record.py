"""`keepline record`: is it whole, and what does it say? Names and numbers in it open for whoever `--as` names."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from appliance.cli import asking, output, verbs
from appliance.cli.verbs import Verb
from appliance.errors import ControlError, RecordError
from appliance.settings import Settings

if TYPE_CHECKING:
    from appliance.access.chain import Head
    from appliance.store.keys import Identity


def head_told(settings: Settings) -> Head | None:
    """The record's head as the daemon knows it; None while it does not run. Its last lines may still be on their way to us."""
    from appliance.access import chain, segments
    from appliance.control.client import Client

    with suppress(ControlError):
        told = Client(settings.control.path).status().record
        if told is not None:
            for line in segments.readable(segments.read_backwards(settings.store.folder)):
                if line.sequence <= told.sequence:
                    fits = line.sequence == told.sequence and line.head.short == told.hash
                    return line.head if fits else chain.Head(told.sequence, f"told by the daemon: {told.hash}")
    return None


def verify(given: Namespace, settings: Settings) -> None:
    """`keepline record verify`: is every line as the box wrote it, and none missing? Exit status 4 when not."""
    from appliance.access import chain, segments
    from appliance.store.index.tables import FILE_NAME
    from appliance.store.index.view import View

    folder = settings.store.folder
    progress = View(folder / FILE_NAME).progress()
    anchors = [chain.Head(progress.record_sequence, progress.record_hash)]
    if (told := head_told(settings)) is not None:
        anchors.append(told)
    lines = output.counted(segments.read(folder), segments.size(folder), "Verifying the record")
    verdict = chain.verify(lines, segments.public_key(folder), anchors)
    if given.json:
        output.as_json({"lines": verdict.lines, "head": verdict.head, "flaws": verdict.flaws})
    else:
        rows = [(str(flaw.sequence), flaw.trouble.value) for flaw in verdict.flaws]
        whole = f"The record is whole: {output.count(verdict.lines, 'line')}, head: line {verdict.head.sequence}, {verdict.head.short}"
        output.table("", ("Line", "What is wrong"), rows, whole)
    if not verdict.whole:
        raise RecordError(
            "The record is not whole. Copy the folder `record` before anything else is done, and find out who had the memory card."
        )


def export(given: Namespace, settings: Settings) -> None:
    """`keepline record export`: all of it, oldest first, to standard output. That it was exported stands in the record."""
    from appliance.access import ledger, segments, testimony
    from appliance.access.roles import Permission
    from appliance.control.client import Client
    from appliance.deeds import Act, Deed

    folder, by = settings.store.folder, asking.ROOT
    with ExitStack() as stack:
        key: Identity | None = None
        if given.who:
            unlocked = asking.unlock(given, settings, Permission.EXPORT_RECORD)
            stack.callback(unlocked.wipe)
            by = unlocked.person.name
            asking.must_have_agreed(settings, unlocked)
            if unlocked.person.may_read:
                key = stack.enter_context(testimony.open_key(folder, unlocked.practice))
        Client(settings.control.path).record(Deed(Act.EXPORTED, by, detail={"as": given.format}))
        lines = ledger.in_order(segments.read(folder))
        if given.format == "csv":
            sys.stdout.write(ledger.as_csv(lines, key, ZoneInfo(settings.practice.zone)))
        else:
            json.dump(list(ledger.as_rows(lines, key)), sys.stdout, indent=1)
            sys.stdout.write("\n")


def _export(parser: ArgumentParser) -> None:
    parser.add_argument("--format", choices=("csv", "json"), default="csv", help="for a spreadsheet or a program (csv)")
    parser.add_argument(
        "--as", dest="who", metavar="NAME", help="also open names and numbers in it with this person's key"
    )
    verbs.password(parser)


VERBS = (
    Verb(
        ("record", "verify"),
        "verify every line of the record: its signature, its place, and that none is missing",
        verify,
        verbs.as_json,
    ),
    Verb(("record", "export"), "write the record to standard output", export, _export),
)
