"""The settings file: every option has a default, and a mistake is answered with file, line, nearest right name and what is allowed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SettingsError
from appliance.settings import Settings, describe, read


def file_with(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "keepline.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_empty_file_takes_every_default(tmp_path: Path) -> None:
    assert read(file_with(tmp_path, "")) == Settings()


def test_what_is_set_is_read(tmp_path: Path) -> None:
    settings = read(
        file_with(tmp_path, '[voice]\nsilence = 5\nlongest_message = 60\n[store]\nfolder = "/srv/keepline"\n')
    )
    assert settings.voice.silence == 5.0
    assert settings.voice.longest_message == 60
    assert settings.store.folder == Path("/srv/keepline")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[voice]\n\nsilense = 5\n", 'line 3: there is no option [voice] silense. Did you mean "silence"?'),
        ("[voise]\nsilence = 5\n", 'line 1: there is no section [voise]. Did you mean "voice"?'),
        ("[voice]\nsilence = 1\n", "line 2: [voice] silence takes a number from 2 to 60."),
        ("[voice]\nlongest_message = true\n", "line 2: [voice] longest_message takes a whole number from 5 to 1800."),
        ('[panel]\nboard = "arduino"\n', 'line 2: [panel] board takes "none" or "gpio" or "mock".'),
        ('[practice]\nzone = "Mars/Olympus"\n', "line 2: [practice] zone takes a time zone such as"),
        ('[store]\nfolder = "here"\n', 'line 2: [store] folder takes a path that starts with "/".'),
        ("voice = 3\n", '"voice" is a section: write [voice] on a line of its own.'),
        ("[page]\nnames = [1]\n", "line 2: [page] names takes a list of one or more host names or addresses."),
        ("[page]\nnames = []\n", "line 2: [page] names takes a list of one or more host names or addresses."),
        (
            "[voice]\nlongest_message = 5\nshortest_message = 5\n",
            "line 3: [voice] shortest_message must be less than longest_message",
        ),
        (
            "[retention]\nunheard_days = 5\nwarning_days = 7\n",
            "line 3: [retention] warning_days must be less than unheard_days",
        ),
        ('[fax]\ndevice = "ttyACM0"\n', 'line 2: [fax] device takes "none" or a path that starts with "/".'),
        ('[fax]\nidentity = "our fax"\n', "line 2: [fax] identity takes at most 20 digits, spaces and +."),
        ("[fax]\nrings = 0\n", "line 2: [fax] rings takes a whole number from 1 to 20."),
        ('[fax]\nring = "loud"\n', 'line 2: [fax] ring takes "any" or "single" or'),
        ("[fax]\ndamaged_share = 101\n", "line 2: [fax] damaged_share takes a number from 0 to 100."),
        ("[fax]\nlongest_fax = 1000\n", "line 2: [fax] longest_fax takes a whole number from 1 to 150."),
        (
            "[fax]\nsub_addresses = 5\n",
            'line 2: [fax] sub_addresses takes a table such as { "101" = "billing" }: a sub-address',
        ),
        (
            '[fax]\nsub_addresses = { 101 = "billing", 1x = "lab" }\n',
            'line 2: [fax] sub_addresses: "1x" is not a sub-address of at most 20 digits, # and *.',
        ),
        (
            '[fax]\nrings = 1\n[fax.sub_addresses]\n101 = "billing"\n102 = "The Lab"\n',
            'line 5: [fax] sub_addresses: the value of "102" is not small letters, digits and dashes.',
        ),
        (
            '[fax.subaddresses]\n101 = "lab"\n',
            'line 1: there is no option [fax] subaddresses. Did you mean "sub_addresses"?',
        ),
        (
            "[fax]\nsub_addresses = { 101 = 5 }\n",
            'line 2: [fax] sub_addresses: the value of "101" is not small letters',
        ),
        ("[voice\n", "keepline.toml: "),
        ("[zzz]\n", "There are: practice, store, voice"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(file_with(tmp_path, text))
    assert said in str(caught.value)


def test_sub_addresses_lead_to_their_mailboxes(tmp_path: Path) -> None:
    fax = read(file_with(tmp_path, '[fax]\nmailbox = "fax"\n[fax.sub_addresses]\n101 = "billing"\n')).fax
    assert [fax.mailbox_of(sent) for sent in ("101", " 101", "102", "")] == ["billing", "billing", "fax", "fax"]


def test_without_a_device_there_is_no_fax_line(tmp_path: Path) -> None:
    assert read(file_with(tmp_path, "")).fax.port is None
    assert read(file_with(tmp_path, '[fax]\ndevice = "/dev/ttyACM0"\n')).fax.port == Path("/dev/ttyACM0")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="an empty file takes every default"):
        read(tmp_path / "nothing.toml")


@given(st.text(max_size=200))
def test_any_text_is_settings_or_a_settings_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        outcome: object = read(file)
    except SettingsError as error:
        outcome = str(error)
    assert isinstance(outcome, Settings) or str(file) in str(outcome)


def test_every_default_passes_its_own_check() -> None:
    for section in dataclasses.fields(Settings):
        for item in dataclasses.fields(section.default):  # type: ignore[arg-type]  # sections are dataclasses
            default = item.default
            plain = default
            if isinstance(default, Path):
                plain = str(default)
            elif isinstance(default, tuple):
                plain = list(default) or {}
            assert item.metadata["check"].parse(plain) == default


def test_every_option_has_a_sentence_of_help() -> None:
    for name, _default, allowed, help_text in describe():
        assert help_text.endswith("."), name
        assert allowed, name


@pytest.mark.parametrize("minutes", ["1.9", "30.1", "0", '"ten"'])
def test_nobody_stays_logged_in_for_ever_or_is_logged_off_at_once(tmp_path: Path, minutes: str) -> None:
    file = tmp_path / "keepline.toml"
    file.write_text(f"[page]\nidle_minutes = {minutes}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="idle_minutes takes"):
        read(file)
