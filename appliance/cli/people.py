"""`keepline people`: who may log in, as what, and which mailboxes they open."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any, Final

from appliance.access.roles import ALL, Permission, Person, Role
from appliance.cli import asking, output, sheets, verbs
from appliance.cli.verbs import Verb
from appliance.errors import UsageError
from appliance.settings import Settings

_NOBODY: Final = "Nobody yet. The box is claimed on its page with the code that `keepline claim` shows, or here: keepline people add NAME"
_MEND: Final = "keepline people password {} --as ADMIN"  # makes them a new key, as for a password that is forgotten


def show(given: Namespace, settings: Settings) -> None:
    """`keepline people list`: who may log in."""
    from appliance.access.people import list_damaged, list_people

    people, damaged = list_people(settings.store.folder), list_damaged(settings.store.folder)
    if given.json:
        output.as_json(
            [
                {
                    "name": person.name,
                    "role": person.role,
                    "mailboxes": sorted(person.mailboxes),
                    "recipient": str(person.recipient),
                }
                for person in people
            ]
            + [{"name": name, "damaged": True} for name in damaged]
        )
        return
    rows = [(person.name, person.role.value, _mailboxes(person)) for person in people]
    rows += [(name, "damaged", "cannot log in") for name in damaged]
    output.table("", ("Name", "Role", "Mailboxes"), rows, _NOBODY)
    for name in damaged:
        output.say(f"keys/people/{name}.json cannot be read. Restore it from the backup, or: {_MEND.format(name)}")


def add(given: Namespace, settings: Settings) -> None:
    """`keepline people add`: a person more; the very first founds the practice."""
    from appliance.access import passwords, people, practice
    from appliance.control.client import Client

    folder = settings.store.folder
    if not (folder / practice.PUBLIC).exists():
        _found(given, settings)
        return
    if not given.who:
        raise UsageError("Only an admin adds people: name one with --as NAME.")
    unlocked = asking.unlock(given, settings, Permission.RUN_PEOPLE)
    newcomer = people.Newcomer(
        given.name, Role(given.role), asking.new_password(given), frozenset(given.mailboxes or ())
    )
    files = people.prepare_person(folder, unlocked, newcomer, passwords.work_factor(settings.store.work_factor))
    Client(settings.control.path).put_person(files, unlocked.person.name)
    output.say(f"{given.name} may log in now, as {given.role}.")
    if newcomer.role is Role.STAFF and not newcomer.mailboxes:
        output.say(f"They see no message yet. Open mailboxes to them: keepline people mailboxes {given.name} NAME ...")


def change_role(given: Namespace, settings: Settings) -> None:
    """`keepline people role`: what a person may do from now on."""
    from appliance.access.people import find_person

    known = find_person(settings.store.folder, given.name)
    _change(given, settings, Role(given.role), known.mailboxes)


def change_mailboxes(given: Namespace, settings: Settings) -> None:
    """`keepline people mailboxes`: which mailboxes a person opens from now on."""
    from appliance.access.people import find_person

    _change(given, settings, find_person(settings.store.folder, given.name).role, frozenset(given.mailboxes))


def change_password(given: Namespace, settings: Settings) -> None:
    """`keepline people password`: one's own; of somebody who forgot theirs, by an admin."""
    from appliance.access import passwords, people
    from appliance.access.unlock import as_kept
    from appliance.control.client import Client

    folder, work = settings.store.folder, passwords.work_factor(settings.store.work_factor)
    me = as_kept(given.who)
    if given.name is None or as_kept(given.name) == me:
        given.name = me
        old = asking.password(given, f"Present password of {me}: ")
        with asking.failures_told(settings, me):
            files = people.prepare_password(folder, me, old, asking.new_password(given), work)
        asking.tell_uses_of_the_sheet(settings, people.find_person(folder, me))
    else:
        unlocked = asking.unlock(given, settings, Permission.RUN_PEOPLE)
        me = unlocked.person.name
        files = people.prepare_new_key(folder, unlocked, given.name, asking.new_password(given), work)
    Client(settings.control.path).put_person(files, me)
    output.say(f"{given.name} logs in with the new password from now on.")


def reset_factors(given: Namespace, settings: Settings) -> None:
    """`keepline people factors`: somebody's telephone or key is lost, and perhaps they are the only admin."""
    from appliance.access.people import must_exist
    from appliance.access.practice import proof_of
    from appliance.control.client import Client

    must_exist(settings.store.folder, given.name)
    unlocked = asking.unlock(given, settings, Permission.RUN_PEOPLE)
    me = unlocked.person.name
    own = unlocked.own if given.name == me else None  # for oneself: the password that was just given opened it
    Client(settings.control.path).reset_factors(given.name, me, proof_of(own or unlocked.practice))
    output.say(f"{given.name} has no second factor any more and sets one up at the next log-in.")


def remove(given: Namespace, settings: Settings) -> None:
    """`keepline people remove`: a person less."""
    from appliance.access.people import prepare_removal
    from appliance.control.client import Client

    unlocked = asking.unlock(given, settings, Permission.RUN_PEOPLE)
    removal = prepare_removal(settings.store.folder, unlocked, given.name)
    me = unlocked.person.name
    Client(settings.control.path).remove_person(removal, me)
    output.say(f"{given.name} may not log in any more.")
    if removal.practice_key:
        output.say(f"If they may have copied a key, exchange the practice's: keepline keys rotate --as {me}")


def _change(given: Namespace, settings: Settings, role: Role, mailboxes: frozenset[str]) -> None:
    from appliance.access.people import prepare_change
    from appliance.control.client import Client

    unlocked = asking.unlock(given, settings, Permission.RUN_PEOPLE)
    files = prepare_change(settings.store.folder, unlocked, given.name, role, mailboxes)
    Client(settings.control.path).put_person(files, unlocked.person.name)
    changed = Person(given.name, role, unlocked.person.recipient, frozenset(files.mailboxes))
    output.say(f"{given.name} is {role.value} now. Mailboxes: {_mailboxes(changed)}.")


def _found(given: Namespace, settings: Settings) -> None:
    from appliance.access import passwords, people
    from appliance.control.client import Client
    from appliance.errors import DaemonSilentError

    daemon = Client(settings.control.path)
    if given.role != "admin" and given.who is None:
        output.say(f"{given.name} is the first person and becomes an admin.")
    password = asking.new_password(given)
    founding, sheet = people.prepare_founding(given.name, password, passwords.work_factor(settings.store.work_factor))
    sheets.show(sheet)
    sheets.type_back(given, sheet)
    try:
        daemon.claim(daemon.show_claim(), "console", founding)
    except DaemonSilentError:  # a box that is being made ready
        _found_alone(settings, founding)
    output.say("The practice is founded: from now on messages are sealed to it.")


def _found_alone(settings: Settings, founding: Any) -> None:
    """Where no daemon is at work. One that was has begun a record, which must know of this; one that is yet to come takes what it finds."""
    from appliance.access import personnel
    from appliance.access.record import KEY, Record
    from appliance.clock import SystemClock
    from appliance.deeds import Act, Deed

    folder = settings.store.folder
    if not (folder / KEY).exists():
        personnel.write_founding(folder, founding)
        return
    record = Record(folder, SystemClock(settings.time.marker))
    record.open()
    try:
        deed = Deed(Act.CLAIMED, founding.first.name, founding.practice)
        record.perform(deed, personnel.plan_founding(folder, founding))
    finally:
        record.close()


def _mailboxes(person: Person) -> str:
    return "all" if person.mailboxes == ALL else ", ".join(sorted(person.mailboxes)) or "none"


def _people_add(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="the new person's log-in name: small letters, digits, dot, dash")
    parser.add_argument("--role", choices=list(Role), default="staff", help="what the person may do (staff)")
    parser.add_argument(
        "--mailbox",
        dest="mailboxes",
        action="append",
        metavar="M",
        help="a mailbox they open; may be given again; `*` is every mailbox",
    )
    parser.add_argument(
        "--as", dest="who", metavar="NAME", help="the admin who adds (not needed for the very first person)"
    )
    verbs.password(parser)


def _people_role(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="whose role")
    parser.add_argument("role", choices=list(Role), help="what the person may do")
    verbs.who(parser)


def _people_mailboxes(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="whose mailboxes")
    parser.add_argument("mailboxes", nargs="*", metavar="M", help="the mailboxes they open; none: none; `*`: every one")
    verbs.who(parser)


def _people_password(parser: ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="who forgot theirs; without it, your own is changed")
    verbs.who(parser)


def _people_remove(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="who leaves")
    verbs.who(parser)


def _people_factors(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="who has lost telephone or key")
    verbs.who(parser)


VERBS = (
    Verb(("people", "list"), "list who may log in", show, verbs.as_json),
    Verb(
        ("people", "add"),
        "add a person; the first one founds the practice and gets the recovery sheet",
        add,
        _people_add,
    ),
    Verb(("people", "role"), "give a person another role", change_role, _people_role),
    Verb(("people", "mailboxes"), "say which mailboxes a person opens", change_mailboxes, _people_mailboxes),
    Verb(
        ("people", "password"),
        "change your own password, or as an admin make a new key for somebody who forgot theirs",
        change_password,
        _people_password,
    ),
    Verb(
        ("people", "factors"),
        "take a person's second factors away, so that they set up new ones",
        reset_factors,
        _people_factors,
    ),
    Verb(("people", "remove"), "remove a person", remove, _people_remove),
)
