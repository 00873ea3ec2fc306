"""Codes of an app and codes on paper: which are taken, and that none is taken twice."""

from __future__ import annotations

import re

import pyotp
import pytest

from appliance.access import one_time

SECRET = pyotp.random_base32(32)
NOW = 1_763_744_400.0
STEP = int(NOW // 30)


def code(offset: int = 0) -> str:
    return pyotp.TOTP(SECRET).generate_otp(STEP + offset)


def test_the_standards_own_example_is_read_as_the_standard_says() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", RFC 6238 appendix B
    for at, digits in ((59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")):
        assert one_time.step_of(secret, digits, at, 0) == at // 30


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_telephone_that_is_a_step_off_is_good_enough(offset: int) -> None:
    assert one_time.step_of(SECRET, code(offset), NOW, 0) == STEP + offset


@pytest.mark.parametrize("offset", [-20, -2, 2, 20])
def test_older_and_newer_codes_are_not_taken(offset: int) -> None:
    assert one_time.step_of(SECRET, code(offset), NOW, 0) is None


def test_a_step_is_taken_once_and_none_before_it_afterwards() -> None:
    assert one_time.step_of(SECRET, code(), NOW, STEP) is None
    assert one_time.step_of(SECRET, code(-1), NOW, STEP) is None
    assert one_time.step_of(SECRET, code(1), NOW, STEP) == STEP + 1


def test_a_space_in_the_middle_does_no_harm() -> None:
    digits = code()
    assert one_time.step_of(SECRET, f" {digits[:3]} {digits[3:]} ", NOW, 0) == STEP


@pytest.mark.parametrize("nonsense", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "\ud800"])
def test_what_is_no_code_is_not_taken(nonsense: str) -> None:
    assert one_time.step_of(SECRET, nonsense, NOW, 0) is None


def test_an_app_reads_who_and_which_practice() -> None:
    read = pyotp.parse_uri(one_time.address(SECRET, "ana", "Elm Street Dental"))
    assert (read.secret, read.name, read.issuer) == (SECRET, "ana", "Elm Street Dental")


def test_printed_codes_are_ten_all_different_and_easy_to_read() -> None:
    codes = one_time.draw_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([2-9a-hjkmnp-z]{4}-){2}[2-9a-hjkmnp-z]{4}", one) for one in codes)


def test_a_printed_code_is_known_however_it_is_typed_and_its_digest_tells_nothing() -> None:
    one = one_time.draw_codes()[0]
    assert one_time.digest(f" {one.upper().replace('-', ' ')} ") == one_time.digest(one)
    assert one.replace("-", "") not in one_time.digest(one)
