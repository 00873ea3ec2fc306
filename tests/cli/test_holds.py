"""`keepline inbox hold` and `release`: a real store, a real socket, the daemon's own answers behind it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import answers
from appliance.access import testimony
from appliance.access.chain import Line
from appliance.access.roles import Role
from appliance.access.segments import read
from appliance.access.unlock import unlock
from appliance.cli.main import main
from appliance.control.server import Server, own_users
from appliance.deeds import Act, Deed
from appliance.store import vault
from tests.web.practice import NAME, PASSWORD, Practice, babble
from tests.web.roles import PEOPLE, add_everybody

AS_ANA = ("--as", NAME, "--password-stdin")
SAM, SAMS = PEOPLE[Role.STAFF]
AS_SAM = ("--as", SAM, "--password-stdin")
Keepline = Callable[..., tuple[int, str, str]]


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    with Practice(tmp_path / "store") as made:
        add_everybody(made)
        for name in (NAME, SAM):
            made.agree(name)
        server = Server(tmp_path / "control.sock", own_users("", ""), answers.table(made.parts))
        server.start()
        yield made
        server.stop()


@pytest.fixture
def keepline(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Keepline:
    settings = tmp_path / "keepline.toml"
    settings.write_text(f'[store]\nfolder = "{practice.folder}"\n[control]\npath = "{tmp_path}/control.sock"\n')

    def run(*words: str, typed: str = PASSWORD) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed + "\n"))
        code = main(["--settings", str(settings), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def id(practice: Practice) -> str:
    return practice.leave(babble(1), "5550142", "Maria Lopez")


def told(practice: Practice) -> list[Deed]:
    deeds = [Line.from_bytes(line).deed for line in read(practice.folder)]
    return [deed for deed in deeds if deed.act in {Act.HELD, Act.RELEASED}]


def words(practice: Practice) -> list[dict[str, str]]:
    with testimony.open_key(practice.folder, unlock(practice.folder, NAME, PASSWORD).practice) as key:
        return [testimony.open_sealed(deed.sealed, key) for deed in told(practice)]


def test_a_message_is_put_on_hold_and_the_hold_is_lifted_each_with_a_reason_that_is_sealed(
    practice: Practice, keepline: Keepline, id: str
) -> None:
    code, out, _ = keepline("inbox", "hold", id[:6], *AS_ANA, typed=f"{PASSWORD}\nMaria Lopez  sues.")  # asked for
    assert (code, "on hold" in out) == (0, True)
    assert practice.inbox.list()[0].held
    assert "on hold" in keepline("inbox", "list")[1]
    assert json.loads(keepline("inbox", "list", "--json")[1])[0]["row"]["held"] is True
    assert keepline("inbox", "release", id[:6], "--why", "It is over.", *AS_ANA)[0] == 0
    assert "on hold" not in keepline("inbox", "list")[1]
    assert [(deed.act, deed.by, deed.subject, deed.detail) for deed in told(practice)] == [
        (Act.HELD, NAME, id, {}),
        (Act.RELEASED, NAME, id, {}),
    ]
    said = words(practice)
    assert [(one["name"], one["why"]) for one in said] == [
        ("Maria Lopez", "Maria Lopez sues."),
        ("Maria Lopez", "It is over."),
    ]
    assert b"Lopez" not in b"".join(read(practice.folder))


def test_staff_put_on_hold_and_only_an_admin_lifts_it(practice: Practice, keepline: Keepline, id: str) -> None:
    why = ("--why", "A court asks.")
    assert keepline("inbox", "hold", id, *why, *AS_SAM, typed=SAMS)[0] == 0
    code, _, err = keepline("inbox", "release", id, *why, *AS_SAM, typed=SAMS)
    assert (code, "role does not allow" in err) == (3, True)
    assert practice.inbox.list()[0].held
    assert keepline("inbox", "release", id, *why, *AS_ANA)[0] == 0
    assert [deed.by for deed in told(practice)] == [SAM, NAME]


def test_without_a_reason_and_for_the_second_time_nothing_is_done(
    practice: Practice, keepline: Keepline, id: str
) -> None:
    for why in ("\n", f"\n{'x' * 401}", "\na\x1b[2J"):
        code, _, err = keepline("inbox", "hold", id, *AS_ANA, typed=f"{PASSWORD}{why}")
        assert (code, "Say why" in err) == (2, True)
    assert keepline("inbox", "hold", id, "--why", "A court asks.", *AS_ANA)[0] == 0
    code, _, err = keepline("inbox", "hold", id, "--why", "Another court asks.", *AS_ANA)
    assert (code, "look at it again" in err) == (4, True)
    assert [deed.act for deed in told(practice)] == [Act.HELD]


def test_a_message_that_cannot_be_opened_can_be_kept_all_the_same(
    practice: Practice, keepline: Keepline, id: str
) -> None:
    """It may be what the quarrel is about."""
    file = vault.file_of(practice.folder, id, recovered=False)
    octets = bytearray(file.read_bytes())
    octets[-100] ^= 1
    octets[200] ^= 1
    file.write_bytes(octets)
    assert keepline("inbox", "hold", id, "--why", "Why is it damaged?", *AS_ANA)[0] == 0
    assert words(practice) == [{"why": "Why is it damaged?"}]


def test_a_message_of_another_mailbox_is_not_there(practice: Practice, keepline: Keepline) -> None:
    other = practice.leave(babble(1), mailbox="hygiene")
    practice._add("bo", Role.STAFF, "marble kettle velvet moon", frozenset({"billing"}))
    practice.agree("bo")
    typed = "marble kettle velvet moon"
    code = keepline("inbox", "hold", other, "--why", "A court asks.", "--as", "bo", "--password-stdin", typed=typed)[0]
    assert (code, told(practice)) == (4, [])
