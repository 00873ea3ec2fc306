"""The daemon as a whole, asked over its socket: what one part does reaches the others."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.access import audit, claim, rotation, testimony
from appliance.access.chain import Line
from appliance.access.people import Newcomer, Role, list_people, prepare_founding, prepare_person, prepare_removal
from appliance.access.segments import read as read_record
from appliance.access.unlock import unlock
from appliance.condition import Refusal
from appliance.console import pin
from appliance.control.client import Client
from appliance.control.values import Event, Lamp, Level, Light
from appliance.daemon import Daemon
from appliance.deeds import Act, Deed
from appliance.errors import (
    ControlError,
    DaemonSilentError,
    HoldChangedError,
    MessageHeldError,
    MessageNotFoundError,
    NoRoomError,
    SealKeyError,
    WrongClaimError,
)
from appliance.messages import Envelope, Kind
from appliance.panel import pins
from appliance.settings import read
from appliance.store.reader import Reader
from appliance.voice.prompts import speak_all
from tests import planned
from tests.web.page_process import wait_for

ROOT = Path(__file__).parents[1]
PASSWORD = "lantern-copper-river-seven"
OTHER = "velvet-harbor-thirteen-oak"
PATIENCE = 60.0  # s on a busy machine


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prompts")
    speak_all(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, prompts: Path) -> Path:
    store = tmp_path / "store"
    store.mkdir()
    (store / "prompts").symlink_to(prompts)
    (tmp_path / "synchronised").touch()
    (tmp_path / "keepline.toml").write_text(
        f'[store]\nfolder = "{store}"\n[voice]\nagi_port = 0\naudio_port = 0\nasterisk_port = 9\n'
        f'[control]\npath = "{tmp_path}/control.sock"\n[panel]\nboard = "mock"\npins = "{ROOT}/hardware/pins.toml"\n'
        f'[time]\nmarker = "{tmp_path}/synchronised"\n',
        encoding="utf-8",
    )
    planned.found(store, "ana", PASSWORD, 15)
    return tmp_path


@pytest.fixture
def daemon(folder: Path) -> Iterator[Daemon]:
    daemon = Daemon(read(folder / "keepline.toml"))
    daemon.start()
    watching = threading.Thread(target=daemon.watch, name="watch")
    watching.start()
    yield daemon
    daemon.end()
    watching.join()
    daemon.stop()


@pytest.fixture
def client(daemon: Daemon, folder: Path) -> Client:
    return Client(folder / "control.sock")


def leave_a_message(daemon: Daemon) -> str:
    inbox = daemon._inbox  # the line would fill it
    delivery = inbox.begin(Kind.VOICEMAIL, "front-desk", Envelope())
    delivery.append(bytes(16_000))
    return delivery.finish(Envelope(duration=1.0)).stamp.id


class Subscriber:
    """Collects what the daemon tells."""

    def __init__(self, client: Client) -> None:
        self.heard: list[Event] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._listen, args=(client,), daemon=True).start()

    def _listen(self, client: Client) -> None:
        with contextlib.suppress(DaemonSilentError):  # that is how a subscription ends
            for event in client.subscribe():
                with self._changed:
                    self.heard.append(event)
                    self._changed.notify_all()

    def wait_for(self, event: Event, again: Any) -> bool:
        """Do `again` until `event` came: a subscription takes a moment to begin."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            again()
            with self._changed:
                if self._changed.wait_for(lambda: event in self.heard, 0.1):
                    return True
        return False


def test_a_new_message_shows_in_list_status_and_lamp(daemon: Daemon, client: Client, folder: Path) -> None:
    id = leave_a_message(daemon)
    assert [row.stamp.id for row in Reader(folder / "store").list()] == [id]
    status = client.status()
    assert status.new_messages == 1
    assert status.lamps[Lamp.MESSAGE] is Light.BLINKING
    assert any("One new message." in part.sentence for part in status.parts)


def test_hearing_erasing_and_having_back_reach_the_store(daemon: Daemon, client: Client, folder: Path) -> None:
    id = leave_a_message(daemon)
    reader = Reader(folder / "store")
    client.mark_heard(id, True, "ana")
    assert reader.row(id).heard_at is not None
    client.erase(id, "ana")
    assert reader.row(id).erase_at is not None
    client.undo_erase(id, "ana")
    assert reader.row(id).erase_at is None
    with pytest.raises(MessageNotFoundError):
        client.erase("0" * 32, "ana")


def test_a_hold_is_on_record_with_its_reason_and_keeps_the_message_until_it_is_lifted(
    daemon: Daemon, client: Client, folder: Path
) -> None:
    id, store = leave_a_message(daemon), folder / "store"
    why = testimony.seal(store, why="The lawyer of the practice asks for it.")
    with pytest.raises(ControlError, match="an age file"):
        client.hold(id, b"", "ana")
    client.hold(id, why, "ana")
    with pytest.raises(HoldChangedError):
        client.hold(id, why, "ben")
    with pytest.raises(MessageHeldError, match="lift the hold"):
        client.erase(id, "ben")
    row = Reader(store).row(id)
    assert (row.held, row.erase_at) == (True, None)
    client.release(id, why, "ana")
    client.erase(id, "ben")
    lines = [Line.from_bytes(line).deed for line in read_record(store)]
    told = [(deed.act, deed.by, bool(deed.sealed)) for deed in lines if deed.subject == id][1:]
    assert told == [(Act.HELD, "ana", True), (Act.RELEASED, "ana", True), (Act.ERASED, "ben", False)]
    with pytest.raises(MessageNotFoundError):
        client.hold("0" * 32, why, "ana")


def test_where_the_record_takes_no_line_nothing_is_put_on_hold(
    daemon: Daemon, client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, store = leave_a_message(daemon), folder / "store"

    def full(*_: object) -> None:
        raise NoRoomError

    monkeypatch.setattr(daemon._record, "write", full)
    with pytest.raises(NoRoomError):
        client.hold(id, testimony.seal(store, why="The lawyer asks for it."), "ana")
    monkeypatch.undo()
    assert not Reader(store).row(id).held


def test_a_subscriber_hears_of_changes(daemon: Daemon, client: Client) -> None:
    subscriber = Subscriber(client)
    assert subscriber.wait_for(Event.CHANGED, lambda: leave_a_message(daemon))


def test_the_lock_button_on_the_panel_ends_every_session(daemon: Daemon, client: Client) -> None:
    subscriber = Subscriber(client)
    button = daemon._panel._board._factory.pin(pins.read(ROOT / "hardware" / "pins.toml").lock.pin)  # type: ignore[attr-defined]  # the mock board has a factory

    def press() -> None:
        button.drive_low()
        threading.Event().wait(0.06)
        button.drive_high()

    assert subscriber.wait_for(Event.LOCKED, press)


def test_without_asterisk_the_line_is_a_fault_that_says_what_to_do(client: Client) -> None:
    line = next(part for part in client.status().parts if part.name == "Line")
    assert line.level is Level.FAULT
    assert "switch the box off and on" in line.sentence


def test_a_box_without_a_fax_modem_says_nothing_of_one_and_makes_no_ring_for_it(client: Client, folder: Path) -> None:
    assert "Fax" not in [part.name for part in client.status().parts]
    assert not list((folder / "store" / "journal").glob("fax-*"))


@pytest.fixture
def fax_daemon(folder: Path) -> Iterator[Daemon]:
    with (folder / "keepline.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'[fax]\ndevice = "{folder}/modem"\nlongest_fax = 1\n')
    daemon = Daemon(read(folder / "keepline.toml"))
    daemon.start()
    yield daemon
    daemon.stop()


def fax_sentence(client: Client) -> str:
    return next(part.sentence for part in client.status().parts if part.name == "Fax")


def test_a_fax_modem_that_is_not_there_lights_the_fault_lamp(fax_daemon: Daemon, folder: Path) -> None:
    client = Client(folder / "control.sock")
    wait_for(lambda: "Check its cable" in fax_sentence(client))
    assert client.status().lamps[Lamp.FAULT] is Light.ON


def test_faxes_are_refused_for_every_reason_that_keeps_them_from_being_sealed(fax_daemon: Daemon, folder: Path) -> None:
    assert fax_daemon._fax_refusal() is None
    first, second = (fax_daemon._inbox.begin(Kind.FAX, "front-desk", Envelope()) for _ in range(2))
    assert fax_daemon._fax_refusal() is Refusal.NO_ROOM
    first.abandon()
    second.abandon()
    key = folder / "store" / "keys" / "practice.pub"
    key.rename(folder / "away")
    assert fax_daemon._fax_refusal() is Refusal.NOT_FOUNDED
    (folder / "away").rename(key)
    assert fax_daemon._fax_refusal() is None
    names = folder / "store" / "keys" / "record.pub"
    names.rename(folder / "away")
    assert fax_daemon._fax_refusal() is Refusal.NO_RECORD_KEY
    assert not fax_daemon._facts().names_callers
    (folder / "away").rename(names)
    assert fax_daemon._fax_refusal() is None
    fax_daemon._inbox._disk.good = False
    assert fax_daemon._fax_refusal() is Refusal.BAD_STORAGE


def test_a_card_that_cannot_be_read_is_shown_and_ends_nothing(daemon: Daemon, client: Client, folder: Path) -> None:
    leave_a_message(daemon)
    assert client.status().new_messages == 1
    for file in (folder / "store").glob("index.sqlite*"):
        os.truncate(file, 0)
        file.write_bytes(b"no database" * 1_000)
    disk = next(part for part in client.status().parts if part.name == "Disk")
    assert disk.level is Level.FAULT
    assert daemon._ended.wait(2.5) is False, "the loop that feeds the watchdog goes on"
    status = client.status()
    assert status.new_messages == 1
    assert status.lamps[Lamp.FAULT] is not Light.OFF
    assert [thread for thread in threading.enumerate() if thread.name == "watch"]


def test_the_certificate_is_made_and_only_the_daemon_can_read_the_cas_key(daemon: Daemon, folder: Path) -> None:
    tls = folder / "store" / "tls"
    assert (tls / "key.pem").stat().st_mode & 0o777 == 0o640
    assert (tls / "ca-key.pem").stat().st_mode & 0o777 == 0o600


def test_people_come_and_go_through_the_daemon_which_has_no_key(client: Client, folder: Path) -> None:
    store = folder / "store"
    ana = unlock(store, "ana", PASSWORD)
    client.put_person(prepare_person(store, ana, Newcomer("ben", Role.STAFF, OTHER), 15), "ana")
    assert unlock(store, "ben", OTHER).practice.recipient == ana.practice.recipient
    client.remove_person(prepare_removal(store, ana, "ben"), "ana")
    assert [person.name for person in list_people(store)] == ["ana"]


def test_removing_a_person_ends_the_sessions_that_hold_the_practices_key(
    daemon: Daemon, client: Client, folder: Path
) -> None:
    store = folder / "store"
    ana = unlock(store, "ana", PASSWORD)
    client.put_person(prepare_person(store, ana, Newcomer("ben", Role.STAFF, OTHER), 15), "ana")
    removal = prepare_removal(store, ana, "ben")
    subscriber = Subscriber(client)
    assert subscriber.wait_for(Event.CHANGED, lambda: leave_a_message(daemon))  # it has begun
    client.remove_person(removal, "ana")
    assert subscriber.wait_for(Event.PERSON_CHANGED, lambda: None)


@pytest.mark.parametrize(
    "files",
    [None, {"name": "../x"}, {"name": "x", "role": "admin", "recipient": "y", "wrapped_key": "", "practice_key": ""}],
)
def test_what_is_no_persons_files_is_refused(client: Client, folder: Path, files: object) -> None:
    before = sorted(path.name for path in (folder / "store" / "keys").rglob("*"))
    with pytest.raises(ControlError):
        client.put_person(files, "ana")
    assert sorted(path.name for path in (folder / "store" / "keys").rglob("*")) == before


def test_nothing_is_due_in_a_young_inbox(daemon: Daemon, client: Client) -> None:
    leave_a_message(daemon)
    assert client.purge(dry_run=True, by="root") == ()


def test_the_daemon_says_nothing_of_callers_on_its_socket(daemon: Daemon, client: Client) -> None:
    delivery = daemon._inbox.begin(Kind.VOICEMAIL, "front-desk", Envelope(caller_number="5559876543"))
    delivery.append(bytes(16_000))
    delivery.finish(Envelope(caller_number="5559876543", caller_name="Quillon Canary"))
    said = json.dumps([str(client.status())])
    assert "5559876543" not in said
    assert "Quillon" not in said


def test_a_new_box_is_claimed_over_its_socket_and_that_is_on_record(folder: Path) -> None:
    store = folder / "store"
    shutil.rmtree(store / "keys")
    daemon = Daemon(read(folder / "keepline.toml"))
    daemon.start()
    try:
        client = Client(folder / "control.sock")
        founding, _ = prepare_founding("ana", PASSWORD, 15)
        with pytest.raises(WrongClaimError):
            client.check_claim("0000-0000", "192.0.2.1")
        threading.Event().wait(claim.APART)  # after a wrong guess the next one waits
        client.claim(client.show_claim(), "console", founding)
        leave_a_message(daemon)
        assert unlock(store, "ana", PASSWORD).practice
        assert daemon._record.has(Act.CLAIMED, founding.practice)
        guessed = [
            deed.detail for line in read_record(store) if (deed := Line.from_bytes(line).deed).act is Act.LOG_IN_FAILED
        ]
        assert guessed == [{"from": "192.0.2.1", "with": "claim code"}]
    finally:
        daemon.stop()


def test_the_practice_key_is_exchanged_while_the_daemon_works_and_each_step_is_on_record(
    daemon: Daemon, client: Client, folder: Path
) -> None:
    store = folder / "store"
    leave_a_message(daemon)
    client.put_person(
        prepare_person(store, unlock(store, "ana", PASSWORD), Newcomer("ben", Role.STAFF, OTHER), 15), "ana"
    )
    old = unlock(store, "ana", PASSWORD).practice
    with rotation.start(store, unlock(store, "ana", PASSWORD), new_sheet=False) as made:
        list(made.run(client, "ana"))
    leave_a_message(daemon)
    new, reader = unlock(store, "ben", OTHER).practice, Reader(store)
    for row in reader.list():
        reader.open(row, new).close()
        with pytest.raises(SealKeyError):
            reader.open(row, old)
    for act, subject in (
        (Act.PERSON_ADDED, "ben"),
        (Act.ROTATION_BEGUN, str(new.recipient)),
        (Act.ROTATED, str(new.recipient)),
    ):
        assert daemon._record.has(act, subject)


def test_all_that_happens_to_a_box_stands_in_its_record_which_fits_the_store(daemon: Daemon, folder: Path) -> None:
    store, client = folder / "store", Client(folder / "control.sock")
    id = leave_a_message(daemon)
    client.record(Deed(Act.LOOKED, "ana", id))
    client.mark_heard(id, True, "ana")
    client.erase(id, "ana")
    client.undo_erase(id, "ana")
    client.lock("ana")
    acts = [Line.from_bytes(line).deed.act for line in read_record(store)]
    assert acts == [
        Act.STARTED,
        Act.CLAIMED,
        Act.EPOCH_MADE,
        Act.KEPT,
        Act.LOOKED,
        Act.MARKED,
        Act.ERASED,
        Act.UNERASED,
        Act.LOCKED,
    ]
    assert audit.compare(store, daemon._record.head).found == ()
    told = client.status().record
    assert told is not None
    assert (told.sequence, told.hash) == (daemon._record.head.sequence, daemon._record.head.short)


def test_another_pin_of_the_console_is_on_record_while_the_daemon_runs(daemon: Daemon, folder: Path) -> None:
    store = folder / "store"
    told = threading.Event()
    for new in ("271828", "314159"):
        pin.write(store, new)
        for _ in range(300):
            lines = [Line.from_bytes(line).deed for line in read_record(store)]
            found = [deed.subject for deed in lines if deed.act is Act.SETTING_CHANGED]
            if len(found) == (1 if new == "271828" else 2) or told.wait(0.1):
                break
    assert found == ["console.pin", "console.pin"]


@pytest.mark.parametrize("act", [Act.KEPT, Act.REMOVED, Act.EPOCH_MADE, Act.STARTED, Act.SHORTENED, Act.ROTATED])
def test_nobody_but_the_daemon_tells_what_only_the_daemon_does(client: Client, folder: Path, act: Act) -> None:
    before = list(read_record(folder / "store"))
    with pytest.raises(ControlError):
        client.record(Deed(act, "ana", "f" * 32, {"sha256": "0" * 64}))
    assert list(read_record(folder / "store")) == before


@pytest.mark.parametrize(
    "deed",
    [
        Deed(Act.LOOKED, "Ana Lopez"),
        Deed(Act.LOOKED, "ana", "x" * 300),
        Deed(Act.LOOKED, "ana", detail={"a": "\n"}),
        Deed(Act.LOOKED, "ana", detail={str(number): "" for number in range(30)}),
        Deed(Act.DISCLOSED, "ana", sealed=b"whom and why in clear"),
    ],
)
def test_a_line_that_is_not_short_plain_and_sealed_is_refused(client: Client, deed: Deed) -> None:
    with pytest.raises(ControlError):
        client.record(deed)


def test_a_stop_in_good_order_and_the_next_start_are_told_and_nothing_is_missing(folder: Path) -> None:
    for _ in range(2):
        daemon = Daemon(read(folder / "keepline.toml"))
        daemon.start()
        daemon.stop()
    store = folder / "store"
    acts = [Line.from_bytes(line).deed.act for line in read_record(store)]
    assert acts == [Act.STARTED, Act.CLAIMED, Act.STOPPED, Act.STARTED, Act.STOPPED]
    assert audit.compare(store).found == ()
