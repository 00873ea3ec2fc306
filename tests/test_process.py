"""A hardened process leaves nothing behind, tried on real processes."""

from __future__ import annotations

import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

HARDENED = """
import ctypes, sys
from appliance import process
process.harden()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), process.allow_many_files(), flush=True)
sys.stdin.read()
"""


def started(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HARDENED], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_hardened_process_cannot_be_dumped_and_may_open_many_files(tmp_path: Path) -> None:
    with started(tmp_path) as child:
        assert child.stdout
        dumpable, files = child.stdout.readline().split()
        limits = Path(f"/proc/{child.pid}/limits").read_text(encoding="ascii")
        child.communicate()
    assert dumpable == "0"  # PR_GET_DUMPABLE
    assert int(files) == resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert re.search(rf"Max open files +{files} +{files} ", limits)


def test_a_hardened_process_that_crashes_leaves_no_core(tmp_path: Path) -> None:
    with started(tmp_path) as child:
        assert child.stdout
        child.stdout.readline()
        child.send_signal(signal.SIGSEGV)
        child.communicate()
    assert child.returncode == -signal.SIGSEGV
    assert list(tmp_path.iterdir()) == []


FREED = """
import ctypes
from appliance import process
process.harden()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
seen = ctypes.create_string_buffer(3968)
place = libc.malloc(4096)
ctypes.memset(place, 0x11, 4096)
libc.free(place)
ctypes.memmove(seen, place + 64, 3968)
print(seen.raw.count(0x11))
"""


def test_freed_memory_is_overwritten() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
