"""Who calls: every form that modems and networks have for it, and whatever else may come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.fax.caller_id import Bell, CallerId, Moment, Presence, Ring, RingKind


def told(*lines: str) -> CallerId:
    bell = Bell()
    for line in lines:
        assert bell.hear(line) is None
    return bell.caller


def rung(*lines: str) -> list[RingKind]:
    bell = Bell()
    return [ring.kind for line in lines if (ring := bell.hear(line)) is not None]


GIVEN = CallerId("5550100", "SMITH JOHN", Presence.GIVEN, Moment(8, 5, 12, 34))


@pytest.mark.parametrize(
    "lines",
    [
        ("DATE = 0805", "TIME = 1234", "NMBR = 5550100", "NAME = SMITH JOHN"),
        ("DATE=0805", "TIME=1234", "NMBR=5550100", "NAME=SMITH JOHN"),
        ("DATE =0805", "TIME= 12:34", "NMBR:555-0100", "NAME  =  SMITH   JOHN  "),
        ("date = 0805", "time = 1234", "nmbr = 5550100", "name = SMITH JOHN"),
        ("NAME = SMITH JOHN", "NMBR = 5550100", "TIME = 1234", "DATE = 0805"),
        ("DATE = 0805 TIME = 1234 NMBR = 5550100 NAME = SMITH JOHN",),
        ("DATE = 0805", "TIME = 1234", "DDN_NMBR = 5550100", "NMBR = O", "NAME = SMITH JOHN"),
        ("DATE=0805", "TIME=1234", "NAME=SMITH JOHN", "ANID=5550100", "NDID=5550199", "USER=5550188"),
        ("DATE=0805", "TIME=1234", "NAME=SMITH JOHN", "NMBR=5550100", "ANID=<NONE>", "PASS=<NONE>", "NDID=5550199"),
        ("DATE = 20260805", "TIME = 123456", "NMBR = 5550100", "NAME = SMITH JOHN", "NAME = ", "NMBR = "),
    ],
)
def test_the_forms_of_lines(lines: tuple[str, ...]) -> None:
    assert told(*lines) == GIVEN


def test_a_name_or_time_may_be_missing() -> None:
    assert told("NMBR = 5550100") == CallerId("5550100", presence=Presence.GIVEN)
    assert told("NMBR = +1 (555) 0100").number == "+15550100"


@pytest.mark.parametrize(
    ("line", "presence"),
    [
        ("NMBR = P", Presence.WITHHELD),
        ("NMBR = Private", Presence.WITHHELD),
        ("NMBR = ANONYMOUS", Presence.WITHHELD),
        ("NMBR = O", Presence.UNAVAILABLE),
        ("NMBR = OUT OF AREA", Presence.UNAVAILABLE),
        ("NMBR = something else", Presence.UNAVAILABLE),
        ("NMBR = ", Presence.UNTOLD),
        ("NMBR=<NONE>", Presence.UNTOLD),
        ("NMBR = OUT-OF-AREA", Presence.UNAVAILABLE),
        ("NMBR = OUT_OF_AREA", Presence.UNAVAILABLE),
        ("NMBR = UNAVAIL", Presence.UNAVAILABLE),
        ("NMBR = Private Number", Presence.WITHHELD),
        ("NMBR = Number  Withheld", Presence.WITHHELD),
    ],
)
def test_a_number_that_is_not_given_says_why(line: str, presence: Presence) -> None:
    assert told(line, "NAME = P") == CallerId(presence=presence)


@pytest.mark.parametrize("name", ["OUT-OF-AREA", "Out of Area", "Private Name", "UNKNOWN NAME", "Unavail", "<none>"])
def test_why_there_is_no_name_is_no_name(name: str) -> None:
    assert told(f"NAME = {name}", "NMBR = 5550100") == CallerId("5550100", presence=Presence.GIVEN)


def test_a_name_with_a_dash_stays_as_it_is() -> None:
    assert told("NAME = SMITH-JONES MARY").name == "SMITH-JONES MARY"


def message(kind: int, body: bytes) -> str:
    octets = bytes((kind, len(body))) + body
    return (octets + bytes((-sum(octets) % 256,))).hex().upper()


WHOLE = message(0x80, b"\x01\x0808051234\x02\x075550100\x07\x0aSMITH JOHN")


@pytest.mark.parametrize(
    "lines",
    [
        (f"MESG = {WHOLE}",),
        (f"MESG={WHOLE[:-2]}",),  # without its check
        (f"MESG = {' '.join(WHOLE[at : at + 2] for at in range(0, len(WHOLE), 2))}",),
        (WHOLE,),
        (message(0x04, b"080512345550100"), "NAME = SMITH JOHN"),
        ("NMBR = 5550100", "NAME = SMITH JOHN", f"MESG = {message(0x01, b'08051234')}"),
        ("NMBR = 5550100", "TIME = 1234", "DATE = 0805", f"MESG = {message(0x07, b'SMITH JOHN')}", "MESG = 0D0101F1"),
    ],
)
def test_the_network_s_message_in_hexadecimal_digits(lines: tuple[str, ...]) -> None:
    assert told(*lines) == GIVEN


@pytest.mark.parametrize(("reason", "presence"), [(b"P", Presence.WITHHELD), (b"O", Presence.UNAVAILABLE)])
def test_a_message_says_why_there_is_no_number(reason: bytes, presence: Presence) -> None:
    assert told("MESG = " + message(0x80, bytes((4, 1)) + reason)) == CallerId(presence=presence)
    assert told(message(0x04, b"08051234" + reason)).presence is presence


@pytest.mark.parametrize(
    "line",
    [
        "NM\ufffdR = 5550100",
        "DATE = 1399",
        "TIME = 1234",
        "NMBR",
        "= 5550100",
        "MESG = 02",
        "MESG = 0207353535",  # cut off
        "MESG = 02 0735 3",
        "MESG = XYZ",
        f"MESG = {WHOLE[:-2]}00",  # its check does not fit
        WHOLE[:-8] + "00000000",
        "MESG = 8003010830",
    ],
)
def test_a_garbled_line_tells_nothing(line: str) -> None:
    assert told(line) == CallerId()


@pytest.mark.parametrize(
    "digits", ["13051234", "00051234", "08321234", "08002400", "08052400", "08051260", "0805123", "0805123\u0664"]
)
def test_a_time_that_there_is_not_is_not_taken(digits: str) -> None:
    assert told(f"DATE = {digits[:4]}", f"TIME = {digits[4:]}").at is None


def test_names_and_numbers_are_cut_and_hold_nothing_that_steers_a_terminal() -> None:
    caller = told("NAME = \x1b[31mSMITH\ufffd" + "X" * 100, "NMBR = " + "5" * 100)
    assert caller.name.startswith("[31mSMITHXX")
    assert (len(caller.name), len(caller.number)) == (64, 32)


def test_a_caller_says_nothing_to_a_log() -> None:
    assert "5550100" not in f"{GIVEN} {GIVEN!r} {Ring(GIVEN)}"
    assert "SMITH" not in f"{GIVEN} {GIVEN!r} {Ring(GIVEN)}"


def test_another_call_starts_anew() -> None:
    bell = Bell()
    bell.hear("NMBR = 5550100")
    bell.hear("RING B")
    bell.forget()
    assert bell.hear("RING") == Ring()


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("RING", RingKind.UNTOLD),
        ("RING A", RingKind.SINGLE),
        ("RING 1", RingKind.SINGLE),
        ("RING B", RingKind.DOUBLE),
        ("RING2", RingKind.DOUBLE),
        ("RING C", RingKind.SHORT_SHORT_LONG),
        ("RING  3", RingKind.SHORT_SHORT_LONG),
        ("ring d", RingKind.SHORT_LONG_SHORT),
    ],
)
def test_a_modem_that_names_the_pattern(word: str, kind: RingKind) -> None:
    assert rung(word) == [kind]


@pytest.mark.parametrize(
    ("reports", "kind"),
    [
        ("ON20", RingKind.SINGLE),
        ("ON8 OF4 ON8", RingKind.DOUBLE),
        ("ON4 OF2 ON4 OF2 ON8", RingKind.SHORT_SHORT_LONG),
        ("ON3 OF2 ON10 OF2 ON3", RingKind.SHORT_LONG_SHORT),
        ("ON8 OF2 ON4 OF2 ON4", RingKind.OTHER),
        ("ON4 OF2 ON4 OF2 ON4 OF2 ON4", RingKind.OTHER),
        ("ON4 OF40 ON8 OF4 ON8", RingKind.DOUBLE),
    ],
)
def test_a_modem_that_times_the_bursts(reports: str, kind: RingKind) -> None:
    lines = [f"DR{report[:2]}={report[2:]}" for report in reports.split()]
    assert rung("DROF=40", *lines, "RING") == [kind]


def test_a_pattern_that_is_told_once_stays_for_the_call() -> None:
    assert rung("RING", "DRON = 8", "DROF = 4", "DRON = 8", "RING", "RING") == [
        RingKind.UNTOLD,
        RingKind.DOUBLE,
        RingKind.DOUBLE,
    ]


ANY_LINE = st.one_of(
    st.text(max_size=120),
    st.binary(max_size=60).map(lambda octets: f"MESG = {octets.hex()}"),
    st.binary(max_size=60).map(lambda octets: "80" + octets.hex().upper()),
    st.tuples(
        st.sampled_from(["DATE", "TIME", "NMBR", "NAME", "DDN_NMBR", "MESG", "DRON", "DROF", "RING"]),
        st.sampled_from(["=", " = ", ":", " "]),
        st.text(max_size=80),
    ).map("".join),
)


@given(st.lists(ANY_LINE, max_size=20))
def test_whatever_comes_nothing_fails_and_everything_is_in_bounds(lines: list[str]) -> None:
    bell = Bell()
    for line in lines:
        bell.hear(line)
    caller = bell.caller
    assert len(caller.number) <= 32
    assert set(caller.number) <= set("0123456789+*#")
    assert len(caller.name) <= 64
    assert caller.name.isprintable()
    assert bool(caller.number) == (caller.presence is Presence.GIVEN)
