"""The technician's PIN on the card."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.console import pin
from appliance.errors import NoPinError, StoreError, UsageError


def file(folder: Path) -> Path:
    return folder / "console" / "technician.pin"


def test_only_the_pin_fits(tmp_path: Path) -> None:
    pin.write(tmp_path, "739154")
    assert pin.fits(tmp_path, "739154")
    assert not pin.fits(tmp_path, "739155")
    assert not pin.fits(tmp_path, "")


def test_a_new_pin_takes_the_place_of_the_old(tmp_path: Path) -> None:
    pin.write(tmp_path, "739154")
    pin.write(tmp_path, "80231477")
    assert pin.fits(tmp_path, "80231477")
    assert not pin.fits(tmp_path, "739154")


def test_the_pin_is_not_on_the_card_and_the_file_not_for_everybody(tmp_path: Path) -> None:
    pin.write(tmp_path, "739154")
    assert "739154" not in file(tmp_path).read_text(encoding="ascii")
    assert file(tmp_path).stat().st_mode & 0o777 == 0o640
    assert [found.name for found in file(tmp_path).parent.iterdir()] == ["technician.pin"]


def test_a_pin_that_cannot_be_kept_is_told_of_and_leaves_nothing(tmp_path: Path) -> None:
    file(tmp_path).mkdir(parents=True)
    with pytest.raises(StoreError):
        pin.write(tmp_path, "739154")
    assert list(file(tmp_path).parent.iterdir()) == [file(tmp_path)]


def test_the_same_pin_is_never_kept_alike_twice(tmp_path: Path) -> None:
    pin.write(tmp_path, "739154")
    first = file(tmp_path).read_bytes()
    pin.write(tmp_path, "739154")
    assert file(tmp_path).read_bytes() != first


@pytest.mark.parametrize(
    "wrong", ["", "12345", "73915a", "٧٣٩١٥٤", "7 39154", "000000", "123456", "987654", "890123", "7" * 33]
)
def test_a_pin_that_is_easily_guessed_or_none_at_all_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(UsageError):
        pin.write(tmp_path, wrong)


@pytest.mark.parametrize("damage", [b"", b"\xff", b"keepline-pin 1 60 " + b"0" * 32 + b" " + b"0" * 64, b"739154"])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, damage: bytes) -> None:
    pin.write(tmp_path, "739154")
    file(tmp_path).write_bytes(damage)
    with pytest.raises(NoPinError):
        pin.fits(tmp_path, "739154")


def test_without_a_pin_it_says_how_to_set_one(tmp_path: Path) -> None:
    with pytest.raises(NoPinError, match="--set-pin"):
        pin.fits(tmp_path, "739154")
