"""The policy sheet: what is in force, who has agreed to it, and that a change asks again."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.access import people, policy
from appliance.access.people import Role
from appliance.errors import NotForThisRoleError, PersonUnknownError, PolicyChangedError, PolicyTextError
from tests import planned
from tests.access.practice import Practice

NOW = 1_795_000_000.0


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    made = Practice.found(tmp_path)
    made.add("ben", Role.STAFF)
    return made


def agree(practice: Practice, name: str) -> None:
    planned.acknowledge(practice.folder, name, policy.sheet(practice.folder).version, NOW, clock_trusted=True)


def agreed(practice: Practice, name: str) -> bool:
    return policy.has_acknowledged(practice.folder, people.find_person(practice.folder, name))


@pytest.mark.parametrize("language", policy.LANGUAGES)
def test_a_text_comes_with_keepline_in_each_language(practice: Practice, language: str) -> None:
    text = policy.sheet(practice.folder).text(language)
    assert text == policy.shipped(language)
    assert text.startswith("# ")
    assert text.count("# ") == policy.shipped("en").count("# ")
    assert len(text) < policy.LONGEST


def test_nobody_has_agreed_until_they_have(practice: Practice) -> None:
    assert not agreed(practice, "ana")
    agree(practice, "ana")
    assert agreed(practice, "ana")
    assert not agreed(practice, "ben")


@pytest.mark.parametrize("language", policy.LANGUAGES)
def test_a_changed_word_asks_everybody_again(practice: Practice, language: str) -> None:
    agree(practice, "ben")
    planned.set_text(practice.folder, "ana", language, policy.shipped(language) + "\n\nAnd lock the door.", NOW)
    assert not agreed(practice, "ben")
    agree(practice, "ben")
    assert agreed(practice, "ben")
    planned.set_text(practice.folder, "ana", language, "", NOW)
    assert policy.sheet(practice.folder).text(language) == policy.shipped(language)
    assert not agreed(practice, "ben")


def test_what_is_no_longer_in_force_cannot_be_agreed_to(practice: Practice) -> None:
    read = policy.sheet(practice.folder).version
    planned.set_text(practice.folder, "ana", "en", "Be careful.", NOW)
    with pytest.raises(PolicyChangedError):
        planned.acknowledge(practice.folder, "ben", read, NOW, clock_trusted=True)


def test_a_later_person_of_the_same_name_has_not_agreed(practice: Practice) -> None:
    agree(practice, "ben")
    practice.remove("ben")
    practice.add("ben", Role.STAFF)
    assert not agreed(practice, "ben")


def test_every_agreement_is_kept_with_version_and_time(practice: Practice) -> None:
    agree(practice, "ben")
    first = policy.sheet(practice.folder).version
    planned.set_text(practice.folder, "ana", "es", "Tenga cuidado.", NOW)
    agree(practice, "ben")
    given = policy.acknowledgements(practice.folder)
    assert [item.name for item in given] == ["ben", "ben"]
    assert given[0].version == first
    assert given[1].version == policy.sheet(practice.folder).version != first
    assert (given[0].at, given[0].clock_trusted) == (NOW, True)


def test_only_an_admin_sets_the_sheet_and_only_somebody_who_exists_agrees(practice: Practice) -> None:
    with pytest.raises(NotForThisRoleError):
        planned.set_text(practice.folder, "ben", "en", "Do as you like.", NOW)
    with pytest.raises(PolicyTextError):
        planned.set_text(practice.folder, "ana", "fr", "Attention.", NOW)
    with pytest.raises(PolicyTextError):
        planned.set_text(practice.folder, "ana", "en", "x" * 5001, NOW)
    with pytest.raises(PersonUnknownError):
        agree(practice, "nobody")


@pytest.mark.parametrize("content", [b"", b"{", b'{"acknowledgements": [1]}', b'{"texts": 1}'])
def test_damaged_files_ask_again_and_keep_nobody_out(practice: Practice, content: bytes) -> None:
    planned.set_text(practice.folder, "ana", "en", "Be careful.", NOW)
    agree(practice, "ben")
    (practice.folder / policy.SHEET).write_bytes(content)
    (practice.folder / policy.ACKNOWLEDGED).write_bytes(content)
    assert policy.sheet(practice.folder).text("en") == policy.shipped("en")
    assert not agreed(practice, "ben")
    agree(practice, "ben")
    assert agreed(practice, "ben")
    assert (practice.folder / policy.ACKNOWLEDGED).with_suffix(".damaged").read_bytes() == content


def test_a_text_is_kept_without_what_nobody_sees() -> None:
    assert policy.clean(" # A\r\nb\x00 c  \r\n\r\n\r\n\r\nd\x1b[2J\n") == "# A\nb  c\n\nd [2J"
