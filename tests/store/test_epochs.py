"""Epochs: one a day, openable by the practice alone, and gone when they are destroyed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.errors import DamagedMessageError, NotFoundedError, SealKeyError
from appliance.store.disk import Disk
from appliance.store.epochs import Epochs, open_epoch
from appliance.store.keys import Identity

DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2


@pytest.fixture
def practice(tmp_path: Path) -> Identity:
    identity = Identity.generate()
    (tmp_path / "keys").mkdir()
    (tmp_path / "epochs").mkdir()
    (tmp_path / "keys" / "practice.pub").write_text(f"{identity.recipient}\n", encoding="ascii")
    return identity


def test_a_day_has_one_epoch(tmp_path: Path, practice: Identity) -> None:
    epochs = Epochs(tmp_path, Disk())
    assert epochs.name == ""
    first = epochs.current(NOON)
    assert epochs.current(NOON + DAY / 2 - 1) == first
    assert epochs.name == first.name
    assert epochs.current(NOON + DAY / 2) != first


def test_names_count_up_and_tell_no_date(tmp_path: Path, practice: Identity) -> None:
    epochs = Epochs(tmp_path, Disk())
    names = [epochs.current(NOON + day * DAY).name for day in range(3)]
    assert [name.split("-")[0] for name in names] == ["000001", "000002", "000003"]
    assert all(re.fullmatch(r"\d{6}-[0-9a-f]{8}", name) for name in names)
    assert epochs.names() == set(names)


def test_the_practice_opens_an_epoch_and_nobody_else_does(tmp_path: Path, practice: Identity) -> None:
    epoch = Epochs(tmp_path, Disk()).current(NOON)
    assert open_epoch(tmp_path, epoch.name, practice).recipient == epoch.recipient
    with pytest.raises(SealKeyError):
        open_epoch(tmp_path, epoch.name, Identity.generate())


def test_a_restarted_daemon_makes_a_new_epoch(tmp_path: Path, practice: Identity) -> None:
    """Only the public half could be kept, and nothing says whose it is."""
    first = Epochs(tmp_path, Disk()).current(NOON)
    second = Epochs(tmp_path, Disk()).current(NOON)
    assert second.name.startswith("000002-")
    assert open_epoch(tmp_path, first.name, practice).recipient != second.recipient


def test_a_destroyed_epoch_opens_for_nobody(tmp_path: Path, practice: Identity) -> None:
    epochs = Epochs(tmp_path, Disk())
    name = epochs.current(NOON).name
    epochs.destroy(name)
    epochs.destroy(name)
    assert epochs.names() == frozenset()
    with pytest.raises(DamagedMessageError):
        open_epoch(tmp_path, name, practice)


@pytest.mark.parametrize("name", ["", "../keys/practice", "000001-9f3c21aa/..", "1-9f3c21aa", "000001-9F3C21AA"])
def test_what_is_no_epochs_name_touches_no_file(tmp_path: Path, practice: Identity, name: str) -> None:
    with pytest.raises(DamagedMessageError):
        open_epoch(tmp_path, name, practice)
    with pytest.raises(DamagedMessageError):
        Epochs(tmp_path, Disk()).destroy(name)


def test_without_a_practice_there_is_no_epoch(tmp_path: Path, practice: Identity) -> None:
    (tmp_path / "keys" / "practice.pub").unlink()
    with pytest.raises(NotFoundedError):
        Epochs(tmp_path, Disk()).current(NOON)
    assert list((tmp_path / "epochs").iterdir()) == []
