"""What stands between log-in and everything else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask

from tests.web.practice import Practice
from tests.web.staff import Staff
from web import guard
from web.guard import Gate, allow


@dataclass
class Door:
    """A gate of a test, open or closed, with a page of its own."""

    name: str
    open: bool = False

    def gate(self) -> Gate:
        return Gate(self.name, f"{self.name}_page", lambda _: self.open)

    def put(self, app: Flask) -> None:
        app.add_url_rule(f"/{self.name}", f"{self.name}_page", allow(None, gate=self.name)(lambda: self.name))


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> list[Door]:
    """Two gates, both closed."""
    made = [Door("first"), Door("second")]
    before = guard.stand_before

    def stand_before(app: Flask, page: object, _: object, prove: object) -> None:
        for door in made:
            door.put(app)
        before(app, page, [door.gate() for door in made], prove)  # type: ignore[arg-type] # the page's own pass through

    monkeypatch.setattr(guard, "stand_before", stand_before)
    return made


def test_a_person_is_led_to_the_first_gate_and_from_there_to_the_next(practice: Practice, doors: list[Door]) -> None:
    ana = Staff(practice).log_in()
    assert ana.get("/").headers["Location"] == "/first"
    assert ana.get("/second").headers["Location"] == "/first"
    assert ana.get("/first").text == "first"
    doors[0].open = True
    assert ana.get("/status").headers["Location"] == "/second"
    doors[1].open = True
    assert ana.get("/").status_code == 200
    assert ana.get("/first").text == "first"


def test_before_a_gate_nothing_is_done_and_nothing_shown(practice: Practice, doors: list[Door]) -> None:
    ana = Staff(practice).log_in()
    assert ana.script("/parts/list").status_code == 403
    assert ana.post("/search", name="Maria").headers["Location"] == "/first"


def test_before_a_gate_one_can_stay_and_log_off(practice: Practice, doors: list[Door]) -> None:
    ana = Staff(practice).log_in()
    assert ana.script("/stay", still="here").status_code == 204
    assert ana.pulse()["warning"] is False
    assert ana.post("/logout").headers["Location"] == "/login?why=off"
