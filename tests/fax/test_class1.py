"""The modem's side: commands given, answers timed, and an end whatever the modem says."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import FaxError, ModemError, ModemHungError, ModemRefusedError, ModemSilentError, SerialError
from appliance.fax.answering import answer
from appliance.fax.at import Result, stuff
from appliance.fax.caller_id import CallerId, Moment, Presence, Ring
from appliance.fax.class1 import Class1, Rung
from appliance.fax.frames import Frame, Kind, check_sequence, pack_identity, pack_inner, turn
from appliance.fax.player import Receiver, play
from appliance.fax.profiles import AUTO, CONEXANT, GENERIC, SOFT, USR5637
from appliance.fax.rates import Modulation, Rate
from appliance.fax.receiving import Call, Station
from appliance.fax.steps import Done, Garbled, Gone, Heard, Interrupted, Silent
from appliance.fax.timers import RECOVERY
from tests.fakes.keeper import FakeKeeper
from tests.fakes.modem import FakeModem

OK = b"\r\nOK\r\n"
CONNECT = b"\r\nCONNECT\r\n"
NO_CARRIER = b"\r\nNO CARRIER\r\n"
ERROR = b"\r\nERROR\r\n"
HELLO = b"ATE0V1Q0\r"
FRM = b"AT+FRM=?\r"
ASKED = ("H0", "S0=0", "+FCLASS=1", "+IFC=2,2", "+FAR=1", "+VCID=1", "&D2")
SETS_UP: dict[bytes, list[list[bytes | None]]] = {
    HELLO: [[OK]],
    **{f"AT{command}\r".encode(): [[OK]] for command in ASKED},
    FRM: [[b"\r\n24,48,72,73,74,96,97,98,121,122,145,146\r\n", OK]],
}


def wire(frame: Frame) -> bytes:
    octets = frame.to_octets(by_caller=True)
    return stuff(octets + check_sequence(octets))


def modem(says: dict[bytes, list[list[bytes | None]]]) -> tuple[Class1, FakeModem]:
    fake = FakeModem(says | {b"\x18": [[OK]]})
    return Class1(fake, fake.clock, GENERIC), fake


def test_a_modem_is_set_up() -> None:
    ours, fake = modem(SETS_UP)
    ours.set_up()
    assert fake.written == list(SETS_UP)
    assert ours.lacks == ()
    assert ours.rates == frozenset(Rate)


def test_a_modem_is_looked_at_between_calls_without_touching_the_receiver() -> None:
    ours, fake = modem(SETS_UP)
    ours.set_up()
    fake.written.clear()
    ours.check_up()
    assert fake.written == [command for command in SETS_UP if command != b"ATH0\r"]


def test_a_modem_that_is_looked_at_while_it_is_deaf_is_named() -> None:
    ours, fake = modem(SETS_UP)
    ours.set_up()
    fake.says.clear()
    with pytest.raises(ModemSilentError):
        ours.check_up()


def test_a_modem_that_says_nothing_is_named() -> None:
    ours, fake = modem({})
    with pytest.raises(ModemSilentError):
        ours.set_up()
    assert 3.0 < fake.now < 15.0


def test_a_modem_without_class_1_is_named() -> None:
    ours, _ = modem(SETS_UP | {b"AT+FCLASS=1\r": [[ERROR]]})
    with pytest.raises(ModemRefusedError):
        ours.set_up()


def test_a_modem_without_adaptive_reception_will_do() -> None:
    ours, _ = modem(SETS_UP | {b"AT+FAR=1\r": [[ERROR]]})
    ours.set_up()
    assert [wish.what for wish in ours.lacks] == ["adaptive reception"]


def test_frames_follow_the_answer_tone_without_a_new_carrier() -> None:
    csi, dis = turn(Frame(Kind.CSI, bytes(20)), Frame(Kind.DIS, b"\x10\x00\x10"))
    first, last = stuff(csi.to_octets(by_caller=False)), stuff(dis.to_octets(by_caller=False))
    ours, fake = modem({b"ATA\r": [[CONNECT]], first: [[CONNECT]], last: [[OK]]})
    assert ours.pick_up() == Done()
    assert ours.send_frames((csi, dis), by_caller=False) == Done()
    assert fake.written == [b"ATA\r", first, last]
    assert last == b"\xff\x13\x80\x10\x10\x00\x10\x10\x10\x03"


def test_later_frames_wait_for_silence_and_have_their_own_carrier() -> None:
    mcf = stuff(Frame(Kind.MCF).to_octets(by_caller=False))
    ours, fake = modem({b"AT+FRS=7\r": [[OK]], b"AT+FTH=3\r": [[CONNECT]], mcf: [[OK]]})
    assert ours.send_frames((Frame(Kind.MCF),), by_caller=False) == Done()
    assert fake.written == [b"AT+FRS=7\r", b"AT+FTH=3\r", mcf]


def test_a_frame_is_heard_in_whatever_pieces_it_comes() -> None:
    said = CONNECT + wire(Frame(Kind.DCS, b"\x00\x62\x78")) + OK
    pieces: list[bytes | None] = [said[at : at + 1] for at in range(len(said))]
    ours, _ = modem({b"AT+FRH=3\r": [pieces]})
    assert ours.listen(6.0) == Heard(Frame(Kind.DCS, b"\x00\x62\x78"))


@pytest.mark.parametrize(
    "said",
    [
        CONNECT + wire(Frame(Kind.DCS)) + ERROR,
        CONNECT + wire(Frame(Kind.DCS)) + NO_CARRIER,
        CONNECT + stuff(b"\xff\x13\x83\x00\x00") + OK,
        CONNECT + stuff(b"") + OK,
        CONNECT + b"\xff\x13",
        CONNECT + bytes(5000),
    ],
    ids=["check", "carrier", "sequence", "empty", "half", "endless"],
)
def test_a_damaged_frame_is_garbled(said: bytes) -> None:
    ours, _ = modem({b"AT+FRH=3\r": [[said]]})
    assert ours.listen(6.0) == Garbled()


def test_a_command_is_waited_for_until_the_rest_of_a_page_has_gone_by() -> None:
    other: list[bytes | None] = [b"\r\n+FCERROR\r\n"]
    ours, fake = modem({b"AT+FRH=3\r": [*[other] * 80, [CONNECT + wire(Frame(Kind.EOP)) + OK]]})
    assert ours.listen(6.0, through=60.0) == Heard(Frame(Kind.EOP))
    assert 15.0 < fake.now < 30.0


def test_a_modem_that_hears_other_carriers_without_end_is_not_believed_for_ever() -> None:
    ours, fake = modem({b"AT+FRH=3\r": [[b"\r\n+FCERROR\r\n"]]})
    assert ours.listen(6.0) == Silent()
    assert 6.0 <= fake.now <= 6.5
    assert ours.listen(6.0, through=60.0) == Silent()
    assert 66.0 + 6.0 <= fake.now <= 66.0 + 7.0


def test_silence_ends_in_time_and_frees_the_modem() -> None:
    ours, fake = modem({})
    assert ours.listen(6.0) == Silent()
    assert 6.0 <= fake.now <= 6.5
    assert fake.written == [b"AT+FRH=3\r", b"\x18"]


def test_a_modem_that_gives_up_early_is_asked_again_but_not_in_a_rush() -> None:
    ours, fake = modem({b"AT+FRH=3\r": [[NO_CARRIER]]})
    assert ours.listen(6.0) == Silent()
    assert 6.0 <= fake.now <= 6.5
    assert len(fake.written) < 30


def test_a_modem_that_waits_and_gives_up_by_itself_is_asked_again_until_the_time_is_over() -> None:
    class Patient(FakeModem):
        def read(self) -> bytes:
            self.now += 2.5
            return super().read()

    fake = Patient({b"AT+FRH=3\r": [[NO_CARRIER]]})
    assert Class1(fake, fake.clock, GENERIC).listen(6.0) == Silent()
    assert 6.0 <= fake.now < 9.0
    assert fake.written == [b"AT+FRH=3\r"] * 3


def test_a_dead_line_is_gone() -> None:
    ours, _ = modem(
        {b"AT+FRH=3\r": [[ERROR]], b"ATA\r": [[NO_CARRIER]], b"AT+FTH=3\r": [[ERROR]], b"AT+FRM=146\r": [[ERROR]]}
    )
    assert ours.listen(6.0) == Gone()
    assert ours.pick_up() == Gone()
    assert ours.send_frames((Frame(Kind.MCF),), by_caller=False) == Gone()
    assert ours.receive(Rate.V17_14400, lambda octets: None, short=True) == Gone()


@pytest.mark.parametrize("rate", Rate, ids=str)
def test_a_page_comes_piece_by_piece(rate: Rate) -> None:
    page = bytes(range(256)) * 4
    ours, _ = modem(
        {f"AT+FRM={rate.code(short=True)}\r".encode(): [[CONNECT, stuff(page)[:300], stuff(page)[300:] + NO_CARRIER]]}
    )
    came = bytearray()
    assert ours.receive(rate, came.extend, short=True) == Done()
    assert came == page


def test_a_page_that_stalls_ends() -> None:
    ours, fake = modem({b"AT+FRM=96\r": [[CONNECT, b"abc"]]})
    came = bytearray()
    assert ours.receive(Rate.V29_9600, came.extend, short=True) == Done()
    assert came == b"abc"
    assert fake.now < 8.0


def test_frames_in_place_of_a_page_are_heard_at_once_with_adaptive_reception() -> None:
    dcs = Frame(Kind.DCS, b"\x00\x62\x78")
    ours, fake = modem({b"AT+FRM=146\r": [[b"\r\n+FRH:3\r\n", CONNECT, wire(dcs) + OK]]})
    assert ours.receive(Rate.V17_14400, lambda octets: None, short=True) == Interrupted()
    assert ours.listen(6.0) == Heard(dcs)
    assert fake.written == [b"AT+FRM=146\r"]


def test_frames_in_place_of_a_page_are_listened_for_without_it() -> None:
    ours, fake = modem(
        {b"AT+FRM=146\r": [[b"\r\n+FCERROR\r\n"]], b"AT+FRH=3\r": [[CONNECT + wire(Frame(Kind.DCN)) + OK]]}
    )
    assert ours.receive(Rate.V17_14400, lambda octets: None, short=True) == Interrupted()
    assert ours.listen(6.0) == Heard(Frame(Kind.DCN))
    assert fake.written == [*[b"AT+FRM=146\r"] * (1 + GENERIC.persistence), b"AT+FRH=3\r"]


def test_a_modem_that_is_quick_to_hear_another_carrier_is_asked_again_before_the_page_is_given_up() -> None:
    hasty: list[bytes | None] = [b"\r\n+FCERROR\r\n"]
    ours, fake = modem({b"AT+FRM=145\r": [*[hasty] * GENERIC.persistence, [CONNECT + stuff(b"page") + NO_CARRIER]]})
    came = bytearray()
    assert ours.receive(Rate.V17_14400, came.extend, short=False) == Done()
    assert came == b"page"
    assert fake.now < 0.1  # the training does not wait


SAID = [
    Frame(Kind.DCS, b"\x00\x62\x78"),
    Frame(Kind.DCS, bytes.fromhex("0062f8c4809f01")),
    Frame(Kind.TSI, pack_identity("5550100"), final=False),
    Frame(Kind.PPS, pack_inner(Kind.EOP) + bytes(3)),
    Frame(Kind.EOP),
    Frame(Kind.DCN),
]


@pytest.mark.parametrize("tail", [b"", b"\x00\x00", b"\xde\xad"], ids=["left off", "zero", "wrong"])
def test_a_modem_that_hands_over_no_right_check_sequence_is_understood_all_the_same(tail: bytes) -> None:
    said = [CONNECT + stuff(frame.to_octets(by_caller=True) + tail) + OK for frame in SAID]
    ours, _ = modem({b"AT+FRH=3\r": [[one] for one in said]})
    assert [ours.listen(6.0) for _ in SAID] == [Heard(frame) for frame in SAID]


def test_from_a_modem_that_has_handed_over_a_right_check_sequence_a_wrong_one_is_damage() -> None:
    wrong = CONNECT + stuff(Frame(Kind.EOP).to_octets(by_caller=True) + bytes(2)) + OK
    right = CONNECT + wire(Frame(Kind.EOP)) + OK
    ours, _ = modem(SETS_UP | {b"AT+FRH=3\r": [[wrong], [right], [wrong], [wrong]]})
    assert ours.listen(6.0) == Heard(Frame(Kind.EOP))
    assert ours.listen(6.0) == Heard(Frame(Kind.EOP))
    assert ours.listen(6.0) == Garbled()
    ours.set_up()  # another one may be there now
    assert ours.listen(6.0) == Heard(Frame(Kind.EOP))


def test_a_kind_of_modem_that_is_known_to_hand_over_check_sequences_is_held_to_them_from_the_start() -> None:
    fake = FakeModem({b"AT+FRH=3\r": [[CONNECT + stuff(Frame(Kind.EOP).to_octets(by_caller=True) + bytes(2)) + OK]]})
    assert Class1(fake, fake.clock, SOFT).listen(6.0) == Garbled()


ANSWERS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                OK,
                CONNECT,
                NO_CARRIER,
                ERROR,
                b"\r\n+FCERROR\r\n",
                b"\r\n+FRH:3\r\n",
                b"\r\nRING\r\n",
                b"\r\nBUSY\r\n",
                b"\x10\x03",
                None,
            ]
        ),
        st.sampled_from([CONNECT + wire(Frame(kind)) + OK for kind in (Kind.DCS, Kind.EOP, Kind.MPS, Kind.DCN)]),
        st.just(CONNECT + wire(Frame(Kind.DCS, b"\x00\x62\x78")) + OK),
        st.just(CONNECT + bytes(4000) + b"\x10\x03" + NO_CARRIER),
        st.binary(max_size=40),
    ),
    max_size=3,
)


class AnyModem(FakeModem):
    """Answers each command with the next of `answers`, whatever it is; none once they are used up."""

    def __init__(self, answers: list[list[bytes | None]]) -> None:
        super().__init__({})
        self.answers = iter(answers)

    def write(self, octets: bytes) -> None:
        self.written.append(octets)
        self.coming.extend(next(self.answers, []))


@given(st.lists(ANSWERS, max_size=25))
@settings(deadline=None, max_examples=300)
def test_whatever_the_modem_says_a_call_ends(answers: list[list[bytes | None]]) -> None:
    fake = AnyModem([[CONNECT], [CONNECT], [OK], *answers])
    receiver = Receiver(Class1(fake, fake.clock, GENERIC), FakeKeeper())
    call = Call()
    try:
        play(answer(Station("5550199"), call), receiver)
    except (FaxError, SerialError):
        assert not call.complete or call.pages
    assert fake.now < 3600


@given(st.lists(ANSWERS, max_size=80), st.booleans())
@settings(deadline=None, max_examples=200)
def test_whatever_the_modem_says_it_is_brought_back_or_given_up_in_time(
    answers: list[list[bytes | None]], twice: bool
) -> None:
    fake = AnyModem(answers * 2 if twice else answers)
    modem = Class1(fake, fake.clock, AUTO, distinctive=True)
    with suppress(ModemError, SerialError):
        modem.recover()
        assert modem.profile is not AUTO
    assert fake.now < RECOVERY


def test_a_line_that_is_never_silent_is_answered_all_the_same() -> None:
    mcf = stuff(Frame(Kind.MCF).to_octets(by_caller=False))
    ours, fake = modem({b"AT+FTH=3\r": [[CONNECT]], mcf: [[OK]]})
    assert ours.send_frames((Frame(Kind.MCF),), by_caller=False) == Done()
    assert fake.written == [b"AT+FRS=7\r", b"\x18", b"AT+FTH=3\r", mcf]
    assert fake.now < 1.0


def ringing(*pieces: bytes) -> tuple[Class1, FakeModem]:
    ours, fake = modem({})
    fake.coming.extend(pieces)
    return ours, fake


def test_a_ring_comes_with_what_is_known_of_the_caller_by_then() -> None:
    ours, _ = ringing(b"\r\nRING\r\n", b"\r\nDATE = 0805\r\nTIME = 12", b"34\r\nNMBR = 5550100\r\n", b"\r\nRING\r\n")
    assert ours.wait_ring(10.0) == Ring()
    second = ours.wait_ring(10.0)
    assert second is not None
    assert second.caller == CallerId("5550100", presence=Presence.GIVEN, at=Moment(8, 5, 12, 34))
    assert ours.caller == second.caller
    assert ours.wait_ring(1.0) is None


def test_who_calls_may_be_told_before_the_first_ring() -> None:
    ours, _ = ringing(b"\r\nNMBR = P\r\n\r\nRING\r\n")
    assert ours.wait_ring(10.0) == Ring(CallerId(presence=Presence.WITHHELD))


@pytest.mark.parametrize(
    "split", [b"\r\nDATE = 0805\r\n|TIME = 1234\r\n|RING\r\n", b"TIME = 1234\r\n|DATE = 0805\r\n\r\nRING\r\n"]
)
def test_what_comes_a_word_at_a_time_after_a_long_silence_is_kept(split: bytes) -> None:
    ours, fake = ringing()
    assert ours.wait_ring(20.0) is None
    fake.coming.extend(split.split(b"|"))
    assert ours.wait_ring(10.0) == Ring(CallerId(at=Moment(8, 5, 12, 34)))


def test_a_quiet_line_does_not_ring() -> None:
    ours, fake = ringing(b"\r\nOK\r\n", b"\x00\xffrubbish\r\n")
    assert ours.wait_ring(2.0) is None
    assert 2.0 <= fake.now < 2.5


def test_the_caller_before_is_forgotten_when_it_has_been_quiet_for_long() -> None:
    ours, fake = ringing(b"\r\nNMBR = 5550100\r\n\r\nRING\r\n")
    assert ours.wait_ring(1.0) is not None
    assert ours.wait_ring(20.0) is None
    fake.coming.append(b"\r\nRING\r\n")
    assert ours.wait_ring(1.0) == Ring()


def test_a_ring_during_another_command_is_not_lost() -> None:
    ours, _ = modem({HELLO: [[b"\r\nRING\r\n\r\nNMBR = 5550100\r\n", OK]]})
    assert ours.is_ready()
    assert ours.wait_ring(0.0) == Ring()
    assert ours.caller.number == "5550100"


def test_an_answer_that_comes_too_late_answers_nothing_else() -> None:
    ours, fake = modem({HELLO: [[]], b"AT+FTH=3\r": [[ERROR]]})
    assert not ours.is_ready()
    fake.coming.append(OK)
    assert ours.send_frames((Frame(Kind.MCF),), by_caller=False) == Gone()


def test_a_question_is_answered_by_lines() -> None:
    ours, _ = modem({b"AT+FTH=?\r": [[b"AT+FTH=?\r\r\n3\r\n", OK]]})
    assert ours.ask("+FTH=?") == (Result.OK, ("3",))


def test_a_modem_that_answers_again_once_cancelled_needs_no_more() -> None:
    ours, fake = modem(SETS_UP)
    assert ours.recover() is Rung.CANCELLED
    assert fake.reopened == 0


def test_a_modem_that_wants_to_be_reset_is_reset() -> None:
    ours, fake = modem(SETS_UP | {b"AT+FCLASS=1\r": [[ERROR], [ERROR], [OK]]})
    assert ours.recover() is Rung.RESET
    assert b"ATZ\r" in fake.written


def test_a_modem_that_hangs_gets_its_port_opened_again() -> None:
    class Hanging(FakeModem):
        def write(self, octets: bytes) -> None:
            if self.reopened:
                super().write(octets)

    fake = Hanging(SETS_UP)
    assert Class1(fake, fake.clock, GENERIC).recover() is Rung.REOPENED


def test_a_modem_beyond_help_is_given_up_in_time() -> None:
    ours, fake = modem({})
    with pytest.raises(ModemSilentError):
        ours.recover()
    assert fake.reopened == 1
    assert fake.now < RECOVERY


def test_a_modem_that_has_gone_and_come_back_under_its_name_is_opened_anew() -> None:
    ours, fake = modem(SETS_UP | {HELLO: [[None], [None], [OK]]})
    assert ours.recover() is Rung.REOPENED
    assert fake.reopened == 1


def test_a_modem_of_another_kind_in_its_place_is_asked_what_it_is() -> None:
    soft: list[bytes | None] = [b"\r\nspandsp\r\n", OK]
    usr: list[bytes | None] = [b"\r\n5601\r\n", OK]
    goes: dict[bytes, list[list[bytes | None]]] = {
        HELLO: [[OK], [None], [OK]],
        b"ATZ\r": [[None]],
        b"AT&H1&I0&R2\r": [[OK]],
    }
    _, fake = modem(SETS_UP | goes | {b"ATI0\r": [soft, usr]})
    ours = Class1(fake, fake.clock, AUTO)
    ours.set_up()
    assert ours.profile is SOFT
    assert ours.recover() is Rung.REOPENED
    assert ours.profile is USR5637


def test_a_modem_that_has_gone_is_named() -> None:
    ours, _ = modem({HELLO: [[None]], b"ATZ\r": [[None]]})
    with pytest.raises(SerialError):
        ours.recover()


def test_a_modem_that_hangs_in_the_midst_of_a_call_ends_it() -> None:
    fake = FakeModem({b"AT+FRM=96\r": [[CONNECT, b"abc"]]})
    ours = Class1(fake, fake.clock, GENERIC)
    assert ours.receive(Rate.V29_9600, lambda octets: None, short=True) == Done()
    with pytest.raises(ModemHungError):
        ours.listen(6.0)
    assert ours.hang_up() == Done()


def test_an_open_data_mode_is_left() -> None:
    class Online(FakeModem):
        online = True

        def write(self, octets: bytes) -> None:
            self.online = self.online and octets != b"+++"
            if self.online:
                self.written.append(octets)
            else:
                super().write(octets)

    fake = Online(SETS_UP | {b"ATH0\r": [[OK]]})
    Class1(fake, fake.clock, GENERIC).set_up()
    assert fake.written[:5] == [HELLO, b"\x18\x10\x03", b"\r", b"ATH0\r", b"+++"]


def test_a_receiver_is_put_down_in_the_midst_of_our_own_frames() -> None:
    ours, fake = modem({b"ATA\r": [[CONNECT]], b"\x10\x03": [[OK]], b"ATH0\r": [[OK]]})
    assert ours.pick_up() == Done()
    assert ours.hang_up() == Done()
    assert fake.written == [b"ATA\r", b"\x10\x03", b"ATH0\r"]


def test_a_modem_whose_kind_is_not_told_is_asked() -> None:
    _, fake = modem(SETS_UP | {b"ATI3\r": [[b"\r\nwww.soft-switch.org\r\n", OK]]})
    auto = Class1(fake, fake.clock, AUTO)
    auto.set_up()
    assert auto.profile is SOFT


@pytest.mark.parametrize(
    ("said", "modulations"),
    [
        (b"3,24,48,72,96", {Modulation.V27TER, Modulation.V29}),
        (b"(24,48,72,73,74,96,121,122,145,146)", {Modulation.V27TER, Modulation.V29, Modulation.V17}),
        (b"(24-146)", set(Modulation)),
        (b"24,48,145,146", {Modulation.V27TER}),
        (b"72,96", {Modulation.V29}),
        (b"145,146", set(Modulation)),
        (b"", set(Modulation)),
    ],
)
def test_only_what_the_modem_receives_can_be_offered(said: bytes, modulations: set[Modulation]) -> None:
    ours, _ = modem(SETS_UP | {FRM: [[b"\r\n" + said + b"\r\n", OK]]})
    ours.set_up()
    assert ours.modulations == modulations


def test_flow_control_is_set_again_behind_the_fax_mode_where_a_modem_forgets_it() -> None:
    _, fake = modem(SETS_UP | {b"AT&H1&I0&R2\r": [[OK]]})
    Class1(fake, fake.clock, USR5637).set_up()
    assert fake.written.index(b"AT&H1&I0&R2\r") == fake.written.index(b"AT+FCLASS=1\r") + 1


def test_how_it_rings_is_asked_for_only_where_it_is_wanted() -> None:
    _, fake = modem(SETS_UP | {b"AT&K3\r": [[OK]], b"AT-SDR=7\r": [[ERROR]], b"AT+VDR=1,6\r": [[OK]]})
    Class1(fake, fake.clock, CONEXANT).set_up()
    assert b"AT-SDR=7\r" not in fake.written
    told = Class1(fake, fake.clock, CONEXANT, distinctive=True)
    told.set_up()
    assert fake.written[-3:] == [b"AT-SDR=7\r", b"AT+VDR=1,6\r", FRM]
    assert told.lacks == ()


def test_a_way_of_several_commands_counts_only_when_all_are_taken() -> None:
    says = SETS_UP | {b"AT&K3\r": [[OK]], b"AT+VCID=1\r": [[ERROR]], b"AT-SCID=1;+VCID=1\r": [[ERROR]]}
    _, fake = modem(says | {b"AT!4886=00\r": [[OK]], b"AT#CID=1\r": [[ERROR]]})
    refused = Class1(fake, fake.clock, CONEXANT)
    refused.set_up()
    assert [wish.what for wish in refused.lacks] == ["caller id"]
    assert fake.written.count(b"AT+VCID=1\r") == 2


def test_a_modem_that_falls_silent_over_a_wish_is_not_waited_for_any_longer() -> None:
    ours, fake = modem(SETS_UP | {HELLO: [[OK], []], b"AT+FAR=1\r": [[]]})
    with pytest.raises(ModemSilentError):
        ours.set_up()
    assert fake.written[-2:] == [b"AT+FAR=1\r", HELLO]
