"""Passwords: how long, which never, made up for those who want that, and turned into keys one at a time.

A password guards a stolen card, where nobody slows the thief down but scrypt: so it is long. No rule asks for a digit or a sign, and none runs out.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from appliance.errors import BusyError, WeakPasswordError
from appliance.store import age_file, primitives
from appliance.store.keys import Identity

SHORTEST: Final = 15  # letters, NIST SP 800-63B-4 §3.1.1.2 for a password that stands alone
LONGEST: Final = 1024  # letters; more is no better and only work
LEAST_WORK: Final = 15  # log2 of scrypt's N; under it a derivation is too cheap for a thief
MOST_WORK: Final = 20
WAITING: Final = 4  # derivations that may wait for the one at work; each takes up to a second on a Pi
WORDS: Final = 4  # words of a password that we make up: 51 bits with the list of words.txt
_OWN: Final = 6  # letters and digits that must be left when what everybody uses is taken out
_DISTINCT: Final = 5

_at_work = threading.Lock()
_places = threading.BoundedSemaphore(1 + WAITING)


def check(password: str, name: str) -> None:
    """Raises `WeakPasswordError` for a password that is too short or too easily guessed for the person `name`."""
    text = _prepared(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise WeakPasswordError
    bare = re.sub(r"[\W_]", "", text.casefold())
    for word in sorted({*_lines("common_passwords.txt"), *re.split(r"[._-]", name), name}, key=len, reverse=True):
        bare = bare.replace(word, "") if len(word) > 2 else bare
    if len(bare) < _OWN or len(set(bare)) < _DISTINCT or _repeats(bare) or _runs(bare):
        raise WeakPasswordError


def make_up() -> str:
    """A password of words drawn at random, easy to say and to keep: more than 50 bits. With scrypt before each try that is enough for a stolen card."""
    words = _lines("words.txt")
    return "-".join(secrets.choice(words) for _ in range(WORDS))


def work_factor(setting: int) -> int:
    """The scrypt work factor for new passwords: what the settings say, or 0 for what this machine's memory bears; never too little."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(LEAST_WORK, setting or age_file.choose_work_factor(memory))


def wrap(identity: Identity, password: str, work: int) -> bytes:
    """`identity` wrapped by `password`: an age file with a scrypt stanza. Raises `BusyError`."""
    text = identity.to_bytes()
    with primitives.forgetting(text), _one_at_a_time():
        return age_file.seal_with_password(text, _prepared(password), max(LEAST_WORK, work))


def unwrap(wrapped: bytes, password: str) -> Identity:
    """The identity in `wrapped`. Raises `SealKeyError` for a wrong password, `BusyError` when too many wait."""
    with _one_at_a_time():
        text = age_file.open_with_password(wrapped, _prepared(password), MOST_WORK)
    with primitives.forgetting(text):
        return Identity.parse(text)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """A derivation takes up to 256 MiB: one at work, a few waiting, the others are told to come back."""
    if not _places.acquire(blocking=False):
        raise BusyError
    try:
        with _at_work:
            yield
    finally:
        _places.release()


def _prepared(password: str) -> str:
    """The same letters are the same password, however a keyboard composes them (NIST SP 800-63B-4 §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _repeats(text: str) -> bool:
    """Is it a shorter text, again and again?"""
    return text in (text + text)[1:-1]


def _runs(text: str) -> bool:
    """Does it only run along the keyboard, the alphabet or the digits?"""
    rows = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
    ways = [way for row in rows for way in (row, row[::-1])]
    steps = list(itertools.pairwise(text))
    known = sum(any(a + b in way for way in ways) for a, b in steps)
    return known >= len(steps) * 3 / 4


@cache
def _lines(file: str) -> tuple[str, ...]:
    return tuple(Path(__file__).with_name(file).read_text(encoding="ascii").split())
