"""Plays a recorded call again: where would our side act otherwise today? For technicians, and for tests that keep a call from the field.

A transcript holds no number and no page, and needs none: frames whose field is private read back empty, and what a caller's identity says never changes what
we answer. What we offered is taken from our own DIS in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from appliance.errors import BadFrameError, FaxError, SerialError, TranscriptError
from appliance.fax.answering import answer
from appliance.fax.capabilities import Capabilities
from appliance.fax.receiving import Call, Script, Station
from appliance.fax.steps import Answering, Event, KeepPage, Listen
from appliance.fax.transcript import CUT, read_event, show_step

_DIS: Final = re.compile(r"> Send .*\bDIS ([0-9a-f]+) \[")


@dataclass(frozen=True, slots=True)
class Moment:
    """One step, as it was and as it would be."""

    recorded: str  # the step in the transcript; "" behind its end
    event: str  # what came of it then; "" when the modem vanished in it
    today: str  # the step that our side takes now; "" when it has ended

    @property
    def differs(self) -> bool:
        """Does our side act otherwise?"""
        return self.recorded != self.today


@dataclass(frozen=True, slots=True)
class Replay:
    """A call played again, up to where it would be another."""

    moments: tuple[Moment, ...]
    pages: int
    complete: bool
    error: str  # name of what ended the call; "" for none

    @property
    def differs(self) -> bool:
        """Does our side act otherwise anywhere?"""
        return any(moment.differs for moment in self.moments)


def replay(lines: Sequence[str]) -> Replay:
    """Play a transcript's lines again. Raises `TranscriptError` for what is none."""
    call, recorded = Call(), _read(lines)
    script = answer(Station(offers=_find_offers(lines)), call)
    step: Answering | None = next(script)
    moments: list[Moment] = []
    error = ""
    for was, shown, event in recorded:
        moments.append(Moment(was, shown, show_step(step) if step else ""))
        if step is None or (moments[-1].differs and not _only_waits(was, step)):
            break  # what the caller says from here on answers what we did not say
        step, error = _go_on(script, event)
    else:
        if step is not None and CUT not in lines:
            moments.append(Moment("", "", show_step(step)))
    return Replay(tuple(moments), len(call.pages), call.complete, error)


def _read(lines: Sequence[str]) -> list[tuple[str, str, Event | None]]:
    """Each step as it was shown, and what came of it: as it was shown, and the event. Raises `TranscriptError`."""
    found: list[tuple[str, str, Event | None]] = []
    for line in lines:
        match line[:2]:
            case "> ":
                found.append((line[2:], "", None))
            case "< " if found:
                found[-1] = (found[-1][0], line[2:], read_event(line[2:]))
            case mark if mark.strip() and mark[0] not in "#=":
                raise TranscriptError
    if not found:
        raise TranscriptError
    return found


def _find_offers(lines: Sequence[str]) -> Capabilities:
    """What our own DIS offered; what we offer today when none was said. Raises `TranscriptError`."""
    said = next((found for line in lines if (found := _DIS.match(line))), None)
    try:
        return Capabilities.from_info(bytes.fromhex(said[1])) if said else Capabilities()
    except (ValueError, BadFrameError):
        raise TranscriptError from None


def _only_waits(was: str, step: Answering) -> bool:
    """Is it the same wait, only longer or shorter? Then what came then may come now."""
    return isinstance(step, Listen | KeepPage) and was.startswith(type(step).__name__)


def _go_on(script: Script[None], event: Event | None) -> tuple[Answering | None, str]:
    """Our side's next step; None and the name of its error when it has ended. No event: the modem vanished."""
    try:
        return (script.throw(SerialError()) if event is None else script.send(event)), ""
    except StopIteration:
        return None, ""
    except (FaxError, SerialError) as fault:
        return None, type(fault).__name__
