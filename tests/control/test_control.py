"""The control socket: what one side says the other understands, and nobody asks for more than is theirs."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.control import server
from appliance.control.client import Client
from appliance.control.server import LONGEST_LINE, MOST_CONNECTIONS, Server, Users
from appliance.control.values import (
    MAY_ASK,
    Due,
    Event,
    Fault,
    Lamp,
    Level,
    Light,
    Part,
    Peer,
    Status,
    Verb,
    pack,
    unpack,
)
from appliance.errors import AccessError, ControlError, DaemonSilentError, MessageNotFoundError
from tests import other_user

PATIENCE = 60.0  # s on a busy machine

STATUS = Status(
    now=1.5,
    parts=(Part("Line", Level.GOOD, "The line is ready."),),
    calls=1,
    new_messages=3,
    next_purge=None,
    last_fault=Fault(1.0, "The disk was full."),
    lamps={Lamp.MESSAGE: Light.BLINKING, Lamp.LINE: Light.ON, Lamp.FAULT: Light.OFF},
)


class Daemon:
    """Remembers what it was asked."""

    def __init__(self, path: Path, users: Users) -> None:
        self.asked: list[tuple[Verb, Mapping[str, Any]]] = []
        self.server = Server(path, users, {verb: self._answer(verb) for verb in Verb})

    def _answer(self, verb: Verb) -> Any:
        def answer(arguments: Mapping[str, Any]) -> Any:
            self.asked.append((verb, arguments))
            match verb:
                case Verb.STATUS:
                    return STATUS
                case Verb.PURGE:
                    return (Due("a" * 32, "heard 30 days ago"),)
                case Verb.ERASE:
                    raise MessageNotFoundError
                case _:
                    return None

        return answer


def all_mine() -> Users:
    return Users(owner=os.geteuid(), page=os.geteuid(), console=os.geteuid())


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path / "control.sock", all_mine())
    daemon.server.start()
    yield daemon
    daemon.server.stop()


@pytest.fixture
def client(daemon: Daemon, tmp_path: Path) -> Client:
    return Client(tmp_path / "control.sock")


def raw(tmp_path: Path, line: bytes) -> Any:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(tmp_path / "control.sock"))
        connection.sendall(line)
        return json.loads(connection.makefile("rb").readline())


def test_a_status_arrives_as_it_was_sent(client: Client) -> None:
    assert client.status() == STATUS


def test_arguments_arrive_as_they_were_sent(client: Client, daemon: Daemon) -> None:
    client.mark_heard("b" * 32, heard=True, by="ana")
    client.remove_person({"name": "ana", "practice_key": b"\x00\xff"}, "ben")
    assert daemon.asked == [
        (Verb.MARK_HEARD, {"id": "b" * 32, "heard": True, "by": "ana"}),
        (Verb.REMOVE_PERSON, {"removal": {"name": "ana", "practice_key": "AP8="}, "by": "ben"}),
    ]


def test_a_list_arrives_typed(client: Client) -> None:
    assert client.purge(dry_run=True, by="root") == (Due("a" * 32, "heard 30 days ago"),)


def test_an_error_comes_out_as_the_same_error(client: Client) -> None:
    with pytest.raises(MessageNotFoundError, match="erased or purged"):
        client.erase("c" * 32, "ana")


def test_a_daemon_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DaemonSilentError, match="systemctl start keepline"):
        Client(tmp_path / "nobody.sock").status()


def test_a_subscriber_hears_each_event_and_the_end(client: Client, daemon: Daemon) -> None:
    heard: list[Event] = []
    started = threading.Event()
    ended: list[type[BaseException]] = []

    def listen() -> None:
        try:
            for event in client.subscribe():
                heard.append(event)
                started.set()
        except DaemonSilentError as error:
            ended.append(type(error))

    thread = threading.Thread(target=listen)
    thread.start()
    while not started.wait(0.01):  # the subscription takes a moment; what was published before it is not its business
        daemon.server.publish(Event.CHANGED)
    daemon.server.publish(Event.LOCKED)
    daemon.server.stop()
    thread.join(10)
    assert heard[-1] is Event.LOCKED
    assert ended == [DaemonSilentError]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("peer", Peer)
def test_the_kernel_says_who_asks_and_each_gets_only_its_own_verbs(open_folder: Path, peer: Peer) -> None:
    uids = {Peer.OWNER: 61001, Peer.PAGE: 61002, Peer.CONSOLE: 61003}
    daemon = Daemon(open_folder / "control.sock", Users(61001, 61002, 61003))
    daemon.server.start()
    (open_folder / "control.sock").chmod(0o666)
    reader, writer = os.pipe()

    def ask() -> None:
        os.write(writer, json.dumps([verb for verb in Verb if _may(open_folder, verb)]).encode())

    child = other_user.start(uids[peer], ask)
    os.close(writer)
    assert other_user.end(child) == 0
    with os.fdopen(reader) as answers:
        allowed = json.loads(answers.read())
    daemon.server.stop()
    assert set(allowed) == {verb for verb, peers in MAY_ASK.items() if peer in peers}


def _may(folder: Path, verb: Verb) -> bool:
    answer = raw(folder, _line(verb))
    return "ok" in answer or answer["error"]["kind"] == "MessageNotFoundError"


def _line(verb: Verb) -> bytes:
    return json.dumps({"verb": verb.value}).encode() + b"\n"


def test_a_stranger_gets_nothing(tmp_path: Path) -> None:
    assert Users(owner=1, page=2, console=3).peers(4) == frozenset()


def test_every_verb_says_who_may_ask() -> None:
    assert set(MAY_ASK) == set(Verb)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b'{"verb":"x"}\n',
        b"[1]\n",
        b'{"verb":"status","arguments":3}\n',
        b"\xff\xfe\n",
        b"[" * 5000 + b"\n",
    ],
)
def test_a_line_that_is_no_request_is_answered_so(daemon: Daemon, tmp_path: Path, line: bytes) -> None:
    assert raw(tmp_path, line)["error"]["kind"] == "ControlError"


def test_an_endless_line_is_refused(daemon: Daemon, tmp_path: Path) -> None:
    assert raw(tmp_path, b"x" * (LONGEST_LINE + 1))["error"]["kind"] == "ControlError"


def test_a_line_that_trickles_in_is_given_up(daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.5)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(tmp_path / "control.sock"))
        trickling = threading.Event()

        def trickle() -> None:
            with contextlib.suppress(OSError):
                while not trickling.wait(0.05):
                    connection.send(b"x")

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            said = connection.makefile("rb").read()
        except ConnectionResetError:
            said = b""
        trickling.set()
        thread.join()
    assert b"ok" not in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_one_user_cannot_keep_another_out(open_folder: Path) -> None:
    daemon = Daemon(open_folder / "control.sock", Users(os.geteuid(), 61002, 61003))
    daemon.server.start()
    (open_folder / "control.sock").chmod(0o666)
    ready, held = os.pipe()
    over, ending = os.pipe()

    def hold() -> None:
        silent = [socket.socket(socket.AF_UNIX) for _ in range(MOST_CONNECTIONS)]
        for connection in silent:
            connection.connect(str(open_folder / "control.sock"))
        os.write(held, b".")
        os.read(over, 1)

    child = other_user.start(61002, hold)
    os.read(ready, 1)
    try:
        assert Client(open_folder / "control.sock").status() == STATUS
    finally:
        os.write(ending, b".")
        ended = other_user.end(child)
        for descriptor in (ready, held, over, ending):
            os.close(descriptor)
        daemon.server.stop()
    assert ended == 0


def test_silent_connections_do_not_keep_others_out_for_good(daemon: Daemon, client: Client, tmp_path: Path) -> None:
    silent = [socket.socket(socket.AF_UNIX) for _ in range(MOST_CONNECTIONS)]
    for connection in silent:
        connection.connect(str(tmp_path / "control.sock"))
    with pytest.raises(DaemonSilentError):
        client.status()
    for connection in silent:
        connection.close()
    until = time.monotonic() + PATIENCE
    while True:
        try:
            assert client.status() == STATUS
            break
        except DaemonSilentError:
            assert time.monotonic() < until, "the places of closed connections never came back"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_only_a_status_is_taken_for_a_status(data: Any) -> None:
    with pytest.raises(ControlError):
        unpack(Status, data)


def test_octets_travel_as_base64() -> None:
    assert unpack(bytes, pack(b"\x00\x01")) == b"\x00\x01"
    with pytest.raises(ControlError):
        unpack(bytes, "not base64!")


def test_an_access_error_keeps_its_family(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path / "control.sock", Users(owner=1, page=2, console=3))
    daemon.server.start()
    try:
        if os.geteuid() != 0:
            with pytest.raises(AccessError):
                Client(tmp_path / "control.sock").status()
        else:
            assert Client(tmp_path / "control.sock").status() == STATUS
    finally:
        daemon.server.stop()
