"""No line, no deed: on a card with room for this much and no more, with every verb that changes something, and wherever the power goes."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from appliance import answers
from appliance.access import decisions, factors, people, policy, practice, rotation, segments
from appliance.access.chain import Line
from appliance.access.decisions import Choice, Switch
from appliance.access.record import Record
from appliance.access.unlock import unlock
from appliance.answers import Parts
from appliance.control.values import Verb, pack
from appliance.deeds import Act, Deed
from appliance.errors import BadStorageError, NoRoomError
from appliance.messages import Envelope, Kind
from appliance.retention.sweep import Sweep
from appliance.settings import Retention
from appliance.store.changes import PENDING, Staged
from appliance.store.inbox import Inbox, RingSet
from tests import planned
from tests.access.practice import ANA, OTHER, WORK, Practice
from tests.fakes.clock import FakeClock

PAGE = 4096  # octets that a tmpfs gives out at once
MOST = 40  # pages that no deed needs
CHOICE = Choice(Switch.TAKE_MESSAGES, True, "ana", "We want to.", "A file stays behind.")


@dataclass
class Daemon:
    """What of the daemon answers, with the real record and inbox below `folder`."""

    folder: Path

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.record = Record(self.folder, self.clock)
        self.record.open()
        self.inbox = Inbox(self.folder, RingSet(1, 6), self.clock, witness=self.record)
        self.inbox.start()
        nothing = mock.Mock()
        parts = Parts(
            folder=self.folder,
            undo=30.0,
            clock=self.clock,
            inbox=self.inbox,
            record=self.record,
            sweep=Sweep(self.inbox, Retention(), self.clock, "UTC"),
            sweep_soon=nothing,
            drop_sessions=nothing,
            publish=nothing,
            status=nothing,
        )
        self.table = answers.table(parts)

    def ask(self, verb: Verb, **given: Any) -> Any:
        return self.table[verb](pack(given))

    def close(self) -> None:
        self.inbox.close()
        self.record.close()

    def lines(self) -> list[Line]:
        return [Line.from_bytes(line) for line in segments.read(self.folder)]

    def state(self) -> dict[str, object]:
        """All that a deed could change."""
        places = ("keys", "epochs", "decisions.json", "policy.json", "acknowledgements.json")
        files = [found for place in places for found in (self.folder / place, *(self.folder / place).rglob("*"))]
        return {str(file): file.read_bytes() for file in files if file.is_file()} | {"rows": self.inbox.list()}


@contextmanager
def at_work(folder: Path) -> Iterator[Daemon]:
    daemon = Daemon(folder)
    try:
        yield daemon
    finally:
        daemon.close()


Asked = tuple[Act, Callable[[Daemon], object]]


def given(store: Path) -> dict[str, Asked]:
    """One of each that changes something, prepared for a copy of this store."""
    ana = unlock(store, "ana", ANA)
    assert ana.own is not None
    proof = practice.proof_of(ana.practice)
    newcomer = people.prepare_person(store, ana, people.Newcomer("cleo", people.Role.STAFF, OTHER), WORK)
    demoted = people.prepare_change(store, ana, "ben", people.Role.TECHNICIAN, ())
    forgotten = people.prepare_new_key(store, ana, "ben", OTHER, WORK)
    own = people.prepare_password(store, "ana", ANA, OTHER, WORK)
    removal = people.prepare_removal(store, ana, "ben")
    codes = factors.open_held(store, "ana", ana.own).with_codes(("one", "two")).files(ana.own)
    begun = rotation.start(store, ana, new_sheet=False)
    assert begun._beginning is not None
    beginning = begun._beginning
    version = policy.sheet(store).version
    return {
        "decide": (Act.DECIDED, lambda box: box.ask(Verb.DECIDE, choice=CHOICE)),
        "policy": (
            Act.POLICY_SET,
            lambda box: box.ask(Verb.SET_POLICY, by="ana", language="en", text="Be careful. " * 400),
        ),
        "agree": (
            Act.POLICY_ACKNOWLEDGED,
            lambda box: box.ask(Verb.ACKNOWLEDGE_POLICY, by="ana", version=version),
        ),
        "add": (Act.PERSON_ADDED, lambda box: box.ask(Verb.PUT_PERSON, files=newcomer, by="ana")),
        "demote": (Act.PERSON_CHANGED, lambda box: box.ask(Verb.PUT_PERSON, files=demoted, by="ana")),
        "new key": (Act.PASSWORD_CHANGED, lambda box: box.ask(Verb.PUT_PERSON, files=forgotten, by="ana")),
        "password": (Act.PASSWORD_CHANGED, lambda box: box.ask(Verb.PUT_PERSON, files=own, by="ana")),
        "remove": (Act.PERSON_REMOVED, lambda box: box.ask(Verb.REMOVE_PERSON, removal=removal, by="ana")),
        "factors": (Act.FACTOR_CHANGED, lambda box: box.ask(Verb.PUT_FACTORS, files=codes, by="ana")),
        "reset": (
            Act.FACTOR_CHANGED,
            lambda box: box.ask(Verb.RESET_FACTORS, name="ben", by="ana", proof=proof),
        ),
        "emergency": (
            Act.EMERGENCY,
            lambda box: box.ask(Verb.NOTE_EMERGENCY, why="Everybody is on holiday.", proof=proof),
        ),
        "trial": (Act.EMERGENCY, lambda box: box.ask(Verb.NOTE_TRIAL, proof=proof)),
        "begin": (Act.ROTATION_BEGUN, lambda box: box.ask(Verb.BEGIN_ROTATION, exchange=beginning, by="ana")),
        "heard": (
            Act.MARKED,
            lambda box: box.ask(Verb.MARK_HEARD, id=box.inbox.list()[0].stamp.id, heard=True, by="ana"),
        ),
        "erase": (Act.ERASED, lambda box: box.ask(Verb.ERASE, id=box.inbox.list()[0].stamp.id, by="ana")),
        "epoch": (Act.EPOCH_MADE, lambda box: box.inbox._ground.epochs.current(box.clock.now() + 86_400.0)),
    }


FILES = (
    *("decide", "policy", "agree", "add", "demote", "new key", "password"),
    *("remove", "factors", "reset", "emergency", "begin"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana and Ben, one message, and second factors of Ben's."""
    folder = tmp_path_factory.mktemp("made") / "store"
    made = Practice.found(folder)
    made.add("ben", people.Role.STAFF)
    ben = unlock(folder, "ben", OTHER)
    assert ben.own is not None
    planned.write_factors(folder, factors.Held("ben").with_codes(("three",)).files(ben.own))
    with at_work(folder) as box:
        delivery = box.inbox.begin(Kind.VOICEMAIL, "front-desk", Envelope())
        delivery.append(bytes(16_000))
        delivery.finish(Envelope(duration=1.0))
    return folder


@pytest.fixture(scope="module")
def asked(store: Path) -> dict[str, Asked]:
    return given(store)


def fill_last_page(box: Daemon) -> None:
    """The record's next line needs a page of its own."""
    file = segments.files(box.folder)[-1]
    while PAGE - file.stat().st_size % PAGE > 200:
        box.record.write(Deed(Act.LOCKED))
        if PAGE - file.stat().st_size % PAGE > 500:
            continue
        box.record.write(Deed(Act.LOCKED, "a" * max(0, PAGE - file.stat().st_size % PAGE - 430)))


def leave_pages(folder: Path, pages: int) -> Path:
    filler, free = folder / "filler", os.statvfs(folder)
    with filler.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail - pages) * free.f_frsize))
    return filler


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts disks")
@pytest.mark.parametrize("name", [*FILES, "heard", "erase", "epoch"])
def test_on_a_full_card_there_is_never_a_deed_without_its_line(
    store: Path, asked: dict[str, Asked], tmp_path: Path, name: str
) -> None:
    """Page by page more room, until there is enough: each time it is done with a line, or not done and no line says so."""
    act, ask = asked[name]
    disk = tmp_path / "small"
    disk.mkdir()
    refused = 0
    for pages in range(MOST):
        subprocess.run(("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk), check=True)
        try:
            shutil.copytree(store, disk / "store")
            with at_work(disk / "store") as box:
                fill_last_page(box)
                before, written = box.state(), len(box.lines())
                leave_pages(disk, pages)
                try:
                    ask(box)
                except NoRoomError:
                    refused += 1
                    told = [line.deed.act for line in box.lines()[written:]]
                    assert box.state() == before, f"done without room for its line, with {pages} pages left"
                    assert told in ([], [act, Act.FAILED])
                    assert not list(box.folder.rglob("*.tmp"))
                else:
                    assert [line.deed.act for line in box.lines()[written:]] == [act]
                    assert box.state() != before
                    assert refused > 0
                    return
        finally:
            subprocess.run(("umount", "--lazy", disk), check=True)
    pytest.fail("never enough room")


class PowerCut(BaseException):
    """The program is gone."""


@pytest.fixture
def copy(store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(store, tmp_path / "store"))


@pytest.mark.parametrize("name", FILES)
def test_a_deed_that_was_cut_off_behind_its_line_is_done_by_the_next_start(
    copy: Path, asked: dict[str, Asked], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each of its steps."""
    act, ask = asked[name]
    for steps in range(20):
        folder = Path(shutil.copytree(copy, copy.parent / f"{steps}"))
        with at_work(folder) as box:
            before, written = box.state(), len(box.lines())
            with monkeypatch.context() as patch:
                cut = cut_before(patch, steps)
                with suppress(PowerCut):
                    ask(box)
            assert [line.deed.act for line in box.lines()[written:]] == [act]
        with at_work(folder) as box:
            assert box.state() != before
            assert not (folder / PENDING).exists()
            assert not list((folder / "keys").rglob("*.tmp"))
            assert [line.deed.act for line in box.lines()[written:]] == [act]
        if not cut:
            assert steps
            return
    pytest.fail("never whole")


def cut_before(patch: pytest.MonkeyPatch, steps: int) -> list[str]:
    """The power goes when so many files of a change were made; the list says that it did."""
    left: list[int] = [steps]
    cut: list[str] = []

    def unless_cut(do: Callable[[Staged, Path], None]) -> Callable[[Staged, Path], None]:
        def once_more(self: Staged, file: Path) -> None:
            if left[0] == 0:
                cut.append(file.name)
                raise PowerCut
            left[0] -= 1
            do(self, file)

        return once_more

    patch.setattr(Staged, "_name", unless_cut(Staged._name))
    patch.setattr(Staged, "_remove", unless_cut(Staged._remove))
    return cut


def test_a_deed_that_was_cut_off_before_its_line_has_never_been(
    copy: Path, asked: dict[str, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    act, ask = asked["remove"]
    with at_work(copy) as box:
        before = box.state()
        with monkeypatch.context() as patch:
            patch.setattr(box.record, "write", mock.Mock(side_effect=PowerCut))
            with pytest.raises(PowerCut):
                ask(box)
        assert (copy / PENDING).exists()
    with at_work(copy) as box:
        assert box.state() == before
        assert not (copy / PENDING).exists()
        assert act not in [line.deed.act for line in box.lines()]
        ask(box)
        assert [person.name for person in people.list_people(copy)] == ["ana"]


def test_a_disk_that_fails_behind_the_line_leaves_the_deed_to_the_next_start(
    copy: Path, asked: dict[str, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    act, ask = asked["remove"]

    def fail(self: Staged, _: Path) -> None:
        raise self.disk.failed(OSError(5, "input/output error"))

    with at_work(copy) as box:
        with monkeypatch.context() as patch:
            patch.setattr(Staged, "_remove", fail)
            with pytest.raises(BadStorageError):
                ask(box)
        assert not box.record.disk.good
        with pytest.raises(BadStorageError):  # nothing else on such a card
            box.ask(Verb.DECIDE, choice=CHOICE)
    with at_work(copy) as box:
        assert [person.name for person in people.list_people(copy)] == ["ana"]
        assert [line.deed.act for line in box.lines()].count(act) == 1


def test_what_can_no_longer_be_done_is_told_in_a_line_of_its_own(
    copy: Path, asked: dict[str, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has cleared away what lay ready."""
    act, ask = asked["add"]
    with at_work(copy) as box:
        monkeypatch.setattr(Staged, "finish", mock.Mock(side_effect=PowerCut))
        with pytest.raises(PowerCut):
            ask(box)
        monkeypatch.undo()
    (copy / people.FOLDER / ".cleo.age.tmp").unlink()
    with at_work(copy) as box:
        promised, failed = box.lines()[-2:]
        assert (promised.deed.act, failed.deed.act, failed.deed.subject) == (act, Act.FAILED, "cleo")
        assert failed.deed.detail["line"] == str(promised.sequence)
        assert "cleo" not in [person.name for person in people.list_people(copy)]
        assert not (copy / PENDING).exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root mounts disks")
def test_a_change_of_the_list_that_fails_on_a_full_card_is_told_in_room_that_was_kept_for_it(
    store: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk), check=True)
    try:
        shutil.copytree(store, disk / "store")
        with at_work(disk / "store") as box:
            fill_last_page(box)
            with suppress(NoRoomError), box.record.doing(Deed(Act.ERASED, "ana", "0" * 32)):
                leave_pages(disk, 0)
                raise NoRoomError
            done, failed = box.lines()[-2:]
            assert (done.deed.act, failed.deed.act) == (Act.ERASED, Act.FAILED)
            assert failed.deed.detail == {"what": "erased", "line": str(done.sequence)}
            with pytest.raises(NoRoomError):
                write_on(box)
    finally:
        subprocess.run(("umount", "--lazy", disk), check=True)


def write_on(box: Daemon) -> None:
    for _ in range(99):
        box.record.write(Deed(Act.LOCKED))


def test_many_who_agree_or_decide_at_once_are_all_kept(copy: Path) -> None:
    made = Practice(copy, mock.Mock())
    names = [f"p{number}" for number in range(4)]
    for name in names:
        made.add(name, people.Role.TECHNICIAN)
    version = policy.sheet(copy).version
    with at_work(copy) as box:
        agree = [
            threading.Thread(target=box.ask, args=(Verb.ACKNOWLEDGE_POLICY,), kwargs={"by": name, "version": version})
            for name in names
        ]
        decide = [
            threading.Thread(target=box.ask, args=(Verb.DECIDE,), kwargs={"choice": replace(CHOICE, why=name)})
            for name in names
        ]
        for one in (*agree, *decide):
            one.start()
        for one in (*agree, *decide):
            one.join()
        assert {item.name for item in policy.acknowledgements(copy)} >= set(names)
        assert len(decisions.read(copy)) == len(names)


def test_a_damaged_list_of_unfinished_changes_keeps_no_box_from_starting(copy: Path) -> None:
    (copy / PENDING).write_bytes(b"{")
    with at_work(copy) as box:
        assert box.lines()[-1].deed.act is Act.FAILED
        assert not (copy / PENDING).exists()
