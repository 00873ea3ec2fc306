"""Whoever guesses is shown the log-in page, and the page is not kept busy by it."""

from __future__ import annotations

import pytest

from tests.web.practice import NAME, Practice
from tests.web.staff import Staff
from web import entering
from web.refused import MISTAKE, MOST, Refused
from web.refused import NAME as PLACE

WRONG = "lantern copper river eight"


def test_a_refusal_is_the_log_in_page_to_the_letter(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [(NAME, "en"), ("", "en"), ("<b>&\"'", "es"), (f"{PLACE}{MISTAKE}", "en"), ("Ana & Ben", "en")]

    def answers() -> list[str]:
        found = []
        for name, language in given:
            practice.clock.advance(1000)
            found.append(
                Staff(practice).post("/login", headers={"Accept-Language": language}, name=name, password=WRONG).text
            )
        return found

    kept = answers()
    monkeypatch.setattr(
        entering, "refused_page", lambda name, mistake: entering.log_in_page(name=name, mistake=mistake)
    )
    assert kept == answers()


def test_a_crowd_that_guesses_is_answered_without_rendering(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Staff(practice)
    stranger.post("/login", name=NAME, password=WRONG)
    monkeypatch.setattr(entering, "log_in_page", None)  # whoever renders fails
    for number in range(20):
        answer = stranger.post("/login", name=f"nobody{number}", password=WRONG)
        assert answer.status_code == 401
        assert f'value="nobody{number}"' in answer.text


def test_names_that_a_stranger_makes_up_fill_no_memory() -> None:
    refused, rendered = Refused(), []

    def render(name: str, mistake: str) -> str:
        rendered.append(name)
        return f"{name}: {mistake}"

    for number in range(2 * MOST):
        assert refused.page(number, render, "a<b", "No") == "a&lt;b: No"
    for number in range(2 * MOST):
        assert refused.page(number, render, "c", "No") == "c: No"
    assert len(rendered) == 3 * MOST
