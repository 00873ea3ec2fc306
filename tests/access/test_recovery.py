"""The paper opens everything, and only the paper."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from appliance.access.people import Role
from appliance.errors import WrongSheetError
from appliance.store.keys import Identity
from tests.access.practice import Practice, key_by_sheet


def test_the_sheet_opens_the_practice_key_without_any_password(practice: Practice) -> None:
    practice.add("ben", Role.STAFF)
    practice.remove("ben")
    with key_by_sheet(practice.folder, practice.sheet.text) as key:
        assert key.to_bytes() == practice.ana().practice.to_bytes()


def test_the_sheet_may_be_typed_in_small_letters_and_with_spaces(practice: Practice) -> None:
    text = practice.sheet.text.lower()
    typed = " ".join(text[start : start + 6] for start in range(0, len(text), 6)) + "\n"
    assert key_by_sheet(practice.folder, typed)


def test_another_sheet_opens_nothing(practice: Practice) -> None:
    with pytest.raises(WrongSheetError):
        key_by_sheet(practice.folder, Identity.generate().encode())
    text = practice.sheet.text
    with pytest.raises(WrongSheetError):
        key_by_sheet(practice.folder, text[:-1] + ("Q" if text.endswith("X") else "X"))


def test_the_sheet_is_a_picture_too(practice: Practice) -> None:
    picture = ElementTree.fromstring(practice.sheet.svg_qr())  # noqa: S314 - our own
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    lines = practice.sheet.terminal_qr().splitlines()
    assert len(lines) > 15
    assert {len(line) for line in lines if line} == {len(lines[0])}


def test_the_sheet_is_not_shown_by_accident(practice: Practice) -> None:
    assert "SECRET" not in f"{practice.sheet!r} {practice.sheet}"
    assert re.fullmatch(r"AGE-SECRET-KEY-1[0-9A-Z]{58}", practice.sheet.text)
    practice.sheet.forget()
    assert "SECRET" not in practice.sheet.text
