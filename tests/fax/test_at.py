"""What the modem says: lines and data, whatever pieces they come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.fax.at import Incoming, Result, find_result, stuff


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


def lines(pieces: list[bytes]) -> list[str]:
    incoming, found = Incoming(), []
    for piece in pieces:
        incoming.add(piece)
        while (line := incoming.line()) is not None:
            found.append(line)
    return found


def split(octets: bytes, sizes: list[int]) -> list[bytes]:
    pieces = []
    for size in sizes:
        pieces.append(octets[:size])
        octets = octets[size:]
    return [*pieces, octets]


PARTS = st.sampled_from(
    [
        b"\r\n",
        b"\r",
        b"\n",
        b"OK",
        b"CONNECT",
        b"RING",
        b"NMBR = 5550100",
        b"AT+FRH=3",
        b"\x11",
        b"\x13",
        b"0",
        b"\xff",
        b" ",
    ]
)


@given(st.lists(PARTS, max_size=30).map(b"".join), st.lists(st.integers(0, 5), max_size=60))
def test_any_split_of_octets_gives_the_same_lines(octets: bytes, sizes: list[int]) -> None:
    assert lines(split(octets, sizes)) == lines([octets])


@given(st.binary(max_size=60), st.lists(st.integers(0, 5), max_size=60))
def test_a_connect_is_told_from_the_data_behind_it_however_it_is_split(data: bytes, sizes: list[int]) -> None:
    incoming, found, ended, connected = Incoming(), b"", False, False
    for piece in split(b"AT+FRM=96\r\r\nCONNECT\r\n" + stuff(data), sizes):
        incoming.add(piece)
        while not connected and (line := incoming.line()) is not None:
            connected = find_result(line) is Result.CONNECT
        if connected and not ended:
            more, ended = incoming.data()
            found += more
    assert (found, ended) == (data, True)


def test_lines_are_told_from_each_other_and_from_results() -> None:
    said = lines([b"AT+FRH=3\r\r\nRING\r\n\r\nNMBR = 5550100\r\n\r\n+FRH: 3\r\n\r\nCONNE", b"CT\r\n"])
    assert said == ["AT+FRH=3", "RING", "NMBR = 5550100", "+FRH: 3", "CONNECT"]
    assert [find_result(line) for line in said] == [None, Result.RING, None, Result.FRAMES_INSTEAD, Result.CONNECT]


def test_a_modem_that_answers_in_digits_is_understood() -> None:
    said = lines([b"ATA\r1\r", b"\r\n+FCERROR\r\n", b"4\r0\r"])
    assert [find_result(line) for line in said] == [None, Result.CONNECT, Result.OTHER_CARRIER, Result.ERROR, Result.OK]


def test_flow_control_that_a_modem_leaves_in_its_lines_is_no_part_of_them() -> None:
    assert lines([b"\x11\r\nO\x13K\x11\r\n\x11"]) == ["OK"]


def test_rubbish_without_end_does_not_fill_the_memory() -> None:
    incoming = Incoming()
    for _ in range(100):
        incoming.add(b"\x00" * 100)
        assert incoming.line() is None
    incoming.add(b"\r\nOK\r\n")
    assert incoming.line() == "OK"


def test_what_was_forgotten_comes_no_more() -> None:
    incoming = Incoming()
    incoming.add(b"\r\nOK\r")
    assert incoming.line() == "OK"
    incoming.clear()
    incoming.add(b"\n")
    assert incoming.line() is None
