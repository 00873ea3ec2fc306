"""How chunks are numbered and how many octets they take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SealPayloadError
from appliance.store.age_stream import CHUNK, SEALED_CHUNK, nonce, plaintext_size, seal_chunks
from appliance.store.primitives import Cipher


def test_a_nonce_is_eleven_octets_of_number_and_one_for_the_last() -> None:
    assert nonce(0, False) == bytes(12)
    assert nonce(0, True) == bytes(11) + b"\x01"
    assert nonce(0x0102, False) == bytes(9) + b"\x01\x02\x00"


@given(st.integers(0, 5 * CHUNK))
def test_sealed_and_clear_sizes_belong_together(size: int) -> None:
    sealed = sum(map(len, seal_chunks(Cipher(bytes(32)), bytes(size))))
    assert plaintext_size(sealed) == size


@pytest.mark.parametrize("sealed", [0, 1, 15, *(SEALED_CHUNK + more for more in range(1, 17)), 2 * SEALED_CHUNK + 16])
def test_a_size_that_no_chunks_take_is_refused(sealed: int) -> None:
    with pytest.raises(SealPayloadError):
        plaintext_size(sealed)
