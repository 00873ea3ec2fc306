"""What stands where in the list, and in which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from appliance.messages import Envelope, Kind, Row, State
from appliance.settings import Retention
from tests.fakes.rows import row
from web import fates, listing
from web.fates import Present
from web.listing import Asked, ListView
from web.sheets import FaxView
from web.waveform import Drawing

DAY = 86_400.0
NOW = 1_763_744_400.0  # Friday 21 November 2025, 12:00 in New York
PRESENT = Present(NOW, ZoneInfo("America/New_York"), Retention())


def opener(row: Row) -> Envelope | None:
    return Envelope(
        caller_number=f"555000{row.stamp.sequence:04}", caller_name="Maria Lopez" if row.stamp.sequence == 3 else ""
    )


def show(*rows: Row, page: int = 1, search: str = "") -> ListView:
    return listing.show_page(rows, Asked(page, search, "v"), opener, PRESENT)


def heard(sequence: int, **more: Any) -> Row:
    return row(sequence, NOW - 100 + sequence, state=State.HEARD, heard_at=NOW - DAY, **more)


def new(sequence: int, **more: Any) -> Row:
    return row(sequence, NOW - 100 + sequence, **more)


def test_what_needs_somebody_stands_first_and_each_part_newest_first() -> None:
    shown = show(heard(5), new(4), heard(3), new(2), heard(1))
    assert [int(one.id, 16) for one in shown.rows] == [4, 2, 5, 3, 1]
    assert [one.group for one in shown.rows] == ["new", "new", "heard", "heard", "heard"]
    assert (shown.new, shown.total, shown.pages) == (2, 5, 1)


def test_an_erased_message_keeps_its_place_while_it_can_be_had_back() -> None:
    erased = {"state": State.ERASING, "erase_at": NOW + 20}
    shown = show(heard(4), new(3), new(2, **erased), heard(1))
    assert [int(one.id, 16) for one in shown.rows] == [3, 2, 4, 1]
    assert shown.rows[1].state == "erased"
    assert shown.new == 1


def test_a_thousand_messages_come_fifty_at_a_time() -> None:
    rows = [new(sequence) for sequence in range(120, 0, -1)]
    first, last = show(*rows), show(*rows, page=99)
    assert (len(first.rows), first.pages, first.new) == (50, 3, 120)
    assert (last.page, len(last.rows)) == (3, 20)


def test_a_search_finds_a_part_of_the_name_or_of_the_number() -> None:
    rows = [new(3), new(2), heard(1)]
    assert [one.who for one in show(*rows, search="mAR").rows] == ["Maria Lopez"]
    assert [int(one.id, 16) for one in show(*rows, search="000-0002").rows] == [2]
    found = show(*rows, search="(555)")
    assert (found.total, found.waiting, found.new) == (3, 2, 2)
    assert show(*rows, search="nobody").rows == ()


def test_what_cannot_be_opened_says_so_and_is_never_found() -> None:
    shut = listing.show_row(new(1), None, PRESENT)
    assert (shut.who, shut.damaged) == ("Cannot be opened", True)
    assert not listing.fits(None, "a")
    assert "damaged" in listing.show_message(new(1), None, Drawing(4, ""), PRESENT).damaged


def test_an_old_unheard_message_warns_of_its_day() -> None:
    old = row(1, NOW - 58 * DAY, warned_at=NOW - 5 * DAY)
    assert fates.warn(old, PRESENT) == "Nobody has heard it. It will be purged on Sunday."
    late = row(1, NOW - 80 * DAY, warned_at=NOW)
    assert fates.warn(late, PRESENT) == "Nobody has heard it. It will be purged on 28 November."
    assert fates.warn(row(1, NOW - 58 * DAY), PRESENT) == ""
    assert fates.warn(row(1, NOW - 58 * DAY, warned_at=NOW, held=True), PRESENT) == ""


def test_a_recovered_message_says_so_once() -> None:
    one = new(1, recovered=True)
    envelope = Envelope(notes=("recovered after an interruption", "2 damaged parts are missing"))
    view = listing.show_message(one, envelope, Drawing(4, ""), PRESENT)
    assert view.notes == (
        "Partial: recovered after an interruption. The end of what was said may be missing.",
        "2 damaged parts are missing.",
    )
    assert listing.show_row(one, envelope, PRESENT).row_notes == ("Partial: recovered after an interruption",)


def test_a_time_from_a_wrong_clock_says_so() -> None:
    view = listing.show_message(new(1, clock_trusted=False), Envelope(), Drawing(4, ""), PRESENT)
    assert any("clock was not set" in note for note in view.notes)


def test_each_message_says_what_will_become_of_it() -> None:
    assert fates.fate(new(1, held=True), PRESENT) == "On hold: it stays until the hold is lifted."
    assert fates.fate(heard(1), PRESENT) == "Purged on 20 December, 30 days after it was heard."
    assert fates.fate(row(1, state=State.ERASING, erase_at=NOW), PRESENT).startswith(
        "Erased. It can be had back until 12:00"
    )
    assert "if nobody does, for 60 days, with a warning 7 days before" in fates.fate(new(1), PRESENT)


def test_a_fax_is_read_where_a_sound_is_heard() -> None:
    stamp = replace(row(1).stamp, kind=Kind.FAX)
    fax = row(1, NOW - 58 * DAY, stamp=stamp, pages=3, warned_at=NOW - 5 * DAY)
    assert fates.warn(replace(fax, stamp=replace(stamp, arrived_at=NOW - 58 * DAY)), PRESENT).startswith(
        "Nobody has read it."
    )
    done = replace(fax, state=State.HEARD, heard_at=NOW - DAY)
    assert fates.fate(done, PRESENT) == "Purged on 20 December, 30 days after it was read."
    assert listing.show_row(done, Envelope(), PRESENT).state_word == "Read"
    assert listing.show_row(heard(1), Envelope(), PRESENT).state_word == "Heard"
    assert [show(*rows).done for rows in ((done,), (heard(2),), (done, heard(2)), (new(3),))] == [
        "Read",
        "Heard",
        "Heard and read",
        "",
    ]


def test_a_recovered_fax_says_what_may_be_missing_and_counts_no_page_it_has_not() -> None:
    fax = row(1, NOW, stamp=replace(row(1).stamp, kind=Kind.FAX), recovered=True)
    view = listing.show_message(fax, Envelope(), FaxView((), ()), PRESENT)
    assert view.notes == ("Partial: recovered after an interruption. Pages that were still coming in may be missing.",)
    assert listing.show_row(fax, Envelope(), PRESENT).length == "no whole page"


def test_a_row_is_drawn_anew_only_when_it_changed() -> None:
    def mark(one: Row, name: str = "") -> str:
        return listing.show_row(one, Envelope(caller_name=name), PRESENT).mark

    assert mark(new(1)) == mark(new(1))
    assert len({mark(new(1)), mark(heard(1)), mark(new(1, recovered=True)), mark(new(1), "Ana")}) == 4
