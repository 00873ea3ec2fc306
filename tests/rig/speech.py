"""What patients say, text spoken by espeak-ng, through pipes only; and what a box says whom nobody listens to."""

import subprocess
import wave
from functools import cache
from pathlib import Path

import numpy as np

from appliance.voice.prompts import texts
from tests.rig.errors import RigError
from tests.rig.ulaw import carried

RATE = 8000  # samples a second
_SOX = (
    "sox",
    "-R",
    "-t",
    "wav",
    "-",
    "-t",
    "raw",
    "-r",
    str(RATE),
    "-e",
    "signed",
    "-b",
    "16",
    "-c",
    "1",
    "-",
    "gain",
    "-n",
    "-3",
)


@cache
def speech(text: str, words_a_minute: int = 160) -> bytes:
    """This text as sound: 16-bit little-endian samples, 8,000 a second."""
    try:
        spoken = subprocess.run(
            ["espeak-ng", "--stdout", "-v", "en-us", "-s", str(words_a_minute), text],
            stdout=subprocess.PIPE,
            check=True,
        )
        return subprocess.run(_SOX, input=spoken.stdout, stdout=subprocess.PIPE, check=True).stdout
    except FileNotFoundError as missing:
        raise RigError(f"{missing.filename} is missing: ./install.sh test installs it") from missing


def babble(seconds: float, seed: int = 0) -> bytes:
    """Noise in which no 20 ms are like any other, as the line carries it: to see whether any were lost."""
    samples = np.random.default_rng(seed).integers(-8000, 8000, round(seconds * RATE), dtype="<i2")
    return carried(samples.tobytes())


def hush(folder: Path) -> None:
    """Prompts for a box whose callers nobody listens to: a moment of silence each."""
    folder.mkdir(exist_ok=True)
    for spoken in texts():
        with wave.open(str(folder / spoken.file_name), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(320))
