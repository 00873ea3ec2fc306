"""Long ones that nobody else has are taken; nothing else is asked of them."""

from __future__ import annotations

import threading
import unicodedata
from collections import Counter

import pytest

from appliance.access import passwords
from appliance.errors import BusyError, SealKeyError, WeakPasswordError
from appliance.store.keys import Identity

GOOD = [
    "lantern copper river seven",
    "correct-otter-lamp-river",
    "my dog eats blue socks",
    "żółć gęślą jaźń chrząszcz",
    "9fK2pQ7xZ1mW4vB",
    "wednesdays i swim with otters",
]
BAD = [
    "",
    "fourteen chars",
    "passwordpassword",
    "Password12345678",
    "correct horse battery staple",
    "Welcome2024Welcome2024!",
    "qwertyuiopasdfghjkl",
    "abcdefghijklmnopqrstuvwxyz",
    "987654321098765432",
    "aaaaaaaaaaaaaaaaaaaa",
    "abcabcabcabcabcabc",
    "wolfwolfwolfwolfwolf",
    "keepline-voicemail-1",
    "anna.smithanna.smith1",
    "letmeinletmeinletmein",
    "summer 2026 summer 2026",
    "iloveyouforever",
    "x" * 1025,
]


@pytest.mark.parametrize("password", GOOD)
def test_a_long_password_of_ones_own_is_taken(password: str) -> None:
    passwords.check(password, "anna.smith")


@pytest.mark.parametrize("password", BAD)
def test_a_short_or_common_password_is_refused(password: str) -> None:
    with pytest.raises(WeakPasswordError):
        passwords.check(password, "anna.smith")


def test_made_up_passwords_are_taken_and_differ() -> None:
    made = [passwords.make_up() for _ in range(200)]
    for password in made:
        passwords.check(password, "ana")
    assert len(set(made)) == len(made)
    words = Counter(word for password in made for word in password.split("-"))
    assert len(words) > 700  # of 800 drawn from 7,770


def test_the_words_are_enough_for_fifty_bits() -> None:
    words = passwords._lines("words.txt")
    assert len(set(words)) == len(words)
    assert len(words) ** passwords.WORDS > 2**50
    assert not set(words) & set(passwords._lines("common_passwords.txt"))


def test_a_password_opens_what_it_wrapped_however_it_was_typed() -> None:
    with Identity.generate() as identity:
        wrapped = passwords.wrap(identity, unicodedata.normalize("NFC", "Gérard et Zoë au café"), 15)
        with passwords.unwrap(wrapped, unicodedata.normalize("NFD", "Gérard et Zoë au café")) as again:
            assert again.to_bytes() == identity.to_bytes()
    with pytest.raises(SealKeyError):
        passwords.unwrap(wrapped, "Gerard et Zoe au cafe")


def test_the_work_factor_is_never_too_small() -> None:
    assert passwords.work_factor(1) == 15
    assert passwords.work_factor(17) == 17
    assert 15 <= passwords.work_factor(0) <= 18
    with Identity.generate() as identity:
        assert b" 15\n" in passwords.wrap(identity, "whatever it may be", 3)[:100]


def test_only_so_many_wait_and_the_next_is_told_so() -> None:
    with Identity.generate() as identity:
        wrapped = passwords.wrap(identity, GOOD[0], 15)
    passwords._at_work.acquire()
    waiting = [threading.Thread(target=passwords.unwrap, args=(wrapped, GOOD[0])) for _ in range(1 + passwords.WAITING)]
    try:
        for thread in waiting:
            thread.start()
        while passwords._places._value:
            pass
        with pytest.raises(BusyError):
            passwords.unwrap(wrapped, GOOD[0])
    finally:
        passwords._at_work.release()
        for thread in waiting:
            thread.join()
    passwords.unwrap(wrapped, GOOD[0]).wipe()
