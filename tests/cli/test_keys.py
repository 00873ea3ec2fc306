"""`keepline people` and `keepline keys` against a real daemon's answers: everything that can be done on the page can be done here."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from appliance.access import emergency, factors, one_time, people, policy, rotation, segments
from appliance.access.people import find_person
from appliance.access.practice import proof_of
from appliance.access.roles import Role
from appliance.access.unlock import unlock
from appliance.cli.main import main
from appliance.deeds import Act, Deed
from appliance.errors import OwnAccountError, WrongPasswordError
from tests.access.box import Box
from tests.access.practice import ANA, OTHER

NEW = "marble pigeon ticket cloud"
Keepline = Callable[..., tuple[int, str, str]]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """A box at work that belongs to nobody yet."""
    (tmp_path / "store").mkdir()
    settings = f'[store]\nfolder = "{tmp_path}/store"\nwork_factor = 15\n[control]\npath = "{tmp_path}/store.sock"\n'
    (tmp_path / "keepline.toml").write_text(settings, encoding="utf-8")
    with Box(tmp_path / "store") as made:
        yield made


@pytest.fixture
def keepline(box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Keepline:
    def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(["--settings", str(box.folder.parent / "keepline.toml"), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def found(keepline: Keepline) -> str:
    """Ana founds the practice; the recovery sheet's text."""
    code, out, err = keepline("people", "add", "ana", "--password-stdin", typed=f"{ANA}\n")
    assert code == 0, err
    return next(word for word in out.split() if word.startswith("AGE-SECRET-KEY-1") and len(word) > 20)


def test_the_first_person_claims_the_box_through_the_daemon(box: Box, keepline: Keepline) -> None:
    assert box.client.show_claim() in keepline("claim")[1]
    assert keepline("claim", "--label")[1].startswith("<svg")
    found(keepline)
    code, _, err = keepline("claim")
    assert (code, "belongs to a practice already" in err) == (3, True)


def test_at_a_terminal_two_groups_of_the_sheet_are_typed_back_before_anything_is_written(box: Box) -> None:
    arguments = [
        "-m",
        "appliance.cli.main",
        "--settings",
        str(box.folder.parent / "keepline.toml"),
        "people",
        "add",
        "ana",
    ]
    with pexpect.spawn(sys.executable, arguments, timeout=60, encoding="utf-8", dimensions=(80, 200)) as person:
        for prompt in ("Password for ana: ", "Once more: "):
            person.expect_exact(prompt)
            person.sendline(ANA)
        person.expect(r"1: (AGE-SECRET-KEY-1.*)\r\n")
        groups = ["AGE-SECRET-KEY-1", *(part.split("  ")[0].strip() for part in person.match[1].split(": ")[1:])]
        for wrong in (True, False):
            for _ in range(2):
                person.expect(r"Group (\d+): ")
                person.sendline("XXXXXX" if wrong else groups[int(person.match[1]) - 1].lower())
            if wrong:
                person.expect_exact("That is not what the sheet says.")
                assert not (box.folder / "keys/practice.pub").exists()
        person.expect_exact("The practice is founded")
        person.expect(pexpect.EOF)
    assert unlock(box.folder, "ana", ANA).practice


def test_role_mailboxes_and_passwords_are_changed(box: Box, keepline: Keepline) -> None:
    found(keepline)
    as_ana = ("--as", "ana", "--password-stdin")
    code, out, _ = keepline("people", "add", "ben", *as_ana, typed=f"{ANA}\n{OTHER}\n")
    assert (code, "They see no message yet" in out) == (0, True)
    assert keepline("people", "mailboxes", "ben", "billing", "front-desk", *as_ana, typed=f"{ANA}\n")[0] == 0
    assert "billing, front-desk" in keepline("people", "list")[1]
    assert keepline("people", "role", "ben", "technician", *as_ana, typed=f"{ANA}\n")[0] == 0
    assert find_person(box.folder, "ben").role is Role.TECHNICIAN
    code, _, err = keepline("people", "role", "ben", "staff", "--as", "ben", "--password-stdin", typed=f"{OTHER}\n")
    assert (code, "role does not allow" in err) == (3, True)
    assert keepline("people", "password", "--as", "ben", "--password-stdin", typed=f"{OTHER}\n{NEW}\n")[0] == 0
    assert unlock(box.folder, "ben", NEW)
    assert keepline("people", "password", "ben", *as_ana, typed=f"{ANA}\n{OTHER}\n")[0] == 0
    assert unlock(box.folder, "ben", OTHER)
    with pytest.raises(WrongPasswordError):
        unlock(box.folder, "ben", NEW)


def test_a_list_shows_and_an_export_opens_ones_own_mailboxes_only(box: Box, keepline: Keepline) -> None:
    from appliance.access import decisions  # noqa: PLC0415 - only here

    found(keepline)
    front, billing = box.leave(), box.leave("billing")
    choice = decisions.Choice(decisions.Switch.TAKE_MESSAGES, True, "ana", "for the export", "a file stays behind")
    box.record.perform(Deed(Act.DECIDED), decisions.plan(box.folder, choice, 0.0, True)[1])
    for name, mailbox in (("ben", "billing"), ("toni", "")):
        more = ("--mailbox", mailbox) if mailbox else ("--role", "technician")
        keepline("people", "add", name, *more, "--as", "ana", "--password-stdin", typed=f"{ANA}\n{OTHER}\n")
    agreed = policy.plan_acknowledgement(box.folder, "ben", policy.sheet(box.folder).version, 0.0, True)[1]
    box.record.perform(Deed(Act.POLICY_ACKNOWLEDGED), agreed)
    as_ben = ("--as", "ben", "--password-stdin")
    _, out, _ = keepline("inbox", "list", *as_ben, typed=f"{OTHER}\n")
    assert billing.stamp.id[:8] in out
    assert front.stamp.id[:8] not in out
    assert (
        keepline("inbox", "export", billing.stamp.id, "--own", "--to", "/dev/null/x", *as_ben, typed=f"{OTHER}\n")[0]
        == 2
    )
    assert (
        keepline("inbox", "export", front.stamp.id, "--own", "--to", "/dev/null/x", *as_ben, typed=f"{OTHER}\n")[0] == 4
    )
    code, out, _ = keepline("inbox", "list", "--as", "toni", "--password-stdin", typed=f"{OTHER}\n")
    assert (code, out) == (3, "")


def test_the_practice_key_is_exchanged_and_an_interrupted_exchange_goes_on(box: Box, keepline: Keepline) -> None:
    sheet = found(keepline)
    box.leave()
    as_ana = ("--as", "ana", "--password-stdin")
    made = rotation.start(box.folder, unlock(box.folder, "ana", ANA), new_sheet=False)
    with made, contextlib.closing(made.run(box.client, "ana")) as running:
        next(running)  # interrupted here
    code, out, _ = keepline("keys", "rotate", *as_ana, typed=f"{ANA}\n")
    assert (code, "It goes on." in out) == (0, True)
    assert "1 epoch keys and 1 messages" in keepline("keys", "check", *as_ana, typed=f"{ANA}\n")[1]
    code, out, _ = keepline("keys", "rotate", "--new-sheet", *as_ana, typed=f"{ANA}\n")
    assert (code, "of 2 keys are sealed to the new one" in out) == (0, True)
    assert keepline("keys", "check", "--sheet", "--password-stdin", typed=f"{sheet}\n")[0] == 3
    again = next(word for word in out.split() if word.startswith("AGE-SECRET-KEY-1") and len(word) > 20)
    assert keepline("keys", "check", "--sheet", "--password-stdin", typed=f"{again}\n")[0] == 0


def test_an_exchange_that_keeps_the_sheet_is_not_gone_on_with_as_if_it_made_a_new_one(
    box: Box, keepline: Keepline
) -> None:
    """Whoever then destroyed the sheet in the safe would have destroyed the only one."""
    sheet = found(keepline)
    box.leave()
    made = rotation.start(box.folder, unlock(box.folder, "ana", ANA), new_sheet=False)
    with made, contextlib.closing(made.run(box.client, "ana")) as running:
        next(running)
    as_ana = ("--as", "ana", "--password-stdin")
    code, out, err = keepline("keys", "rotate", "--new-sheet", *as_ana, typed=f"{ANA}\n")
    assert (code, "Destroy" in out, "leaves the sheet as it is" in err) == (3, False, True)
    assert rotation.is_under_way(box.folder)
    code, out, _ = keepline("keys", "rotate", *as_ana, typed=f"{ANA}\n")
    assert (code, "Destroy" in out) == (0, False)
    emergency.unlock(box.folder, sheet).wipe()


def test_an_exchange_that_prints_a_new_sheet_says_so_at_its_end_whoever_goes_on_with_it(
    box: Box, keepline: Keepline
) -> None:
    found(keepline)
    box.leave()
    made = rotation.start(box.folder, unlock(box.folder, "ana", ANA), new_sheet=True)
    with made, contextlib.closing(made.run(box.client, "ana")) as running:
        next(running)
    code, out, _ = keepline("keys", "rotate", "--as", "ana", "--password-stdin", typed=f"{ANA}\n")
    assert (code, "Destroy the old recovery sheet" in out) == (0, True)


def test_with_the_sheet_alone_an_interrupted_exchange_goes_on_or_is_dropped(box: Box, keepline: Keepline) -> None:
    sheet = found(keepline)
    box.leave()
    why = ("--why", "Ana has left and nobody knows her password")
    by_sheet = ("keys", "rotate", "--sheet", *why, "--password-stdin")
    for drop in (True, False):
        with rotation.start(box.folder, unlock(box.folder, "ana", ANA), new_sheet=True) as made:
            assert made.sheet is not None
            printed = made.sheet.text
            with contextlib.closing(made.run(box.client, "ana")) as running:
                next(running)
        code, _, err = keepline("keys", "recover", "--as-new", "dora", *why, "--password-stdin")
        assert (code, "keepline keys rotate --sheet" in err) == (3, True)
        if drop:
            assert keepline(*by_sheet, "--drop", typed=f"{sheet}\n")[0] == 0
            assert not rotation.is_under_way(box.folder)
    code, _, err = keepline(*by_sheet, typed=f"{sheet}\n{sheet}\n")
    assert (code, "printed for this exchange" in err) == (3, True)
    code, out, err = keepline(*by_sheet, typed=f"{sheet}\n{printed}\n")
    assert (code, err, "It goes on." in out) == (0, "", True)
    assert keepline("keys", "check", "--sheet", "--password-stdin", typed=f"{printed}\n")[0] == 0
    assert {access.why for access in emergency.untold(box.folder, "ana") if not access.trial} == {why[1]}
    assert keepline("keys", "rotate", "--sheet", "--password-stdin", typed=f"{printed}\n")[0] == 3  # without a reason
    code, out, err = keepline(
        "keys", "recover", "--as-new", "dora", *why, "--password-stdin", typed=f"{printed}\n{NEW}\n"
    )
    assert (code, err) == (0, "")


def test_an_exchange_goes_on_without_a_damaged_key_that_is_named(box: Box, keepline: Keepline) -> None:
    found(keepline)
    row = box.leave()
    box.leave()
    file = box.folder / "epochs" / f"{row.epoch}.age"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    as_ana = ("--as", "ana", "--password-stdin")
    code, out, err = keepline("keys", "rotate", *as_ana, typed=f"{ANA}\n")
    assert code == 4
    assert re.search(rf"{row.epoch}.*2026-.*1 message", out)
    assert "--without KEY" in err
    code, out, err = keepline("keys", "rotate", "--without", row.epoch, *as_ana, typed=f"{ANA}\n")
    assert (code, err) == (0, "")
    assert not file.exists()


def test_it_is_said_what_ought_to_be_done_about_keys(box: Box, keepline: Keepline) -> None:
    sheet = found(keepline)
    box.leave()
    said = keepline("keys", "show")[1]
    assert not any(word in said for word in ("interrupted", "was used", "Exchange"))
    as_ana = ("--as", "ana", "--password-stdin")
    keepline("people", "add", "ben", *as_ana, typed=f"{ANA}\n{OTHER}\n")
    keepline("people", "remove", "ben", *as_ana, typed=f"{ANA}\n")
    why = ("--why", "Ana has left and nobody knows her password")
    keepline("keys", "recover", "--as-new", "dora", *why, "--password-stdin", typed=f"{sheet}\n{NEW}\n")
    made = rotation.start(box.folder, unlock(box.folder, "ana", ANA), new_sheet=True)
    with made, contextlib.closing(made.run(box.client, "ana")) as running:
        next(running)
    said = " ".join(keepline("keys", "show")[1].split())
    for words in (
        "An exchange of the practice key was interrupted",
        "The recovery sheet was used",
        "should no more: ben",
    ):
        assert words in said
    assert keepline("keys", "rotate", *as_ana, typed=f"{ANA}\n")[0] == 0
    said = " ".join(keepline("keys", "show")[1].split())
    assert not any(word in said for word in ("interrupted", "was used", "should no more"))


def test_an_exchange_is_dropped(box: Box, keepline: Keepline) -> None:
    found(keepline)
    box.leave()
    made = rotation.start(box.folder, unlock(box.folder, "ana", ANA), new_sheet=False)
    with made, contextlib.closing(made.run(box.client, "ana")) as running:
        next(running)
    assert keepline("keys", "rotate", "--drop", "--as", "ana", "--password-stdin", typed=f"{ANA}\n")[0] == 0
    assert not rotation.is_under_way(box.folder)


def test_with_the_sheet_alone_somebody_logs_in_again(box: Box, keepline: Keepline) -> None:
    sheet = found(keepline)
    box.leave()
    why = "Ana has left and nobody knows her password"
    code, _, err = keepline(
        "keys", "recover", "--as-new", "dora", "--why", why, "--password-stdin", typed="AGE-SECRET\n"
    )
    assert (code, "recovery sheet" in err) == (3, True)
    code, out, err = keepline(
        "keys", "recover", "--as-new", "dora", "--why", why, "--password-stdin", typed=f"{sheet.lower()}\n{NEW}\n"
    )
    assert code == 0, err
    assert "keepline keys rotate --as dora --new-sheet" in out
    assert box.opens(unlock(box.folder, "dora", NEW).practice) == [True]
    assert [access.why for access in emergency.untold(box.folder, "ana")] == [why]
    code, _, err = keepline("keys", "rotate", "--as", "dora", "--password-stdin", typed=f"{NEW}\n")
    assert (code, "--new-sheet" in err) == (3, True)


def test_every_admin_is_told_of_a_use_of_the_sheet_at_each_log_in_until_the_page_has_it_confirmed(
    box: Box, keepline: Keepline
) -> None:
    sheet, why = found(keepline), "Ana has left and nobody knows her password"
    as_ana = ("--as", "ana", "--password-stdin")
    keepline("people", "add", "ben", *as_ana, typed=f"{ANA}\n{OTHER}\n")
    again = ("keys", "recover", "--as-new", "dora", "--why", why, "--password-stdin")
    assert keepline(*again, typed=f"{sheet}\n{NEW}\n")[0] == 0
    for words, typed in (
        (("people", "mailboxes", "ben", "billing"), ANA),
        (("keys", "check"), ANA),
        (("people", "password"), f"{ANA}\n{ANA}"),
    ):
        code, _, err = keepline(*words, *as_ana, typed=f"{typed}\n")
        assert (code, why in err, "keepline keys rotate --as ana --new-sheet" in err) == (0, True, True)
    assert keepline("keys", "check", "--as", "ben", "--password-stdin", typed=f"{OTHER}\n")[2] == "", "staff are not"
    box.client.told([access.number for access in emergency.untold(box.folder, "ana")], by="ana")
    assert keepline("keys", "check", *as_ana, typed=f"{ANA}\n")[2] == ""


def test_a_trial_of_the_sheet_is_on_record_and_told_to_every_admin_and_shows_nothing(
    box: Box, keepline: Keepline
) -> None:
    """It may be tried each year without an exchange each year; but nobody does so in silence."""
    sheet, row = found(keepline), box.leave()
    trial = ("keys", "check", "--sheet", "--password-stdin")
    box.server.stop()
    code, out, _ = keepline(*trial, typed=f"{sheet}\n")
    assert (code, out) == (6, "")
    box.restart()
    before = box.record.head.sequence
    code, out, err = keepline(*trial, typed=f"{sheet}\n")
    assert (code, err, "1 epoch keys and 1 messages" in out, "every admin will be told" in out) == (0, "", True, True)
    assert row.stamp.id[:8] not in out
    deeds = [line.deed for line in segments.readable(segments.read(box.folder)) if line.sequence > before]
    assert [(deed.act, deed.by, deed.detail["as"]) for deed in deeds] == [(Act.EMERGENCY, "recovery-sheet", "trial")]
    assert keepline(*trial, typed=f"{sheet[:-1]}\n")[0] == 3
    (access,) = emergency.untold(box.folder, "ana")
    assert access.trial
    assert not emergency.demands_rotation(box.folder)
    _, _, err = keepline("keys", "check", "--as", "ana", "--password-stdin", typed=f"{ANA}\n")
    assert "was tried at the box" in err
    rotation.start(box.folder, unlock(box.folder, "ana", ANA), new_sheet=False).wipe()
    box.client.note_emergency("Nobody could log in.", proof_of(unlock(box.folder, "ana", ANA).practice))
    assert emergency.demands_rotation(box.folder), "a use is one, whatever was tried before"


def test_a_new_key_for_oneself_is_refused_by_the_daemon_too(box: Box, keepline: Keepline) -> None:
    """A page that forgot to ask for the password, or the recovery sheet's way taken by somebody who has a session only."""
    found(keepline)
    before = sorted((file.name, file.read_bytes()) for file in (box.folder / "keys/people").iterdir())
    ana = unlock(box.folder, "ana", ANA)
    files = people.prepare_recovered(box.folder, ana, "ana", NEW, 15)
    with pytest.raises(OwnAccountError):
        box.client.put_person(files, "ana")
    assert sorted((file.name, file.read_bytes()) for file in (box.folder / "keys/people").iterdir()) == before
    unlock(box.folder, "ana", ANA).wipe()


def test_one_changes_ones_own_password_with_the_old_one_however_one_writes_ones_name(
    box: Box, keepline: Keepline
) -> None:
    found(keepline)
    key = find_person(box.folder, "ana").recipient
    typed = f"{ANA}\n{NEW}\n{NEW}\n"
    code, out, err = keepline("people", "password", "ana", "--as", "Ana", "--password-stdin", typed=typed)
    assert (code, err) == (0, "")
    assert "ana logs in with the new password" in out
    assert find_person(box.folder, "ana").recipient == key, "the key stays, and with it what is sealed to it"
    unlock(box.folder, "ana", NEW).wipe()


def test_whatever_an_admin_does_they_may_write_their_name_with_a_capital_letter(box: Box, keepline: Keepline) -> None:
    found(keepline)
    for words, more in (
        (("people", "add", "ben"), OTHER),
        (("people", "role", "ben", "technician"), ""),
        (("people", "mailboxes", "ben", "billing"), ""),
        (("people", "password", "ben"), NEW),
        (("people", "factors", "ben"), ""),
        (("people", "remove", "ben"), ""),
        (("keys", "mend"), ""),
        (("keys", "rotate"), ""),
        (("keys", "check"), ""),
    ):
        code, _, err = keepline(*words, "--as", "Ana", "--password-stdin", typed=f"{ANA}\n{more}\n")
        assert (words, code, err) == (words, 0, "")
    deeds = [line.deed for line in segments.readable(segments.read(box.folder))]
    assert {deed.by for deed in deeds if deed.act is not Act.CLAIMED} <= {"", "ana"}


@pytest.mark.parametrize("how", ["strict", "surrogateescape"])  # as the machine's language has it
def test_what_is_no_text_is_nobodys_password_and_nothing_goes_wrong_over_it(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    settings = ("--settings", str(box.folder.parent / "keepline.toml"))
    octets = io.BytesIO(b"caf\xe9 lantern copper river\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(octets, encoding="utf-8", errors=how))
    assert main([*settings, "people", "add", "ana", "--password-stdin"]) == 2
    assert "UTF-8" in capsys.readouterr().err
    assert not (box.folder / "keys/practice.pub").exists()


def test_a_lost_telephone_is_forgiven_with_an_admins_password(box: Box, keepline: Keepline) -> None:
    """Also their own, when there is no other admin: the password was given a moment ago. Whoever only holds an open session gives no such proof."""
    found(keepline)
    ana = unlock(box.folder, "ana", ANA)
    assert ana.own
    with pytest.raises(OwnAccountError):
        box.client.reset_factors("ana", "ana", proof_of(ana.practice))
    held = factors.open_held(box.folder, "ana", ana.own).with_codes(one_time.draw_codes())
    box.client.put_factors(held.files(ana.own), "ana")
    assert factors.read(box.folder, "ana").any
    code, out, err = keepline("people", "factors", "ana", "--as", "ana", "--password-stdin", typed=f"{ANA}\n")
    assert (code, err) == (0, "")
    assert "sets one up at the next log-in" in out
    assert not factors.read(box.folder, "ana").any


def test_a_damaged_person_is_listed_with_what_to_do_and_mended(box: Box, keepline: Keepline) -> None:
    found(keepline)
    as_ana = ("--as", "ana", "--password-stdin")
    assert keepline("people", "add", "ben", *as_ana, typed=f"{ANA}\n{OTHER}\n")[0] == 0
    (box.folder / "keys/people/ben.json").write_bytes(b"{")
    code, out, _ = keepline("people", "list")
    assert code == 0
    assert "keepline people password ben --as ADMIN" in out
    assert json.loads(keepline("people", "list", "--json")[1])[-1] == {"name": "ben", "damaged": True}
    assert keepline("keys", "show")[0] == 0
    code, out, _ = keepline("store", "check")
    assert (code, "keys/people/ben.json" in out) == (4, True)
    assert keepline("people", "password", "ben", *as_ana, typed=f"{ANA}\n{NEW}\n")[0] == 0
    assert keepline("store", "check")[0] == 0
    unlock(box.folder, "ben", NEW).wipe()


def test_what_is_missing_beside_the_practice_key_is_named_and_made_anew(box: Box, keepline: Keepline) -> None:
    found(keepline)
    assert "Nothing is missing" in keepline("keys", "mend", "--as", "ana", "--password-stdin", typed=f"{ANA}\n")[1]
    for name in ("practice.proof", "record.pub"):
        (box.folder / "keys" / name).unlink()
        code, out, _ = keepline("store", "check", "--json")
        assert (code, f"keys/{name}" in out, "keepline keys mend" in out) == (4, True, True)
        code, out, err = keepline("keys", "mend", "--as", "ana", "--password-stdin", typed=f"{ANA}\n")
        assert (code, f"Made anew: keys/{name}" in out) == (0, True), err
    assert keepline("store", "check")[0] == 0
