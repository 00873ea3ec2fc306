"""The second step: codes count once and guessing them takes for ever, passkeys are asked for here and now, and one that opens needs no password."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest

from appliance.access import factors, one_time, passkeys
from appliance.access.factors import FactorFiles, Held
from appliance.access.passkeys import PATIENCE, Passkey, Site
from appliance.access.people import Role
from appliance.access.second_step import ALONE, DELAYS, SecondStep, Way
from appliance.access.signs import sign_of
from appliance.access.unlock import unlock
from appliance.errors import (
    ClockUntrustedError,
    ControlError,
    FactorsChangedError,
    FactorsDamagedError,
    NoProofError,
    PasskeyError,
    TooSoonError,
    WrongCodeError,
)
from appliance.store.keys import Identity
from tests import planned
from tests.access.practice import OTHER, Practice
from tests.fakes.authenticator import Authenticator
from tests.fakes.clock import FakeClock

DESK = "192.168.1.20"
SITE = Site("keepline.local", "https://keepline.local", "Elm Street Dental")
SECRET = pyotp.random_base32(32)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def step(practice: Practice, clock: FakeClock) -> SecondStep:
    return SecondStep(practice.folder, clock, lambda files, by: _write(practice.folder, files))


def _write(folder: Path, files: FactorFiles) -> None:
    planned.write_factors(folder, files)


def code(clock: FakeClock, later: int = 0) -> str:
    return pyotp.TOTP(SECRET).generate_otp(int(clock.now() // 30) + later)


def give_app(practice: Practice, step: SecondStep) -> None:
    ana = practice.ana()
    step.change(ana, lambda held: held.with_app(SECRET, 0))


def give_codes(practice: Practice, step: SecondStep) -> tuple[str, ...]:
    ana, codes = practice.ana(), one_time.draw_codes()
    step.change(ana, lambda held: held.with_codes(codes))
    return codes


def give_passkey(practice: Practice, step: SecondStep, opens: bool = True) -> Authenticator:
    ana, device = practice.ana(), Authenticator()
    held = step.open_held(ana)
    options = passkeys.creation(SITE, "ana", b"handle", step.challenges.draw("make"), held.factors.passkeys)
    made = passkeys.made(passkeys.read(device.make(options)), SITE, "Ana's phone", 0.0, opens)
    derived = passkeys.identity_of(device.derived(options), made.id) if opens else None
    own = ana.own
    assert own
    step.change(ana, lambda held: held.with_passkey(made, own, derived))
    return device


def ask(step: SecondStep, purpose: str = ALONE) -> str:
    return passkeys.request(SITE, step.challenges.draw(purpose))


def test_the_apps_code_is_taken_once(practice: Practice, step: SecondStep, clock: FakeClock) -> None:
    give_app(practice, step)
    assert step.take_code(practice.ana(), code(clock), DESK, True) is Way.APP
    with pytest.raises(WrongCodeError):
        step.take_code(practice.ana(), code(clock), DESK, True)
    clock.advance(30)
    assert step.take_code(practice.ana(), code(clock), DESK, True) is Way.APP


def test_without_a_trusted_clock_the_app_is_refused_and_a_printed_code_stands_in(
    practice: Practice, step: SecondStep, clock: FakeClock
) -> None:
    give_app(practice, step)
    codes = give_codes(practice, step)
    for _ in range(5):  # and it counts for no failure
        with pytest.raises(ClockUntrustedError):
            step.take_code(practice.ana(), code(clock), DESK, False)
    assert step.take_code(practice.ana(), codes[3], DESK, False) is Way.CODE


def test_without_a_trusted_clock_a_passkey_stands_in(practice: Practice, step: SecondStep, clock: FakeClock) -> None:
    device = give_passkey(practice, step)
    clock.wall = 0.0
    answer = passkeys.read(device.answer(ask(step, "step")))
    assert step.take_passkey(practice.ana(), answer, SITE, "step") is Way.PASSKEY


def test_each_printed_code_is_good_once_and_says_how_many_are_left(practice: Practice, step: SecondStep) -> None:
    codes = give_codes(practice, step)
    assert step.take_code(practice.ana(), codes[0].upper().replace("-", ""), DESK, True) is Way.CODE
    assert factors.read(practice.folder, "ana").codes == 9
    with pytest.raises(WrongCodeError):
        step.take_code(practice.ana(), codes[0], DESK, True)


def test_new_printed_codes_make_the_old_ones_worthless(practice: Practice, step: SecondStep) -> None:
    old = give_codes(practice, step)
    give_codes(practice, step)
    with pytest.raises(WrongCodeError):
        step.take_code(practice.ana(), old[0], DESK, True)


def test_guessing_codes_gets_slower_and_slower_and_never_closes(
    practice: Practice, step: SecondStep, clock: FakeClock
) -> None:
    give_app(practice, step)
    waits = []
    for guess in range(len(DELAYS) + 2):
        with pytest.raises(WrongCodeError):
            step.take_code(practice.ana(), f"{guess:06}", f"10.0.0.{guess}", True)
        try:
            step.take_code(practice.ana(), "not one", "10.0.1.1", True)
        except TooSoonError as error:
            waits.append(error.wait)
        except WrongCodeError:
            waits.append(0.0)
        clock.advance(waits[-1])
    assert waits[-1] == DELAYS[-1]
    clock.advance(DELAYS[-1])
    assert step.take_code(practice.ana(), code(clock), DESK, True) is Way.APP


def test_a_stranger_who_guesses_codes_does_not_keep_ana_from_her_own_desk(
    practice: Practice, step: SecondStep, clock: FakeClock
) -> None:
    give_app(practice, step)
    step.take_code(practice.ana(), code(clock), DESK, True)
    clock.advance(30)
    for guess in ("111111", "222222", "333333"):
        with pytest.raises(WrongCodeError):
            step.take_code(practice.ana(), guess, "10.0.0.66", True)
    with pytest.raises(TooSoonError):
        step.take_code(practice.ana(), code(clock), "10.0.0.67", True)
    with pytest.raises(WrongCodeError):
        step.take_code(practice.ana(), "444444", DESK, True)  # she mistypes
    assert step.take_code(practice.ana(), code(clock), DESK, True) is Way.APP


def test_who_guesses_at_her_desk_waits_as_everywhere(practice: Practice, step: SecondStep, clock: FakeClock) -> None:
    give_app(practice, step)
    step.take_code(practice.ana(), code(clock), DESK, True)
    for guess in ("111111", "222222", "333333"):
        with pytest.raises(WrongCodeError):
            step.take_code(practice.ana(), guess, DESK, True)
    with pytest.raises(TooSoonError):
        step.take_code(practice.ana(), "555555", DESK, True)


def test_a_printed_code_waits_for_nobody(practice: Practice, step: SecondStep) -> None:
    give_app(practice, step)
    codes = give_codes(practice, step)
    for guess in ("111111", "222222", "333333"):
        with pytest.raises(WrongCodeError):
            step.take_code(practice.ana(), guess, DESK, True)
    assert step.take_code(practice.ana(), codes[0].upper(), DESK, True) is Way.CODE


def test_the_right_password_again_wins_no_further_guesses(practice: Practice, step: SecondStep) -> None:
    give_app(practice, step)
    for _ in range(3):
        with pytest.raises(WrongCodeError):
            step.take_code(practice.ana(), "wrong", DESK, True)
    with pytest.raises(TooSoonError):
        step.take_code(practice.ana(), "wrong", DESK, True)


def test_others_at_other_addresses_are_not_slowed_down(practice: Practice, step: SecondStep) -> None:
    practice.add("ben", Role.STAFF)
    ben = unlock(practice.folder, "ben", OTHER)
    codes = one_time.draw_codes()
    step.change(ben, lambda held: held.with_codes(codes))
    for _ in range(3):
        with pytest.raises(WrongCodeError):
            step.take_code(practice.ana(), "wrong", DESK, True)
    assert step.take_code(unlock(practice.folder, "ben", OTHER), codes[0], "192.168.1.77", True) is Way.CODE


def test_a_passkey_alone_opens_the_practice_key(practice: Practice, step: SecondStep) -> None:
    device = give_passkey(practice, step)
    options = ask(step)
    opened = step.passkey_alone(passkeys.read(device.answer(options)), device.derived(options), SITE)
    assert opened.person.name == "ana"
    assert opened.practice.to_bytes() == practice.ana().practice.to_bytes()


def test_the_signature_without_what_opens_is_not_enough(practice: Practice, step: SecondStep) -> None:
    device = give_passkey(practice, step)
    with pytest.raises(PasskeyError):
        step.passkey_alone(passkeys.read(device.answer(ask(step))), "", SITE)
    device.secret = b"another one"
    options = ask(step)
    with pytest.raises(FactorsDamagedError):
        step.passkey_alone(passkeys.read(device.answer(options)), device.derived(options), SITE)


def test_what_opens_without_the_signature_is_not_enough(practice: Practice, step: SecondStep) -> None:
    device = give_passkey(practice, step)
    options = ask(step)
    stranger = Authenticator(secret=device.secret)
    with pytest.raises(PasskeyError):
        step.passkey_alone(passkeys.read(stranger.answer(options)), device.derived(options), SITE)


def test_a_passkey_that_cannot_open_says_whose_it_is(practice: Practice, step: SecondStep) -> None:
    device = give_passkey(practice, step, opens=False)
    assert step.owner(passkeys.read(device.answer(ask(step))), SITE) == "ana"
    options = ask(step)
    with pytest.raises(PasskeyError):
        step.passkey_alone(passkeys.read(device.answer(options)), device.derived(options), SITE)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda device: setattr(device, "origin", "https://keepline.evil"),
        lambda device: setattr(device, "origin", "http://keepline.local"),
        lambda device: setattr(device, "host", "keepline.evil"),
        lambda device: setattr(device, "verified", False),
        lambda device: setattr(device, "id", b"another passkey"),
        lambda device: setattr(device, "key", Authenticator().key),
        lambda device: setattr(device, "count", -1),  # a copy that lags behind
    ],
    ids=["other site", "no TLS", "other host", "no finger", "other id", "other key", "counter back"],
)
def test_an_answer_that_is_not_the_one_asked_for_is_refused(
    practice: Practice, step: SecondStep, spoil: Callable[[Authenticator], None]
) -> None:
    device = give_passkey(practice, step)
    options = ask(step)
    step.passkey_alone(passkeys.read(device.answer(options)), device.derived(options), SITE)
    options = ask(step)
    spoil(device)
    with pytest.raises(PasskeyError):
        step.passkey_alone(passkeys.read(device.answer(options)), device.derived(options), SITE)


def test_an_answer_counts_once_and_not_for_long_and_for_its_purpose_only(
    practice: Practice, step: SecondStep, clock: FakeClock
) -> None:
    device = give_passkey(practice, step)
    options = ask(step)
    answer, derived = passkeys.read(device.answer(options)), device.derived(options)
    with pytest.raises(PasskeyError):
        step.take_passkey(practice.ana(), answer, SITE, "another log-in")
    step.passkey_alone(answer, derived, SITE)
    with pytest.raises(PasskeyError):
        step.passkey_alone(answer, derived, SITE)
    old = ask(step)
    clock.advance(PATIENCE + 1)
    with pytest.raises(PasskeyError):
        step.passkey_alone(passkeys.read(device.answer(old)), derived, SITE)
    foreign = passkeys.request(SITE, b"x" * 56)
    with pytest.raises(PasskeyError):
        step.passkey_alone(passkeys.read(device.answer(foreign)), derived, SITE)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"response":{"clientDataJSON":"e30"}}', "[" * 9000, '"\ud800"']
)
def test_nonsense_is_no_answer(text: str) -> None:
    with pytest.raises(PasskeyError):
        passkeys.read(text)


def test_nobody_elses_passkey_will_do_in_the_second_step(practice: Practice, step: SecondStep) -> None:
    practice.add("ben", Role.STAFF)
    device = give_passkey(practice, step)
    with pytest.raises(PasskeyError):
        step.take_passkey(
            unlock(practice.folder, "ben", OTHER), passkeys.read(device.answer(ask(step, "step"))), SITE, "step"
        )


def test_addresses_have_no_passkeys() -> None:
    assert SITE.may_have_passkeys
    for host in ("192.168.1.5", "[fd00::1]", "::1"):
        assert not Site(host, "").may_have_passkeys


def test_a_removed_passkey_leaves_nothing_that_opens(practice: Practice, step: SecondStep) -> None:
    device = give_passkey(practice, step)
    ana, place = practice.ana(), practice.folder / factors.FOLDER / "ana"
    assert len(list(place.iterdir())) == 3
    step.change(ana, lambda held: held.without_passkey(held.factors.passkeys[0].id))
    assert sorted(file.name for file in place.iterdir()) == [factors.SEALED, factors.CLEAR]
    options = ask(step)
    with pytest.raises(PasskeyError):
        step.passkey_alone(passkeys.read(device.answer(options)), device.derived(options), SITE)


def test_secrets_are_in_no_file_in_clear(practice: Practice, step: SecondStep) -> None:
    give_app(practice, step)
    codes = give_codes(practice, step)
    give_passkey(practice, step)
    text = b"".join(file.read_bytes() for file in (practice.folder / factors.FOLDER / "ana").iterdir())
    for secret in (SECRET, *codes, *(one_time.digest(code) for code in codes), "AGE-SECRET"):
        assert secret.encode() not in text


def test_a_new_key_and_a_removal_take_the_second_factors_along(practice: Practice, step: SecondStep) -> None:
    from appliance.access import people  # noqa: PLC0415 - only here

    practice.add("ben", Role.STAFF)
    ben = unlock(practice.folder, "ben", OTHER)
    step.change(ben, lambda held: held.with_codes(one_time.draw_codes()))
    assert factors.read(practice.folder, "ben").any
    planned.write_person(
        practice.folder, people.prepare_new_key(practice.folder, practice.ana(), "ben", "another long password", 15)
    )
    assert not factors.read(practice.folder, "ben").any
    ben = unlock(practice.folder, "ben", "another long password")
    step.change(ben, lambda held: held.with_codes(one_time.draw_codes()))
    practice.remove("ben")
    assert not (practice.folder / factors.FOLDER / "ben").exists()


def test_using_a_factor_leaves_the_sign_and_changing_one_does_not(
    practice: Practice, step: SecondStep, clock: FakeClock
) -> None:
    give_app(practice, step)
    codes = give_codes(practice, step)
    before = sign_of(practice.folder, "ana")
    step.take_code(practice.ana(), codes[0], DESK, True)
    step.take_code(practice.ana(), code(clock), DESK, True)
    assert sign_of(practice.folder, "ana") == before
    give_codes(practice, step)
    assert sign_of(practice.folder, "ana") != before


def test_the_daemon_says_what_changed_and_refuses_what_is_none(practice: Practice) -> None:
    ana = practice.ana()
    assert ana.own
    held = factors.open_held(practice.folder, "ana", ana.own)
    to = ana.own
    for change, told in (
        (lambda held: held.with_app(SECRET, 0), {"added": "app"}),
        (lambda held: held.with_codes(one_time.draw_codes()), {"added": "printed codes"}),
        (factors.Held.without_app, {"removed": "app"}),
    ):
        now = factors.open_held(practice.folder, "ana", to)
        assert planned.write_factors(practice.folder, change(now).files(to)) == told
    good = held.files(to)
    passkey = Passkey("id", "key", 0, "", "host", 0.0, False)
    for bad in (
        FactorFiles("ana", b"{}", good.sealed, good.built_on, good.proof),
        FactorFiles("ana", good.clear, b"in clear", good.built_on, good.proof),
        FactorFiles("ana", good.clear, good.sealed, good.built_on, good.proof, {passkey.file: good.sealed}),
        FactorFiles("ana", good.clear, good.sealed, good.built_on, good.proof, {"../../practice.age": good.sealed}),
        FactorFiles("ana", b"x" * 99_999, good.sealed, good.built_on, good.proof),
    ):
        with pytest.raises(ControlError):
            planned.write_factors(practice.folder, bad)


def test_damaged_files_are_named_and_do_not_let_anybody_in(practice: Practice, step: SecondStep) -> None:
    give_app(practice, step)
    place = practice.folder / factors.FOLDER / "ana"
    (place / factors.SEALED).write_bytes(b"age-encryption.org/v1\nnonsense")
    with pytest.raises(FactorsDamagedError):
        step.open_held(practice.ana())
    (place / factors.CLEAR).write_text(json.dumps({"passkeys": 3}), encoding="ascii")
    with pytest.raises(FactorsDamagedError):
        factors.read(practice.folder, "ana")


def test_who_does_not_hold_the_persons_key_writes_nothing_for_them(practice: Practice) -> None:
    ana = practice.ana()
    assert ana.own
    held = factors.open_held(practice.folder, "ana", ana.own).with_app(SECRET, 0)
    with pytest.raises(NoProofError):
        planned.write_factors(practice.folder, held.files(Identity.generate()))
    assert not factors.read(practice.folder, "ana").any


def test_the_stamp_in_what_is_handed_over_hides_no_change(practice: Practice, step: SecondStep) -> None:
    device = give_passkey(practice, step)
    ana = practice.ana()
    assert ana.own
    held = step.open_held(ana)
    mine = held.factors.passkeys[0]
    for passkeys_now in ((), (mine, replace(mine, id="another")), (replace(mine, key="another"),)):
        sly = replace(held, factors=replace(held.factors, passkeys=passkeys_now))
        with pytest.raises(ControlError):
            planned.write_factors(practice.folder, sly.files(ana.own))
    assert step.open_held(ana) == held
    told = replace(held, factors=replace(held.factors, stamp="other", passkeys=(replace(mine, key="another"),)))
    assert planned.write_factors(practice.folder, told.files(ana.own)) == {"added": "passkey", "removed": "passkey"}
    assert device


def test_one_persons_damaged_file_keeps_no_other_out(practice: Practice, step: SecondStep) -> None:
    device = give_passkey(practice, step)
    place = practice.folder / factors.FOLDER / "aaron"
    place.mkdir()
    (place / factors.CLEAR).write_bytes(b"{")
    (practice.folder / factors.FOLDER / "Not A Name").mkdir()
    (practice.folder / factors.FOLDER / "Not A Name" / factors.CLEAR).write_bytes(b"{}")
    options = passkeys.request(SITE, step.challenges.draw(ALONE))
    found = step.passkey_alone(passkeys.read(device.answer(options)), device.derived(options), SITE)
    assert found.person.name == "ana"


def test_whoever_sends_wrong_passkeys_without_end_gets_a_line_now_and_then(step: SecondStep, clock: FakeClock) -> None:
    news = 0
    for _ in range(36_000):  # an hour of ten a second
        news += step.is_news()
        clock.advance(0.1)
    assert 1 <= news <= 3600 / DELAYS[-1] + len(DELAYS)


@pytest.mark.parametrize("way", ["app", "printed code"])
def test_a_code_that_is_used_while_a_change_is_prepared_does_not_count_again(
    practice: Practice, step: SecondStep, clock: FakeClock, way: str
) -> None:
    """The change was prepared on what was there before the code was used: it is refused, and prepared once more on what is there now."""
    give_app(practice, step)
    shown = give_codes(practice, step)[0] if way == "printed code" else code(clock)
    elsewhere = SecondStep(practice.folder, clock, lambda files, by: _write(practice.folder, files))
    asked: list[Held] = []

    def change_slowly(held: Held) -> Held:
        changed = held.without_passkey("none")
        if not asked:
            elsewhere.take_code(practice.ana(), shown, DESK, True)
        asked.append(held)
        return changed

    step.change(practice.ana(), change_slowly)
    assert len(asked) == 2
    assert factors.read(practice.folder, "ana").stamp != asked[0].factors.stamp
    with pytest.raises(WrongCodeError):
        step.take_code(practice.ana(), shown, DESK, True)


def test_what_was_prepared_on_an_older_state_is_not_written(practice: Practice, step: SecondStep) -> None:
    codes, ana = give_codes(practice, step), practice.ana()
    assert ana.own
    older = step.open_held(ana).without_passkey("none").files(ana.own)
    step.take_code(practice.ana(), codes[0], DESK, True)
    with pytest.raises(FactorsChangedError):
        planned.write_factors(practice.folder, older)
    with pytest.raises(WrongCodeError):
        step.take_code(practice.ana(), codes[0], DESK, True)


def test_an_empty_file_is_a_damaged_one_and_no_sign_that_there_is_nothing(practice: Practice, step: SecondStep) -> None:
    give_app(practice, step)
    (practice.folder / factors.FOLDER / "ana" / factors.CLEAR).write_bytes(b"")
    with pytest.raises(FactorsDamagedError):
        step.open_held(practice.ana())
    (practice.folder / factors.FOLDER / "ana" / factors.CLEAR).unlink()
    (practice.folder / factors.FOLDER / "ana" / factors.SEALED).write_bytes(b"")
    with pytest.raises(FactorsDamagedError):
        step.open_held(practice.ana())


def test_a_change_that_is_overtaken_every_time_is_given_up(practice: Practice, clock: FakeClock) -> None:
    def refuse(*_: object) -> None:
        raise FactorsChangedError

    with pytest.raises(FactorsChangedError):
        SecondStep(practice.folder, clock, refuse).change(practice.ana(), lambda held: held.without_passkey("none"))
