"""`keepline people` and `keepline keys`: who may open messages, and whether they can."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import Namespace

from appliance.cli import asking, output
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
    Client(settings.control.path).put_person(files)
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

    practice_key = prepare_removal(settings.store.folder, asking.unlock(given, settings), given.name)
    Client(settings.control.path).remove_person(given.name, practice_key)
    output.say(f"{given.name} may not log in any more.")


def show_keys(given: Namespace, settings: Settings) -> None:
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


def check_keys(given: Namespace, settings: Settings) -> None:
    """`keepline keys check`: does this person's password, or the recovery sheet, open everything that is kept?"""
    from appliance.access.recovery import open_with_sheet
    from appliance.store.epochs import open_epoch
    from appliance.store.reader import Reader

    folder = settings.store.folder
    if given.sheet:
        what, practice = "The recovery sheet", open_with_sheet(folder, asking.password(given, "The sheet's text: "))
    else:
        what, practice = f"{given.who}'s password", asking.unlock(given, settings).practice
    epochs = sorted(file.stem for file in (folder / "epochs").glob("*.age"))
    for name in epochs:
        open_epoch(folder, name, practice).wipe()
    reader = Reader(settings.store.folder)
    rows = reader.list()
    for row in rows:
        reader.open(row, practice).close()
    output.say(f"{what} opens the practice key, {len(epochs)} epoch keys and {len(rows)} messages.")
