"""What the verbs of the `keepline` command do that concern the box as a whole; the others have modules of their own, each with its `VERBS`.

What a verb needs is imported when it runs, so that none waits for the others' libraries.
"""

# ruff: noqa: PLC0415 - see above: `keepline status` must not load the page's or the daemon's libraries

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from appliance.cli import asking, output, verbs
from appliance.cli.verbs import Verb
from appliance.settings import Settings, current, describe


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
        shell.set_pin(settings, asking.chosen(given, "New PIN (at least six digits): "))
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
        rows.append(("Next purge", "", output.moment(found.next_purge, settings)))
    if found.last_fault is not None:
        rows.append(("Last fault", output.moment(found.last_fault.at, settings), found.last_fault.sentence))
    output.table("", ("Part", "State", "In words"), rows, "")


def fingerprint(given: Namespace, settings: Settings) -> None:
    """`keepline fingerprint`: of the certificate that browsers are to trust."""
    from appliance.access.certificates import files
    from appliance.console.commands import tell_fingerprint

    found = files(settings.store.folder).ca().fingerprint()
    if given.json:
        output.as_json(found)
    else:
        output.say(tell_fingerprint(found))


def lock(given: Namespace, settings: Settings) -> None:
    """`keepline lock`: every session of the page ends."""
    from appliance.control.client import Client

    Client(settings.control.path).lock(asking.ROOT)
    output.say("Everybody is logged off the page.")


def purge(given: Namespace, settings: Settings) -> None:
    """`keepline purge`: what is due goes now, or is only named."""
    from appliance.control.client import Client

    due = Client(settings.control.path).purge(dry_run=given.dry_run, by=asking.ROOT)
    if given.json:
        output.as_json(list(due))
        return
    title = "These would go:" if given.dry_run else "These are gone:"
    output.table(title, ("Id", "Why"), [(item.id[:8], item.reason) for item in due], "Nothing is due.")


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


def _console(parser: ArgumentParser) -> None:
    parser.add_argument("--set-pin", action="store_true", help="set the technician's PIN and end")
    verbs.password(parser)


def _purge(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    verbs.as_json(parser)


VERBS = (
    Verb(("run",), "run the daemon: answers calls, seals messages, purges what is due", run),
    Verb(("web",), "run the page", web),
    Verb(("console",), "run the technician's console on its serial port", console, _console),
    Verb(("status",), "how the box is", status, verbs.as_json),
    Verb(
        ("fingerprint",),
        "the fingerprint of the page's certificate, to compare before trusting it",
        fingerprint,
        verbs.as_json,
    ),
    Verb(("lock",), "end every session of the page, as the lock button does", lock),
    Verb(("purge",), "purge what is due now", purge, _purge),
    Verb(("prompts",), "speak the prompts that callers hear (needs espeak-ng and sox)", prompts),
    Verb(("settings",), "list every setting, its value, its default and what is allowed", list_settings, verbs.as_json),
)
