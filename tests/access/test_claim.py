"""A new box belongs to whoever stands before it, and to nobody who guesses."""

from __future__ import annotations

import re
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from appliance.access import claim, people, personnel, segments
from appliance.access.attempts import ALONE, MOST_SUMS
from appliance.access.chain import Line
from appliance.access.claim import Gate
from appliance.access.unlock import unlock
from appliance.chronicle import Chronicle
from appliance.control.client import Client
from appliance.control.values import MAY_ASK, Peer, Verb
from appliance.deeds import Act
from appliance.errors import BusyError, DaemonSilentError, FoundedError, TooSoonError, WrongClaimError
from tests.access.box import Box
from tests.access.practice import ANA, WORK
from tests.fakes.clock import FakeClock


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box that belongs to nobody."""
    (tmp_path / "store").mkdir()
    with Box(tmp_path / "store") as made:
        yield made


def test_a_new_box_has_a_code_that_only_the_daemon_can_read(box: Box) -> None:
    code = box.client.show_claim()
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
    assert stat.S_IMODE((box.folder / claim.FILE).stat().st_mode) == 0o600
    assert len(claim.LETTERS) ** claim.LENGTH >= 2**40
    box.restart()
    assert box.client.show_claim() == code, "the label stays right"


def test_the_page_may_try_a_code_and_may_not_read_it() -> None:
    """`tests/control` asks every verb as every user."""
    assert MAY_ASK[Verb.SHOW_CLAIM] == {Peer.CONSOLE, Peer.OWNER}
    assert Peer.PAGE in MAY_ASK[Verb.CHECK_CLAIM]


def test_with_the_code_the_first_admin_founds_the_practice_and_the_code_is_gone(box: Box) -> None:
    code = box.client.show_claim()
    founding, sheet = people.prepare_founding("ana", ANA, WORK)
    box.client.check_claim(code.lower().replace("-", " "), "192.0.2.1")
    with pytest.raises(WrongClaimError):
        box.client.claim("0000-0000", "192.0.2.2", founding)
    assert not (box.folder / "keys/practice.pub").exists()
    box.clock.advance(1)
    box.client.claim(code, "192.0.2.1", founding)
    assert unlock(box.folder, "ana", ANA).practice
    assert sheet.text
    assert not (box.folder / claim.FILE).exists()
    assert box.acts() == [Act.LOG_IN_FAILED, Act.CLAIMED]
    for again in (box.client.show_claim, lambda: box.client.claim(code, "192.0.2.1", founding)):
        with pytest.raises(FoundedError):
            again()
    box.restart()
    assert not (box.folder / claim.FILE).exists()


def test_of_two_who_claim_at_once_one_gets_the_box_and_it_is_whole(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    code, both = box.client.show_claim(), threading.Barrier(2)
    foundings = [people.prepare_founding(name, ANA, WORK)[0] for name in ("ana", "ben")]
    plan = personnel.plan_founding

    def wait_for_the_other(*given: Any) -> Any:
        planned = plan(*given)
        with suppress(threading.BrokenBarrierError):
            both.wait(1)
        return planned

    monkeypatch.setattr(personnel, "plan_founding", wait_for_the_other)

    def claim_it(founding: people.Founding) -> bool:
        try:
            Client(box.folder.parent / f"{box.folder.name}.sock").claim(code, "192.0.2.1", founding)
        except FoundedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(claim_it, foundings))
    assert sorted(got) == [False, True]
    winner = foundings[got.index(True)].first.name
    assert [person.name for person in people.list_people(box.folder)] == [winner]
    assert unlock(box.folder, winner, ANA).practice


def test_a_power_cut_behind_the_founding_leaves_no_code(box: Box) -> None:
    code = (box.folder / claim.FILE).read_bytes()
    box.client.claim(box.client.show_claim(), "192.0.2.1", people.prepare_founding("ana", ANA, WORK)[0])
    (box.folder / claim.FILE).write_bytes(code)
    box.restart()
    assert not (box.folder / claim.FILE).exists()


def test_before_the_daemon_ran_there_is_no_code_and_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(DaemonSilentError):
        claim.show(tmp_path)


def test_letters_that_are_mistaken_for_each_other_are_the_same(tmp_path: Path) -> None:
    gate = gate_of(tmp_path, "01ABCDEF")
    for typed in ("OIABCDEF", "ol-ab cd-ef", "0LABCDEF"):
        gate.check(typed, "192.0.2.1")
        gate._clock.advance(1)  # type: ignore[attr-defined]  # a FakeClock


@pytest.mark.parametrize("typed", ["", "01ABCDE", "01ABCDEF0", "01ABCDEG", "\x00", "é" * 8, "01ABCDEF" * 1000])
def test_anything_else_is_wrong(tmp_path: Path, typed: str) -> None:
    with pytest.raises(WrongClaimError):
        gate_of(tmp_path, "01ABCDEF").check(typed, "192.0.2.1")


def test_who_guesses_waits_longer_each_time_and_nobody_else_does(tmp_path: Path) -> None:
    gate = gate_of(tmp_path, "01ABCDEF")
    clock = gate._clock
    assert isinstance(clock, FakeClock)
    guesses = 0
    for _ in range(600):  # ten minutes, a guess each second
        clock.advance(1)
        try:
            gate.check("00000000", "192.0.2.1")
        except WrongClaimError:
            guesses += 1
        except TooSoonError:
            continue
    assert guesses < 30
    gate.check("01ABCDEF", "192.0.2.2")  # from the desk beside


def test_many_addresses_together_get_ten_guesses_a_second(tmp_path: Path) -> None:
    gate = gate_of(tmp_path, "01ABCDEF")
    clock = gate._clock
    assert isinstance(clock, FakeClock)
    guesses = 0
    for number in range(1000):  # ten seconds
        clock.advance(0.01)
        try:
            gate.check("00000000", f"192.0.2.{number}")
        except WrongClaimError:
            guesses += 1
        except BusyError:
            continue
    assert guesses <= 100


def test_a_label_is_a_picture_with_the_code_and_no_code_in_an_address() -> None:
    label = claim.label("7K2M-9QXD", "https://keepline.local/claim")
    picture = ElementTree.fromstring(label)  # noqa: S314 - our own
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["Keepline", "keepline.local/claim", "Claim code", "7K2M-9QXD"]


def gate_of(folder: Path, code: str) -> Gate:
    (folder / "keys").mkdir()
    (folder / claim.FILE).write_text(code + "\n", encoding="ascii")
    return Gate(folder, FakeClock())


def test_a_host_that_guesses_from_ever_new_addresses_cannot_fill_the_record_and_no_guess_is_lost(box: Box) -> None:
    """Two minutes of it, nine codes a second, from forty networks."""
    chronicle, before, sent = Chronicle(box.record, box.clock), len(list(segments.read(box.folder))), 2 * 60 * 9
    for number in range(sent):
        box.clock.advance(1 / 9)
        with pytest.raises(WrongClaimError):
            box.client.check_claim("0000-0000", f"2001:db8:{number % 40:x}:2::{number:x}")
        chronicle.look_at_attempts(box.attempts)
    box.clock.advance(60)
    chronicle.look_at_attempts(box.attempts)
    lines = [Line.from_bytes(line).deed for line in segments.read(box.folder)][before:]
    sums = [deed for deed in lines if "further" in deed.detail]
    assert {(deed.act, deed.detail["with"]) for deed in lines} == {(Act.LOG_IN_FAILED, "claim code")}
    assert len(lines) <= 3 * (ALONE + MOST_SUMS + 2)
    assert len(lines) - len(sums) + sum(int(deed.detail["further"]) for deed in sums) == sent
    assert any(deed.detail.get("from", "").endswith(":2::/64") for deed in sums)
