"""How the box is, in words and shapes."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.clock import Trust
from appliance.condition import FaxFacts, Modem
from appliance.control.values import Fault, Status, Verb
from tests.web.practice import NOON, Practice, babble
from tests.web.staff import Staff
from web.watch import Watch


def strip(page: str) -> str:
    start = page.index('<aside id="strip"')
    return page[start : page.index("</aside>", start)]


def test_a_box_that_is_well_says_so_in_one_line(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1))
    page = ana.get("/").text
    assert "Line ready · 1 new · next purge tonight at 02:00" in strip(page)
    assert "strip-good" in strip(page)


def test_callers_on_the_line_are_counted(practice: Practice, ana: Staff) -> None:
    practice.facts = {"calls": 2}
    assert "2 callers are on the line now · nothing new" in strip(ana.get("/").text)


@pytest.mark.parametrize(
    ("fax", "says"),
    [
        (FaxFacts(Modem.READY), "Line ready · Fax ready · nothing new"),
        (FaxFacts(Modem.READY, page=2), "Line ready · Fax: receiving page 2 · nothing new"),
        (FaxFacts(Modem.STARTING), "Line ready · Fax: looking for the fax modem · nothing new"),
        (FaxFacts(Modem.SILENT), "The fax modem does not answer. Unplug it, wait ten seconds, plug it in again."),
    ],
)
def test_the_fax_line_stands_beside_the_line(practice: Practice, ana: Staff, fax: FaxFacts, says: str) -> None:
    practice.facts = {"fax": fax}
    assert says in strip(ana.get("/").text)
    page = ana.get("/status").text
    assert "<strong>Fax</strong>" in page
    assert ("Calls and faxes are answered" in page) is (fax.modem is not Modem.SILENT)


@pytest.mark.parametrize(
    ("facts", "level", "says"),
    [
        ({"asterisk_answers": False}, "fault", "Calls cannot be answered"),
        ({"storage_good": False}, "fault", "Put in a new card"),
        ({"free_bytes": 5}, "attention", "Erase messages that are no longer needed"),
        ({"trust": Trust.NOT_SYNCHRONISED}, "attention", "nothing is purged"),
        ({"asterisk_answers": False, "free_bytes": 5}, "fault", "(and 1 more thing: see Status)"),
    ],
)
def test_what_is_wrong_stands_on_every_page_with_what_to_do(
    practice: Practice, ana: Staff, facts: dict[str, Any], level: str, says: str
) -> None:
    practice.facts = facts
    for path in ("/", "/status"):
        shown = strip(ana.get(path).text)
        assert f"strip-{level}" in shown
        assert f"#i-{level}" in shown  # a shape beside the colour
        assert says in shown


def test_the_status_page_is_read_without_colour(practice: Practice, ana: Staff) -> None:
    practice.facts = {
        "asterisk_answers": False,
        "free_bytes": 5,
        "last_fault": Fault(NOON - 7200, "The line was dead."),
    }
    page = ana.get("/status").text
    for words in (
        "Something does not work.",
        "What to do about Line and Disk stands below.",
        ">Fault<",
        ">Needs a look<",
        ">Good<",
    ):
        assert words in page
    for lamp, light in (("Message", "off"), ("Line", "off"), ("Fault", "on")):
        assert f"<strong>{lamp}</strong><span>{light}</span>" in page
    assert "Friday 21 November 2025, 10:00: The line was dead." in page


def test_the_lamps_are_drawn_as_they_are_lit(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1))
    page = ana.get("/status").text
    assert "lamp lamp-message lamp-blinking" in page
    assert "lamp lamp-line lamp-on" in page
    assert "lamp lamp-fault lamp-off" in page
    assert "Message lamp blinking" in page


def test_a_clock_that_is_not_trusted_purges_nothing_and_says_so(practice: Practice, ana: Staff) -> None:
    practice.facts = {"next_purge": None}
    assert "Not while the clock cannot be trusted" in ana.get("/status").text


def test_a_silent_daemon_is_told_in_words(practice: Practice, ana: Staff) -> None:
    practice.daemon.silent = True
    practice.clock.advance(2)
    page = ana.get("/status").text
    assert "The box does not answer." in page
    assert "switch the box off and on" in page


def test_many_browsers_ask_the_daemon_once_a_second(practice: Practice) -> None:
    asked: list[Status] = []
    answers = practice.daemon.answers
    status = answers[Verb.STATUS]

    def count(given: Any) -> Status:
        asked.append(status(given))
        return asked[-1]

    answers[Verb.STATUS] = count
    watch = Watch(practice.daemon, practice.clock)
    for _ in range(10):
        watch.look()
    assert len(asked) == 1
    practice.clock.advance(1)
    watch.look()
    assert len(asked) == 2


def test_the_page_notices_when_the_box_changes(practice: Practice, ana: Staff) -> None:
    def box() -> str:
        return str(ana.pulse()["box"])

    before = box()
    practice.facts = {"asterisk_answers": False}
    practice.clock.advance(1)
    assert box() != before
    assert "Calls cannot be answered" in ana.script("/parts/strip").text
    assert "Calls cannot be answered" in ana.script("/parts/status").text
