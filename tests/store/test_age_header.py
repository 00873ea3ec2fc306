"""The text at the start of a sealed file: strict, and never the cause of anything but a SealHeaderError."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import SealHeaderError
from appliance.store import age_header
from appliance.store.age_header import Stanza

ARGUMENTS = st.lists(
    st.binary(min_size=1, max_size=20).map(lambda octets: bytes(33 + octet % 94 for octet in octets)),
    min_size=1,
    max_size=4,
)
STANZAS = st.lists(st.builds(Stanza, ARGUMENTS.map(tuple), st.binary(max_size=200)), min_size=1, max_size=5).map(tuple)
MAC = bytes(range(32))


def header_of(stanzas: tuple[Stanza, ...], mac: bytes = MAC) -> bytes:
    return age_header.signed_part(stanzas) + age_header.last_line(mac)


@given(STANZAS)
def test_a_header_is_read_back_as_it_was_written_and_not_an_octet_further(stanzas: tuple[Stanza, ...]) -> None:
    source = io.BytesIO(header_of(stanzas) + b"payload\n")
    header = age_header.read(source.readline)
    assert header == age_header.Header(stanzas, age_header.signed_part(stanzas), MAC)
    assert source.read() == b"payload\n"


@given(st.binary(max_size=300), st.booleans())
def test_any_octets_at_all_are_a_header_or_are_refused(octets: bytes, like_ours: bool) -> None:
    source = io.BytesIO(age_header.VERSION * like_ours + octets)
    with pytest.raises(SealHeaderError):
        age_header.read(source.readline)


@given(STANZAS, st.data())
def test_a_header_cut_anywhere_is_refused(stanzas: tuple[Stanza, ...], draw: st.DataObject) -> None:
    whole = header_of(stanzas)
    with pytest.raises(SealHeaderError):
        age_header.read(io.BytesIO(whole[: draw.draw(st.integers(0, len(whole) - 1))]).readline)


@given(STANZAS, st.data())
def test_a_changed_octet_is_refused_or_changes_what_the_code_speaks_for(
    stanzas: tuple[Stanza, ...], draw: st.DataObject
) -> None:
    whole = bytearray(header_of(stanzas))
    place = draw.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= draw.draw(st.integers(1, 255))
    try:
        header = age_header.read(io.BytesIO(whole).readline)
    except SealHeaderError:
        return
    assert (header.signed, header.mac) != (age_header.signed_part(stanzas), MAC)


def test_a_header_without_a_stanza_is_refused() -> None:
    with pytest.raises(SealHeaderError):
        age_header.read(io.BytesIO(header_of(())).readline)


def test_a_header_without_end_is_not_read_for_ever() -> None:
    class Endless:
        given_out = 0

        def readline(self, limit: int) -> bytes:
            line = age_header.VERSION if not self.given_out else b"-> x\n" if self.given_out % 2 else b"\n"
            self.given_out += 1
            return line[:limit]

    source = Endless()
    with pytest.raises(SealHeaderError):
        age_header.read(source.readline)
    assert source.given_out < 100_000


def test_a_line_that_is_too_long_is_refused() -> None:
    body = age_header.to_base64(bytes(96))
    header = age_header.VERSION + b"-> grease\n%s\n" + b"--- " + age_header.to_base64(MAC) + b"\n"
    good = age_header.read(io.BytesIO(header % (body[:64] + b"\n" + body[64:] + b"\n")).readline)
    assert [stanza.body for stanza in good.stanzas] == [bytes(96)]
    for lines in (body, body[:68], body[:68] + b"\n" + body[68:], body[:60] + b"\n" + body[60:]):
        with pytest.raises(SealHeaderError):
            age_header.read(io.BytesIO(header % lines).readline)


@pytest.mark.parametrize("text", [b"Zg==", b"Zg=", b"Zh", b"Z", b"Z g", b"Zg\r", b"Zm9\xff", b"Zm-v", b"\nZg"])
def test_base64_that_others_might_read_differently_is_refused(text: bytes) -> None:
    with pytest.raises(SealHeaderError):
        age_header.from_base64(text)
