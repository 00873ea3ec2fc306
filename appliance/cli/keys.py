"""`keepline keys`: the public halves of all keys, and whether somebody's own opens everything."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from appliance.access.roles import Permission
from appliance.cli import asking, output, verbs
from appliance.cli.verbs import Verb
from appliance.settings import Settings


def show(given: Namespace, settings: Settings) -> None:
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


def check(given: Namespace, settings: Settings) -> None:
    """`keepline keys check`: does this person's password, or the recovery sheet, open everything that is kept?"""
    from appliance.access.recovery import open_with_sheet
    from appliance.store.epochs import open_epoch
    from appliance.store.reader import Reader

    folder = settings.store.folder
    if given.sheet:
        what, practice = "The recovery sheet", open_with_sheet(folder, asking.password(given, "The sheet's text: "))
    else:
        what, practice = f"{given.who}'s password", asking.unlock(given, settings, Permission.READ_MESSAGES).practice
    epochs = sorted(file.stem for file in (folder / "epochs").glob("*.age"))
    for name in epochs:
        open_epoch(folder, name, practice).wipe()
    reader = Reader(settings.store.folder)
    rows = reader.list()
    for row in rows:
        reader.open(row, practice).close()
    output.say(f"{what} opens the practice key, {len(epochs)} epoch keys and {len(rows)} messages.")


def _keys_check(parser: ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--as", dest="who", metavar="NAME", help="try this person's key; the password is asked for")
    whose.add_argument("--sheet", action="store_true", help="try the recovery sheet; its text is asked for")
    verbs.password(parser)


VERBS = (
    Verb(("keys", "show"), "the public halves of all keys", show, verbs.as_json),
    Verb(
        ("keys", "check"),
        "open everything with a person's key or the recovery sheet, and say so",
        check,
        _keys_check,
    ),
)
