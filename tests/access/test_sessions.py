"""Sessions end when they should, and without the cookie their keys are not there."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from appliance.access.people import Person, Role, Unlocked
from appliance.access.sessions import MOST, Ended, Session, Sessions
from appliance.errors import NotForThisRoleError, SealKeyError
from appliance.store import bech32
from appliance.store.keys import Identity
from tests.fakes.clock import FakeClock

IDLE, LONGEST = 600.0, 43_200.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sessions(clock: FakeClock) -> Sessions:
    return Sessions(clock, IDLE, LONGEST)


def person(name: str = "ana", role: Role = Role.STAFF) -> Unlocked:
    return Unlocked(Person(name, role, Identity.generate().recipient), Identity.generate())


def alive(sessions: Sessions, cookie: str, activity: bool = False) -> Session:
    found = sessions.get(cookie, activity)
    assert found is not None
    return found


def test_a_cookie_opens_its_own_session(sessions: Sessions) -> None:
    ana, ben = person("ana"), person("ben")
    first, second = sessions.open(ana), sessions.open(ben)
    for cookie, unlocked in ((first, ana), (second, ben)):
        with alive(sessions, cookie) as found:
            assert found.person == unlocked.person
            assert found.practice.to_bytes() == unlocked.practice.to_bytes()


def test_a_cookie_is_256_bits_and_never_the_same(sessions: Sessions) -> None:
    cookies = {sessions.open(person()) for _ in range(50)}
    assert len(cookies) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", cookie) for cookie in cookies)


@pytest.mark.parametrize("cookie", ["", "x", "\udcff", "ä" * 43, "A" * 43])
def test_a_foreign_cookie_opens_nothing(sessions: Sessions, cookie: str) -> None:
    sessions.open(person())
    assert sessions.get(cookie, activity=True) is None


def test_a_session_ends_when_nothing_is_done(sessions: Sessions, clock: FakeClock) -> None:
    cookie = sessions.open(person())
    clock.advance(IDLE - 1)
    assert alive(sessions, cookie, activity=True).rests_in == IDLE
    clock.advance(IDLE - 1)
    assert alive(sessions, cookie).rests_in == 1
    clock.advance(1)
    assert sessions.get(cookie, activity=True) is None


def test_polling_keeps_no_session_alive(sessions: Sessions, clock: FakeClock) -> None:
    cookie = sessions.open(person())
    for _ in range(int(IDLE) - 1):
        clock.advance(1)
        alive(sessions, cookie).close()
    clock.advance(1)
    assert sessions.get(cookie, activity=False) is None


def test_a_session_ends_at_last_whatever_is_done(sessions: Sessions, clock: FakeClock) -> None:
    cookie = sessions.open(person())
    for _ in range(int(LONGEST / 300) - 1):
        clock.advance(300)
        found = alive(sessions, cookie, activity=True)
    assert (found.ends_in, found.rests_in) == (300, 300)
    clock.advance(300)
    assert sessions.get(cookie, activity=True) is None


def test_setting_the_wall_clock_back_prolongs_nothing(sessions: Sessions, clock: FakeClock) -> None:
    cookie = sessions.open(person())
    clock.advance(IDLE)
    clock.wall -= 10 * IDLE
    assert sessions.get(cookie, activity=True) is None


def test_logging_off_ends_one_session_and_the_lock_button_all(sessions: Sessions) -> None:
    first, second, third = (sessions.open(person()) for _ in range(3))
    sessions.close(first)
    assert sessions.get(first, activity=True) is None
    assert alive(sessions, second)
    assert sessions.close_all() == 2
    assert sessions.get(second, activity=True) is sessions.get(third, activity=True) is None


def test_a_technicians_session_has_no_key(sessions: Sessions) -> None:
    technician = Unlocked(person(role=Role.TECHNICIAN).person, None)
    with alive(sessions, sessions.open(technician)) as found, pytest.raises(NotForThisRoleError):
        found.practice.wipe()


def test_the_session_that_rested_longest_makes_room(sessions: Sessions, clock: FakeClock) -> None:
    cookies = []
    for _ in range(MOST):
        cookies.append(sessions.open(person()))
        clock.advance(1)
    alive(sessions, cookies[0], activity=True)
    sessions.open(person())
    assert alive(sessions, cookies[0])
    assert sessions.get(cookies[1], activity=False) is None
    assert len(sessions) == MOST
    assert sessions.take_ended() == [Ended("ana", "made room")]


def test_a_session_that_is_logged_in_over_is_told_of(sessions: Sessions) -> None:
    first, other = sessions.open(person()), sessions.open(person())
    sessions.replace(first)
    sessions.replace("none of ours")
    assert sessions.get(first, activity=False) is None
    assert alive(sessions, other)
    assert sessions.take_ended() == [Ended("ana", "logged in over it")]


def test_a_closed_request_holds_no_key(sessions: Sessions) -> None:
    found = alive(sessions, sessions.open(person()))
    found.close()
    with pytest.raises(SealKeyError):
        found.practice.to_bytes()


def test_what_the_page_remembers_goes_with_the_session(sessions: Sessions, clock: FakeClock) -> None:
    cookie = sessions.open(person())
    alive(sessions, cookie).memory["page"] = "opened"
    assert alive(sessions, cookie).memory == {"page": "opened"}
    clock.advance(IDLE)
    sessions.drop_ended()
    assert "opened" not in [item for item in reachable(sessions) if isinstance(item, str)]


def test_without_the_cookie_the_sessions_hold_nothing_that_opens(sessions: Sessions) -> None:
    unlocked = person()
    text = bytes(unlocked.practice.to_bytes())
    raw = bytes(bech32.decode(b"AGE-SECRET-KEY-", text))
    cookie = sessions.open(unlocked)
    alive(sessions, cookie, activity=True).close()
    held = [bytes(item) for item in reachable(sessions) if isinstance(item, bytes | bytearray | memoryview)]
    held += [item.encode("utf-8", "surrogatepass") for item in reachable(sessions) if isinstance(item, str)]
    assert any(len(item) > 100 for item in held)  # the wrapped key is among them
    for secret in (text, raw, cookie.encode()):
        assert not [item for item in held if secret in item]


def reachable(start: object) -> list[Any]:
    """Every object that can be reached from `start`, code and modules left out."""
    seen: dict[int, Any] = {}
    left = [start]
    while left:
        item = left.pop()
        if id(item) in seen or isinstance(item, type | types.ModuleType | types.FunctionType):
            continue
        seen[id(item)] = item
        left += gc.get_referents(item)
    return list(seen.values())


IDLE_PAGE = """
import re, sys
from pathlib import Path
from appliance import process
from appliance.access import people, personnel
from appliance.access.sessions import Sessions
from appliance.access.unlock import unlock
from appliance.clock import SystemClock
from appliance.store import primitives

folder = Path(sys.argv[1])
process.harden()
founding, sheet = people.prepare_founding("ana", "lantern copper river seven", 15)
sheet.forget()
personnel.write_founding(folder, founding)
del founding, sheet
sessions = Sessions(SystemClock(folder / "none"), 600, 600)

def log_in():
    unlocked = unlock(folder, "ana", "lantern copper river seven")
    cookie = sessions.open(unlocked)
    key = unlocked.practice.to_bytes()
    half = bytes(octet ^ 0x55 for octet in key)  # the key, disguised, for the search alone
    primitives.forget(key)
    unlocked.wipe()
    for _ in range(20):
        sessions.get(cookie, activity=True).close()
    return half

sought = log_in()
print(sought.hex(), flush=True)
sys.stdin.read()
"""


def test_the_idle_process_holds_no_practice_key(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", IDLE_PAGE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        text = bytes(octet ^ 0x55 for octet in bytes.fromhex(child.stdout.readline()))
        raw = bytes(bech32.decode(b"AGE-SECRET-KEY-", text))
        memory = memory_of(child.pid)
        child.communicate()
    assert b"keepline session 1" in memory  # we did look into it
    assert text.startswith(b"AGE-SECRET-KEY-1")
    assert text not in memory
    assert raw not in memory


def memory_of(pid: int) -> bytes:
    """All that the process has in memory; needs the right to look (root, as in our containers)."""
    held = bytearray()
    try:
        with Path(f"/proc/{pid}/maps").open(encoding="ascii") as maps, Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
            for line in maps:
                found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                if found:
                    start, end = int(found[1], 16), int(found[2], 16)
                    memory.seek(start)
                    held += memory.read(end - start)
    except PermissionError:
        pytest.skip("may not look into another process's memory")
    return bytes(held)
