"""The line editor: keys of every terminal, and noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.console.editor import LONGEST, Editor, End, Line, Typed


def lines(octets: bytes) -> list[str]:
    editor = Editor()
    keys = [editor.press(octet, hidden=False) for octet in octets]
    return [key.text for key in keys if isinstance(key, Line)]


def echo(octets: bytes, hidden: bool = False) -> bytes:
    editor = Editor()
    keys = [editor.press(octet, hidden) for octet in octets]
    return b"".join(key.echo for key in keys if isinstance(key, Typed))


@pytest.mark.parametrize("enter", [b"\r", b"\n", b"\r\n", b"\r\x00"])
def test_every_terminals_enter_ends_one_line(enter: bytes) -> None:
    assert lines(b"status" + enter + b"quit" + enter) == ["status", "quit"]


@pytest.mark.parametrize("key", [b"\x08", b"\x7f"])
def test_backspace_takes_back_one_sign(key: bytes) -> None:
    assert lines(b"statsu" + key * 2 + b"us\r") == ["status"]
    assert echo(b"a" + key * 3) == b"a\b \b"


@pytest.mark.parametrize("key", [b"\x15", b"\x03"])
def test_a_line_can_be_begun_anew(key: bytes) -> None:
    assert lines(b"whatever" + key + b"status\r") == ["status"]
    assert echo(b"ab" + key) == b"ab\b \b\b \b"


@pytest.mark.parametrize("key", [b"\x1b[A", b"\x1b[1;5C", b"\x1bOP", b"\x1b[3~", b"\x1bx", b"\x1b\x1b[A"])
def test_arrows_and_function_keys_type_nothing(key: bytes) -> None:
    assert lines(b"sta" + key + b"tus\r") == ["status"]


def test_a_broken_escape_sequence_ends_with_the_line() -> None:
    assert lines(b"status\x1b[\rquit\r") == ["status", "quit"]


def test_ctrl_d_leaves_only_on_an_empty_line() -> None:
    assert Editor().press(0x04, hidden=False) == End()
    assert lines(b"sta\x04tus\r") == ["status"]


def test_what_is_hidden_shows_stars() -> None:
    assert echo(b"123456\x7f", hidden=True) == b"******\b \b"


def test_a_line_that_is_too_long_rings_the_bell() -> None:
    assert lines(b"x" * 1000 + b"\r") == ["x" * LONGEST]
    assert echo(b"x" * (LONGEST + 2))[-2:] == b"\x07\x07"


@given(st.binary(max_size=300))
def test_noise_makes_short_printable_lines_and_no_error(noise: bytes) -> None:
    for line in lines(noise):
        assert len(line) <= LONGEST
        assert line.isprintable()
        assert line.isascii()


@given(st.binary(max_size=300))
def test_after_any_noise_two_enters_give_a_clean_line(noise: bytes) -> None:
    assert lines(noise + b"\r\rstatus\r")[-1] == "status"
