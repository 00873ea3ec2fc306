"""TCP ports of loopback for servers that are told theirs before they start: nobody else gets it in between.

The kernel gives a port of its own range to whoever connects or listens anywhere; ours lie below that range. Of several test runs at a time each has a
block of ports of its own, held by a socket with an abstract name (unix(7)), which ends with the process, however that ends.
"""

from __future__ import annotations

import functools
import itertools
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from tests.rig.errors import RigError

BLOCKS: Final = range(
    12_000, 32_000, 250
)  # the kernel's begin at 32,768 (net.ipv4.ip_local_port_range), Asterisk's sound ends at 10,999
NAME: Final = "\0keepline-tests-ports-{}"


def port_is_free(port: int) -> bool:
    """Can something listen on this TCP port of loopback now?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """One that nobody uses, and nobody but this process will; after 250 others it is given again."""
    return next(port for port in _ours()[1] if port_is_free(port))


@functools.cache
def _ours() -> tuple[socket.socket, Iterator[int]]:
    """What holds our block, and its ports, round and round."""
    claim = socket.socket(socket.AF_UNIX)
    for first in BLOCKS:
        with suppress(OSError):  # somebody else's
            claim.bind(NAME.format(first))
            return claim, itertools.cycle(range(first, first + BLOCKS.step))
    raise RigError("every block of ports is held: end other test runs")
