"""The practice key is exchanged: afterwards the new one opens everything and the old one nothing, wherever it was interrupted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.access import audit, departures, emergency, people, practice, rotation, segments
from appliance.access import practice as keys
from appliance.access.chain import Line
from appliance.access.people import Role, Unlocked
from appliance.access.practice import SEALED
from appliance.access.roles import ALL, RECOVERY
from appliance.access.rotation import Exchange, Progress
from appliance.access.unlock import unlock
from appliance.control.client import Client
from appliance.control.values import Event
from appliance.deeds import Act
from appliance.errors import (
    ControlError,
    ForeignKeyError,
    NewSheetError,
    NoProofError,
    NoRoomError,
    NotAdminError,
    NotRotatingError,
    PeopleChangedError,
    RotatingError,
    RotationOwesError,
    SealKeyError,
    WrongSheetError,
)
from appliance.store import age_file, exchange
from appliance.store.age_file import open_identity, seal_identity
from appliance.store.ground import Ground
from appliance.store.keys import Identity
from tests.access.box import Box
from tests.access.practice import ANA, OTHER, WORK, Practice, key_by_sheet


def ana(box: Box) -> Unlocked:
    return unlock(box.folder, "ana", ANA)


def rotate(box: Box, new_sheet: bool = False) -> list[Progress]:
    with rotation.start(box.folder, ana(box), new_sheet) as made:
        return list(made.run(box.client, "ana"))


def test_after_it_the_new_key_opens_everything_and_the_old_one_no_file_at_all(box: Box) -> None:
    old = ana(box).practice
    before = {file: file.read_bytes() for file in (box.folder / "keys").rglob("*.age")}
    progress = rotate(box)
    assert (progress[-1].done, progress[-1].of) == (4, 4)  # three days and the record's key
    new = ana(box).practice
    assert new.recipient != old.recipient
    assert box.opens(new) == [True] * 3
    for file in sorted(box.folder.rglob("*.age")):
        if file.parent.name not in {"people", "vault"}:
            with pytest.raises(SealKeyError):
                age_file.open_bytes(file.read_bytes(), [old])
    assert not (box.folder / "keys/next").exists()
    assert before[box.folder / SEALED] != (box.folder / SEALED).read_bytes()
    with open_identity((box.folder / "keys/record.age").read_bytes(), [new]) as record:
        assert str(record.recipient) == (box.folder / "keys/record.pub").read_text(encoding="ascii").strip()
    box.leave()
    assert box.opens(new) == [True] * 4


def test_everybody_on_the_roster_goes_along_and_nobody_else(box: Box, practice: Practice) -> None:
    practice.add("ben", Role.STAFF, mailboxes=frozenset({"billing"}))
    practice.add("toni", Role.TECHNICIAN)
    practice.add("eve", Role.STAFF)
    eve = (box.folder / "keys/people/eve.age").read_bytes()
    practice.remove("eve")
    rotate(box)
    ben = unlock(box.folder, "ben", OTHER)
    assert (ben.person.mailboxes, box.opens(ben.practice)) == (frozenset({"billing"}), [True] * 3)
    assert [person.name for person in people.roster_for(box.folder, ana(box)).people] == ["ana", "ben", "toni"]
    with pytest.raises(SealKeyError):
        age_file.open_bytes(
            (box.folder / SEALED).read_bytes(), [Identity.parse(age_file.open_with_password(eve, OTHER))]
        )
    practice.add("cleo", Role.STAFF)  # the new key's proof is known to the box
    assert unlock(box.folder, "cleo", OTHER).practice.recipient == ben.practice.recipient


def test_the_old_sheet_stays_unless_a_new_one_is_wanted(box: Box, practice: Practice) -> None:
    rotate(box)
    assert box.opens(key_by_sheet(box.folder, practice.sheet.text)) == [True] * 3
    with rotation.start(box.folder, ana(box), new_sheet=True) as made:
        assert made.sheet is not None
        sheet = made.sheet.text
        list(made.run(box.client, "ana"))
    assert box.opens(key_by_sheet(box.folder, sheet)) == [True] * 3
    with pytest.raises(WrongSheetError):
        key_by_sheet(box.folder, practice.sheet.text)


class Interrupted(Client):
    """A program that is killed before its `after`-th question."""

    def __init__(self, client: Client, after: int) -> None:
        self._client, self._left = client, after

    def _ask(self, *arguments: object, **named: object) -> object:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        return self._client._ask(*arguments, **named)  # type: ignore[arg-type]  # handed on as it came


@pytest.mark.parametrize("after", range(1, 4))
def test_interrupted_anywhere_everything_opens_and_another_admin_goes_on(
    box: Box, practice: Practice, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    practice.add("cleo", Role.ADMIN)
    monkeypatch.setattr(rotation, "BATCH", 2)
    old = ana(box).practice
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(Interrupted(box.client, after), "ana"))
    assert rotation.is_under_way(box.folder)
    box.leave()  # messages come meanwhile, on a new day
    box.restart()
    assert box.opens(ana(box).practice) == [True] * 4
    assert ana(box).practice.recipient == old.recipient, "until it is committed nothing has changed"
    with pytest.raises(NotAdminError):  # a session holds no key of its own
        rotation.resume(box.folder, replace(unlock(box.folder, "cleo", OTHER), own=None))
    with rotation.resume(box.folder, unlock(box.folder, "cleo", OTHER)) as again:
        list(again.run(box.client, "cleo"))
    assert box.opens(ana(box).practice) == [True] * 4
    assert box.opens(old) == [False] * 4
    assert not rotation.is_under_way(box.folder)


def test_whoever_came_in_with_the_sheet_goes_on_by_the_sheet_that_was_printed_for_it(
    box: Box, practice: Practice
) -> None:
    box.client.note_emergency("Nobody could log in.", keys.proof_of(ana(box).practice))
    inside = emergency.unlock(box.folder, practice.sheet.text)
    with rotation.start(box.folder, inside, True) as made:
        assert made.sheet is not None
        text = made.sheet.text
        with pytest.raises(KeyboardInterrupt):
            list(made.run(Interrupted(box.client, 2), RECOVERY))
    box.restart()
    with pytest.raises(WrongSheetError, match="not finished"):  # the old one still counts
        emergency.unlock(box.folder, text)
    inside = emergency.unlock(box.folder, practice.sheet.text)
    with pytest.raises(WrongSheetError, match="printed for this exchange"):
        rotation.resume(box.folder, inside)
    with emergency.read_sheet(text.lower()) as paper, rotation.resume(box.folder, replace(inside, own=paper)) as again:
        list(again.run(box.client, RECOVERY))
    assert box.opens(key_by_sheet(box.folder, text)) == [True] * 3
    assert box.opens(ana(box).practice) == [True] * 3
    assert not emergency.demands_rotation(box.folder)


def test_an_exchange_that_would_keep_a_sheet_which_was_used_since_is_gone_on_with_by_nobody(
    box: Box, practice: Practice
) -> None:
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(Interrupted(box.client, 2), "ana"))
    box.client.note_emergency("Nobody could log in.", keys.proof_of(ana(box).practice))
    inside = emergency.unlock(box.folder, practice.sheet.text)
    for by in (inside, ana(box)):
        with pytest.raises(NewSheetError):
            rotation.resume(box.folder, by)
    rotation.drop(box.folder, inside, box.client)
    rotate(box, new_sheet=True)
    assert not emergency.demands_rotation(box.folder)


def test_it_can_be_dropped_and_begun_again(box: Box) -> None:
    old = ana(box).practice
    with rotation.start(box.folder, ana(box), True) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(Interrupted(box.client, 2), "ana"))
    with pytest.raises(RotatingError):
        rotation.start(box.folder, ana(box), False)
    rotation.drop(box.folder, ana(box), box.client)
    assert not (box.folder / "keys/next").exists()
    box.leave()
    assert box.opens(old) == [True] * 4
    rotate(box)
    assert box.opens(old) == [False] * 4
    assert box.acts() == [Act.ROTATION_BEGUN, Act.ROTATION_DROPPED, Act.ROTATION_BEGUN]
    assert box.record.has(Act.ROTATED, str(ana(box).practice.recipient))


def test_nobody_comes_or_goes_while_it_is_under_way(box: Box, practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(Interrupted(box.client, 1), "ana"))
    with pytest.raises(RotatingError):
        practice.remove("ben")
    own = people.prepare_password(box.folder, "ben", OTHER, "another long password", WORK)
    box.client.put_person(own, "ben")  # wraps Ben's own key only
    with rotation.resume(box.folder, ana(box)) as again:
        list(again.run(box.client, "ana"))
    assert box.opens(unlock(box.folder, "ben", "another long password").practice) == [True] * 3
    practice.remove("ben")


def test_every_session_ends(box: Box) -> None:
    rotate(box)
    assert Event.LOCKED in box.events


@pytest.mark.parametrize("role", [Role.STAFF, Role.TECHNICIAN, Role.AUDITOR])
def test_only_an_admin_exchanges_keys(box: Box, practice: Practice, role: Role) -> None:
    practice.add("ben", role, mailboxes=ALL)
    with pytest.raises(NotAdminError):
        rotation.start(box.folder, unlock(box.folder, "ben", OTHER), False)


def test_a_roster_that_changed_meanwhile_is_not_sealed_to(box: Box, practice: Practice) -> None:
    with rotation.start(box.folder, ana(box), False) as made:
        practice.add("ben", Role.STAFF)
        with pytest.raises(PeopleChangedError):
            list(made.run(box.client, "ana"))
    assert not rotation.is_under_way(box.folder)


def test_a_key_on_its_way_for_other_people_is_not_gone_on_with(box: Box, practice: Practice) -> None:
    """Somebody with the card in hand puts the files of an older exchange there."""
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(Interrupted(box.client, 1), "ana"))
    older = box.folder / "keys/next"
    older.rename(box.folder / "away")
    practice.add("ben", Role.STAFF)
    (box.folder / "away").rename(older)
    with pytest.raises(ForeignKeyError):
        rotation.resume(box.folder, ana(box))


# what a page that was taken over can make the daemon do


def test_without_the_practice_key_no_exchange_is_begun_filled_committed_or_dropped(box: Box) -> None:
    """Else whoever has the page seals tomorrow's messages to a key of their own."""
    thief = Identity.generate()
    beginning = Exchange(
        age_file.seal(b"AGE", [thief.recipient]),
        str(thief.recipient),
        practice.digest_of(practice.proof_of(thief)),
        practice.version(box.folder),
        False,
        practice.proof_of(thief),
    )
    with pytest.raises(NoProofError):
        box.client.begin_rotation(beginning, "ana")
    assert not (box.folder / "keys/next").exists()
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(Interrupted(box.client, 1), "ana"))
    for ask in (box.client.commit_rotation, box.client.drop_rotation):
        with pytest.raises(NoProofError):
            ask(beginning.proof, "ana")
    with pytest.raises(NoProofError):
        box.client.put_epochs(rotation.Resealed({}, beginning.proof), "ana")


def test_nothing_but_keys_of_days_sealed_to_one_key_is_put_there(box: Box) -> None:
    proof = practice.proof_of(ana(box).practice)
    with pytest.raises(NotRotatingError):
        box.client.put_epochs(rotation.Resealed({}, proof), "ana")
    with pytest.raises(NotRotatingError):
        box.client.commit_rotation(proof, "ana")
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(Interrupted(box.client, 1), "ana"))
    (name, *_) = exchange.owed(box.folder)
    key = Identity.generate()
    good = seal_identity(key, [key.recipient])
    for wrong in (
        {"../../practice": good},
        {"practice": good},
        {"999999-00000000": good},
        {name: b"in clear"},
        {name: good + bytes(2000)},
        {name: seal_identity(key, [key.recipient, Identity.generate().recipient])},
        {name: age_file.seal_with_password(b"x", "password", 10)},
    ):
        with pytest.raises(ControlError):
            box.client.put_epochs(rotation.Resealed(wrong, proof), "ana")
    assert not list((box.folder / "keys/next/epochs").iterdir())
    with pytest.raises(RotationOwesError):
        box.client.commit_rotation(proof, "ana")


def test_an_epoch_that_goes_meanwhile_does_not_come_back(box: Box) -> None:
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(Interrupted(box.client, 2), "ana"))
    oldest = box.reader.list()[-1]
    box.inbox.remove(oldest.stamp.id, "due")
    assert not (box.folder / "keys/next/epochs" / f"{oldest.epoch}.age").exists()
    with rotation.resume(box.folder, ana(box)) as again:
        list(again.run(box.client, "ana"))
    assert not (box.folder / "epochs" / f"{oldest.epoch}.age").exists()
    assert box.opens(ana(box).practice) == [True] * 2


@pytest.mark.parametrize("step", range(12))
def test_a_power_cut_between_any_two_renames_is_gone_on_with(
    box: Box, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """After `commit` there is one way: the next start ends what was begun."""
    old = ana(box).practice
    moved = exchange._move
    left = iter(range(step))

    def move(disk: object, file: Path, to: Path) -> None:
        if next(left, None) is None:
            raise ControlError("the power went")
        moved(disk, file, to)  # type: ignore[arg-type]  # handed on as it came

    with rotation.start(box.folder, ana(box), False) as made, monkeypatch.context() as patched:
        patched.setattr(exchange, "_move", move)
        try:
            list(made.run(box.client, "ana"))
        except ControlError:
            assert exchange.COMMIT.name in [file.name for file in (box.folder / "keys/next").iterdir()]
    box.restart()
    new = ana(box).practice
    assert (box.opens(new), box.opens(old)) == ([True] * 3, [False] * 3)
    assert not (box.folder / "keys/next").exists()
    assert box.record.has(Act.ROTATED, str(new.recipient))


def test_an_exchange_is_advised_as_long_as_somebody_who_left_knows_the_key(box: Box, practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    practice.add("toni", Role.TECHNICIAN)
    practice.add("cleo", Role.STAFF)
    box.client.remove_person(people.prepare_removal(box.folder, ana(box), "toni"), "ana")
    assert departures.since_exchange(box.folder) == (), "toni never held it"
    box.client.remove_person(people.prepare_removal(box.folder, ana(box), "ben"), "ana")
    change = people.prepare_change(box.folder, ana(box), "cleo", Role.AUDITOR, ())
    box.client.put_person(change, "ana")
    assert [one.name for one in departures.since_exchange(box.folder)] == ["ben", "cleo"]
    rotate(box)
    assert departures.since_exchange(box.folder) == ()
    (box.folder / departures.FILE).write_text("{", encoding="ascii")
    assert departures.since_exchange(box.folder) == ()


def test_the_record_knows_the_keys_that_came_and_names_an_old_one_that_is_put_back(box: Box) -> None:
    (day,) = {row.epoch for row in box.reader.list()[:1]}
    file = box.folder / "epochs" / f"{day}.age"
    old = file.read_bytes()
    rotate(box)
    assert audit.compare(box.folder).found == ()
    box.restart()
    assert audit.compare(box.folder).found == ()
    file.write_bytes(old)
    assert [str(found.place) for found in audit.compare(box.folder).found] == [f"epochs/{day}.age"]


def test_the_commit_waits_for_the_card_as_often_for_many_days_as_for_few(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked gives up after a quarter of a minute, and a card takes its time for each flush."""

    def flushes_of_a_commit() -> int:
        with rotation.start(box.folder, ana(box), False) as made, monkeypatch.context() as patched:
            counted, commit, flush = [], box.inbox.commit_exchange, box.record.disk.flush

            def count(*given: object) -> None:
                counted.append(given)
                flush(*given)  # type: ignore[arg-type]  # handed on as it came

            def commit_counted(by: str) -> None:
                patched.setattr(box.record.disk, "flush", count)
                commit(by)

            patched.setattr(box.inbox, "commit_exchange", commit_counted)
            list(made.run(box.client, "ana"))
            return len(counted)

    few = flushes_of_a_commit()
    for _ in range(7):
        box.leave()
    assert flushes_of_a_commit() == few
    made = [line for line in map(Line.from_bytes, segments.read(box.folder)) if line.deed.act is Act.EPOCH_MADE]
    assert sum(line.deed.detail.get("how") == "exchanged" for line in made) == 3 + 10
    assert audit.compare(box.folder).found == ()


def test_on_a_full_card_nothing_is_committed_and_it_goes_on_when_there_is_room(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(Ground, "room", lambda _: 1000)
        with rotation.start(box.folder, ana(box), False) as made, pytest.raises(NoRoomError):
            list(made.run(box.client, "ana"))
    assert box.opens(ana(box).practice) == [True] * 3
    with rotation.resume(box.folder, ana(box)) as again:
        list(again.run(box.client, "ana"))
    assert box.opens(ana(box).practice) == [True] * 3


def test_the_records_key_is_there_before_an_exchange_begins(box: Box) -> None:
    """One made in its midst would be sealed to the key that goes."""
    for name in ("record.age", "record.pub"):
        (box.folder / "keys" / name).unlink()
    rotate(box)
    with open_identity((box.folder / "keys/record.age").read_bytes(), [ana(box).practice]) as record:
        assert str(record.recipient) == (box.folder / "keys/record.pub").read_text(encoding="ascii").strip()
