"""DIS and DCS: the bits others send, and every choice there and back."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import BadFrameError, TermsError
from appliance.fax.capabilities import Capabilities, Terms
from appliance.fax.paper import Length, Resolution, Width
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
    assert not offers.sub_addresses
    assert offers.codings == {Coding.MH, Coding.MR, Coding.MMR}
    assert offers.ecm


def test_our_own_dis_is_read_back_as_it_was_meant() -> None:
    offers = Capabilities.from_info(Capabilities().to_info())
    assert offers == Capabilities()
    assert offers.ecm
    assert not offers.polling


def test_mmr_is_refused_without_error_correction() -> None:
    assert Terms(coding=Coding.MMR, ecm=True).within(Capabilities())
    assert not Terms(coding=Coding.MMR).within(Capabilities())


def test_a_slower_rate_is_taken_from_the_first_octets_of_a_dcs() -> None:
    slower = Terms(Rate.V29_7200).to_info()[:2]
    assert Terms(ecm=True, coding=Coding.MMR).at_rate_of(slower) == Terms(Rate.V29_7200, ecm=True, coding=Coding.MMR)


@pytest.mark.parametrize("rate", Rate, ids=str)
@pytest.mark.parametrize("resolution", Resolution, ids=lambda item: item.name)
def test_every_choice_comes_back_as_it_was(rate: Rate, resolution: Resolution) -> None:
    for coding, width, length, ecm in itertools.product(CODINGS, Width, Length, (True, False)):
        terms = Terms(rate, resolution, coding, width, length, (20, 10), ecm)
        assert Terms.from_info(terms.to_info()) == terms


def test_another_octet_is_announced_where_one_follows() -> None:
    info = Capabilities().to_info()
    assert len(info) == 7
    assert [octet >> 7 for octet in info[2:]] == [1, 1, 1, 1, 0]  # bits 24, 32, 40, 48 and 56
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
        except (BadFrameError, TermsError):
            continue


@pytest.mark.parametrize(
    ("octets", "resolution", "dots"),
    [
        ("002238", Resolution.STANDARD, (1728, 2048, 2432)),
        ("006238", Resolution.FINE, (1728, 2048, 2432)),
        ("0022b8808001", Resolution.SUPERFINE, (1728, 2048, 2432)),
        ("0022b8808002", Resolution.DPI_300, (2592, 3072, 3648)),
        ("0022b8808004", Resolution.R16, (3456, 4096, 4864)),
        ("0022b8808008", Resolution.DPI_100, (1728, 2048, 2432)),
        ("0062b8808008", Resolution.DPI_200, (1728, 2048, 2432)),
        ("0022b880800c", Resolution.DPI_400, (3456, 4096, 4864)),
        ("0062b8808005", Resolution.R16, (3456, 4096, 4864)),  # the finest counts where a sender says several
        ("0022b880800a", Resolution.DPI_300, (2592, 3072, 3648)),
    ],
)
def test_a_resolution_is_read_and_says_how_many_dots_are_on_a_line(
    octets: str, resolution: Resolution, dots: tuple[int, int, int]
) -> None:
    terms = Terms.from_info(bytes.fromhex(octets))
    assert terms.resolution is resolution
    assert tuple(resolution.dots(width) for width in Width) == dots
    assert terms.within(Capabilities())


@pytest.mark.parametrize("octets", ["0022b802", "0022b880880088", "0022b880808080808808", "0022b880808080808020"])
def test_a_page_that_is_no_plain_fax_is_refused(octets: str) -> None:
    with pytest.raises(TermsError):
        Terms.from_info(bytes.fromhex(octets))


@pytest.mark.parametrize("info", [b"", b"\x00"])
def test_a_rate_that_is_cut_off_is_none(info: bytes) -> None:
    with pytest.raises(BadFrameError):
        Terms().at_rate_of(info)
