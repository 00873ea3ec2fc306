"""Keys that are damaged when the practice key is exchanged: each is named, and a person says whether to go on without it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from appliance.access import audit, ledger, rotation, segments, testimony
from appliance.access.chain import Line
from appliance.access.ledger import Filter
from appliance.control.client import Client
from appliance.deeds import Act
from appliance.errors import ControlError, DamagedKeysError, DamagedMessageError, SealKeyError
from appliance.messages import Row
from appliance.store import exchange
from tests.access.box import Box
from tests.access.test_rotation import ana, rotate


def flip(file: Path) -> None:
    """A bit of the sealed secret turns: its header still opens."""
    octets = bytearray(file.read_bytes())
    octets[-20] ^= 1
    file.write_bytes(octets)


def epoch_of(box: Box, row: Row) -> Path:
    return box.folder / "epochs" / f"{row.epoch}.age"


def damaged_in(box: Box, without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Go on with the exchange that is under way: which keys stop it."""
    with rotation.resume(box.folder, ana(box)) as again:
        try:
            list(again.run(box.client, "ana", without))
        except DamagedKeysError as error:
            return error.names
    return ()


class NoCommit(Client):
    """A program that is killed before it commits."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def _ask(self, *arguments: object, **named: object) -> object:
        return self._client._ask(*arguments, **named)  # type: ignore[arg-type]  # handed on as it came

    def commit_rotation(self, proof: bytes, by: str) -> None:
        raise KeyboardInterrupt


@pytest.fixture
def stopped(box: Box) -> tuple[str, ...]:
    """The keys of two of three days are damaged, and an exchange has stopped at them; their names."""
    newest, _, oldest = box.reader.list()
    for row in (newest, oldest):
        flip(epoch_of(box, row))
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(DamagedKeysError) as error:
        list(made.run(box.client, "ana"))
    assert error.value.names == (oldest.epoch, newest.epoch), "each is named at once"
    return error.value.names


def test_a_damaged_key_stops_an_exchange_until_it_is_restored(box: Box, stopped: tuple[str, ...]) -> None:
    assert damaged_in(box) == stopped
    for name in stopped:
        flip(box.folder / "epochs" / f"{name}.age")
    assert damaged_in(box) == ()
    assert box.opens(ana(box).practice) == [True] * 3


def test_without_a_damaged_key_an_exchange_goes_on_when_a_person_says_so_and_the_file_is_gone(
    box: Box, stopped: tuple[str, ...]
) -> None:
    """One flipped bit is put right by trying: whoever has the old key must not find the file."""
    one, other = stopped
    (kept,) = {row.epoch for row in box.reader.list()} - set(stopped)
    assert damaged_in(box, frozenset({one})) == stopped, "nobody spoke of the other"
    assert (box.folder / "epochs" / f"{one}.age").exists(), "until it is committed nothing is destroyed"
    assert damaged_in(box, frozenset(stopped)) == ()
    assert sorted(file.stem for file in (box.folder / "epochs").glob("*.age")) == [kept]
    assert not (box.folder / "keys/next").exists()
    for act in (Act.KEY_GIVEN_UP, Act.EPOCH_DESTROYED):
        told = [line.deed for line in map(Line.from_bytes, segments.read(box.folder)) if line.deed.act is act]
        assert sorted((deed.subject, deed.by) for deed in told) == [(one, "ana"), (other, "ana")]
    assert audit.compare(box.folder).found == (), "a person knows of it"
    box.restart()
    assert audit.compare(box.folder).found == ()
    reader, key = box.reader, ana(box).practice
    for row in reader.list():
        with contextlib.nullcontext() if row.epoch == kept else pytest.raises(DamagedMessageError):
            reader.open(row, key).close()


def test_a_message_that_comes_after_its_days_key_was_given_up_is_sealed_to_another(box: Box) -> None:
    row = box.leave()
    box.clock.advance(-86_400.0)  # still the same day
    flip(epoch_of(box, row))
    for without in (frozenset[str](), frozenset({row.epoch})):
        with (
            rotation.start(box.folder, ana(box), False)
            if not without
            else rotation.resume(box.folder, ana(box)) as made,
            pytest.raises(DamagedKeysError if not without else KeyboardInterrupt),
        ):
            list(made.run(NoCommit(box.client), "ana", without))
    after = box.leave()
    assert after.epoch != row.epoch
    assert damaged_in(box) == ()
    with box.reader.open(after, ana(box).practice) as message:
        assert message.size


def test_a_key_that_was_given_up_and_is_restored_in_time_goes_along(box: Box, stopped: tuple[str, ...]) -> None:
    with rotation.resume(box.folder, ana(box)) as again, pytest.raises(KeyboardInterrupt):
        list(again.run(NoCommit(box.client), "ana", frozenset(stopped)))
    for name in stopped:
        flip(box.folder / "epochs" / f"{name}.age")
    assert damaged_in(box) == ()
    assert box.opens(ana(box).practice) == [True] * 3


def test_a_key_that_was_given_up_stays_when_the_exchange_is_dropped(box: Box, stopped: tuple[str, ...]) -> None:
    with rotation.resume(box.folder, ana(box)) as again, pytest.raises(KeyboardInterrupt):
        list(again.run(NoCommit(box.client), "ana", frozenset(stopped)))
    rotation.drop(box.folder, ana(box), box.client)
    for name in stopped:
        flip(box.folder / "epochs" / f"{name}.age")
    assert box.opens(ana(box).practice) == [True] * 3
    rotate(box)
    assert box.opens(ana(box).practice) == [True] * 3


def test_without_the_records_own_key_another_one_is_made(box: Box) -> None:
    flip(box.folder / "keys/record.age")
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(DamagedKeysError) as error:
        list(made.run(box.client, "ana"))
    assert error.value.names == (exchange.RECORD,)
    assert damaged_in(box, frozenset(error.value.names)) == ()
    box.leave()
    key = ana(box).practice
    with testimony.open_key(box.folder, key) as own:
        newest = next(line for line in ledger.newest(box.folder, Filter(acts=frozenset({Act.KEPT}))))
        assert testimony.open_sealed(newest.deed.sealed, own)["name"] == "Jane Canary"


def test_what_was_handed_over_and_then_damaged_is_handed_over_again(box: Box) -> None:
    with rotation.start(box.folder, ana(box), False) as made, pytest.raises(KeyboardInterrupt):
        list(made.run(NoCommit(box.client), "ana"))
    for row in box.reader.list():
        flip(box.folder / "keys/next/epochs" / f"{row.epoch}.age")
    assert damaged_in(box) == ()
    assert box.opens(ana(box).practice) == [True] * 3


@pytest.mark.parametrize("step", range(5))
def test_a_power_cut_while_damaged_keys_are_destroyed_is_gone_on_with(
    box: Box, stopped: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    old, unlink, left = ana(box).practice, box.record.disk.unlink, iter(range(step))

    def cut(file: Path) -> None:
        if (box.folder / exchange.COMMIT).exists() and next(left, None) is None:
            raise ControlError("the power went")
        unlink(file)

    with monkeypatch.context() as patched, contextlib.suppress(ControlError):
        patched.setattr(box.record.disk, "unlink", cut)
        damaged_in(box, frozenset(stopped))
    box.restart()
    assert not (box.folder / "keys/next").exists()
    for name in stopped:
        assert not (box.folder / "epochs" / f"{name}.age").exists()
    (row,) = [row for row in box.reader.list() if row.epoch not in stopped]
    box.reader.open(row, ana(box).practice).close()
    with pytest.raises(SealKeyError):
        box.reader.open(row, old)
