"""The rules of retention, as a practice would say them, and for any row at any time."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from appliance.messages import Row, State
from appliance.retention.rules import DAY, Date, Keep, Purge, Reason, Verdict, Warn, arrivals, verdict
from appliance.settings import Retention
from tests.fakes.rows import row

RULES = Retention(heard_days=30, unheard_days=60, warning_days=7)
ARRIVED = 1_772_500_000.0

times = st.floats(min_value=0.0, max_value=4e9)
maybe = st.none() | times
rows = st.builds(
    row,
    sequence=st.integers(1, 1000),
    arrived_at=times,
    clock_trusted=st.booleans(),
    state=st.sampled_from(State),
    heard_at=maybe,
    heard_trusted=st.booleans(),
    erase_at=maybe,
    warned_at=maybe,
    held=st.booleans(),
)
settings = st.builds(
    lambda heard, warning, more: Retention(heard_days=heard, unheard_days=warning + more, warning_days=warning),
    st.integers(1, 3650),
    st.integers(1, 60),
    st.integers(1, 3590),
)


def after(days: float, it: Row) -> Verdict:
    return verdict(it, ARRIVED + days * DAY, RULES)


def test_a_heard_message_goes_thirty_days_after_hearing() -> None:
    heard = row(arrived_at=ARRIVED, state=State.HEARD, heard_at=ARRIVED + 10 * DAY)
    assert after(39.99, heard) == Keep()
    assert after(40, heard) == Purge(Reason.HEARD)


def test_an_unheard_message_is_warned_of_before_it_is_old() -> None:
    assert after(52.99, row(arrived_at=ARRIVED)) == Keep()
    assert after(53, row(arrived_at=ARRIVED)) == Warn()


def test_an_unheard_message_goes_when_it_is_old_and_the_warning_too() -> None:
    warned = row(arrived_at=ARRIVED, warned_at=ARRIVED + 53 * DAY)
    assert after(59.99, warned) == Keep()
    assert after(60, warned) == Purge(Reason.UNHEARD)


def test_an_unheard_message_that_was_warned_of_late_waits_for_the_whole_warning() -> None:
    warned = row(arrived_at=ARRIVED, warned_at=ARRIVED + 100 * DAY)
    assert after(106.99, warned) == Keep()
    assert after(107, warned) == Purge(Reason.UNHEARD)


def test_a_message_on_hold_stays_whatever_its_age() -> None:
    old = row(arrived_at=ARRIVED, warned_at=ARRIVED, held=True)
    assert after(9999, old) == Keep()
    assert after(9999, replace(old, state=State.HEARD, heard_at=ARRIVED)) == Keep()
    assert after(9999, replace(old, state=State.ERASING, erase_at=ARRIVED)) == Keep()


def test_an_erased_message_goes_when_it_can_no_longer_be_had_back() -> None:
    erased = row(arrived_at=ARRIVED, state=State.ERASING, erase_at=ARRIVED + DAY)
    assert after(0.99, erased) == Keep()
    assert after(1, erased) == Purge(Reason.ERASED)


def test_a_message_heard_at_a_time_nobody_knows_is_dated_first() -> None:
    assert after(9999, row(arrived_at=ARRIVED, state=State.HEARD)) == Date()
    assert after(9999, row(arrived_at=ARRIVED, state=State.HEARD, heard_at=ARRIVED, heard_trusted=False)) == Date()


def test_an_untrusted_arrival_has_no_age_of_its_own() -> None:
    unknown = row(arrived_at=0.0, clock_trusted=False)
    assert after(9999, unknown) == Keep()


def test_an_untrusted_arrival_counts_from_the_next_that_can_be_trusted() -> None:
    unknown = row(1, arrived_at=0.0, clock_trusted=False)
    inbox = [row(3, arrived_at=ARRIVED + DAY), unknown, row(2, arrived_at=ARRIVED)]
    assert arrivals(inbox) == {unknown.stamp.id: ARRIVED}
    assert verdict(unknown, ARRIVED + 52 * DAY, RULES, ARRIVED) == Keep()
    assert verdict(unknown, ARRIVED + 53 * DAY, RULES, ARRIVED) == Warn()


def test_an_untrusted_arrival_that_nothing_has_followed_has_no_known_age() -> None:
    assert arrivals([row(1, arrived_at=ARRIVED), row(2, clock_trusted=False)]) == {}


@given(rows, times, settings, maybe)
def test_what_is_held_always_stays(it: Row, now: float, rules: Retention, by: float | None) -> None:
    assert verdict(replace(it, held=True), now, rules, by) == Keep()


@given(rows, times, settings, maybe)
def test_nothing_unheard_goes_without_its_days_of_warning(
    it: Row, now: float, rules: Retention, by: float | None
) -> None:
    if verdict(it, now, rules, by) == Purge(Reason.UNHEARD):
        assert it.warned_at is not None
        assert now - it.warned_at >= rules.warning_days * DAY
        assert it.state is State.NEW


@given(rows, times, settings)
def test_nothing_goes_by_an_arrival_that_cannot_be_trusted(it: Row, now: float, rules: Retention) -> None:
    new = replace(it, state=State.NEW, clock_trusted=False)
    assert verdict(new, now, rules) == Keep()


@given(rows, times, settings, maybe)
def test_nothing_goes_before_its_time(it: Row, now: float, rules: Retention, by: float | None) -> None:
    match verdict(it, now, rules, by):
        case Purge(Reason.HEARD):
            assert it.heard_trusted
            assert it.heard_at is not None
            assert now - it.heard_at >= rules.heard_days * DAY
        case Purge(Reason.UNHEARD):
            arrived = it.stamp.arrived_at if it.clock_trusted else by
            assert arrived is not None
            assert now - arrived >= rules.unheard_days * DAY
        case Purge(Reason.ERASED):
            assert it.state is State.ERASING
            assert it.erase_at is not None
            assert now >= it.erase_at
        case _:
            pass


@given(rows, times, settings, maybe, st.floats(min_value=0.0, max_value=4e9))
def test_what_is_due_stays_due(it: Row, now: float, rules: Retention, by: float | None, later: float) -> None:
    decided = verdict(it, now, rules, by)
    if isinstance(decided, Purge):
        assert verdict(it, now + later, rules, by) == decided


@given(st.lists(rows, unique_by=lambda it: it.stamp.sequence))
def test_an_untrusted_arrival_never_counts_from_before_a_message_that_followed_it(inbox: list[Row]) -> None:
    known = arrivals(inbox)
    by_id = {it.stamp.id: it for it in inbox}
    for id, by in known.items():
        later = [it for it in inbox if it.stamp.sequence > by_id[id].stamp.sequence and it.clock_trusted]
        assert by == min(later, key=lambda it: it.stamp.sequence).stamp.arrived_at
