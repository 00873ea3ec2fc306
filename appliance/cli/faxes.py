"""`keepline modem answer` and `keepline fax replay`: the bare fax engine on a device, and a recorded call once more."""

# ruff: noqa: PLC0415 - as in `commands`: a verb loads only what it needs

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime

from appliance.cli import output
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
            while not line.wait(60.0):
                pass
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
