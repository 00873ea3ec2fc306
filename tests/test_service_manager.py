"""What systemd hears from us, on a real notification socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import service_manager


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield heard


def test_systemd_hears_ready_alive_and_stopping(systemd: socket.socket) -> None:
    service_manager.ready()
    service_manager.alive()
    service_manager.stopping()
    assert [systemd.recv(64) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_systemd_hears_us_again_after_its_socket_was_made_anew(systemd: socket.socket, tmp_path: Path) -> None:
    service_manager.ready()
    (tmp_path / "notify").unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as anew:
        anew.bind(str(tmp_path / "notify"))
        anew.settimeout(20)
        service_manager.alive()
        assert anew.recv(64) == b"WATCHDOG=1"


@pytest.mark.parametrize("name", [None, "/nowhere/notify"])
def test_without_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    if name is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", name)
    service_manager.ready()
