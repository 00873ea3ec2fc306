"""Frames: the octets that T.30 and other programs have for them, and nothing taken that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadFrameError
from appliance.fax.frames import Frame, Kind, check_sequence, pack_identity, turn, unpack_identity

# FCFs on the serial side as spandsp's t30_fcf.h has them, X = 0
KNOWN = {
    Kind.DIS: 0x80,
    Kind.CSI: 0x40,
    Kind.NSF: 0x20,
    Kind.DTC: 0x81,
    Kind.PWD: 0xC1,
    Kind.DCS: 0x82,
    Kind.TSI: 0x42,
    Kind.SUB: 0xC2,
    Kind.CTC: 0x12,
    Kind.CFR: 0x84,
    Kind.FTT: 0x44,
    Kind.EOM: 0x8E,
    Kind.MPS: 0x4E,
    Kind.EOP: 0x2E,
    Kind.PRI_EOP: 0x3E,
    Kind.PPS: 0xBE,
    Kind.EOR: 0xCE,
    Kind.RR: 0x6E,
    Kind.MCF: 0x8C,
    Kind.RTP: 0xCC,
    Kind.RTN: 0x4C,
    Kind.PPR: 0xBC,
    Kind.RNR: 0xEC,
    Kind.ERR: 0x1C,
    Kind.DCN: 0xFA,
    Kind.CRP: 0x1A,
}


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.name)
def test_a_frame_has_the_octet_that_others_know_it_by(kind: Kind) -> None:
    assert Frame(kind).to_octets(by_caller=False) == bytes((0xFF, 0x13, KNOWN[kind]))


def test_the_caller_marks_its_frames_as_answers_to_a_dis() -> None:
    assert Frame(Kind.DCS).to_octets(by_caller=True) == b"\xff\x13\x83"
    assert Frame(Kind.DIS).to_octets(by_caller=True) == b"\xff\x13\x80"


def test_the_check_sequence_is_the_one_a_modem_made() -> None:
    octets = bytes(int(f"{octet:08b}"[::-1], 2) for octet in bytes.fromhex("ffc831458f"))  # MCF, as efax logged it
    assert check_sequence(octets[:3]) == octets[3:]
    assert Frame.from_octets(octets) == Frame(Kind.MCF)


def test_only_the_last_frame_of_a_turn_is_final() -> None:
    first, second, last = turn(Frame(Kind.NSF), Frame(Kind.CSI), Frame(Kind.DIS))
    assert (first.final, second.final, last.final) == (False, False, True)
    assert first.to_octets(by_caller=False)[1] == 0x03
    assert str(first) == "NSF+"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNKNOWN], ids=lambda kind: kind.name)
@pytest.mark.parametrize("by_caller", [True, False])
@pytest.mark.parametrize("final", [True, False])
def test_every_frame_is_understood_as_what_it_was_sent_for(kind: Kind, by_caller: bool, final: bool) -> None:
    octets = Frame(kind, b"abc", final).to_octets(by_caller=by_caller)
    assert Frame.from_octets(octets + check_sequence(octets)) == Frame(kind, b"abc", final)


@given(st.binary(max_size=400))
def test_octets_are_a_frame_or_an_error(octets: bytes) -> None:
    for given_octets in (octets, octets + check_sequence(octets)):
        try:
            frame = Frame.from_octets(given_octets)
        except BadFrameError:
            continue
        assert isinstance(frame.kind, Kind)


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_changed_octet_is_noticed(info: bytes, data: st.DataObject) -> None:
    octets = Frame(Kind.DCS, info).to_octets(by_caller=True)
    whole = bytearray(octets + check_sequence(octets))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadFrameError):
        Frame.from_octets(bytes(whole))


@given(st.text("+0123456789 ", max_size=20))
def test_a_number_comes_back_as_it_was(number: str) -> None:
    packed = pack_identity(number)
    assert len(packed) == 20
    assert unpack_identity(packed) == number.strip()


def test_a_number_travels_backwards() -> None:
    assert pack_identity("+1 555") == b"555 1+" + b" " * 14
    assert unpack_identity(b"\x00\xff21") == "12"


TERMS = b"\x00\x62\xf8\x44"


@pytest.mark.parametrize("tail", [b"", b"\x00\x00", b"\x80\x80"], ids=["left off", "zero", "wrong"])
@pytest.mark.parametrize("frame", [Frame(Kind.DCS, TERMS), Frame(Kind.MPS), Frame(Kind.SUB, pack_identity("12"))])
def test_a_frame_without_a_right_check_sequence_is_known_by_its_length(frame: Frame, tail: bytes) -> None:
    assert Frame.from_unchecked(frame.to_octets(by_caller=True) + tail) == frame


@pytest.mark.parametrize(
    "frame",
    [
        Frame(Kind.DCS, TERMS[:2]),
        Frame(Kind.DCS, TERMS[:3]),
        Frame(Kind.DCS, TERMS + b"\x00"),
        Frame(Kind.DCS, TERMS + bytes(3)),
        Frame(Kind.EOP, b"\x00"),
        Frame(Kind.EOP, bytes(3)),
        Frame(Kind.PPS, bytes(3)),
        Frame(Kind.TSI, b"5550100"),
        Frame(Kind.NSS, bytes(5)),
        Frame(Kind.FNV),
    ],
    ids=str,
)
def test_without_a_right_check_sequence_nothing_is_taken_whose_length_is_wrong_or_not_known(frame: Frame) -> None:
    with pytest.raises(BadFrameError):
        Frame.from_unchecked(frame.to_octets(by_caller=True))


@given(st.binary(max_size=400))
def test_octets_that_nobody_knows_are_no_frame_without_a_check_sequence(octets: bytes) -> None:
    for given_octets in (octets, b"\xff\x13" + octets):
        try:
            frame = Frame.from_unchecked(given_octets)
        except BadFrameError:
            continue
        assert frame.kind is not Kind.UNKNOWN
        assert given_octets.startswith(frame.to_octets(by_caller=True)[:2])
