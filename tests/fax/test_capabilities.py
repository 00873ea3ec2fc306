"""DIS and DCS: the bits others send, and every choice there and back."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadFrameError
from appliance.fax.capabilities import Capabilities, Length, Resolution, Terms, Width
from appliance.fax.rates import Modulation, Rate
from appliance.fax.t4 import Coding

CODINGS = (Coding.MH, Coding.MR, Coding.MMR)


def test_a_dcs_of_efax_is_read() -> None:
    terms = Terms.from_info(bytes.fromhex("006278"))
    assert terms == Terms(Rate.V17_14400, Resolution.FINE, Coding.MH, Width.A4, Length.UNLIMITED, (0, 0))


def test_a_dis_with_error_correction_is_read() -> None:
    offers = Capabilities.from_info(bytes((0x00, 0xEE, 0xF8, 0xC4)))
    assert offers.modulations == frozenset(Modulation)
    assert offers.resolutions == {Resolution.STANDARD, Resolution.FINE}
    assert offers.codings == {Coding.MH, Coding.MR, Coding.MMR}
    assert offers.ecm


def test_our_own_dis_offers_no_error_correction_and_nothing_that_needs_it() -> None:
    offers = Capabilities.from_info(Capabilities().to_info())
    assert offers == Capabilities()
    assert not offers.ecm
    assert Coding.MMR not in offers.codings
    assert not offers.polling


@pytest.mark.parametrize("rate", Rate, ids=str)
@pytest.mark.parametrize("resolution", Resolution, ids=lambda item: item.name)
def test_every_choice_comes_back_as_it_was(rate: Rate, resolution: Resolution) -> None:
    for coding, width, length, ecm in itertools.product(CODINGS, Width, Length, (True, False)):
        terms = Terms(rate, resolution, coding, width, length, (20, 10), ecm)
        assert Terms.from_info(terms.to_info()) == terms


def test_another_octet_is_announced_where_one_follows() -> None:
    info = Capabilities().to_info()
    assert len(info) == 6
    assert [octet >> 7 for octet in info[2:]] == [1, 1, 1, 0]  # bits 24, 32, 40 and 48
    assert len(Terms().to_info()) == 3


@pytest.mark.parametrize(
    "terms",
    [
        Terms(coding=Coding.MMR),
        Terms(ecm=True),
        Terms(rate=Rate.V17_14400),
        Terms(width=Width.A3),
        Terms(resolution=Resolution.FINE),
    ],
    ids=str,
)
def test_what_was_not_offered_is_seen(terms: Terms) -> None:
    plain = Capabilities(
        modulations=frozenset({Modulation.V27TER}),
        resolutions=frozenset({Resolution.STANDARD}),
        codings=frozenset({Coding.MH}),
        widths=frozenset({Width.A4}),
    )
    assert not terms.within(plain)
    assert Terms(rate=Rate.V27TER_2400).within(plain)


@given(st.binary(max_size=16))
def test_any_field_is_read_or_an_error(info: bytes) -> None:
    for kind in (Terms, Capabilities):
        try:
            assert str(kind.from_info(info))
        except BadFrameError:
            continue
