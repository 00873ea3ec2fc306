"""What the store is made of, against the standards' own numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SealKeyError
from appliance.store import primitives

SECRET = bytes(range(32))


def test_keys_are_derived_as_rfc_5869_says() -> None:
    key = primitives.derive(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)))
    assert key.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    assert (
        primitives.derive(b"\x0b" * 22, b"", b"").hex()
        == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    )


def test_codes_are_made_as_rfc_4231_says() -> None:
    code = primitives.mac(b"Jefe", b"what do ya want for nothing?")
    assert code.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_passwords_are_stretched_as_rfc_7914_says() -> None:
    key = primitives.derive_from_password(b"pleaseletmein", b"SodiumChloride", 14)
    assert key.hex() == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"


def test_secrets_are_shared_as_rfc_7748_says() -> None:
    alice = primitives.SecretKey.from_bytes(
        bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    )
    bob = primitives.SecretKey.from_bytes(
        bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    )
    assert (
        alice.agree(bob.point).hex()
        == bob.agree(alice.point).hex()
        == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    )


def test_a_low_order_point_shares_nothing() -> None:
    for point in (bytes(32), bytes([1, *bytes(31)])):
        with pytest.raises(ValueError, match="shared key"):
            primitives.SecretKey.generate().agree(point)


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_was_wrapped_is_unwrapped(plaintext: bytes, context: bytes) -> None:
    assert primitives.unwrap(SECRET, primitives.wrap(SECRET, plaintext, context), context) == plaintext


def test_the_same_thing_is_wrapped_differently_each_time() -> None:
    assert primitives.wrap(SECRET, b"key", b"session") != primitives.wrap(SECRET, b"key", b"session")


def test_another_secret_context_or_content_unwraps_nothing() -> None:
    wrapped = primitives.wrap(SECRET, b"the practice key", b"session")
    changed = bytearray(wrapped)
    changed[-1] ^= 1
    tries = [
        (SECRET[::-1], wrapped, b"session"),
        (SECRET, wrapped, b"person"),
        (SECRET, bytes(changed), b"session"),
        (SECRET, wrapped[:-1], b"session"),
        (SECRET, wrapped[:40], b"session"),
        (SECRET, b"", b"session"),
    ]
    for secret, sealed, context in tries:
        with pytest.raises(SealKeyError):
            primitives.unwrap(secret, sealed, context)


def test_what_is_forgotten_is_overwritten_where_it_lies() -> None:
    octets, array, text = primitives.random_bytes(40), bytearray(b"secret"), "".join(["AGE", "-SECRET"])
    primitives.forget(octets, array, text, b"", "")
    assert octets == bytes(40)
    assert array == bytes(6)
    assert text == "\0" * 10


def test_text_that_is_not_ascii_is_not_claimed_to_be_forgotten() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        primitives.forget("pässword")


def test_secrets_are_forgotten_also_when_their_use_fails() -> None:
    array = bytearray(b"secret")

    def use() -> None:
        with primitives.forgetting(array):
            raise SealKeyError

    with pytest.raises(SealKeyError):
        use()
    assert array == bytes(6)
