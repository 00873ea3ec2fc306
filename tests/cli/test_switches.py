"""`keepline switches`: decide at the box's own terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from appliance.access import decisions
from appliance.access.decisions import Choice
from appliance.control.server import Server, own_users
from appliance.control.values import Verb, unpack
from tests import planned
from tests.cli.test_main import PASSWORD, Command, keepline, settings

__all__ = ["keepline", "settings"]

WORDS = ("--why", "The specialist wants files.", "--risk", "A file stays behind.", "--as", "ana", "--password-stdin")


@pytest.fixture
def daemon(keepline: Command) -> Iterator[None]:
    """Its control socket, with what it answers to a decision."""
    keepline.found()

    def decide(given: object) -> None:
        choice = unpack(Choice, given["choice"])  # type: ignore[index] # a mapping, as JSON gives it
        planned.decide(keepline.store, choice, 1_795_000_000.0, clock_trusted=True)

    answers = {Verb.DECIDE: decide, Verb.RECORD: lambda _: None}
    server = Server(keepline.store.parent / "control.sock", own_users("", ""), answers)
    server.start()
    yield
    server.stop()


@pytest.mark.usefixtures("daemon")
def test_a_decision_is_made_shown_and_exported(keepline: Command) -> None:
    assert "nobody yet" in keepline("switches", "list")[1]
    code, out, _ = keepline("switches", "set", "take-messages", "on", *WORDS, typed=PASSWORD + "\n")
    assert (code, out) == (0, "Downloads: switched on. The decision is kept.\n")
    shown = json.loads(keepline("switches", "list", "--json")[1])
    assert [(item["switch"], item["on"]) for item in shown] == [("take-messages", True), ("password-alone", False)]
    assert "The specialist wants" in keepline("switches", "list")[1]
    [row] = csv.DictReader(io.StringIO(keepline("switches", "export")[1]))
    assert (row["by"], row["risk"]) == ("ana", "A file stays behind.")
    assert json.loads(keepline("switches", "export", "--json")[1])[0]["why"] == "The specialist wants files."


@pytest.mark.usefixtures("daemon")
def test_a_decision_is_in_the_name_of_the_person_however_they_wrote_it(keepline: Command) -> None:
    words = ("switches", "set", "take-messages", "on", *WORDS[:4], "--as", "Ana", "--password-stdin")
    assert keepline(*words, typed=PASSWORD + "\n")[0] == 0
    assert [decision.by for decision in decisions.read(keepline.store)] == ["ana"]


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize(
    ("words", "typed", "code"),
    [
        (("take-messages", "on", *WORDS), "something else entirely\n", 3),
        (("take-mesages", "on", *WORDS), PASSWORD + "\n", 2),
        (("take-messages", "on", "--why", " ", *WORDS[2:]), PASSWORD + "\n", 3),
    ],
)
def test_a_decision_that_lacks_something_is_none(
    keepline: Command, words: tuple[str, ...], typed: str, code: int
) -> None:
    assert keepline("switches", "set", *words, typed=typed)[0] == code
    assert decisions.read(keepline.store) == ()
