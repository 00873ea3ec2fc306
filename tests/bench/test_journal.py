"""The bench itself: it must go on measuring what it says."""

from __future__ import annotations

from tests.bench import journal


def test_bytes_on_the_disk_are_counted_for_each_way_of_recording() -> None:
    figures = journal.measure(seconds=2, messages=1)
    assert len(figures) == 4
    assert all(figure.unit == "bytes" and figure.peer and figure.better == "lower" for figure in figures)
    assert all(figure.ours > 1.0 and figure.peer > 1.0 for figure in figures if figure.peer)
