"""What browsers send becomes values, or an error."""

from __future__ import annotations

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.test import EnvironBuilder

from web import requests
from web.requests import ByteRange, UnsatisfiableRangeError

SIZE = 1000


def request(**query: str) -> Request:
    return Request(EnvironBuilder(query_string=query).get_environ())


def form(**fields: str) -> Request:
    return Request(EnvironBuilder(method="POST", data=fields).get_environ())


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-", 0, 999),
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=990-2000", 990, 999),
        ("bytes=-10", 990, 999),
        ("bytes=-2000", 0, 999),
        ("Bytes = 5 - 6 ", 5, 6),
    ],
)
def test_a_range_is_understood(header: str, start: int, end: int) -> None:
    assert requests.byte_range(header, SIZE) == ByteRange(start, end)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "lines=0-1",
        "bytes=0-1,5-6",
        "bytes=9-3",
        "bytes=--1",
        "bytes=²-",
    ],
)
def test_what_is_no_single_range_means_the_whole(header: str | None) -> None:
    assert requests.byte_range(header, SIZE) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_outside_is_unsatisfiable(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        requests.byte_range(header, SIZE)


def test_nothing_of_nothing_is_satisfiable() -> None:
    with pytest.raises(UnsatisfiableRangeError):
        requests.byte_range("bytes=0-", 0)


@given(st.text(max_size=30), st.integers(0, 100))
def test_no_header_breaks_the_parser(text: str, size: int) -> None:
    try:
        found = requests.byte_range("bytes=" + text, size)
    except UnsatisfiableRangeError:
        return
    assert found is None or 0 <= found.start <= found.end < size


def test_an_id_that_is_none_was_never_a_message() -> None:
    assert requests.message_id("0123456789abcdef" * 2) == "0123456789abcdef" * 2
    for wrong in ("", "a" * 31, "A" * 32, "../" * 10, "g" * 32, "a" * 32 + "\n"):
        with pytest.raises(NotFound):
            requests.message_id(wrong)


@pytest.mark.parametrize(
    ("asked", "page"), [("1", 1), ("17", 17), ("0", 1), ("-1", 1), ("x", 1), ("", 1), ("9" * 20, 1)]
)
def test_nonsense_asks_for_the_first_page(asked: str, page: int) -> None:
    assert requests.page_number(request(page=asked)) == page


def test_a_name_is_typed_as_telephones_type_it() -> None:
    given_ = requests.log_in(form(name=" Ana ", password=" Kept As Typed "))
    assert (given_.name, given_.password) == ("ana", " Kept As Typed ")
    assert "Kept" not in repr(given_)


def test_heard_is_yes_or_no() -> None:
    assert requests.heard(form(heard="yes")) is True
    assert requests.heard(form(heard="no")) is False
    with pytest.raises(BadRequest):
        requests.heard(form(heard="perhaps"))


def test_a_search_is_one_short_line() -> None:
    assert requests.search(form(search="  maria \n lopez ")) == "maria lopez"
    assert len(requests.search(form(search="x" * 500))) == requests.LONGEST_SEARCH
