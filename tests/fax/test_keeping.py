"""Pages are kept beside the call: in their order, and never waited for by the thread that serves the line."""

from __future__ import annotations

import threading

from appliance.fax.keeping import KeepingThread
from appliance.fax.reading import Image
from appliance.fax.steps import Keeping, Kept, NotKept, Quality
from appliance.fax.tiff import Page

LONG = 60.0  # s


def image(rows: int) -> Image:
    return lambda: (Page([b"\0"] * rows, 8, 204, 98), Quality(rows, 0, 0, True))


def test_pages_are_kept_in_their_order_on_another_thread() -> None:
    kept: list[tuple[int, bool]] = []

    def keep(page: Page) -> bool:
        kept.append((len(page.rows), threading.current_thread() is threading.main_thread()))
        return True

    with KeepingThread(keep) as keeper:
        keeper.begin(image(1))
        keeper.begin(image(2))
        assert [keeper.outcome(LONG), keeper.outcome(LONG)] == [Kept(Quality(rows, 0, 0, True)) for rows in (1, 2)]
    assert kept == [(1, False), (2, False)]


def test_a_page_that_takes_its_time_is_being_kept_until_it_is() -> None:
    written = threading.Event()
    with KeepingThread(lambda page: written.wait(LONG)) as keeper:
        keeper.begin(image(1))
        assert keeper.outcome(0.0) == Keeping()
        assert keeper.outcome(0.01) == Keeping()
        written.set()
        assert isinstance(keeper.outcome(LONG), Kept)


def test_the_end_of_the_call_waits_for_its_last_page() -> None:
    kept: list[int] = []

    def keep(page: Page) -> bool:
        kept.append(len(page.rows))
        return True

    with KeepingThread(keep) as keeper:
        keeper.begin(image(3))
    assert kept == [3]
    assert isinstance(keeper.outcome(0.0), Kept)


def test_work_is_done_in_its_order_and_where_it_fails_the_page_is_not_kept() -> None:
    done: list[int] = []

    def fail() -> None:
        raise MemoryError

    with KeepingThread(lambda page: done == [1, 2]) as keeper:
        keeper.work(lambda: done.append(1))
        keeper.work(lambda: done.append(2))
        keeper.begin(image(1))
        keeper.work(fail)
        keeper.begin(image(2))
        keeper.begin(image(3))
        outcomes = [keeper.outcome(LONG) for _ in range(3)]
    assert outcomes == [Kept(Quality(1, 0, 0, True)), NotKept(), Kept(Quality(3, 0, 0, True))]


def test_a_page_that_cannot_be_kept_and_one_that_nobody_began_are_not_kept() -> None:
    def burst() -> tuple[Page, Quality]:
        raise MemoryError

    with KeepingThread(lambda page: len(page.rows) > 1) as keeper:
        keeper.begin(image(1))
        keeper.begin(burst)
        keeper.begin(image(2))
        outcomes = [keeper.outcome(LONG) for _ in range(4)]
    assert outcomes == [NotKept(), NotKept(), Kept(Quality(2, 0, 0, True)), NotKept()]
