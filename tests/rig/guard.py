"""Watches over one program and its folder for as long as its owner lives, then ends the one, with all that it started, and removes the other.

Run as a program of its own: `python -I -S guard.py`. Over standard input the owner first writes one line of JSON, `[uid, gid, argument, ...]`; the end of
that input, however it comes about (close, Ctrl-C, kill -9 of the owner), is the word to stop. Standard output says `folder PATH`, `pid N` and, should the
program end by itself, `ended STATUS`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
OUTPUT = "output"  # what the program says, in its folder


def die_with_parent(signal_number: int) -> None:
    """Lets the kernel send this process a signal when the thread that started it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number)


def put_ahead(pid: int) -> None:
    """Lets a process (0: this one) not wait for what else the computer does, as a telephone line and a modem of metal do not. A nice value would count
    among the processes of its session only."""
    if os.getuid() == 0:
        with contextlib.suppress(PermissionError):  # a container may forbid it
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))


def start(folder: Path, uid: int, gid: int, command: list[str]) -> subprocess.Popen[bytes]:
    """The program, as that user, in that folder. Should even the guard be killed, the program dies with it."""
    guard = os.getpid()

    def prepare() -> None:
        put_ahead(0)
        if os.getuid() == 0:
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
        die_with_parent(signal.SIGKILL)  # only now: changing the user forgets it
        if os.getppid() != guard:
            os._exit(1)

    with (folder / OUTPUT).open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=prepare,  # noqa: PLW1509 - this process has one thread
        )


def watch(program: subprocess.Popen[bytes], gone: int) -> None:
    """Returns when the owner is gone: at the end of standard input or when something can be read from `gone`. Says so when the program ends before."""
    pidfd = os.pidfd_open(program.pid)
    waiting = select.poll()
    for descriptor in (sys.stdin.fileno(), pidfd, gone):
        waiting.register(descriptor, select.POLLIN)
    while True:
        for descriptor, _ in waiting.poll():
            if descriptor == pidfd:
                say(f"ended {program.wait()}")
                waiting.unregister(pidfd)
            elif descriptor == gone or not os.read(descriptor, 1):
                return


def notice_owners_end() -> int:
    """A descriptor that can be read once the process that started us has ended, for the case that some other process holds our standard input open."""
    owner = os.getppid()
    readable, writable = os.pipe()

    def on_term(*_: object) -> None:
        if os.getppid() != owner:  # not when only the thread that started us has ended
            os.write(writable, b".")

    signal.signal(signal.SIGTERM, on_term)
    die_with_parent(signal.SIGTERM)
    return readable


def adopt() -> None:
    """Lets the kernel hand us whatever the program starts and leaves alone."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_all() -> None:
    """The program and all that it has started, those that left its process group as well."""
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split():
        for pid in children:
            os.kill(int(pid), signal.SIGKILL)
            os.waitpid(int(pid), 0)


def give(folder: Path, uid: int, gid: int) -> None:
    if os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, gid)


def say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # an owner who is gone need not be told
        os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, whose end is seen
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    gone = notice_owners_end()
    adopt()
    folder = Path(tempfile.mkdtemp(prefix="keepline-rig-"))
    try:
        say(f"folder {folder}")
        if order := sys.stdin.readline():
            uid, gid, *command = json.loads(order)
            give(folder, uid, gid)
            program = start(folder, uid, gid, command)
            say(f"pid {program.pid}")
            watch(program, gone)
    finally:
        end_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
