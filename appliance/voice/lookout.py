"""Is Asterisk there? Asked as SIP asks: an OPTIONS request, to which any answer at all is a sign of life (RFC 3261 §11)."""

from __future__ import annotations

import secrets
import socket
from typing import Final

PATIENCE: Final = (
    4.0  # s; on the same machine an answer takes a few ms, and a box that is very busy is not a silent Asterisk
)


def answers(host: str, port: int, within: float = PATIENCE) -> bool:
    """Does a SIP server answer on UDP `host`:`port`? Blocks for `within` seconds at most; never raises for a silent one."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
            sip.settimeout(within)
            sip.connect((host, port))
            sip.send(_options(host, port, sip.getsockname()[1]))
            return sip.recv(4096).startswith(b"SIP/2.0 ")
    except OSError:
        return False


def _options(host: str, port: int, own_port: int) -> bytes:
    token = secrets.token_hex(8)
    lines = (
        f"OPTIONS sip:{host}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{own_port};branch=z9hG4bK{token}",
        "Max-Forwards: 1",
        f"From: <sip:lookout@{host}>;tag={token}",
        f"To: <sip:{host}:{port}>",
        f"Call-ID: {token}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:lookout@{host}:{own_port}>",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode()
