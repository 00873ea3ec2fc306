"""The `keepline` command: its verbs as one table, its exit codes from the errors' families."""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance import logs, settings
from appliance.cli import commands, faxes, inbox, output, people
from appliance.errors import KeeplineError

EXIT_CODES = (
    "Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 not allowed, 4 store, 5 voice, 6 daemon, 7 panel or serial port, "
    "8 fax, 9 only a part of a fax."
)

Run = Callable[[argparse.Namespace, settings.Settings], None]
Declare = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the command: `words` as typed, what it does, and its own arguments."""

    words: tuple[str, ...]
    help: str
    run: Run
    declare: Declare = lambda parser: None
    keeps_root: bool = False  # it looks at devices and programs that only root may see, and touches no store


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")


def _who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as", dest="who", metavar="NAME", required=True, help="whose key opens it; the password is asked for"
    )
    _password(parser)


def _password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read passwords from standard input, a line each, instead of asking",
    )


def _keys_check(parser: argparse.ArgumentParser) -> None:
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--as", dest="who", metavar="NAME", help="try this person's key; the password is asked for")
    whose.add_argument("--sheet", action="store_true", help="try the recovery sheet; its text is asked for")
    _password(parser)


def _inbox_list(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    parser.add_argument(
        "--as", dest="who", metavar="NAME", help="also open callers' names and numbers with this person's key"
    )
    _password(parser)


def _inbox_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the message, as `keepline inbox list` shows it (its first letters are enough)")
    parser.add_argument(
        "--to", metavar="FILE", required=True, help="where to; it will lie there unsealed. `-` is standard output"
    )
    _who(parser)


def _people_add(parser: argparse.ArgumentParser) -> None:
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
    _password(parser)


def _people_remove(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="who leaves")
    _who(parser)


def _purge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    _json(parser)


def _console(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set-pin", action="store_true", help="set the technician's PIN and end")
    _password(parser)


def _modem_answer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", type=Path, required=True, metavar="D", help="the modem's serial port")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="where pages go; they lie there unsealed"
    )
    parser.add_argument("--identity", default="", metavar="NUMBER", help="the number that the calling fax is told")
    parser.add_argument("--once", action="store_true", help="end after one call; the exit code tells how it went")
    _json(parser)


def _modem_detect(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--device", type=Path, metavar="D", help="look at this serial port only, and ask whatever is there"
    )
    which.add_argument(
        "--all",
        action="store_true",
        help="also ask what is behind serial ports that need not be modems' (it gets AT commands, whatever it is)",
    )
    _json(parser)


def _modem_test(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        type=Path,
        required=True,
        metavar="D",
        help="the modem's serial port, as `keepline modem detect` shows it",
    )
    parser.add_argument(
        "--profile", default="auto", metavar="KIND", help="treat it as this kind of modem; auto asks it (%(default)s)"
    )
    parser.add_argument(
        "--line",
        action="store_true",
        help="also take the line for some ten seconds, send and listen; it must be free, and callers find it busy",
    )
    _json(parser)


def _fax_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the call's transcript; its name ends in .t30")


VERBS = (
    Verb(("run",), "run the daemon: answers calls, seals messages, purges what is due", commands.run),
    Verb(("web",), "run the page", commands.web),
    Verb(("console",), "run the technician's console on its serial port", commands.console, _console),
    Verb(("status",), "how the box is", commands.status, _json),
    Verb(("inbox", "list"), "list the messages", inbox.show, _inbox_list),
    Verb(("inbox", "export"), "open one message and write it to a file", inbox.export, _inbox_export),
    Verb(("people", "list"), "list who may log in", people.show, _json),
    Verb(
        ("people", "add"),
        "add a person; the first one founds the practice and gets the recovery sheet",
        people.add,
        _people_add,
    ),
    Verb(("people", "remove"), "remove a person", people.remove, _people_remove),
    Verb(("keys", "show"), "the public halves of all keys", people.show_keys, _json),
    Verb(
        ("keys", "check"),
        "open everything with a person's key or the recovery sheet, and say so",
        people.check_keys,
        _keys_check,
    ),
    Verb(("purge",), "purge what is due now", commands.purge, _purge),
    Verb(("store", "check"), "compare every sealed file with its row", commands.store_check, _json),
    Verb(
        ("modem", "detect"),
        "list the serial ports and the modems behind them; one that is in use is left alone (as root, others' use is seen)",
        commands.modem_detect,
        _modem_detect,
        keeps_root=True,
    ),
    Verb(
        ("modem", "test"),
        "try out a fax modem command by command, time its answers, and say what to do where it fails; exit code 8 when it cannot be used",
        commands.modem_test,
        _modem_test,
        keeps_root=True,
    ),
    Verb(
        ("modem", "answer"),
        "receive faxes with a Class 1 modem into a folder, without daemon and inbox",
        faxes.answer,
        _modem_answer,
    ),
    Verb(
        ("fax", "replay"),
        "play the transcript of a call again and show where this version would act otherwise (then it ends with 1)",
        faxes.replay,
        _fax_replay,
    ),
    Verb(("prompts",), "speak the prompts that callers hear (needs espeak-ng and sox)", commands.prompts),
    Verb(
        ("settings",), "list every setting, its value, its default and what is allowed", commands.list_settings, _json
    ),
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
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(owner)


if __name__ == "__main__":
    sys.exit(main())
