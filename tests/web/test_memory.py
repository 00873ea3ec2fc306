"""What the page remembers for a session: bounded, and gone with it."""

from __future__ import annotations

import gc
import weakref
from functools import partial

from tests.web.practice import Practice, babble
from tests.web.staff import Staff
from web import memory
from web.memory import Memory, Shelf


def test_a_shelf_makes_each_thing_once_and_forgets_the_oldest() -> None:
    made: list[int] = []

    def make(key: int) -> int:
        made.append(key)
        return key

    shelf: Shelf[int, int] = Shelf(3)
    for key in (1, 2, 3, 1, 4, 1):
        assert shelf.get(key, partial(make, key)) == key
    assert made == [1, 2, 3, 4, 1]
    assert len(shelf) == 3


def remembered(practice: Practice, ana: Staff) -> weakref.ref[object]:
    practice.leave(babble(1), "5551234567", "Maria Lopez")
    ana.get("/")
    session = practice.sessions.get(ana.cookie or "", activity=False)
    assert session is not None
    assert len(memory.of(session).envelopes) == 1
    return weakref.ref(memory.of(session).envelopes)


def test_logging_off_forgets_who_called(practice: Practice, ana: Staff) -> None:
    envelopes = remembered(practice, ana)
    assert ana.post("/logout").status_code == 303
    gc.collect()
    assert envelopes() is None


def test_the_lock_button_forgets_who_called(practice: Practice, ana: Staff) -> None:
    envelopes = remembered(practice, ana)
    practice.sessions.close_all()
    gc.collect()
    assert envelopes() is None


def test_one_person_does_not_see_what_another_searched_for(practice: Practice, ana: Staff) -> None:
    practice.leave(babble(1), "5551234567", "Maria Lopez")
    ana.post("/search", search="nobody")
    assert "Maria" not in ana.get("/").text
    assert "Maria" in Staff(practice).log_in().get("/").text


def test_a_memory_shows_nothing() -> None:
    assert repr(Memory(search="Maria")) == "Memory(private)"


def test_the_index_is_read_again_only_when_it_changed(practice: Practice) -> None:
    practice.leave(babble(1))
    rows = practice.services.rows
    first = rows.list()
    assert rows.list() is first
    id = practice.leave(babble(1))
    assert rows.list()[0].stamp.id == id
