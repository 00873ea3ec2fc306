"""What a process that holds secrets asks of the kernel: no core dump, no debugger, no swap, and enough open files."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from appliance import logs

log = logs.get(__name__)

PR_SET_DUMPABLE: Final = 4  # <linux/prctl.h>
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4  # <linux/mman.h>
MALLOPT: Final = {  # <malloc.h>: what is freed is overwritten, or given back at once and not kept for a thread that may want it again
    -6: 0xA5,  # M_PERTURB: the octet that freed memory is filled with
    -8: 2,  # M_ARENA_MAX: heaps; a heap for each thread made 157 MB out of 91
    -3: 64 * 1024,  # M_MMAP_THRESHOLD: octets from which a block is given back when freed; a chunk of sound is one
    -1: 128 * 1024,  # M_TRIM_THRESHOLD: octets kept at a heap's end
}
ALLOCATOR: Final = {  # of the environment, read when a program starts
    "PYTHONMALLOC": "malloc",  # the C library's, which MALLOPT speaks to
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",
    "_RJEM_MALLOC_CONF": "junk:free",  # granian's own: a request as it came stayed there, with the password in it
}
CAP_IPC_LOCK: Final = 14  # <linux/capability.h>


def overwrite_small_things() -> None:
    """Starts this program over, if need be, so that small things are overwritten, too, when they are freed: a line of a page, a number, a password.

    Neither Python's own allocator does that, nor what the C library keeps ready for each thread, nor the page server's own. Call it before anything else.
    """
    if not ALLOCATOR.items() <= os.environ.items():
        os.execve(sys.executable, sys.orig_argv, os.environ | ALLOCATOR)  # nosec B606 # noqa: S606 - the same program again


def harden() -> None:
    """No memory of this process leaves it: not as a core dump, not to a debugger of the same user and, where we may say so, not to swap.

    What is freed is overwritten. What of this the kernel refuses is logged: the unit's own limits stand behind it.
    """
    _limit(resource.RLIMIT_CORE, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        log.warning("process.dumpable errno=%d", ctypes.get_errno())
    for parameter, value in MALLOPT.items():
        libc.mallopt(parameter, value)
    # ONFAULT: only what is used is kept in memory, not the whole 8 MB of each thread's stack
    if _may_lock_all() and libc.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0:
        log.warning("process.not_locked errno=%d", ctypes.get_errno())


def lift_lock_limit() -> None:
    """Root lifts it for the user that it becomes, if it may: under a limit `harden` locks nothing."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def allow_many_files() -> int:
    """As many open files as this process may have; gives the number. A connection is a file, and half-open ones are many."""
    _limit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _limit(which: int, value: int) -> None:
    try:
        resource.setrlimit(which, (value, value))
    except (OSError, ValueError):
        log.warning("process.limit_refused which=%d value=%d", which, value)


def _may_lock_all() -> bool:
    """Under a limit, a lock on everything to come would make a later allocation fail: then `MemorySwapMax=0` of the unit has to do."""
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        return True
    status = Path(f"/proc/{os.getpid()}/status").read_text(encoding="utf-8", errors="replace")
    rights = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    return rights is not None and bool(int(rights[1], 16) >> CAP_IPC_LOCK & 1)
