"""A note's words and form: what is kept of what somebody typed, and that a payload is believed only for its own stamp."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import notes
from appliance.errors import DamagedMessageError
from appliance.notes import NoteStamp

STAMP = NoteStamp("a" * 32, 2, "ana", 1_772_500_000.25)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Called back.\r\nShe comes on Friday.", "Called back.\nShe comes on Friday."),
        ("  \n\nasked for her images  \n \n", "asked for her images"),
        ("a\x00b\x1b[31mc\x07", "ab[31mc"),
        ("safe\u202etxt.exe\u2066", "safetxt.exe"),
        ("\tdose:\t5 ml", "dose: 5 ml"),
        ("Niña, año 👩‍⚕️", "Niña, año 👩‍⚕️"),
        ("<script>alert(1)</script> {{ 7*7 }}", "<script>alert(1)</script> {{ 7*7 }}"),
        ("\ud800", ""),
        (" \n\t ", ""),
    ],
)
def test_a_note_is_plain_text_in_lines(typed: str, kept: str) -> None:
    assert notes.clean(typed) == kept


@given(st.text())
def test_what_is_clean_stays_as_it_is_and_comes_back_from_its_payload(text: str) -> None:
    kept = notes.clean(text)
    assert notes.clean(kept) == kept
    assert notes.from_bytes(notes.to_bytes(STAMP, kept), STAMP) == kept


@pytest.mark.parametrize("other", [{"message": "b" * 32}, {"number": 1}, {"by": "sam"}, {"at": 1_772_500_000.5}])
def test_a_payload_of_another_note_is_refused(other: dict[str, str | int | float]) -> None:
    payload = notes.to_bytes(STAMP, "called back")
    with pytest.raises(DamagedMessageError):
        notes.from_bytes(payload, replace(STAMP, **other))  # type: ignore[arg-type]  # the table has the right ones


@pytest.mark.parametrize(
    "payload", [b"", b"{}\ntext", b"[]\n", b"called back", b"\xff\n\xff", b'{"keepline":2,"note":{}}\n']
)
def test_a_payload_that_is_no_note_is_refused_and_not_quoted(payload: bytes) -> None:
    with pytest.raises(DamagedMessageError) as caught:
        notes.from_bytes(payload, STAMP)
    assert caught.value.__cause__ is None


def test_the_longest_note_fits_whatever_its_letters() -> None:
    assert len(notes.to_bytes(STAMP, "𝄞" * notes.LONGEST)) + 512 < notes.LARGEST
