"""`keepline keys` and `keepline claim`: the public halves of all keys, whether they open everything, another practice key, the recovery sheet in need."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from appliance.access.roles import Permission
from appliance.cli import asking, output, sheets, verbs
from appliance.cli.verbs import Verb
from appliance.settings import Settings

if TYPE_CHECKING:
    from appliance.access.people import Unlocked
    from appliance.access.rotation import Rotation

SHEET: Final = "recovery sheet"  # as `second_step.Way` has it, which loads the libraries of passkeys


_NONE: Final = "No keys yet: they are made when the box gets its practice. `keepline claim` shows how."


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
    output.table("", ("Key", "Of", "Public half"), rows, _NONE)
    for sentence in _due(folder):
        output.say(sentence)


def check(given: Namespace, settings: Settings) -> None:
    """`keepline keys check`: does this person's password, or the recovery sheet, open everything that is kept?"""
    from appliance.access.practice import proof_of
    from appliance.control.client import Client
    from appliance.store.epochs import open_epoch
    from appliance.store.reader import Reader

    folder = settings.store.folder
    if given.sheet:
        what, practice = "The recovery sheet", _read_sheet(given, settings).practice
        Client(settings.control.path).note_trial(proof_of(practice))
    else:
        what, practice = f"{given.who}'s password", asking.unlock(given, settings, Permission.READ_MESSAGES).practice
    epochs = sorted(file.stem for file in (folder / "epochs").glob("*.age"))
    for name in epochs:
        open_epoch(folder, name, practice).wipe()
    reader = Reader(settings.store.folder)
    rows = reader.list()
    for row in rows:
        reader.open(row, practice).close()
    practice.wipe()
    output.say(f"{what} opens the practice key, {len(epochs)} epoch keys and {len(rows)} messages.")
    if given.sheet:
        output.say("This trial is on record, and every admin will be told of it. Put the sheet back into the safe.")


def rotate(given: Namespace, settings: Settings) -> None:
    """`keepline keys rotate`: another practice key; goes on with one that was interrupted."""
    from appliance.access import rotation
    from appliance.control.client import Client
    from appliance.errors import DamagedKeysError, SheetStaysError

    folder, daemon = settings.store.folder, Client(settings.control.path)
    unlocked = _by_sheet(given, settings) if given.sheet else asking.unlock(given, settings, Permission.RUN_KEYS)
    by = unlocked.person.name
    if given.drop:
        rotation.drop(folder, unlocked, daemon)
        output.say("The exchange is dropped. The practice key is the one it was.")
        return
    if rotation.is_under_way(folder):
        output.say("An exchange was interrupted. It goes on.")
        made = _resumed(given, settings, unlocked)
    else:
        made = rotation.start(folder, unlocked, given.new_sheet)
    with made:
        if given.new_sheet and not made.sheet_goes:
            raise SheetStaysError
        if made.sheet is not None:
            sheets.show(made.sheet)
            sheets.type_back(given, made.sheet)
            made.sheet.forget()
        try:
            for progress in made.run(daemon, by, frozenset(given.without)):
                output.say(f"{progress.done} of {progress.of} keys are sealed to the new one.")
        except DamagedKeysError as error:
            _show_damage(error.names, settings)
            raise
    output.say("The practice key is another one. The old one opens nothing any more, and everybody is logged off.")
    if made.sheet_goes:
        output.say("Destroy the old recovery sheet; the new one goes into the safe.")


def _show_damage(names: tuple[str, ...], settings: Settings) -> None:
    """Which keys cannot be opened, and what goes with each."""
    from appliance.access import lost_keys

    rows = [
        (
            one.name,
            output.moment(one.since, settings) if one.since is not None else "",
            "names and numbers in the record so far" if one.is_records else output.count(one.messages, "message"),
        )
        for one in lost_keys.of(settings.store.folder, names)
    ]
    output.table("Keys that cannot be opened", ("Key", "In use from", "Opens"), rows, "")


def _by_sheet(given: Namespace, settings: Settings) -> Unlocked:
    """Whoever holds the recovery sheet and says why: on record, and told to every admin, before anything is opened."""
    from appliance.access import emergency, practice
    from appliance.control.client import Client

    why = emergency.check_reason(given.why or "")
    unlocked = _read_sheet(given, settings)
    Client(settings.control.path).note_emergency(why, practice.proof_of(unlocked.practice))
    return unlocked


def _read_sheet(given: Namespace, settings: Settings) -> Unlocked:
    """Have the daemon note it before anything more is opened."""
    from appliance.access import emergency

    typed = asking.password(given, "The recovery sheet's text: ")
    with asking.failures_told(settings, "", SHEET):
        return emergency.unlock(settings.store.folder, typed)


def _resumed(given: Namespace, settings: Settings, unlocked: Unlocked) -> Rotation:
    """With a person's own key; with the sheet, by the new one that was printed for this exchange."""
    from appliance.access import emergency, rotation

    if not given.sheet:
        return rotation.resume(settings.store.folder, unlocked)
    typed = asking.password(given, "The text of the new sheet, which was printed for this exchange: ")
    with asking.failures_told(settings, "", SHEET), emergency.read_sheet(typed) as paper:
        return rotation.resume(settings.store.folder, replace(unlocked, own=paper))


def mend(given: Namespace, settings: Settings) -> None:
    """`keepline keys mend`: what is missing beside the practice key is made anew by whoever opens it."""
    from appliance.access import mending
    from appliance.control.client import Client

    unlocked = asking.unlock(given, settings, Permission.READ_MESSAGES)
    mended = mending.prepare(settings.store.folder, unlocked.practice)
    unlocked.wipe()
    made = Client(settings.control.path).mend_keys(mended, unlocked.person.name)
    output.say(f"Made anew: {', '.join(made)}." if made else "Nothing is missing beside the practice key.")


def recover(given: Namespace, settings: Settings) -> None:
    """`keepline keys recover`: with the recovery sheet alone, an admin who can log in again."""
    from appliance.access import passwords, people, rotation
    from appliance.control.client import Client
    from appliance.errors import RotatingError

    folder, daemon = settings.store.folder, Client(settings.control.path)
    if rotation.is_under_way(folder):
        raise RotatingError(
            "An exchange of the practice key was interrupted. The sheet goes on with it, or drops it: keepline keys rotate --sheet --why TEXT [--drop]"
        )
    unlocked = _by_sheet(given, settings)
    work = passwords.work_factor(settings.store.work_factor)
    files = people.prepare_recovered(folder, unlocked, given.name, asking.new_password(given), work)
    daemon.put_person(files, unlocked.person.name)
    unlocked.wipe()
    output.say(f"{given.name} may log in now, as admin. Every admin will be told that the sheet was used, and why.")
    output.say(
        f"The sheet was seen, so exchange it together with the key: keepline keys rotate --as {given.name} --new-sheet"
    )


def show_claim(given: Namespace, settings: Settings) -> None:
    """`keepline claim`: the code that claims a new box, or a label with it."""
    from appliance.access import claim
    from appliance.control.client import Client
    from appliance.errors import DaemonSilentError

    try:
        code = Client(settings.control.path).show_claim()
    except DaemonSilentError:
        code = claim.show(settings.store.folder)
    page = settings.page
    address = f"https://{page.names[0]}{'' if page.port == 443 else f':{page.port}'}/claim"
    if given.label:
        print(claim.label(code, address))
        return
    output.say(f"This box is claimed at {address} with the code {code}")
    output.say("Whoever claims it first is its admin. The code is good once.")


def _due(folder: Path) -> Iterator[str]:
    """What ought to be done about keys."""
    from appliance.access import departures, emergency, rotation

    if rotation.is_under_way(folder):
        yield "An exchange of the practice key was interrupted. Go on, or drop it: keepline keys rotate --as NAME [--drop]"
    if emergency.demands_rotation(folder):
        yield "The recovery sheet was used. Exchange it together with the key: keepline keys rotate --as NAME --new-sheet"
    if left := departures.since_exchange(folder):
        names = ", ".join(one.name for one in left)
        yield f"Held the practice key and should no more: {names}. Exchange it: keepline keys rotate --as NAME"


def _keys_check(parser: ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--as", dest="who", metavar="NAME", help="try this person's key; the password is asked for")
    whose.add_argument(
        "--sheet",
        action="store_true",
        help="try the recovery sheet; its text is asked for. On record, and every admin is told",
    )
    verbs.password(parser)


def _keys_rotate(parser: ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--as", dest="who", metavar="NAME", help="an admin's key opens it; the password is asked for")
    whose.add_argument("--sheet", action="store_true", help="the recovery sheet opens it; its text is asked for")
    parser.add_argument("--why", metavar="TEXT", help="with --sheet: the reason; every admin will read it")
    verbs.password(parser)
    parser.add_argument(
        "--without",
        metavar="KEY",
        action="append",
        default=[],
        help="go on without this damaged key: it is destroyed, and what was sealed to it stays lost; may be given several times",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--new-sheet", action="store_true", help="print a new recovery sheet, too; the old one then opens nothing"
    )
    which.add_argument(
        "--drop", action="store_true", help="leave the key as it is and forget an exchange that was begun"
    )


def _keys_mend(parser: ArgumentParser) -> None:
    verbs.who(parser)


def _keys_recover(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--as-new", dest="name", metavar="NAME", required=True, help="who becomes an admin with a new key, new or known"
    )
    parser.add_argument("--why", required=True, metavar="TEXT", help="the reason; every admin will read it")
    verbs.password(parser)


def _claim(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--label", action="store_true", help="an SVG picture to print: keepline claim --label > label.svg"
    )


VERBS = (
    Verb(("keys", "show"), "the public halves of all keys", show, verbs.as_json),
    Verb(
        ("keys", "check"),
        "open everything with a person's key or the recovery sheet, and say so",
        check,
        _keys_check,
    ),
    Verb(
        ("keys", "rotate"),
        "exchange the practice key (somebody left, or the recovery sheet was used); goes on with an exchange that was interrupted",
        rotate,
        _keys_rotate,
    ),
    Verb(
        ("keys", "mend"),
        "make anew what is missing beside the practice key (keys/practice.proof, keys/record.pub); `keepline store check` names it",
        mend,
        _keys_mend,
    ),
    Verb(
        ("keys", "recover"),
        "when nobody can log in any more: make an admin's key with the recovery sheet alone",
        recover,
        _keys_recover,
    ),
    Verb(("claim",), "the code that claims a new box, or a label with it", show_claim, _claim),
)
