"""Numbers, times and lengths as a person would say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.messages import Envelope, Kind, Stamp
from tests.fakes.rows import row
from web import words

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str, zone: ZoneInfo = NEW_YORK) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


NOW = at("2025-11-21T12:00")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("5551234567", "(555) 123-4567"),
        ("15551234567", "(555) 123-4567"),
        ("+15551234567", "(555) 123-4567"),
        ("555-123-4567", "(555) 123-4567"),
        ("1234567", "123-4567"),
        ("+442079460000", "+442079460000"),
        ("911", "911"),
        ("", ""),
        ("anonymous", ""),
    ],
)
def test_a_number_is_shown_in_local_form(raw: str, said: str) -> None:
    assert words.number(raw) == said


@pytest.mark.parametrize(
    ("number", "name", "who"),
    [
        ("5551234567", "Maria Lopez", "Maria Lopez"),
        ("5551234567", "MARIA LOPEZ", "Maria Lopez"),
        ("5551234567", "IBM", "IBM"),
        ("5551234567", " \x07\n ", "(555) 123-4567"),
        ("5551234567", "", "(555) 123-4567"),
        ("", "", "Unknown caller"),
    ],
)
def test_a_caller_is_a_name_else_a_number_else_unknown(number: str, name: str, who: str) -> None:
    assert words.who(Envelope(caller_number=number, caller_name=name)) == who


@pytest.mark.parametrize(
    ("envelope", "who", "claimed"),
    [
        (Envelope(sender_id="+1 555 010 2001"), "Sent by +1 555 010 2001", True),
        (Envelope(sender_id=" CITY \x00 LAB\n"), "Sent by CITY LAB", True),
        (Envelope(sender_id="CITY LAB", caller_number="5551234567"), "(555) 123-4567", False),
        (Envelope(sender_id="\x07"), "Unknown sender", False),
        (Envelope(), "Unknown sender", False),
    ],
)
def test_who_sent_a_fax_is_the_line_s_word_before_the_machine_s(envelope: Envelope, who: str, claimed: bool) -> None:
    assert words.who(envelope, Kind.FAX) == who
    assert words.is_claim(envelope) is claimed


def test_a_fax_leaves_under_a_name_of_its_time_alone() -> None:
    assert words.file_name(Kind.FAX, at("2026-11-22T10:42"), NEW_YORK, "pdf") == "fax-2026-11-22-1042.pdf"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2025-11-21T10:42", "10:42"),
        ("2025-11-21T00:00", "00:00"),
        ("2025-11-20T23:59", "Yesterday"),
        ("2025-11-19T08:00", "Wednesday"),
        ("2025-11-15T08:00", "Saturday"),
        ("2025-11-14T08:00", "14 Nov"),
        ("2024-11-21T08:00", "21 Nov 2024"),
        ("2025-11-22T08:00", "22 Nov"),  # from a clock that went ahead
    ],
)
def test_a_moment_is_said_shortly(moment: str, said: str) -> None:
    assert words.when(at(moment), NOW, NEW_YORK) == said


def test_the_day_ends_at_midnight_in_the_practices_zone() -> None:
    moment = at("2025-11-21T03:30", ZoneInfo("UTC"))
    assert words.when(moment, NOW, NEW_YORK) == "Yesterday"
    assert words.when(moment, NOW, ZoneInfo("UTC")) == "03:30"


def test_a_moment_is_said_in_full() -> None:
    assert words.in_full(at("2025-11-21T10:42"), NEW_YORK) == "Friday 21 November 2025, 10:42"
    assert words.machine(at("2025-11-21T10:42"), NEW_YORK) == "2025-11-21T10:42:00-05:00"


@pytest.mark.parametrize(
    ("now", "moment", "said"),
    [
        ("2025-11-21T12:00", "2025-11-22T02:00", "tonight at 02:00"),
        ("2025-11-21T01:00", "2025-11-21T02:00", "tonight at 02:00"),
        ("2025-11-21T03:00", "2025-11-22T02:00", "tomorrow at 02:00"),
        ("2025-11-21T12:00", "2025-11-21T14:00", "today at 14:00"),
        ("2025-11-21T12:00", "2025-11-22T14:00", "tomorrow at 14:00"),
        ("2025-11-21T12:00", "2025-11-24T02:00", "on Monday at 02:00"),
        ("2025-11-21T12:00", "2025-12-20T02:00", "on 20 December at 02:00"),
        ("2025-11-21T12:00", "2026-01-03T02:00", "on 3 January 2026 at 02:00"),
    ],
)
def test_a_moment_to_come_is_said_as_a_person_would(now: str, moment: str, said: str) -> None:
    assert words.coming(at(moment), at(now), NEW_YORK) == said


@pytest.mark.parametrize(
    ("seconds", "said", "aloud"),
    [
        (0.4, "0:00", "0 seconds"),
        (1.0, "0:01", "1 second"),
        (42.3, "0:42", "42 seconds"),
        (59.9, "1:00", "1 minute"),
        (65.0, "1:05", "1 minute 5 seconds"),
        (725.0, "12:05", "12 minutes 5 seconds"),
    ],
)
def test_a_length_is_shown_and_read_aloud(seconds: float, said: str, aloud: str) -> None:
    one = row(duration=seconds)
    assert (words.length(one), words.length_aloud(one)) == (said, aloud)


def test_a_fax_has_pages() -> None:
    fax = row(stamp=Stamp("0" * 32, Kind.FAX, "front-desk", 0.0, 1), pages=1)
    assert words.length(fax) == words.length_aloud(fax) == "1 page"


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_the_line_sends_there_is_something_to_show(number: str, name: str) -> None:
    who = words.who(Envelope(caller_number=number, caller_name=name))
    assert who.strip()
    assert who.isprintable()
