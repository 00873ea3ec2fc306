"""Headers of sealed payloads: what is written is read, and anything else is a damaged message whose text shows in no error."""

from __future__ import annotations

import json
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import DamagedMessageError
from appliance.messages import Envelope, Header, Kind, Stamp

finite = st.floats(allow_nan=False, allow_infinity=False)
stamps = st.builds(
    Stamp,
    id=st.text(),
    kind=st.sampled_from(Kind),
    mailbox=st.text(),
    arrived_at=finite,
    sequence=st.integers(0, 2**31),
)
envelopes = st.builds(
    Envelope,
    caller_number=st.text(),
    caller_name=st.text(),
    duration=finite,
    pages=st.integers(0, 999),
    notes=st.lists(st.text()).map(tuple),
)


@given(stamps, envelopes)
def test_a_header_is_one_line_and_reads_as_written(stamp: Stamp, envelope: Envelope) -> None:
    line = Header(stamp, envelope).to_bytes()
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert Header.from_bytes(line) == Header(stamp, envelope)


@given(st.binary())
def test_any_other_line_is_a_damaged_message(line: bytes) -> None:
    with pytest.raises(DamagedMessageError):
        Header.from_bytes(line)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_header_with_wrong_parts_is_a_damaged_message(part: object) -> None:
    line = json.dumps({"keepline": 1, "stamp": part, "envelope": part}).encode()
    with pytest.raises(DamagedMessageError):
        Header.from_bytes(line)


def test_a_damaged_header_is_not_quoted_in_the_traceback() -> None:
    number = "5551234567"
    try:
        Header.from_bytes(json.dumps({"keepline": 1, "stamp": {"id": "a", "kind": number}, "envelope": {}}).encode())
    except DamagedMessageError as error:
        shown = "".join(traceback.format_exception(error))
    assert number not in shown


def test_an_envelope_never_shows_itself() -> None:
    assert "555" not in repr(Envelope(caller_number="5551234567"))


def test_fields_of_later_versions_are_passed_over() -> None:
    stamp = Stamp("a", Kind.VOICEMAIL, "front-desk", 1.0, 1)
    data = json.loads(Header(stamp, Envelope(caller_number="1")).to_bytes())
    data["envelope"]["mood"] = "sunny"
    assert Header.from_bytes(json.dumps(data).encode()).envelope == Envelope(caller_number="1")
