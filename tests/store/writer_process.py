"""A daemon with nothing but an inbox and its record, to be killed: takes messages, says on standard output what it has promised, and never ends in good order.

    python -m tests.store.writer_process FOLDER calls     message after message, until it is killed
    python -m tests.store.writer_process FOLDER turns     each thing an inbox does, a few times, then exits

A line says what is about to happen (`taken ID PARTS`, `abandoning ID`, `marking ID`, `removing ID`) or promises what has (`recovered COUNT`, `begun ID SEED`,
`safe ID PARTS`, `kept ID`, `abandoned ID`, `removed ID`).
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from appliance.access.record import Record
from appliance.clock import SystemClock
from appliance.deeds import Act, Deed
from appliance.messages import Kind
from appliance.store.delivery import Delivery
from appliance.store.inbox import Inbox, RingSet
from tests.store.boxes import CALLER, MAILBOX, second

RINGS = 2
RING_SLOTS = 12
LONGEST = 9  # s


def main(folder: Path, what: str) -> None:
    with at_work(folder) as (inbox, told):
        say(f"recovered {inbox.start()}")
        seed = int.from_bytes(os.urandom(2))
        if what == "turns":
            turns(inbox, told, seed)
        for number in itertools.count(seed) if what == "calls" else ():
            delivery = begin(inbox, number)
            record(delivery, number, 1 + number % LONGEST)
            finish(delivery)
        os._exit(0)  # in no order at all


@contextmanager
def at_work(folder: Path) -> Iterator[tuple[Inbox, Record]]:
    """An inbox that is yet to start, and its record, put together as the daemon does."""
    clock = SystemClock(folder / "keys" / "practice.pub")
    with closing(Record(folder, clock)) as record:
        record.open()
        with closing(Inbox(folder, RingSet(RINGS, RING_SLOTS), clock, witness=record)) as inbox:
            yield inbox, record


def turns(inbox: Inbox, told: Record, seed: int) -> None:
    """Two calls at once, one of them abandoned; a message heard, erased and removed."""
    first, second = begin(inbox, seed), begin(inbox, seed + 1)
    record(first, seed, 2)
    record(second, seed + 1, 1)
    finish(first)
    say(f"abandoning {second.id}")
    second.abandon()
    say(f"abandoned {second.id}")
    third = begin(inbox, seed + 2)
    record(third, seed + 2, 2)
    say(f"marking {first.id}")
    with told.doing(Deed(Act.MARKED, "ana", first.id, {"as": "heard"})):
        inbox.mark_heard(first.id, True)
    with told.doing(Deed(Act.ERASED, "ana", first.id)):
        inbox.erase(first.id, 30)
    say(f"removing {first.id}")
    inbox.remove(first.id, "erased")
    say(f"removed {first.id}")
    finish(third)


def begin(inbox: Inbox, seed: int) -> Delivery:
    delivery = inbox.begin(Kind.VOICEMAIL, MAILBOX, CALLER)
    say(f"begun {delivery.id} {seed}")
    return delivery


def record(delivery: Delivery, seed: int, seconds: int) -> None:
    for number in range(seconds):
        say(f"taken {delivery.id} {number + 1}")
        delivery.append(second(number, seed))
        say(f"safe {delivery.id} {number + 1}")


def finish(delivery: Delivery) -> None:
    delivery.finish(CALLER)
    say(f"kept {delivery.id}")


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
