"""Reading a page's image: what noise does to it is found, counted and passed over, and nothing that comes in does harm."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.fax import t4
from appliance.fax.t4 import Coding, Decoder, turn_octets
from appliance.fax.t4_encoder import Encoder
from appliance.fax.t4_tables import EOFB, EOL, HORIZONTAL, PASS, RTC, VERTICAL, runs
from tests.fax.pictures import Rows, letter, odd

WIDTH = 1728
BLANK = bytes(WIDTH // 8)
BLACK = b"\xff" * (WIDTH // 8)
CODES = {white: {run: code for code, run in runs(white).items()} for white in (True, False)}
WHITE_LINE = CODES[True][1728] + CODES[True][0]
BLACK_LINE = CODES[True][0] + CODES[False][1728] + CODES[False][0]
PRINT = letter()[24:48]  # lines of print, no two the same
MARK = {Coding.MH: EOL, Coding.MR: EOL + "1"}


def octets(bits: str) -> bytes:
    """Bits as the modem gives them."""
    bits += "0" * (-len(bits) % 8)
    return turn_octets(int(bits or "0", 2).to_bytes(len(bits) // 8, "big"))


def read(bits: str, coding: Coding = Coding.MH, width: int = WIDTH) -> Decoder:
    decoder = Decoder(coding, width)
    decoder.add(octets(bits))
    decoder.finish()
    return decoder


def written(coding: Coding, rows: Rows, width: int = WIDTH, every: int = 4) -> bytes:
    encoder = Encoder(coding, width, every=every)
    for row in rows:
        encoder.add(row)
    return encoder.finish()


def lines(coding: Coding, rows: Rows, every: int = 4) -> list[str]:
    """The bits of each line, the EOL before it included."""
    data = turn_octets(written(coding, rows, every=every))
    bits = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"
    return [EOL + line for line in bits.split(EOL)[1 : 1 + len(rows)]]


def quality(decoder: Decoder) -> tuple[int, list[int], bool]:
    return len(decoder.rows), decoder.damaged_rows, decoder.ended


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 257, 5000])
def test_it_does_not_matter_in_what_pieces_a_page_comes(coding: Coding, size: int) -> None:
    rows = odd()
    data = written(coding, rows)
    decoder = Decoder(coding, WIDTH)
    for start in range(0, len(data), size):
        decoder.add(data[start : start + size])
    decoder.finish()
    assert decoder.rows == rows
    assert decoder.ended


@pytest.mark.parametrize("every", [1, 2, 4, 1000])
def test_two_dimensional_lines_may_follow_each_other_as_the_sender_likes(every: int) -> None:
    decoder = Decoder(Coding.MR, WIDTH)
    decoder.add(written(Coding.MR, PRINT, every=every))
    decoder.finish()
    assert decoder.rows == PRINT
    assert decoder.ended


def test_a_page_whose_width_fills_no_octet_is_packed_with_zeros_behind() -> None:
    for coding in Coding:
        data = written(coding, [b"\xff\x80", b"\xaa\x80"], width=9)
        decoder = Decoder(coding, 9)
        decoder.add(data)
        decoder.finish()
        assert decoder.rows == [b"\xff\x80", b"\xaa\x80"]


def test_fill_before_an_eol_may_be_as_long_as_it_likes() -> None:
    decoder = Decoder(Coding.MH, WIDTH)
    decoder.add(octets(EOL + WHITE_LINE)[:3])
    for _ in range(10_000):
        decoder.add(bytes(8))
        assert len(decoder._bits) < 100
    decoder.add(octets("1" + BLACK_LINE + EOL))
    assert decoder.rows == [BLANK, BLACK]


def test_a_sender_that_needs_time_for_a_line_fills_it() -> None:
    encoder = Encoder(Coding.MH, WIDTH, least=288)  # 20 ms at 14400 bit/s
    for row in PRINT:
        encoder.add(row)
    data = encoder.finish()
    assert len(data) * 8 >= 288 * len(PRINT)
    decoder = Decoder(Coding.MH, WIDTH)
    decoder.add(data)
    decoder.finish()
    assert decoder.rows == PRINT


@pytest.mark.parametrize("bad", [0, 5, 23])
def test_a_damaged_line_repeats_the_one_above_and_the_next_is_right(bad: int) -> None:
    cut = lines(Coding.MH, PRINT)
    cut[bad] = EOL + "00000001" + cut[bad][20:]
    decoder = read("".join(cut) + EOL * RTC)
    assert quality(decoder) == (24, [bad], True)
    assert decoder.rows == [*PRINT[:bad], PRINT[bad - 1] if bad else BLANK, *PRINT[bad + 1 :]]


def test_a_damaged_line_takes_those_along_that_build_on_it() -> None:
    cut = lines(Coding.MR, PRINT, every=4)
    cut[9] = EOL + "0" + "00000001" + cut[9][21:]
    decoder = read("".join(cut) + (EOL + "1") * RTC, Coding.MR)
    assert quality(decoder) == (24, [9, 10, 11], True)
    assert decoder.worst_run == 3
    assert decoder.rows == [*PRINT[:9], *[PRINT[8]] * 3, *PRINT[12:]]


def test_the_worst_run_is_the_longest_of_several() -> None:
    cut = [EOL + WHITE_LINE] * 12
    for bad in (1, 3, 4, 5, 8, 9):
        cut[bad] = EOL + WHITE_LINE + "1"
    decoder = read("".join(cut) + EOL * RTC)
    assert (decoder.damaged, decoder.worst_run) == (6, 3)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(CODES[True][1664], id="too short"),
        pytest.param(CODES[True][1728] + CODES[True][1], id="too long"),
        pytest.param(WHITE_LINE + "1", id="something behind"),
        pytest.param("00000001111", id="no code"),
        pytest.param("1", id="a single bit"),
    ],
)
def test_a_line_that_does_not_come_out_at_the_width_is_damaged(line: str) -> None:
    decoder = read(EOL + BLACK_LINE + EOL + line + EOL + WHITE_LINE + EOL * RTC)
    assert decoder.rows == [BLACK, BLACK, BLANK]
    assert decoder.damaged_rows == [1]


@pytest.mark.parametrize("hit", ["000001000001", "000000000011", "010000000101"])
def test_two_whole_lines_with_an_eol_between_them_that_noise_hit_are_both_kept(hit: str) -> None:
    decoder = read(EOL + BLACK_LINE + hit + WHITE_LINE + EOL + BLACK_LINE + EOL * RTC)
    assert decoder.rows == [BLACK, BLANK, BLACK]
    assert decoder.damaged == 0


@pytest.mark.parametrize("first", ["", "0", "0" * 500, "1" * 20, "10110" * 40])
def test_what_stands_before_the_first_eol_is_no_line(first: str) -> None:
    assert quality(read(first + EOL + WHITE_LINE + EOL * RTC)) == (1, [], True)


def test_a_page_whose_first_eol_was_hit_keeps_its_first_line() -> None:
    assert read("000000100001" + BLACK_LINE + EOL + WHITE_LINE + EOL * RTC).rows == [BLACK, BLANK]


def test_an_eol_twice_in_the_midst_of_a_page_stands_for_a_lost_line() -> None:
    decoder = read(EOL + BLACK_LINE + EOL + EOL + WHITE_LINE + EOL * RTC)
    assert quality(decoder) == (3, [1], True)
    assert decoder.rows == [BLACK, BLACK, BLANK]


def test_an_eol_twice_before_the_first_line_is_none() -> None:
    assert quality(read(EOL + EOL + WHITE_LINE + EOL * RTC)) == (1, [], True)


@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR])
def test_a_page_with_nothing_but_its_end_has_no_rows(coding: Coding) -> None:
    assert quality(read(MARK[coding] * RTC, coding)) == (0, [], True)


@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR])
@pytest.mark.parametrize("hit", range(1, RTC))
def test_an_end_of_which_noise_hit_an_eol_is_still_an_end_and_no_damage(coding: Coding, hit: int) -> None:
    ends = [MARK[coding]] * RTC
    ends[hit] = ends[hit].replace("0000000000", "0000011000", 1)
    assert quality(read(MARK[coding] + WHITE_LINE + "".join(ends), coding)) == (1, [], True)


def test_what_comes_behind_the_end_is_not_looked_at() -> None:
    decoder = read(EOL + WHITE_LINE + EOL * RTC)
    decoder.add(octets(EOL + BLACK_LINE + EOL))
    decoder.finish()
    assert decoder.rows == [BLANK]


def test_rubbish_after_a_doubled_eol_stays_counted_when_it_is_long() -> None:
    decoder = read(EOL + WHITE_LINE + EOL + EOL + ("11111" + EOL) * 20)
    assert decoder.damaged == 21
    assert not decoder.ended


@pytest.mark.parametrize(
    ("tail", "rows", "damaged"),
    [
        ("", 1, 0),
        (EOL + WHITE_LINE, 2, 0),
        (EOL + WHITE_LINE + "0" * 40, 2, 0),
        (EOL + "11011011", 2, 1),
        (EOL, 1, 0),
        (EOL + EOL, 1, 0),
    ],
)
def test_a_page_that_breaks_off_keeps_what_is_whole(tail: str, rows: int, damaged: int) -> None:
    decoder = read(EOL + BLACK_LINE + tail)
    assert (len(decoder.rows), decoder.damaged, decoder.ended) == (rows, damaged, False)


def test_lines_without_any_eol_are_counted_piece_by_piece() -> None:
    decoder = Decoder(Coding.MH, WIDTH)
    decoder.add(octets(EOL + BLACK_LINE + EOL))
    decoder.add(b"\x55" * 20_000)
    decoder.add(octets(EOL + WHITE_LINE + EOL * RTC))
    decoder.finish()
    assert decoder.rows[0] == BLACK
    assert decoder.rows[-1] == BLANK
    assert len(decoder.damaged_rows) == len(decoder.rows) - 2 >= 5
    a_line = (len(BLACK_LINE + WHITE_LINE) + 2 * len(EOL)) / 2
    assert decoder.damaged == pytest.approx(20_000 * 8 / a_line, rel=0.02)


def test_a_run_of_none_joins_its_neighbours() -> None:
    """Senders split long runs so; the line below must not take the seam for a change."""
    split = CODES[True][704] + CODES[True][0] + CODES[False][0] + CODES[True][1024] + CODES[True][0]
    across = VERTICAL[0]
    below = HORIZONTAL + CODES[True][704] + CODES[True][0] + CODES[False][0] + VERTICAL[0]
    decoder = read(EOL + "1" + split + EOL + "0" + across + EOL + "0" + below + (EOL + "1") * RTC, Coding.MR)
    assert decoder.rows == [BLANK] * 3
    assert decoder.damaged == 0


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(VERTICAL[1], id="beyond the right edge"),
        pytest.param(
            HORIZONTAL + CODES[True][1728] + CODES[True][1] + CODES[False][1] + VERTICAL[0], id="a run beyond the edge"
        ),
        pytest.param(HORIZONTAL + CODES[True][5] + "0000000011", id="no run"),
        pytest.param(HORIZONTAL + "00000000111", id="no first run"),
        pytest.param("0000001111", id="uncompressed mode"),
        pytest.param(PASS + VERTICAL[0] + "1", id="something behind"),
    ],
)
def test_a_two_dimensional_line_that_cannot_be_is_damaged(line: str) -> None:
    decoder = read(EOL + "1" + WHITE_LINE + EOL + "0" + line + (EOL + "1") * RTC, Coding.MR)
    assert decoder.damaged_rows == [1]


def test_a_change_before_the_one_before_it_is_damage() -> None:
    first = HORIZONTAL + CODES[True][4] + CODES[False][1] + VERTICAL[0]
    back = HORIZONTAL + CODES[True][4] + CODES[False][0] + VERTICAL[-3]  # b1 is 5: 2 is left of 4
    assert read(first + back + EOFB, Coding.MMR).damaged_rows == [1]
    assert read(
        HORIZONTAL + CODES[True][1] + CODES[False][1] + VERTICAL[0] + VERTICAL[-3] + EOFB, Coding.MMR
    ).damaged_rows == [1]


def test_damage_in_mmr_ends_what_can_be_shown() -> None:
    good = written(Coding.MMR, PRINT)
    decoder = Decoder(Coding.MMR, WIDTH)
    decoder.add(good[:300] + bytes(4) + good[304:] + bytes(4000))
    decoder.finish()
    count = len(decoder.rows) - 1
    assert 1 < count < len(PRINT)
    assert decoder.rows == [*PRINT[:count], PRINT[count - 1]]
    assert quality(decoder) == (count + 1, [count], False)
    assert decoder.broken


def test_mmr_without_its_end_mark_is_read_to_its_end_and_says_so() -> None:
    rows = [BLANK, BLACK, BLANK]
    bits = VERTICAL[0] + HORIZONTAL + CODES[True][0] + CODES[False][1728] + CODES[False][0] + PASS
    decoder = read(bits, Coding.MMR)
    assert decoder.rows == rows
    assert (decoder.damaged, decoder.ended, decoder.broken) == (0, False, False)


def test_mmr_that_breaks_off_in_a_line_has_that_line_damaged() -> None:
    decoder = read(VERTICAL[0] + HORIZONTAL + CODES[True][1664], Coding.MMR)
    assert (decoder.damaged_rows, decoder.broken) == ([1], True)


def test_zeros_without_end_are_no_mmr_page() -> None:
    decoder = Decoder(Coding.MMR, WIDTH)
    for _ in range(1000):
        decoder.add(bytes(4096))
    assert decoder.broken
    assert len(decoder._bits) < 100_000


@pytest.mark.parametrize("coding", Coding)
def test_a_page_has_an_end_even_when_the_sender_knows_none(coding: Coding) -> None:
    line = VERTICAL[0] if coding is Coding.MMR else MARK[coding] + WHITE_LINE
    decoder = Decoder(coding, WIDTH)
    for _ in range(30):
        decoder.add(octets(line * 8 * 100))
    decoder.finish()
    assert len(decoder.rows) == t4.MOST_ROWS
    assert decoder.broken
    assert not decoder.ended


@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR])
def test_noise_on_the_line_costs_only_the_lines_it_hits(coding: Coding) -> None:
    rows = letter()[:600]
    noise = random.Random(7)
    data = bytearray(written(coding, rows))
    for _ in range(10):
        place = noise.randrange(len(data) - 40)
        data[place : place + 2] = noise.randbytes(2)
    decoder = Decoder(coding, WIDTH)
    decoder.add(bytes(data))
    decoder.finish()
    assert decoder.ended
    assert abs(len(decoder.rows) - len(rows)) <= 5
    assert 1 <= decoder.damaged <= 50
    right = set(rows)
    wrong = [row for row in decoder.rows if row not in right]
    assert (
        len(wrong) <= 2
    )  # noise may turn one line into another that is just as possible, and one may build on it: nothing can tell


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR])
def test_lines_that_noise_swallowed_with_their_eols_are_counted(coding: Coding, seed: int) -> None:
    noise = random.Random(seed)
    rows = letter()[:1000]
    cut = lines(coding, rows)
    first, lost = noise.randrange(100, 800), noise.randrange(30, 60)
    size = sum(map(len, cut[first : first + lost]))
    cut[first : first + lost] = [f"{noise.getrandbits(size):0{size}b}"]
    decoder = read("".join(cut) + MARK[coding] * RTC, coding)
    swallowed = len(rows) - len(decoder.rows) + len(decoder.damaged_rows)
    assert swallowed >= lost
    assert swallowed / 2 <= decoder.damaged <= swallowed * 5  # lines of print among white ones count for more
    assert decoder.worst_run >= swallowed / 2


@pytest.mark.parametrize("lost", [20, 100])
def test_lines_lost_before_the_first_eol_are_counted(lost: int) -> None:
    cut = lines(Coding.MH, letter()[300:])
    decoder = read("1" * sum(map(len, cut[:lost])) + "".join(cut[lost:]) + EOL * RTC)
    assert len(decoder.rows) - len(decoder.damaged_rows) == len(cut) - lost
    assert lost / 2 <= decoder.damaged == decoder.worst_run


@pytest.mark.parametrize("coding", [Coding.MH, Coding.MR])
def test_an_end_that_noise_made_in_the_midst_of_a_page_is_none(coding: Coding) -> None:
    cut = lines(coding, PRINT)
    cut[12] = MARK[coding] * 3 + cut[12]
    decoder = read("".join(cut) + MARK[coding] * RTC, coding)
    assert decoder.ended
    assert [row for place, row in enumerate(decoder.rows) if place not in decoder.damaged_rows][:12] == PRINT[:12]
    assert decoder.rows[-8:] == PRINT[-8:]
    assert decoder.damaged


ANYTHING = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from([EOL, "0", "1", PASS, HORIZONTAL, *VERTICAL.values(), *runs(white=True), *runs(white=False)])
    ).map(lambda parts: octets("".join(parts))),
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(Coding), st.integers(1, 100), st.lists(ANYTHING, max_size=8))
@example(Coding.MR, 1, [b""])
def test_whatever_comes_in_is_read_to_its_end(coding: Coding, width: int, pieces: list[bytes]) -> None:
    decoder, whole = Decoder(coding, width), Decoder(coding, width)
    for piece in pieces:
        decoder.add(piece)
    decoder.finish()
    whole.add(b"".join(pieces))
    whole.finish()
    assert all(len(row) == (width + 7) // 8 for row in decoder.rows)
    assert decoder.damaged_rows == sorted(set(decoder.damaged_rows) & set(range(len(decoder.rows))))
    assert decoder.worst_run <= decoder.damaged
    assert decoder.damaged >= len(decoder.damaged_rows)
    if coding is Coding.MMR:
        assert decoder.rows == whole.rows
    unused = -width % 8
    assert not any(row[-1] & (1 << unused) - 1 for row in decoder.rows)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(Coding), st.integers(1, 60), st.data())
def test_every_page_comes_back_as_it_was(coding: Coding, width: int, data: st.DataObject) -> None:
    unused = -width % 8
    row = st.integers(0, (1 << width) - 1).map(lambda dots: (dots << unused).to_bytes((width + 7) // 8, "big"))
    rows = data.draw(st.lists(row, min_size=1, max_size=12))
    decoder = Decoder(coding, width)
    decoder.add(written(coding, rows, width))
    decoder.finish()
    assert decoder.rows == rows
    assert decoder.damaged == 0
    assert decoder.ended
