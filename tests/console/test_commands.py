"""The words of the console, and what they tell."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.console.commands import (
    COMMANDS,
    WIDTH,
    Answer,
    Help,
    Question,
    Quit,
    Show,
    Unknown,
    find,
    plain,
    tell_fingerprint,
    tell_help,
)
from appliance.console.commands import tell_lines as lines
from appliance.console.commands import tell_status as status
from appliance.control.values import Fault, Fingerprint, Lamp, Level, Light, Part, Status

ZONE = ZoneInfo("America/New_York")
SENTENCE = "The memory card refused to keep what was written, so no message is taken. Put in a new card and restore."
STATUS = Status(
    now=1_772_500_000.0,
    parts=(
        Part("Line", Level.GOOD, "Ready to answer."),
        Part("Disk", Level.FAULT, SENTENCE),
        Part("Clock", Level.ATTENTION, "Look at it."),
    ),
    calls=2,
    new_messages=3,
    next_purge=1_772_521_200.0,
    last_fault=Fault(1_772_400_000.0, SENTENCE),
    lamps={Lamp.MESSAGE: Light.BLINKING, Lamp.LINE: Light.ON, Lamp.FAULT: Light.OFF},
)


@pytest.mark.parametrize("line", ["status", "st", "s", "STATUS", "  status  "])
def test_the_beginning_of_a_word_is_enough(line: str) -> None:
    assert find(line) == Answer(status)


@pytest.mark.parametrize(("line", "act"), [("?", Help()), ("exit", Quit()), ("logout", Quit()), ("li", Answer(lines))])
def test_other_words_for_the_same(line: str, act: object) -> None:
    assert find(line) == act


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("statsu", 'Did you mean "status"?'),
        ("hlep", 'Did you mean "help"?'),
        ("reboot", '"help" lists what there is.'),
        ("sh", '"help" lists what there is.'),
        ("status now", 'type "status" and Enter.'),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_one(line: str, hint: str) -> None:
    found = find(line)
    assert isinstance(found, Unknown)
    assert found.hint.endswith(hint)


def test_status_tells_the_whole_box() -> None:
    assert status(STATUS, ZONE).splitlines() == [
        "Keepline, Mon 02 Mar 2026, 20:06 (America/New_York)",
        "",
        "  Line   good       Ready to answer.",
        "  Disk   FAULT      The memory card refused to keep what was written, so no",
        "                    message is taken. Put in a new card and restore.",
        "  Clock  ATTENTION  Look at it.",
        "",
        "  Calls in progress  2",
        "  New messages       3",
        "  Next purge         Tue 03 Mar 2026, 02:00",
        "  Lamps              message blinking, line on, fault off",
        "  Last fault         Sun 01 Mar 2026, 16:20: The memory card refused to keep",
        "                     what was written, so no message is taken. Put in a new",
        "                     card and restore.",
    ]


def test_status_tells_when_there_is_no_purge_and_no_fault() -> None:
    told = status(replace(STATUS, next_purge=None, last_fault=None), ZONE)
    assert "Next purge         none while the clock cannot be trusted" in told
    assert "Last fault         none" in told


def test_lines_tells_of_the_fax_line_too() -> None:
    fax = Part("Fax", Level.FAULT, "The fax modem does not answer. Unplug it, wait ten seconds, plug it in again.")
    told = lines(replace(STATUS, parts=(*STATUS.parts, fax)), ZONE)
    assert "Fax: fault. The fax modem does not answer." in told


def test_lines_tells_of_the_lines_only() -> None:
    assert lines(STATUS, ZONE).splitlines() == ["Line: good. Ready to answer.", "Calls in progress: 2"]


def test_help_lists_every_word() -> None:
    assert all(f"  {command.word}" in tell_help() for command in COMMANDS)


@given(st.text())
def test_whatever_is_told_fits_any_terminal(text: str) -> None:
    for line in plain(text).split("\n"):
        assert len(line) <= WIDTH
        assert all(" " <= sign <= "~" for sign in line)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).filter(str.strip))
def test_any_line_is_a_command_or_a_hint(line: str) -> None:
    assert isinstance(find(line), Answer | Show | Help | Quit | Unknown)


def test_the_fingerprint_is_told_line_by_line_as_the_page_shows_it() -> None:
    found = Fingerprint("0123456789ABCDEF" * 4, "0123456789" * 4)
    assert find("finger") == Show(Question.FINGERPRINT)
    told = plain(tell_fingerprint(found)).split("\n")
    assert told.count("  0123 4567 89AB CDEF") == len(found.lines()) == 4
    assert f"  {found.short()}" in told
    assert max(map(len, told)) <= WIDTH
