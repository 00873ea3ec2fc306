"""The `keepline` command: every verb has help, does what it says on a real store, and ends with an exit code that tells."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pexpect
import pytest

from appliance.access import certificates, people, policy, testimony, vouching
from appliance.access.chain import Break, Line
from appliance.access.decisions import Choice, Switch
from appliance.access.record import Record
from appliance.access.roles import RECOVERY, Role
from appliance.access.second_step import Way
from appliance.access.segments import read
from appliance.access.unlock import unlock
from appliance.cli.main import VERBS, build_parser, main
from appliance.clock import SystemClock
from appliance.control.server import Server, own_users
from appliance.control.values import RecordState, Status, Verb, unpack
from appliance.deeds import Act, Deed
from appliance.messages import Envelope, Kind
from appliance.store.inbox import Inbox, RingSet
from tests import other_user, planned

PASSWORD = "lantern-copper-river-seven"
SECOND = bytes(16_000)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    file = tmp_path / "keepline.toml"
    file.write_text(
        f'[store]\nfolder = "{tmp_path}/store"\nwork_factor = 15\n[control]\npath = "{tmp_path}/control.sock"\n[time]\nmarker = "{tmp_path}/marker"\n',
        encoding="utf-8",
    )
    return file


class Command:
    """Types `keepline ...` and remembers what came."""

    def __init__(self, settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings, self._monkeypatch, self._capsys = settings, monkeypatch, capsys
        self.store = settings.parent / "store"

    def __call__(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(["--settings", str(self.settings), *words])
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def found(self) -> str:
        """Found the practice; what was printed."""
        code, out, _ = self("people", "add", "ana", "--password-stdin", typed=PASSWORD + "\n")
        assert code == 0
        return out

    def agree(self, name: str = "ana") -> None:
        """Somebody has read the policy sheet on the page, and agreed to it."""
        planned.acknowledge(self.store, name, policy.sheet(self.store).version, 0.0, clock_trusted=True)

    def allow_downloads(self) -> None:
        """Ana has read the policy sheet, and decides that messages may be saved."""
        self.agree()
        choice = Choice(Switch.TAKE_MESSAGES, True, "ana", "The practice needs it.", "A file stays behind.")
        planned.decide(self.store, choice, 0.0, clock_trusted=True)

    @contextlib.contextmanager
    def daemon(self) -> Iterator[None]:
        """As far as it keeps the record."""
        record = Record(self.store, SystemClock(self.settings.parent / "marker"))
        record.open()

        def status(_: object) -> Status:
            state = RecordState(record.head.sequence, record.head.short, None)
            return Status(time.time(), (), 0, 0, None, None, {}, state)

        def write(given: Mapping[str, Any]) -> None:
            record.write(unpack(Deed, given["deed"]))

        def note_trial(_: object) -> None:
            record.write(Deed(Act.EMERGENCY, RECOVERY, "1", {"as": "trial"}))

        answers = {Verb.RECORD: write, Verb.STATUS: status, Verb.NOTE_TRIAL: note_trial}
        server = Server(self.settings.parent / "control.sock", own_users("", ""), answers)
        server.start()
        try:
            yield
        finally:
            server.stop()
            record.close()

    def told(self) -> list[Deed]:
        """What the record tells."""
        return [Line.from_bytes(line).deed for line in read(self.store)]

    def leave_a_message(self) -> str:
        """A message of one second in the store; its id."""
        clock = SystemClock(self.settings.parent / "marker")
        record = Record(self.store, clock)
        record.open()
        inbox = Inbox(self.store, RingSet(1, 10), clock, witness=record)
        inbox.start()
        envelope = Envelope(caller_number="5550142", caller_name="Maria [b]Lopez\x1b[2J", duration=1.0)
        delivery = inbox.begin(Kind.VOICEMAIL, "front-desk", envelope)
        delivery.append(SECOND)
        row = delivery.finish(envelope)
        inbox.close()
        record.close()
        return row.stamp.id


@pytest.fixture
def keepline(settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(settings, monkeypatch, capsys)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: " ".join(verb.words))
def test_every_verb_has_help(verb: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([*verb.words, "--help"])  # type: ignore[attr-defined]  # pytest's ids lose the type
    assert ended.value.code == 0
    assert "usage: keepline" in capsys.readouterr().out


def test_what_is_empty_says_what_is_true_of_it(keepline: Command) -> None:
    assert "Nobody yet. The box is claimed" in keepline("people", "list")[1]
    assert "No keys yet: they are made when the box gets its practice" in " ".join(keepline("keys", "show")[1].split())
    keepline.found()
    keepline.leave_a_message()
    ana = unlock(keepline.store, "ana", PASSWORD)
    newcomer = people.Newcomer("sam", Role.STAFF, f"{PASSWORD}-two")
    planned.write_person(keepline.store, people.prepare_person(keepline.store, ana, newcomer, 15))
    keepline.agree("sam")
    with keepline.daemon():
        _, out, err = keepline("inbox", "list", "--as", "sam", "--password-stdin", typed=f"{PASSWORD}-two\n")
    assert (out.strip(), err) == ("There is no message in the mailboxes of sam.", "")


def test_the_first_person_founds_the_practice_and_sees_the_recovery_key_once(keepline: Command) -> None:
    out = keepline.found()
    assert "AGE-SECRET-KEY-1" in out
    assert "not shown again" in out
    kept = b"".join(path.read_bytes() for path in keepline.store.rglob("*") if path.is_file())
    assert b"AGE-SECRET-KEY-1" not in kept
    assert unlock(keepline.store, "ana", PASSWORD).person.name == "ana"


def test_founding_while_the_daemon_rests_is_on_record_where_there_is_one(keepline: Command) -> None:
    with keepline.daemon():
        pass
    book = Record(keepline.store, SystemClock(keepline.settings.parent / "marker"))
    book.open()
    book.write(Deed(Act.STARTED, detail=vouching.first_word(keepline.store)))
    book.close()
    Inbox(keepline.store, RingSet(1, 1), SystemClock(keepline.settings.parent / "marker")).start()
    keepline.found()
    assert b'"act":"claimed"' in list(read(keepline.store))[-1]
    code, out, _ = keepline("store", "check")
    assert (code, "fit together" in out) == (0, True)
    file = keepline.store / "keys/people/ana.json"
    file.write_bytes(file.read_bytes().replace(b"admin", b"staff"))
    code, out, _ = keepline("store", "check")
    assert (code, "keys/people/ana.json" in out, "altered" in out) == (4, True, True)


def test_without_a_terminal_and_without_a_password_it_says_how_to_give_one(keepline: Command) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "--settings", keepline.settings, "people", "add", "ana"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # no terminal to ask at
    )
    assert done.returncode == 2
    assert "--password-stdin" in done.stderr
    assert "Traceback" not in done.stderr


def test_people_are_listed(keepline: Command) -> None:
    assert "Nobody yet" in keepline("people", "list")[1]
    keepline.found()
    assert [person["role"] for person in json.loads(keepline("people", "list", "--json")[1])] == ["admin"]


def test_only_an_admin_adds_people(keepline: Command) -> None:
    keepline.found()
    code, _, err = keepline("people", "add", "ben", "--password-stdin", typed="x\n")
    assert (code, "--as NAME" in err) == (2, True)


def test_without_a_key_the_list_shows_no_caller_and_with_one_it_does(keepline: Command) -> None:
    keepline.found()
    id = keepline.leave_a_message()
    _, without, _ = keepline("inbox", "list")
    assert id[:8] in without
    assert "Lopez" not in without
    assert "5550142" not in keepline("inbox", "list", "--json")[1]
    keepline.agree()
    with keepline.daemon():
        _, with_key, _ = keepline("inbox", "list", "--as", "ana", "--password-stdin", typed=PASSWORD + "\n")
    assert "5550142" in with_key
    assert "\x1b[2J" not in with_key  # a caller's name does not steer the terminal


@pytest.mark.parametrize("words", [("inbox", "list"), ("keys", "check")])
def test_whom_the_record_cannot_take_a_line_of_sees_nothing(keepline: Command, words: tuple[str, ...]) -> None:
    keepline.found()
    keepline.leave_a_message()
    code, out, err = keepline(*words, "--as", "ana", "--password-stdin", typed=PASSWORD + "\n")
    assert (code, out) == (6, "")
    assert "systemctl start keepline" in err


def test_an_empty_inbox_says_so(keepline: Command) -> None:
    keepline.found()
    keepline.leave_a_message()
    assert json.loads(keepline("inbox", "list", "--json")[1])


def test_a_message_is_exported_for_its_owner_alone(keepline: Command, tmp_path: Path) -> None:
    keepline.found()
    keepline.allow_downloads()
    id = keepline.leave_a_message()
    to = tmp_path / "message.wav"
    words = ("inbox", "export", id[:6], "--own", "--to", str(to), "--as", "ana", "--password-stdin")
    assert keepline(*words, typed=PASSWORD + "\n")[0] == 6  # nobody could record it
    assert not to.exists()
    with keepline.daemon():
        code, out, _ = keepline(*words, typed=PASSWORD + "\n")
    assert code == 0
    assert [(deed.act, deed.by) for deed in keepline.told()[-2:]] == [(Act.LOGGED_IN, "ana"), (Act.TAKEN, "ana")]
    assert "unsealed" in out
    assert to.read_bytes()[44:] == SECOND
    assert to.stat().st_mode & 0o077 == 0


def test_the_fingerprint_is_the_one_that_openssl_finds(keepline: Command) -> None:
    assert keepline("fingerprint")[0] == 3
    made = certificates.ensure(keepline.store, ("keepline.local",), time.time())
    command = ["openssl", "x509", "-in", str(made.ca_pem), "-noout", "-fingerprint", "-sha256"]
    theirs = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ours = json.loads(keepline("fingerprint", "--json")[1])
    assert ours["sha256"] in theirs.replace(":", "")
    assert all(line in keepline("fingerprint")[1] for line in made.ca().fingerprint().lines())


def test_an_export_for_somebody_outside_says_whom_and_why_sealed(keepline: Command, tmp_path: Path) -> None:
    keepline.found()
    keepline.allow_downloads()
    id, to = keepline.leave_a_message(), tmp_path / "message.wav"
    words = ("inbox", "export", id, "--to", str(to), "--as", "ana", "--password-stdin", "--for", "Dr. Otherwise")
    with keepline.daemon():
        assert keepline(*words, "--own", typed=PASSWORD + "\n")[0] == 2
        assert keepline(*words, "--why", "referral", typed=PASSWORD + "\n")[0] == 0
    assert keepline.told()[-1].act is Act.DISCLOSED
    with testimony.open_key(keepline.store, unlock(keepline.store, "ana", PASSWORD).practice) as key:
        opened = testimony.open_sealed(keepline.told()[-1].sealed, key)
    assert (opened["whom"], opened["why"], opened["number"]) == ("Dr. Otherwise", "referral", "5550142")


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        ((), "Dr.  Otherwise\nreferral\n"),
        (("--for", "Dr. Otherwise"), "referral\n"),
        (("--why", "referral"), "Dr. Otherwise\n"),
    ],
)
def test_what_an_export_was_not_told_it_asks_and_nothing_of_it_is_in_the_file(
    keepline: Command, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], typed: str
) -> None:
    keepline.found()
    keepline.allow_downloads()
    id = keepline.leave_a_message()
    words = ("inbox", "export", id, "--to", "-", "--as", "ana", "--password-stdin", *given)
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written))
    with keepline.daemon():
        assert keepline(*words, typed=f"{PASSWORD}\n{typed}")[0] == 0
    sys.stdout.flush()
    out = written.getvalue()
    assert (out[:4], out[44:]) == (b"RIFF", SECOND)
    with testimony.open_key(keepline.store, unlock(keepline.store, "ana", PASSWORD).practice) as key:
        opened = testimony.open_sealed(keepline.told()[-1].sealed, key)
    assert (opened["whom"], opened["why"]) == ("Dr. Otherwise", "referral")


@pytest.mark.parametrize(
    ("typed", "code", "acts"),
    [
        ("\n", 0, [Act.LOGGED_IN, Act.TAKEN]),  # the practice itself needs it
        ("", 2, [Act.LOGGED_IN]),  # nobody answered
        ("Dr. Otherwise\n\n", 2, [Act.LOGGED_IN]),
        ("Dr. \x1b[2J\nreferral\n", 2, [Act.LOGGED_IN]),
    ],
)
def test_without_an_answer_nothing_is_exported(
    keepline: Command, tmp_path: Path, typed: str, code: int, acts: list[Act]
) -> None:
    keepline.found()
    keepline.allow_downloads()
    id, to = keepline.leave_a_message(), tmp_path / "message.wav"
    before = len(keepline.told())
    words = ("inbox", "export", id, "--to", str(to), "--as", "ana", "--password-stdin")
    with keepline.daemon():
        assert keepline(*words, typed=f"{PASSWORD}\n{typed}")[0] == code
    assert [deed.act for deed in keepline.told()[before:]] == acts
    assert to.exists() == (code == 0)


@pytest.mark.parametrize(
    "words",
    [
        ("inbox", "list"),
        ("inbox", "export", "", "--own", "--to", "/dev/null/x"),
        ("inbox", "hold", "", "--why", "A court asks."),
        ("record", "export"),
    ],
)
def test_nobody_is_shown_a_caller_before_they_have_agreed_to_the_policy_sheet(
    keepline: Command, words: tuple[str, ...]
) -> None:
    keepline.found()
    keepline.allow_downloads()
    planned.set_text(keepline.store, "ana", "en", "Another sheet, which nobody has read.", 1.0)
    keepline.leave_a_message()
    with keepline.daemon():
        code, out, err = keepline(*words, "--as", "ana", "--password-stdin", typed=PASSWORD + "\n")
        assert (code, out) == (3, "")
        assert "Log in on the page" in err
    keepline.agree()
    with keepline.daemon():
        assert keepline("inbox", "list", "--as", "ana", "--password-stdin", typed=PASSWORD + "\n")[0] == 0


def test_a_wrong_password_at_the_terminal_is_on_record(keepline: Command) -> None:
    keepline.found()
    keepline.leave_a_message()
    with keepline.daemon():
        for name in ("ana", "nobody-of-that-name"):
            keepline("inbox", "list", "--as", name, "--password-stdin", typed="something-else-entirely\n")
    assert [(deed.act, deed.by) for deed in keepline.told()[-2:]] == [(Act.LOG_IN_FAILED, name) for name in ("ana", "")]


def test_every_failure_at_the_terminal_is_on_record(keepline: Command) -> None:
    sheet = next(word for word in keepline.found().split() if word.startswith("AGE-SECRET-KEY-1"))
    keepline.leave_a_message()
    wrong = sheet[:-1] + ("Q" if sheet.endswith("Z") else "Z")
    with keepline.daemon():
        assert keepline("keys", "check", "--sheet", "--password-stdin", typed=wrong + "\n")[0] == 3
        recover = ("keys", "recover", "--as-new", "ben", "--why", "Nobody can log in.", "--password-stdin")
        assert keepline(*recover, typed=wrong + "\n")[0] == 3
        change = ("people", "password", "--as", "ana", "--password-stdin")
        assert keepline(*change, typed="something-else-entirely\nmarble pigeon ticket cloud\n")[0] == 3
    sheet_used = {"from": "terminal", "with": Way.SHEET.value}
    assert [(deed.act, deed.by, deed.detail) for deed in keepline.told()[-3:]] == [
        (Act.LOG_IN_FAILED, "", sheet_used),
        (Act.LOG_IN_FAILED, "", sheet_used),
        (Act.LOG_IN_FAILED, "ana", {"from": "terminal"}),
    ]


def test_the_record_is_verified_and_exported(keepline: Command) -> None:
    keepline.found()
    keepline.agree()
    id = keepline.leave_a_message()
    code, out, _ = keepline("record", "verify")
    assert code == 0
    assert "The record is whole" in out
    with keepline.daemon():
        rows = json.loads(keepline("record", "export", "--format", "json")[1])
        assert (rows[-1]["act"], rows[-1]["by"]) == ("exported", "root")
        assert "5550142" not in json.dumps(rows)
        words = ("record", "export", "--as", "ana", "--password-stdin")
        opened = list(csv.DictReader(io.StringIO(keepline(*words, typed=PASSWORD + "\n")[1])))
    (kept,) = [row for row in opened if row["act"] == "kept"]
    assert kept["subject"] == id
    assert "5550142" in kept["sealed"]
    file = keepline.store / "record" / "000001.jsonl"
    file.write_bytes(file.read_bytes().replace(b"ana", b"ben", 1))
    code, out, err = keepline("record", "verify")
    assert code == 4
    assert "was changed after it was written" in out
    assert "Copy the folder" in err


@pytest.mark.parametrize("which", [1, -1])
def test_a_damaged_line_is_named_and_all_others_are_verified_compared_and_exported(
    keepline: Command, which: int
) -> None:
    keepline.found()
    keepline.leave_a_message()
    with keepline.daemon():
        keepline("record", "export")  # whose own line is the newest now
        file = keepline.store / "record" / "000001.jsonl"
        lines = file.read_bytes().splitlines(keepends=True)
        damaged = lines[which]
        number = json.loads(damaged)["sequence"]
        file.write_bytes(file.read_bytes().replace(damaged, damaged[:40] + b"\xff" + damaged[41:]))
        code, out, err = keepline("record", "verify", "--json")
        flaws = {flaw["sequence"]: flaw["trouble"] for flaw in json.loads(out)["flaws"]}
        assert (code, flaws.get(number)) == (4, Break.UNREADABLE.value)
        assert Break.CUT.value not in flaws.values(), "it is there, and damaged"
        assert "Copy the folder" in err
        code, out, _ = keepline("store", "check")
        assert (code, f"line {number} is no line of the record" in " ".join(out.split())) == (4, True)
        code, out, err = keepline("record", "export", "--format", "json")
        assert (code, err) == (0, "")
        rows = json.loads(out)
        table = list(csv.DictReader(io.StringIO(keepline("record", "export")[1])))
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    marked = [row for row in rows if row["act"] == "damaged"]
    assert [(row["sequence"], row["detail"]) for row in marked] == [(number, {"trouble": Break.UNREADABLE.value})]
    assert [row["sequence"] for row in table if row["act"] == "damaged"] == [str(number)]


def test_a_line_with_a_time_that_never_was_is_exported_all_the_same(keepline: Command) -> None:
    keepline.found()
    keepline.leave_a_message()
    file = keepline.store / "record" / "000001.jsonl"
    file.write_bytes(re.sub(rb'"at":[0-9.]+', b'"at":9e99', file.read_bytes(), count=1))
    with keepline.daemon():
        code, out, _ = keepline("record", "export", "--format", "json")
    assert code == 0
    assert [row["at"] == "" for row in json.loads(out)][:2] == [True, False]


def test_at_a_terminal_a_verification_tells_how_far_it_is(keepline: Command) -> None:
    keepline.found()
    keepline.leave_a_message()
    arguments = ["-m", "appliance.cli.main", "--settings", str(keepline.settings), "record", "verify"]
    with pexpect.spawn(sys.executable, arguments, timeout=60, encoding="utf-8", dimensions=(40, 160)) as person:
        person.expect("Verifying the record.*100%")
        person.expect_exact("The record is whole")
        person.expect(pexpect.EOF)
    piped = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    assert piped.stderr == ""


def test_an_export_must_have_been_switched_on(keepline: Command, tmp_path: Path) -> None:
    keepline.found()
    id = keepline.leave_a_message()
    to = tmp_path / "message.wav"
    code, _, err = keepline(
        "inbox", "export", id[:6], "--to", str(to), "--as", "ana", "--password-stdin", typed=PASSWORD + "\n"
    )
    assert (code, to.exists()) == (3, False)
    assert "An admin can switch it on" in err


def test_an_export_writes_over_nothing(keepline: Command, tmp_path: Path) -> None:
    keepline.found()
    keepline.allow_downloads()
    id = keepline.leave_a_message()
    to = tmp_path / "there"
    to.write_text("mine", encoding="utf-8")
    with keepline.daemon():
        code, _, err = keepline(
            "inbox", "export", id, "--own", "--to", str(to), "--as", "ana", "--password-stdin", typed=PASSWORD + "\n"
        )
    assert (code, to.read_text(encoding="utf-8")) == (2, "mine")
    assert "cannot be made" in err


def test_a_wrong_password_opens_nothing(keepline: Command) -> None:
    keepline.found()
    keepline.leave_a_message()
    code, out, err = keepline("inbox", "list", "--as", "ana", "--password-stdin", typed="something-else-entirely\n")
    assert (code, out) == (3, "")
    assert "Name and password do not belong together" in err


def test_keys_are_shown_by_their_public_halves_only(keepline: Command) -> None:
    keepline.found()
    keepline.leave_a_message()
    rows = json.loads(keepline("keys", "show", "--json")[1])
    assert [row["kind"] for row in rows] == ["practice", "person", "epoch"]
    assert "SECRET" not in json.dumps(rows)


def test_keys_check_opens_everything(keepline: Command) -> None:
    keepline.found()
    keepline.leave_a_message()
    with keepline.daemon():
        code, out, _ = keepline("keys", "check", "--as", "ana", "--password-stdin", typed=PASSWORD + "\n")
    assert code == 0
    assert "1 epoch keys and 1 messages" in out


def test_the_recovery_sheet_opens_everything_as_well(keepline: Command) -> None:
    sheet = next(word for word in keepline.found().split() if word.startswith("AGE-SECRET-KEY-1"))
    keepline.leave_a_message()
    with keepline.daemon():
        code, out, _ = keepline("keys", "check", "--sheet", "--password-stdin", typed=sheet + "\n")
    assert code == 0
    assert "The recovery sheet opens the practice key, 1 epoch keys and 1 messages" in out
    misread = sheet[:-1] + ("Q" if sheet.endswith("Z") else "Z")
    assert keepline("keys", "check", "--sheet", "--password-stdin", typed=misread + "\n")[0] == 3


def test_a_changed_file_is_found_and_named(keepline: Command) -> None:
    keepline.found()
    id = keepline.leave_a_message()
    assert keepline("store", "check")[0] == 0
    file = keepline.store / "vault" / f"{id}.age"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    code, out, err = keepline("store", "check")
    assert code == 4
    assert f"vault/{id}.age" in out
    assert "copy the store first" in err


@pytest.mark.parametrize("words", [("status",), ("purge", "--dry-run")])
def test_a_daemon_that_is_not_there_is_said_so(keepline: Command, words: tuple[str, ...]) -> None:
    code, _, err = keepline(*words)
    assert code == 6
    assert "systemctl start keepline" in err


def test_a_mistake_in_the_settings_is_named_with_file_and_line(keepline: Command) -> None:
    keepline.settings.write_text("[voice]\nsilense = 3\n", encoding="utf-8")
    code, _, err = keepline("status")
    assert code == 2
    assert 'line 2: there is no option [voice] silense. Did you mean "silence"?' in err


def test_every_setting_is_listed_with_its_value(keepline: Command) -> None:
    rows = {row["name"]: row for row in json.loads(keepline("settings", "--json")[1])}
    assert rows["store.work_factor"]["value"] == "15"
    assert rows["voice.silence"]["default"] == "8.0"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become the store's owner")
def test_root_acts_as_the_owner_of_the_store(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    store = open_folder / "store"
    store.mkdir()
    os.chown(store, nobody.pw_uid, nobody.pw_gid)
    (open_folder / "keepline.toml").write_text(f'[store]\nfolder = "{store}"\nwork_factor = 15\n', encoding="utf-8")

    def add() -> None:
        sys.stdin = io.StringIO(PASSWORD + "\n")
        assert main(["--settings", str(open_folder / "keepline.toml"), "people", "add", "ana", "--password-stdin"]) == 0

    assert other_user.end(other_user.start(None, add)) == 0
    assert {path.stat().st_uid for path in store.rglob("*")} == {nobody.pw_uid}
