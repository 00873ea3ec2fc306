"""The `keepline` command: the verbs of all areas in one table, its exit codes from the errors' families."""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from appliance import logs, process, settings
from appliance.cli import commands, faxes, inbox, keys, materials, output, people, record, store, switches
from appliance.errors import KeeplineError

EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 not allowed, 4 store, 5 voice, 6 daemon, 7 panel or serial port, "
    "8 fax, 9 only a part of a fax."
)

VERBS = (
    *commands.VERBS,
    *materials.VERBS,
    *inbox.VERBS,
    *people.VERBS,
    *keys.VERBS,
    *store.VERBS,
    *record.VERBS,
    *switches.VERBS,
    *faxes.VERBS,
)


def build_parser() -> argparse.ArgumentParser:
    """The parser for all of `VERBS`."""
    parser = argparse.ArgumentParser(
        prog="keepline",
        description="Voicemail and fax that only the practice's own people can open.",
        epilog=EXIT_CODES,
    )
    parser.add_argument(
        "--settings", type=Path, default=settings.DEFAULT_FILE, metavar="FILE", help="the settings file (%(default)s)"
    )
    top = parser.add_subparsers(metavar="VERB", required=True)
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for verb in VERBS:
        place = top
        if len(verb.words) > 1:
            first = verb.words[0]
            if first not in groups:
                named = ", ".join(other.words[1] for other in VERBS if other.words[0] == first)
                groups[first] = top.add_parser(first, help=named).add_subparsers(metavar="VERB", required=True)
            place = groups[first]
        inner = place.add_parser(
            verb.words[-1], help=verb.help, description=verb.help[0].upper() + verb.help[1:] + ".", epilog=EXIT_CODES
        )
        verb.declare(inner)
        inner.set_defaults(run=verb.run, keeps_root=verb.keeps_root)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the exit code tells how it went. Without `arguments` this is a program of its own, and those of the command line count."""
    if arguments is None:
        logs.keep_private()
    given = build_parser().parse_args(arguments)
    try:
        read = settings.read(given.settings)
        if not given.keeps_root:
            _become_owner(read.store.folder)
        if arguments is None:
            process.harden()  # before a password or a sheet is asked for; to become another user would undo some of it
        given.run(given, read)
    except KeeplineError as error:
        output.complain(str(error))
        return error.exit_code
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _become_owner(store: Path) -> None:
    """Root becomes the user that the store belongs to, so that whatever root does here the daemon can read afterwards."""
    if os.geteuid() != 0 or not store.exists() or (owner := store.stat().st_uid) == 0:
        return
    user = pwd.getpwuid(owner)
    process.lift_lock_limit()
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(owner)


if __name__ == "__main__":
    sys.exit(main())
