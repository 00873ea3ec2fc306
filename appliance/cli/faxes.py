"""`keepline modem` and `keepline fax`: which modems there are, the bare fax engine on a device, and a recorded call once more."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from appliance.cli import output, verbs
from appliance.cli.verbs import Verb
from appliance.errors import UsageError
from appliance.settings import Settings


def answer(given: Namespace, settings: Settings) -> None:
    """`keepline modem answer`: the bare fax engine on a device. Pages, transcript and result of each call go to a folder."""
    from appliance.fax.folder import Folder, check
    from appliance.fax.line import FaxLine
    from appliance.fax.profiles import AUTO
    from appliance.fax.receiving import Station

    if not given.out.is_dir():
        raise UsageError(f"{given.out} is no folder. Make it first: mkdir {given.out}")
    with FaxLine(given.device, AUTO) as line:
        while True:
            await_ring(line)
            folder = Folder(given.out, datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
            received = line.receive(Station(given.identity), folder.keep)
            try:
                result = folder.finish(received)
            except OSError as error:
                raise UsageError(f"{given.out} takes no files: {error.strerror}.") from None
            if given.json:
                output.as_json(result)
            else:
                pages = output.count(len(folder.pages), "page")
                output.say(f"{folder.name}: {result['outcome']}, {pages} in {received.seconds:.0f} s")
            if given.once:
                check(received)
                return
            line.check()


class Bell(Protocol):
    """The line, while nobody calls."""

    def wait(self, within: float) -> object:
        """Whether it rings in that time."""

    def check(self) -> None:
        """Sees that the modem is as it should be."""


def await_ring(line: Bell) -> None:
    """Until it rings; meanwhile the modem is looked after."""
    from appliance.fax.timers import CHECK

    while not line.wait(CHECK):
        line.check()


def replay(given: Namespace, settings: Settings) -> None:
    """`keepline fax replay`: a recorded call, step by step, beside what this version would do."""
    from appliance.errors import ReplayDiffersError
    from appliance.fax import replay as replaying

    try:
        lines = given.file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"{given.file} cannot be read: {error.strerror}.") from None
    played = replaying.replay(lines)
    for moment in played.moments:
        if moment.recorded:
            output.say(f"> {moment.recorded}")
        if moment.differs:
            output.say(f"! {moment.today or 'would have ended here'}")
        if moment.event:
            output.say(f"< {moment.event}")
    ended = "complete" if played.complete else played.error or "open"
    output.say(f"= {output.count(played.pages, 'page')} {ended}")
    if played.differs:
        raise ReplayDiffersError


def modem_detect(given: Namespace, settings: Settings) -> None:
    """`keepline modem detect`: which modems there are."""
    from appliance.cli import modem

    modem.detect(given)


def modem_test(given: Namespace, settings: Settings) -> None:
    """`keepline modem test`: what one modem can do."""
    from appliance.cli import modem

    modem.test(given)


def _modem_detect(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--device", type=Path, metavar="D", help="look at this serial port only, and ask whatever is there"
    )
    which.add_argument(
        "--all",
        action="store_true",
        help="also ask what is behind serial ports that need not be modems' (it gets AT commands, whatever it is)",
    )
    verbs.as_json(parser)


def _modem_test(parser: ArgumentParser) -> None:
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
    verbs.as_json(parser)


def _modem_answer(parser: ArgumentParser) -> None:
    parser.add_argument("--device", type=Path, required=True, metavar="D", help="the modem's serial port")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="where pages go; they lie there unsealed"
    )
    parser.add_argument("--identity", default="", metavar="NUMBER", help="the number that the calling fax is told")
    parser.add_argument("--once", action="store_true", help="end after one call; the exit code tells how it went")
    verbs.as_json(parser)


def _fax_replay(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the call's transcript; its name ends in .t30")


VERBS = (
    Verb(
        ("modem", "detect"),
        "list the serial ports and the modems behind them; one that is in use is left alone (as root, others' use is seen)",
        modem_detect,
        _modem_detect,
        keeps_root=True,
    ),
    Verb(
        ("modem", "test"),
        "try out a fax modem command by command, time its answers, and say what to do where it fails; exit code 8 when it cannot be used",
        modem_test,
        _modem_test,
        keeps_root=True,
    ),
    Verb(
        ("modem", "answer"),
        "receive faxes with a Class 1 modem into a folder, without daemon and inbox",
        answer,
        _modem_answer,
    ),
    Verb(
        ("fax", "replay"),
        "play the transcript of a call again and show where this version would act otherwise (then it ends with 1)",
        replay,
        _fax_replay,
    ),
)
