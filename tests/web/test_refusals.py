"""What people read when something cannot be."""

from __future__ import annotations

import logging

import pytest

from tests.web.practice import Practice, babble
from tests.web.staff import OWN, Staff


@pytest.mark.parametrize(
    ("method", "path", "code", "says"),
    [
        ("GET", "/nowhere", 404, "There is no such page"),
        ("GET", "/messages/nonsense", 404, "There is no such page"),
        ("PUT", "/", 405, "use its buttons"),
        ("POST", "/messages/00000000000000000000000000000000/heard", 400, "Open it again"),
        ("GET", "/messages/00000000000000000000000000000000/content", 404, "This message is gone"),
    ],
)
def test_a_refusal_says_what_happened_and_what_to_do(ana: Staff, method: str, path: str, code: int, says: str) -> None:
    answer = ana.ask(method, path, headers=OWN)
    assert answer.status_code == code
    assert says in answer.text
    assert str(code) not in answer.text.split("<main")[1]
    assert 'href="/">Back to Keepline</a>' in answer.text


def test_a_mistake_of_ours_tells_no_secret_to_page_or_log(
    practice: Practice,
    ana: Staff,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Maria Lopez 5551234567")

    practice.leave(babble(1), "5551234567", "Maria Lopez")
    monkeypatch.setattr(practice.services.reader, "list", fail, raising=False)
    answer = ana.get("/")
    assert answer.status_code == 500
    assert "our mistake, not yours" in answer.text
    [record] = [record for record in caplog.records if "page.failed" in record.message]
    assert record.levelno == logging.ERROR
    told = answer.text + capsys.readouterr().out + capsys.readouterr().err + record.getMessage()
    assert "Maria" not in told
    assert "5551234567" not in told


def test_a_script_gets_the_words_alone(ana: Staff) -> None:
    answer = ana.script("/messages/00000000000000000000000000000000/undo", undo="yes")
    assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert answer.text == "This message is gone. It was erased, or purged because its time had come."


def test_a_stranger_learns_nothing_from_a_refusal(practice: Practice) -> None:
    answer = Staff(practice).get("/nowhere")
    assert "Elm Street" not in answer.text
    assert 'href="/login">Log in</a>' in answer.text
