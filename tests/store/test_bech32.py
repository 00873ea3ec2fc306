"""The alphabet of keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import KeyFormatError
from appliance.store import bech32

PREFIXES = st.sampled_from([b"age", b"AGE-SECRET-KEY-"])
DATA = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize(
    ("prefix", "text", "data"),
    [
        (b"A", b"A12UEL5L", ""),
        (b"a", b"a12uel5l", ""),
        (b"?", b"?1ezyfcl", ""),
        (b"abcdef", b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "00443214c74254b635cf84653a56d7c675be77df"),
    ],
)
def test_the_standards_own_examples_are_read_and_written(prefix: bytes, text: bytes, data: str) -> None:
    assert bech32.decode(prefix, text) == bytes.fromhex(data)
    assert bech32.encode(prefix, bytes.fromhex(data)) == text


@given(PREFIXES, st.binary(max_size=200))
def test_what_was_written_is_read_back(prefix: bytes, data: bytes) -> None:
    assert bech32.decode(prefix, bech32.encode(prefix, data)) == data


@given(PREFIXES, DATA, st.data())
def test_up_to_four_wrong_letters_are_found(prefix: bytes, data: bytes, draw: st.DataObject) -> None:
    text = bech32.encode(prefix, data)
    places = draw.draw(st.lists(st.integers(len(prefix) + 1, len(text) - 1), min_size=1, max_size=4, unique=True))
    for place in places:
        others = [letter for letter in bech32.encode(prefix, bytes(range(32))) if letter != text[place]]
        text[place] = draw.draw(st.sampled_from(others))
    if text != bech32.encode(prefix, data):
        with pytest.raises(KeyFormatError):
            bech32.decode(prefix, text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"age",
        b"age1",
        b"age1qqqqq",
        b"A12UEL5L",  # another prefix
        b"AGE1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4Q3S5DJA",  # capitals
        b"age1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4Q3S5DJA",  # both
        b"age1bio",
        b"age1\xff\xff\xff\xff\xff\xff\xff",
    ],
)
def test_what_is_no_key_is_refused_without_being_quoted(text: bytes) -> None:
    with pytest.raises(KeyFormatError) as refused:
        bech32.decode(b"age", text)
    assert not refused.value.args


def test_spare_bits_must_be_zero_and_less_than_a_letter() -> None:
    for values in ([1], [0, 0, 0], [31, 31]):
        with pytest.raises(KeyFormatError):
            bech32.decode(b"age", _letters(values))


def _letters(values: list[int]) -> bytes:
    """Bech32 of 5-bit values that stand for no octets, with a true checksum."""
    check = bech32._polymod(b"age", (*values, 0, 0, 0, 0, 0, 0)) ^ 1
    values = values + [check >> 5 * (5 - place) & 31 for place in range(6)]
    return b"age1" + bytes(b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"[value] for value in values)
