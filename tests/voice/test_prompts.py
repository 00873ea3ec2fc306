"""Prompts, spoken by the real espeak-ng."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from appliance.errors import PromptError
from appliance.voice.callflow import Sound
from appliance.voice.prompts import SPOKEN, Prompts, speak_all, texts
from appliance.voice.tones import tone


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prompts")
    assert speak_all(folder) == len(SPOKEN)
    return folder


def samples(prompts: Prompts, sound: Sound) -> array[int]:
    return array("h", b"".join(frame[3:] for frame in prompts.frames[sound]))


def test_the_greeting_asks_for_name_and_number_and_for_nothing_confidential() -> None:
    (greeting,) = (text.words for text in texts() if text.sound is Sound.GREETING)
    for word in ("name", "number", "confidential", "9 1 1"):
        assert word in greeting


def test_every_prompt_is_heard_loud_and_clear(spoken: Path) -> None:
    prompts = Prompts.load(spoken)
    for sound in SPOKEN:
        heard = samples(prompts, sound)
        assert 0.6 * 32768 < max(map(abs, heard)) < 0.75 * 32768, sound  # -3 dBFS
        assert sum(map(abs, heard)) / len(heard) > 1500, sound


def test_the_greeting_keeps_nobody_waiting(spoken: Path) -> None:
    prompts = Prompts.load(spoken)
    assert 5 < len(prompts.frames[Sound.GREETING]) * 0.02 < 20
    assert all(len(prompts.frames[sound]) * 0.02 < 12 for sound in SPOKEN if sound is not Sound.GREETING)


def test_the_tone_needs_no_file(spoken: Path) -> None:
    assert samples(Prompts.load(spoken), Sound.TONE) == array("h", tone())


def test_speaking_again_does_nothing(spoken: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in spoken.iterdir()}
    assert speak_all(spoken) == 0
    assert {file: file.stat().st_mtime_ns for file in spoken.iterdir()} == before


def test_what_is_missing_is_spoken_and_what_is_out_of_date_goes(tmp_path: Path) -> None:
    speak_all(tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    (kept,) = tmp_path.glob("en-kept-*.wav")
    kept.rename(tmp_path / "en-kept-0123456789ab.wav")  # as if its text had been another
    (tmp_path / "fr-kept-0123456789ab.wav").touch()  # another language's is let be
    assert speak_all(tmp_path) == 1
    assert {file.name for file in tmp_path.iterdir()} == names | {"fr-kept-0123456789ab.wav"}


def test_without_prompts_the_line_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="keepline prompts"):
        Prompts.load(tmp_path)


def test_a_damaged_prompt_is_named(tmp_path: Path) -> None:
    speak_all(tmp_path)
    (kept,) = tmp_path.glob("en-kept-*.wav")
    kept.write_bytes(b"RIFF nothing")
    with pytest.raises(PromptError, match=kept.name):
        Prompts.load(tmp_path)


def test_without_espeak_it_says_so_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PromptError, match="espeak-ng"):
        speak_all(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_language_that_nobody_wrote_is_refused() -> None:
    with pytest.raises(PromptError, match="xx"):
        texts("xx")
