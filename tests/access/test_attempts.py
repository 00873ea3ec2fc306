"""What the record is told of failed log-ins: all of them, and never more than so many lines a minute."""

from __future__ import annotations

import pytest

from appliance.access.attempts import ALONE, MINUTE, MOST_SUMS, Attempts, Kind, source
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.168.1.20", "192.168.1.20"),
        ("::ffff:192.168.1.20", "192.168.1.20"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("terminal", "terminal"),
    ],
)
def test_a_host_is_one_source_whichever_of_its_addresses_it_takes(address: str, counts_as: str) -> None:
    assert source(address) == counts_as


def test_so_many_a_minute_have_a_line_of_their_own_and_a_minute_later_as_many_again() -> None:
    clock = FakeClock()
    attempts = Attempts(clock)
    for _ in range(5):
        assert sum(attempts.has_room() for _ in range(1000)) == ALONE
        clock.advance(MINUTE)


def test_the_others_are_counted_in_bounded_memory_and_none_is_lost() -> None:
    attempts = Attempts(FakeClock())
    for number in range(100):
        attempts.add(Kind("ana", f"192.168.1.{number}", looked_at=True))
        attempts.add(Kind("", f"192.168.1.{number}", looked_at=False), 10)
    taken = attempts.take()
    assert len(taken) == MOST_SUMS + 2
    assert sum(count for kind, count in taken.items() if kind.looked_at) == 100
    assert sum(count for kind, count in taken.items() if not kind.looked_at) == 1000
    assert attempts.take() == {}
