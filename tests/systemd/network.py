"""A network of its own for a box: a network namespace that plays the box, another that plays its router and the whole internet, and a cable between them.

Only root can make one. Nothing of this machine's own network is touched, and it ends with the test.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import selectors
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from tests.rig.guard import die_with_parent

T = TypeVar("T")

BOX4, BOX6 = "192.168.77.2", "fd77::2"
ROUTER4, ROUTER6 = "192.168.77.1", "fd77::1"
ATA: Final = "192.168.77.20"
COLLEAGUE: Final = "192.168.77.30"  # another computer of the practice
FAR4, FAR6 = "203.0.113.5", "2001:db8::5"  # RFC 5737, RFC 3849: somewhere in the internet
USERS: Final = {  # as on a box; none of these is a user of this machine
    "root": 0,
    "keepline": 64_001,
    "keepline-page": 64_002,
    "keepline-console": 64_003,
    "keepline-asterisk": 64_004,
    "keepline-firewall": 64_005,
    "systemd-timesync": 64_006,
}
CLONE_NEWNET: Final = 0x40000000  # <linux/sched.h>
ETH_P_ALL: Final = 0x0003  # <linux/if_ether.h>
PATIENCE: Final = 20.0  # s for what must come, on a busy machine
SILENCE: Final = 0.3  # s in which what must not come would, over a cable that is no longer than memory

LINES: Final = f"""
ip link set lo up
ip link add wire type veth peer name far netns {{far}}
ip addr add {BOX4}/24 dev wire
ip addr add {BOX6}/64 dev wire nodad
ip link set wire addrgenmode none
ip link set wire up
"""
FAR_LINES: Final = f"""
ip link set lo up
ip addr add {ROUTER4}/24 dev far
ip addr add {ATA}/24 dev far
ip addr add {COLLEAGUE}/24 dev far
ip addr add {ROUTER6}/64 dev far nodad
ip addr add {FAR4}/32 dev lo
ip addr add {FAR6}/128 dev lo nodad
ip link set far addrgenmode none
ip link set far up
until ip link show far | grep -q "state UP"; do sleep 0.05; done
"""
ROUTES: Final = f"""
ip route add default via {ROUTER4}
ip -6 route add default via {ROUTER6} dev wire
"""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet that came out of the box's cable."""

    protocol: int  # 6 TCP, 17 UDP
    to: str
    port: int


@dataclass(slots=True)
class Network:
    """Made on entering. `box` and `far` are processes whose network namespaces these are."""

    folder: Path
    box: int = field(init=False)
    far: int = field(init=False)
    _parts: ExitStack = field(init=False, default_factory=ExitStack)

    def __enter__(self) -> Self:
        try:
            self.box, self.far = self._namespace(), self._namespace()
            self.on_box(LINES.format(far=self.far))
            self._run(self.far, FAR_LINES)
            self.on_box(ROUTES)
        except BaseException:
            self._parts.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    def on_box(self, script: str) -> str:
        """What a script prints that runs in the box's network, with the box's users."""
        passwd = self.folder / "passwd"
        passwd.write_text("".join(f"{name}:x:{uid}:{uid}::/:/bin/sh\n" for name, uid in USERS.items()), "ascii")
        return self._run(self.box, f"mount --bind {shlex.quote(str(passwd))} /etc/passwd\n{script}")

    def counters(self) -> dict[str, int]:
        """The firewall's counters: packets."""
        told = json.loads(self.on_box("nft --json list counters table inet keepline"))
        return {
            item["counter"]["name"]: int(item["counter"]["packets"]) for item in told["nftables"] if "counter" in item
        }

    def as_user(self, user: str, act: Callable[[], T]) -> T:
        """What `act` gives in a process of that user in the box's network; `act` must not raise."""
        return _elsewhere(self.box, USERS[user], act)

    @contextmanager
    def listening(self) -> Iterator[Callable[[Set[Arrived]], set[Arrived]]]:
        """Everything with a port that comes out of the box's cable from now on. Call it with what must come, to see what came."""
        with self.far_away_socket(socket.AF_PACKET, socket.SOCK_DGRAM, ETH_P_ALL) as wire:
            wire.bind(("far", 0))
            seen: set[Arrived] = set()

            def look(due: Set[Arrived]) -> set[Arrived]:
                until = time.monotonic() + PATIENCE
                with suppress(TimeoutError):
                    while time.monotonic() < until:
                        wire.settimeout(SILENCE if due <= seen else PATIENCE)
                        packet, where = wire.recvfrom(65_535)
                        if where[2] != socket.PACKET_OUTGOING:
                            seen.update(parse(packet))
                return seen

            yield look

    def far_away_socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket of the other end, for this process."""
        return _socket_of(self.far, family, kind, socket.htons(protocol) if family == socket.AF_PACKET else protocol)

    def box_socket(self, user: str, family: int, kind: int) -> socket.socket:
        """A socket that this user of the box has opened."""
        return _socket_of(self.box, family, kind, 0, USERS[user])

    def _namespace(self) -> int:
        process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"],
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent_hard,  # noqa: PLW1509 - it does nothing but a system call
        )
        self._parts.callback(process.wait)
        self._parts.callback(process.kill)
        assert process.stdout
        process.stdout.readline()
        return process.pid

    @staticmethod
    def _run(pid: int, script: str) -> str:
        command = ["nsenter", "--net", f"--target={pid}", "unshare", "--mount", "sh", "-euc", script]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def parse(packet: bytes) -> Iterable[Arrived]:
    """The packet, or nothing where it is neither TCP nor UDP: who is where (neighbour discovery) is no connection."""
    match packet[0] >> 4:
        case 4:
            length, protocol, to = (packet[0] & 15) * 4, packet[9], socket.inet_ntop(socket.AF_INET, packet[16:20])
        case 6:
            length, protocol, to = 40, packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40])
        case _:
            return
    if protocol in {socket.IPPROTO_TCP, socket.IPPROTO_UDP}:
        yield Arrived(protocol, to, int.from_bytes(packet[length + 2 : length + 4], "big"))


def tries(where: Iterable[str], ports: Iterable[int]) -> None:
    """TCP and UDP to each of these addresses and ports, from this process; nobody waits for an answer."""
    with ExitStack() as open_now, selectors.DefaultSelector() as selector:
        for address in where:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            for port in ports:
                with suppress(OSError):
                    datagram = open_now.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                    datagram.sendto(b"?" * 48, (address, port))
                stream = open_now.enter_context(socket.socket(family, socket.SOCK_STREAM))
                stream.setblocking(False)
                with suppress(OSError):
                    stream.connect_ex((address, port))
                    selector.register(stream, selectors.EVENT_WRITE)
        selector.select(SILENCE)


def die_with_parent_hard() -> None:
    """Whoever kills the tests kills this process, too."""
    die_with_parent(9)


def _enter(pid: int) -> None:
    with Path(f"/proc/{pid}/ns/net").open("rb") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def _elsewhere(pid: int, uid: int, act: Callable[[], T]) -> T:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            _enter(pid)
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            with os.fdopen(writing, "wb") as given:
                pickle.dump(act(), given)
            code = 0
        finally:
            os._exit(code)  # whatever happened, a child must never go on with the tests
    os.close(writing)
    with os.fdopen(reading, "rb") as taken:
        told = taken.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    found: Any = pickle.loads(told)  # noqa: S301 - our own child's
    return found  # type: ignore[no-any-return] # what `act` gave


def _socket_of(pid: int, family: int, kind: int, protocol: int, uid: int = 0) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:

        def hand_over() -> None:
            with socket.socket(family, kind, protocol) as made:
                socket.send_fds(theirs, [b"."], [made.fileno()])

        _elsewhere(pid, uid, hand_over)
        _, (descriptor,), _, _ = socket.recv_fds(ours, 1, 1)
    return socket.socket(fileno=descriptor)
