"""The box's condition in words: what is not good says what to do, and the worst part counts."""

from __future__ import annotations

import dataclasses

import pytest

from appliance import condition
from appliance.clock import Trust
from appliance.condition import Facts, FaxFacts, Modem, Refusal
from appliance.control.values import Level
from appliance.messages import Kind, Row, Stamp, State

WELL = Facts(
    now=1_800_000_000.0,
    trust=Trust.TRUSTED,
    asterisk_answers=True,
    calls=0,
    storage_good=True,
    free_bytes=80,
    disk_bytes=100,
    rows=(),
    founded=True,
    next_purge=None,
    last_fault=None,
)


def row(state: State, warned_at: float | None = None) -> Row:
    stamp = Stamp("0" * 32, Kind.VOICEMAIL, "front-desk", 1_800_000_000.0, 1)
    return Row(stamp, True, state, "000001-00000000", 1, 1, "0" * 64, 1.0, 0, False, warned_at=warned_at)


def sentences(facts: Facts) -> str:
    return " ".join(part.sentence for part in condition.parts(facts))


def test_a_well_box_is_good_in_every_part() -> None:
    assert condition.level(WELL) is Level.GOOD
    assert sentences(WELL) == "Ready to answer. No new message. 80% free. Right."


@pytest.mark.parametrize(
    ("change", "level", "remedy"),
    [
        ({"asterisk_answers": False}, Level.FAULT, "switch the box off and on"),
        ({"founded": False}, Level.FAULT, "keepline claim"),
        ({"names_callers": False}, Level.FAULT, "keepline keys mend"),
        ({"storage_good": False}, Level.FAULT, "Put in a new card"),
        ({"free_bytes": 1}, Level.FAULT, "Erase messages"),
        ({"free_bytes": 5}, Level.ATTENTION, "Erase messages"),
        ({"disk_bytes": 0}, Level.FAULT, "Erase messages"),
        ({"panel_fault": "Check the ribbon cable."}, Level.ATTENTION, "ribbon cable"),
        ({"trust": Trust.NOT_SYNCHRONISED}, Level.ATTENTION, "Connect the box to a network that has the time"),
        ({"rows": (row(State.NEW, warned_at=1.0),)}, Level.ATTENTION, "Open what is marked"),
    ],
)
def test_what_is_not_good_says_what_to_do(change: dict[str, object], level: Level, remedy: str) -> None:
    facts = dataclasses.replace(WELL, **change)  # type: ignore[arg-type]  # a table of changes, each of its field's type
    assert condition.level(facts) is level
    assert remedy in sentences(facts)


@pytest.mark.parametrize(("count", "words"), [(1, "One new message."), (3, "3 new messages.")])
def test_new_messages_are_counted_and_heard_ones_are_not(count: int, words: str) -> None:
    facts = dataclasses.replace(WELL, rows=(row(State.HEARD), *[row(State.NEW)] * count))
    assert words in sentences(facts)
    assert condition.status(facts, {}).new_messages == count


@pytest.mark.parametrize(
    ("calls", "words"), [(1, "One caller is on the line now."), (2, "2 callers are on the line now.")]
)
def test_calls_in_progress_are_said(calls: int, words: str) -> None:
    assert words in sentences(dataclasses.replace(WELL, calls=calls))


@pytest.mark.parametrize(
    ("fax", "level", "words"),
    [
        (FaxFacts(Modem.READY), Level.GOOD, "Ready to receive."),
        (FaxFacts(Modem.READY, page=2), Level.GOOD, "Receiving page 2."),
        (FaxFacts(Modem.READY, page=2, refusal=Refusal.NO_ROOM), Level.GOOD, "Receiving page 2."),
        (FaxFacts(Modem.STARTING), Level.GOOD, "Looking for the fax modem."),
        (FaxFacts(Modem.ABSENT), Level.FAULT, "Check its cable at both ends"),
        (FaxFacts(Modem.SILENT), Level.FAULT, "Unplug it, wait ten seconds, plug it in again."),
        (FaxFacts(Modem.WRONG), Level.FAULT, "hardware/README.md"),
        (FaxFacts(Modem.READY, refusal=Refusal.BAD_STORAGE), Level.FAULT, "senders try again later: the memory card"),
        (FaxFacts(Modem.READY, refusal=Refusal.NO_ROOM), Level.FAULT, "Erase messages"),
        (FaxFacts(Modem.READY, refusal=Refusal.NOT_FOUNDED), Level.FAULT, "keepline claim"),
    ],
)
def test_the_fax_line_is_told_of(fax: FaxFacts, level: Level, words: str) -> None:
    facts = dataclasses.replace(WELL, fax=fax)
    (part,) = [part for part in condition.parts(facts) if part.name == "Fax"]
    assert part.level is level
    assert words in part.sentence
    assert condition.level(facts) is level


def test_without_a_fax_line_nothing_is_said_of_one() -> None:
    assert "Fax" not in [part.name for part in condition.parts(WELL)]


def test_a_fax_that_arrives_is_a_call_in_progress() -> None:
    facts = dataclasses.replace(WELL, calls=1, fax=FaxFacts(Modem.READY, page=1))
    assert condition.status(facts, {}).calls == 2
