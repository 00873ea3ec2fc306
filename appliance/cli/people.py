"""`keepline people`: who may log in, and as what."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from appliance.cli import asking, output, verbs
from appliance.cli.verbs import Verb
from appliance.errors import UsageError
from appliance.settings import Settings


def show(given: Namespace, settings: Settings) -> None:
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


def add(given: Namespace, settings: Settings) -> None:
    """`keepline people add`: a person more; the very first founds the practice."""
    from appliance.access import passwords, people

    folder = settings.store.folder
    if not people.list_people(folder):
        _found(given, settings)
        return
    if not given.who:
        raise UsageError("Only an admin adds people: name one with --as NAME.")
    from appliance.control.client import Client

    unlocked = asking.unlock(given, settings)
    password = asking.new_password(given)
    files = people.prepare_person(
        folder,
        unlocked,
        given.name,
        people.Role(given.role),
        password,
        passwords.work_factor(settings.store.work_factor),
    )
    Client(settings.control.path).put_person(files, unlocked.person.name)
    output.say(f"{given.name} may log in now, as {given.role}.")


def _found(given: Namespace, settings: Settings) -> None:
    from appliance.access import passwords, people

    if given.role != "admin" and given.who is None:
        output.say(f"{given.name} is the first person and becomes an admin.")
    password = asking.new_password(given)
    sheet = people.found_practice(
        settings.store.folder, given.name, password, passwords.work_factor(settings.store.work_factor)
    )
    output.say(
        "\nThe recovery sheet. It opens everything without any password. Print or write it down now, put it in the safe; it is not shown again.\n"
    )
    output.say(sheet.terminal_qr())
    output.say(f"    {sheet.text}\n")


def remove(given: Namespace, settings: Settings) -> None:
    """`keepline people remove`: a person less."""
    from appliance.access.people import prepare_removal
    from appliance.control.client import Client

    unlocked = asking.unlock(given, settings)
    practice_key = prepare_removal(settings.store.folder, unlocked, given.name)
    Client(settings.control.path).remove_person(given.name, practice_key, unlocked.person.name)
    output.say(f"{given.name} may not log in any more.")


def _people_add(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="the new person's log-in name: small letters, digits, dot, dash")
    parser.add_argument(
        "--role",
        choices=("admin", "staff", "technician", "auditor"),
        default="staff",
        help="what the person may do (staff)",
    )
    parser.add_argument(
        "--as", dest="who", metavar="NAME", help="the admin who adds (not needed for the very first person)"
    )
    verbs.password(parser)


def _people_remove(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="who leaves")
    verbs.who(parser)


VERBS = (
    Verb(("people", "list"), "list who may log in", show, verbs.as_json),
    Verb(
        ("people", "add"),
        "add a person; the first one founds the practice and gets the recovery sheet",
        add,
        _people_add,
    ),
    Verb(("people", "remove"), "remove a person", remove, _people_remove),
)
