"""What callers hear: texts in prompts.toml, spoken once by espeak-ng into WAV files, loaded as frames ready to send.

A file's name carries a stamp of its text and voice, so that a changed text is a missing file and is spoken anew. Nothing in them is private.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tomllib
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from appliance.errors import PromptError
from appliance.voice.audiosocket import to_frames
from appliance.voice.callflow import Sound
from appliance.voice.tones import RATE, tone

SPOKEN: Final = tuple(sound for sound in Sound if sound is not Sound.TONE)
_TEXTS: Final = Path(__file__).with_name("prompts.toml")
_PATIENCE: Final = 60.0  # s for one prompt; a Pi 3 takes two

#: What becomes of espeak's 22 kHz: a telephone's band (G.712), quiet syllables lifted as on the radio, peak at -3 dBFS, 8 kHz raw samples.
_SHAPE: Final = (
    "highpass",
    "200",
    "lowpass",
    "3400",
    "compand",
    "0.02,0.2",
    "6:-50,-50,-30,-15,0,-6",
    "0",
    "-90",
    "0.02",
)
_LEVEL: Final = ("rate", "8000", "norm", "-3", "pad", "0.1", "0.2")
_RAW: Final = ("-t", "raw", "-e", "signed", "-b", "16", "-L", "-c", "1")


@dataclass(frozen=True, slots=True)
class Text:
    """A prompt that is to be spoken, and how."""

    sound: Sound
    language: str
    words: str
    voice: str  # of espeak-ng
    speed: int  # words a minute

    @property
    def file_name(self) -> str:
        """Where it is found once it was spoken just so."""
        how = "\0".join((self.words, self.voice, str(self.speed), *_SHAPE, *_LEVEL))
        return f"{self.language}-{self.sound}-{hashlib.sha256(how.encode()).hexdigest()[:12]}.wav"


def texts(language: str = "en") -> tuple[Text, ...]:
    """All texts in `language`. Raises `PromptError` when there is no such language."""
    table = tomllib.loads(_TEXTS.read_text(encoding="utf-8")).get(language)
    if table is None:
        raise PromptError(f"there are no prompts in the language {language}.")
    return tuple(Text(sound, language, table[sound], table["voice"], table["speed"]) for sound in SPOKEN)


def speak_all(folder: Path, language: str = "en") -> int:
    """Speak into `folder` what is not there yet and remove what is out of date; how many were spoken. Raises `PromptError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PromptError(f"{folder} cannot be made: {error.strerror}.") from error
    wanted = texts(language)
    missing = [text for text in wanted if not (folder / text.file_name).exists()]
    for text in missing:
        _write(folder / text.file_name, _speak(text))
    for old in set(folder.glob(f"{language}-*.wav")) - {folder / text.file_name for text in wanted}:
        old.unlink()
    return len(missing)


@dataclass(frozen=True, slots=True)
class Prompts:
    """Every sound that callers hear, as frames ready to send."""

    frames: Mapping[Sound, tuple[bytes, ...]]

    @classmethod
    def load(cls, folder: Path, language: str = "en") -> Self:
        """What `speak_all` made. Raises `PromptError`."""
        return cls.of({text.sound: _read(folder / text.file_name) for text in texts(language)})

    @classmethod
    def of(cls, spoken: Mapping[Sound, bytes]) -> Self:
        """From samples: 16-bit little-endian, 8 kHz, mono. The tone is made here if it is not among them."""
        return cls({sound: to_frames(samples) for sound, samples in {Sound.TONE: tone(), **spoken}.items()})


def _speak(text: Text) -> bytes:
    say = ("espeak-ng", "-v", text.voice, "-s", str(text.speed), "--stdin", "--stdout")
    shape = ("sox", "-t", "wav", "--ignore-length", "-", *_RAW, "-r", str(RATE), "-", *_SHAPE, *_LEVEL)
    try:
        spoken = subprocess.run(say, input=text.words.encode(), capture_output=True, timeout=_PATIENCE, check=True)
        shaped = subprocess.run(shape, input=spoken.stdout, capture_output=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise PromptError(
            f'the prompt "{text.sound}" could not be spoken: {error}. It needs espeak-ng and sox.'
        ) from error
    if not shaped.stdout:
        raise PromptError(f'the prompt "{text.sound}" came out empty. Is the voice {text.voice} installed?')
    return shaped.stdout


def _write(file: Path, samples: bytes) -> None:
    part = file.with_suffix(".part")
    try:
        with part.open("wb") as out:
            with wave.open(out) as sound:
                sound.setparams((1, 2, RATE, 0, "NONE", ""))
                sound.writeframes(samples)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError as error:
        raise PromptError(f"{file} cannot be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _read(file: Path) -> bytes:
    try:
        with wave.open(str(file)) as sound:
            if sound.getparams()[:3] != (1, 2, RATE):
                raise PromptError(f"{file} is not 16-bit mono at 8 kHz. Remove it and run `keepline prompts`.")
            return bytes(sound.readframes(sound.getnframes()))
    except FileNotFoundError:
        raise PromptError from None
    except (OSError, wave.Error, EOFError) as error:
        raise PromptError(f"{file} is damaged. Remove it and run `keepline prompts`.") from error
