"""What the modem says: lines and data, whatever pieces they come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.fax.at import Incoming, Result, stuff


def take(pieces: list[bytes]) -> tuple[bytes, bool, bytes]:
    """The data in `pieces`, whether its end came, and what stood behind it."""
    incoming, found, ended = Incoming(), b"", False
    for piece in pieces:
        incoming.add(piece)
        if not ended:
            data, ended = incoming.data()
            found += data
    rest = incoming.line() or ""
    return found, ended, rest.encode()


@given(st.binary(max_size=300), st.lists(st.integers(1, 7), max_size=60))
def test_data_comes_back_as_it_was_whatever_pieces_it_comes_in(octets: bytes, sizes: list[int]) -> None:
    line = stuff(octets) + b"\r\nNO CARRIER\r\n"
    pieces = []
    for size in sizes:
        pieces.append(line[:size])
        line = line[size:]
    assert take([*pieces, line]) == (octets, True, b"NO CARRIER")


def test_dle_sub_is_two_octets_and_other_marks_are_none() -> None:
    assert take([b"a\x10\x1ab\x10\x58c\x10", b"\x03"]) == (b"a\x10\x10bc", True, b"")


def test_data_goes_on_until_its_end() -> None:
    assert take([b"abc"]) == (b"abc", False, b"")
    assert take([b"abc\x10"]) == (b"abc", False, b"")


def test_results_are_found_among_other_lines() -> None:
    incoming = Incoming()
    incoming.add(b"AT+FRH=3\r\r\nRING\r\n\r\nNMBR = 5550100\r\n\r\n+FRH: 3\r\n\r\nCONNE")
    assert [incoming.result(), incoming.result(), incoming.result()] == [Result.RING, Result.FRAMES_INSTEAD, None]
    incoming.add(b"CT\r\n\xff\x13\n")
    assert incoming.result() is Result.CONNECT
    assert incoming.data() == (b"\xff\x13\n", False)


def test_rubbish_without_end_does_not_fill_the_memory() -> None:
    incoming = Incoming()
    for _ in range(100):
        incoming.add(b"\x00" * 100)
        assert incoming.result() is None
    incoming.add(b"\r\nOK\r\n")
    assert incoming.result() is Result.OK
