"""What lies beside the practice key and holds no secret may be lost: then nobody changes keys and nothing is told without its names, until it is made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.access import audit, mending, people, practice, segments, testimony
from appliance.access.chain import Line
from appliance.access.mending import Mended
from appliance.access.people import Newcomer, Role, Unlocked
from appliance.access.practice import PROOF
from appliance.access.unlock import unlock
from appliance.deeds import Act
from appliance.errors import ControlError, NoProofError, NoProofKeptError, NotFoundedError, RecordKeyError
from appliance.messages import Envelope, Kind
from appliance.store.keys import Identity
from tests.access.box import Box
from tests.access.practice import ANA, OTHER, WORK, Practice

Lose = Callable[[Path], object]
LOSSES = [Path.unlink, lambda file: file.write_bytes(b""), lambda file: file.write_bytes(b"\xff nothing\n")]


@pytest.fixture
def box(practice: Practice) -> Iterator[Box]:
    with Box(practice.folder) as made:
        made.leave()
        yield made


def ana(box: Box) -> Unlocked:
    return unlock(box.folder, "ana", ANA)


def add_ben(box: Box) -> None:
    files = people.prepare_person(box.folder, ana(box), Newcomer("ben", Role.STAFF, OTHER), WORK)
    box.client.put_person(files, "ana")


def places(box: Box) -> list[str]:
    return [one.place for one in audit.compare(box.folder, box.record.head).found]


@pytest.mark.parametrize("lose", LOSSES)
def test_without_its_proof_no_key_is_written_until_whoever_opens_the_practice_key_makes_it_anew(
    box: Box, lose: Lose
) -> None:
    kept = (box.folder / PROOF).read_text(encoding="ascii")
    lose(box.folder / PROOF)
    refused: list[Callable[[], object]] = [
        lambda: add_ben(box),
        lambda: box.client.note_emergency("Everybody is on holiday.", practice.proof_of(ana(box).practice)),
        lambda: box.client.drop_rotation(b"", "ana"),
    ]
    for ask in refused:
        with pytest.raises(NoProofKeptError, match="keys mend"):
            ask()
    assert [person.name for person in people.list_people(box.folder)] == ["ana"]
    assert places(box) == [str(PROOF)]
    made = box.client.mend_keys(mending.prepare(box.folder, ana(box).practice), "ana")
    assert made == (str(PROOF),)
    assert (box.folder / PROOF).read_text(encoding="ascii") == kept
    assert places(box) == []
    add_ben(box)
    lines = [Line.from_bytes(line) for line in segments.read(box.folder)]
    (mended,) = [line.deed for line in lines if line.deed.act is Act.KEYS_MENDED]
    assert (mended.by, mended.detail["made"]) == ("ana", str(PROOF))


def test_ones_own_password_needs_ones_own_proof_alone(box: Box) -> None:
    (box.folder / PROOF).unlink()
    box.client.put_person(people.prepare_password(box.folder, "ana", ANA, OTHER, WORK), "ana")
    assert unlock(box.folder, "ana", OTHER).practice


def test_a_box_that_belongs_to_nobody_has_nothing_to_prove_or_to_mend(tmp_path: Path) -> None:
    practice.check_proof(tmp_path, b"")
    assert mending.missing(tmp_path) == ()
    assert testimony.seal(tmp_path, number="5550100777") == b""
    with pytest.raises(NotFoundedError):
        mending.plan(tmp_path, Mended("0" * 64, ""))


def test_what_is_there_is_not_replaced(box: Box) -> None:
    before = {file: (box.folder / file).read_bytes() for file in (PROOF, testimony.PUBLIC)}
    other = Identity.generate()
    forged = Mended(practice.digest_of(practice.proof_of(other)), str(other.recipient))
    assert box.client.mend_keys(forged, "ana") == ()
    assert {file: (box.folder / file).read_bytes() for file in before} == before
    with pytest.raises(ControlError):
        box.client.mend_keys(Mended("no digest", ""), "ana")
    with pytest.raises(NoProofError):
        box.client.drop_rotation(practice.proof_of(other), "ana")


@pytest.mark.parametrize("lose", LOSSES)
def test_without_the_records_public_key_nothing_is_told_that_would_lose_its_names(box: Box, lose: Lose) -> None:
    kept, sealed = (box.folder / testimony.PUBLIC).read_bytes(), (box.folder / testimony.SEALED).read_bytes()
    lose(box.folder / testimony.PUBLIC)
    with pytest.raises(RecordKeyError, match="keys mend"):
        testimony.seal(box.folder, whom="Jane Canary")
    assert testimony.seal(box.folder, whom="") == b"", "what names nobody is told"
    with pytest.raises(RecordKeyError):
        box.inbox.must_take(Kind.VOICEMAIL)
    with pytest.raises(RecordKeyError):
        box.inbox.begin(Kind.VOICEMAIL, "front-desk", Envelope(caller_name="Jane Canary"))
    assert places(box) == [str(testimony.PUBLIC)]
    box.restart()
    assert (box.folder / testimony.SEALED).read_bytes() == sealed, "what was written before opens with it"
    assert box.client.mend_keys(mending.prepare(box.folder, ana(box).practice), "ana") == (str(testimony.PUBLIC),)
    assert (box.folder / testimony.PUBLIC).read_bytes() == kept
    assert places(box) == []
    box.leave()
    lines = [Line.from_bytes(line) for line in segments.read(box.folder)]
    with testimony.open_key(box.folder, ana(box).practice) as key:
        told = [testimony.open_sealed(line.deed.sealed, key) for line in lines if line.deed.act is Act.KEPT]
    assert told == [{"name": "Jane Canary"}] * 2


def test_a_records_key_of_which_both_halves_are_gone_is_made_anew(box: Box) -> None:
    (box.folder / testimony.SEALED).unlink()
    (box.folder / testimony.PUBLIC).write_bytes(b"damaged")
    assert mending.prepare(box.folder, ana(box).practice).record == ""
    assert box.client.mend_keys(mending.prepare(box.folder, ana(box).practice), "ana") == (str(testimony.PUBLIC),)
    box.leave()
    assert places(box) == []
