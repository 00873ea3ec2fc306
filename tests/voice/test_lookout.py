"""Any SIP answer is a sign of life; silence and other talk are not."""

from __future__ import annotations

import socket
import threading

import pytest

from appliance.voice import lookout


@pytest.mark.parametrize(("reply", "alive"), [(b"SIP/2.0 401 Unauthorized\r\n\r\n", True), (b"hello", False)])
def test_only_a_sip_answer_counts(reply: bytes, alive: bool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        asked: list[bytes] = []

        def answer() -> None:
            request, address = server.recvfrom(4096)
            asked.append(request)
            server.sendto(reply, address)

        thread = threading.Thread(target=answer)
        thread.start()
        assert lookout.answers("127.0.0.1", server.getsockname()[1], within=20.0) is alive
        thread.join()
    assert asked[0].startswith(b"OPTIONS sip:127.0.0.1:")
    assert asked[0].endswith(b"Content-Length: 0\r\n\r\n")


def test_a_closed_port_is_no_sign_of_life() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert not lookout.answers("127.0.0.1", port)
