"""Kinds of modems: how they are known, and that the rules that name them know the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.fax.profiles import (
    AUTO,
    CONEXANT,
    GENERIC,
    MULTITECH,
    PROFILES,
    SOFT,
    USR5637,
    Profile,
    recognise,
    recognise_usb,
)

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "hardware/udev/70-keepline-fax.rules").read_text()


@pytest.mark.parametrize(
    ("answers", "profile"),
    [
        (("5601", "U.S. Robotics 56K FAX USB V1.2.23"), USR5637),
        (("5601",), USR5637),
        (("56000", "CX93001-EIS_V0.2002-V92"), CONEXANT),
        (("CX93001-EIS_V0.2002-V92",), CONEXANT),
        (("Multi-Tech Systems, Inc.", "MT9234MU"), MULTITECH),
        (("MT9234ZBA-USB",), MULTITECH),
        (("spandsp", "www.soft-switch.org"), SOFT),
        (("156010", "Acme", ""), GENERIC),
        ((), GENERIC),
    ],
)
def test_a_modem_is_known_by_what_it_says_of_itself(answers: tuple[str, ...], profile: Profile) -> None:
    assert recognise(answers) is profile


def test_a_modem_is_known_by_its_usb_identity() -> None:
    assert recognise_usb("0BAF:0303") is USR5637
    assert recognise_usb("0572:1329") is CONEXANT
    assert recognise_usb("dead:beef") is None


def test_every_kind_is_found_by_its_name_and_enters_fax_mode_before_what_that_would_undo() -> None:
    assert {name: profile.name for name, profile in PROFILES.items()} == {name: name for name in PROFILES}
    for profile in PROFILES.values():
        assert profile.needed[:2] == ("S0=0", "+FCLASS=1")
        assert not any(flow in profile.needed[:1] for flow in ("&K3", "&H1&I0&R2"))


def test_no_kind_is_told_to_report_patterns_in_the_way_that_silences_rings() -> None:
    told = [command for profile in PROFILES.values() for way in profile.patterns.ways for command in way]
    assert "+VDR=1,0" not in told


def test_the_rules_of_the_system_name_the_same_modems() -> None:
    named = {
        f"{vendor}:{product}"
        for vendor, products in re.findall(r'idVendor}=="(\w+)", ATTRS{idProduct}=="([\w|]+)"', RULES)
        for product in products.split("|")
    }
    assert named == {usb for profile in PROFILES.values() for usb in profile.usb}
    assert 'SYMLINK+="keepline-fax"' in RULES
    assert "hardware/udev/*.rules" in (ROOT / "install.sh").read_text()


def test_each_rule_stands_on_one_line_of_pairs() -> None:
    for line in RULES.splitlines():
        assert (
            not line
            or line.startswith("#")
            or re.fullmatch(r'[A-Z]+({\w+})?(==|!=|\+?=)"[^"]*"(, [A-Z]+({\w+})?(==|!=|\+?=)"[^"]*")*', line)
        ), line


def test_what_is_said_of_a_modem_has_a_source() -> None:
    assert all(quirk.what and quirk.source for profile in PROFILES.values() for quirk in profile.quirks)
    assert AUTO.answers == ()
