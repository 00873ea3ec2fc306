"""Once a night, and soon after each start: the store is compared with its record, the day is summed up, and lines older than six years go.

All of it on a thread of its own that reads; lines of calls and faxes wait for none of it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from appliance import logs
from appliance.access import audit, ledger, standing
from appliance.access.audit import Report
from appliance.access.chain import Line
from appliance.access.ledger import Filter
from appliance.access.record import Record
from appliance.clock import Clock, Trust
from appliance.condition import Audit
from appliance.control.values import Day, RecordState
from appliance.deeds import Act, Deed
from appliance.errors import KeeplineError
from appliance.messages import Kind
from appliance.store.inbox import Inbox

AFTER_START: Final = 20.0  # s until the first comparison: the line comes first
LONGEST: Final = 86_400.0  # s from one comparison to the next where no clock says that it is night
SECOND_LOOK: Final = 2.0  # s until what does not fit is looked at again
KEPT_FOR: Final = 6 * 366 * 86_400.0  # s: six years (45 CFR 164.316(b)(2)(i))
REMEMBER: Final = 5.0  # s between looks whether the index knows the record's head

log = logs.get(__name__)


@dataclass(slots=True)
class Night:
    """`watch` is called by the daemon's own loop each second and starts what is due."""

    folder: Path
    inbox: Inbox
    record: Record
    clock: Clock
    zone: ZoneInfo
    hour: int  # of the day, in the zone
    audit: Audit | None = None
    yesterday: Day | None = None
    _started: float = field(init=False)  # monotonic
    _done: float | None = None  # monotonic, when the last comparison began
    _next: float | None = None  # s since 1970: when it is night
    _remembered: float = 0.0  # monotonic
    _work: threading.Thread | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._started = self.clock.monotonic()

    def watch(self) -> None:
        """Begin what is due. Never waits."""
        now = self.clock.monotonic()
        if now - self._remembered >= REMEMBER:
            self._remembered = now
            self._quietly("remember", self.inbox.remember_record)
        if self._work is not None and self._work.is_alive():
            return
        if self._is_due(now):
            self._done = now
            self._next = self._night_after()
            self._work = threading.Thread(target=self._quietly, args=("compare", self.run), name="night", daemon=True)
            self._work.start()

    def stop(self) -> None:
        """Wait for what is under way, but not for long: it only reads."""
        self._ended.set()
        if self._work is not None:
            self._work.join(1.0)

    def run(self) -> Report:
        """All of it, now."""
        self.yesterday = self.sum_up(self._today() - timedelta(days=1))
        changes = self.inbox.changes()
        report = audit.compare_surely(self.folder, lambda: self.record.head, lambda: self._ended.wait(SECOND_LOOK))
        first = report.found[0].sentence if report.found else ""
        self.audit = Audit(report.messages, report.verdict.lines, len(report.found), first)
        detail = {"found": str(len(report.found)), "messages": str(report.messages), "changes": str(changes)}
        self.record.restate(Deed(Act.CHECKED, detail=detail), report.papers, report.verdict.head.sequence)
        if self._is_trusted():
            self._shorten()  # after what stands was said again
        for kind, count in Counter(discrepancy.kind for discrepancy in report.found).items():
            log.error("store.does_not_fit kind=%s count=%d", kind, count)  # whose it is stands on the page
        day, head = self.yesterday, self.record.head
        log.info(
            "day.summary date=%s voicemails=%d faxes=%d log_ins=%d failed=%d opened=%d removed=%d record=%d head=%s",
            *(day.date, day.voicemails, day.faxes, day.log_ins, day.failed, day.opened, day.removed),
            *(head.sequence, head.short.replace(" ", "-")),
        )
        return report

    def state(self) -> RecordState:
        """For the status."""
        head = self.record.head
        return RecordState(head.sequence, head.short, self.yesterday)

    def sum_up(self, day: date) -> Day:
        """What the record tells of one day of the zone."""
        return count(day.isoformat(), self._lines_of(day))

    def _lines_of(self, day: date) -> Iterator[Line]:
        begin = datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()
        after = day + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=self.zone).timestamp()
        for line in ledger.newest(self.folder, Filter(until=end)):
            if line.at < begin:
                return
            yield line

    def _shorten(self) -> None:
        rows = self.inbox.list()
        of_message = standing.is_needed(rows)
        keys = {file.stem for file in (self.folder / "epochs").glob("*.age")}
        needed = {Act.EPOCH_MADE: keys}
        needed[Act.EPOCH_DESTROYED] = {row.epoch for row in rows}  # given up: why their keys are not there
        went = self.record.shorten(
            self.clock.now() - KEPT_FOR,
            lambda line: of_message(line) or line.deed.subject in needed.get(line.deed.act, ()),
        )
        if went:
            log.info("record.shortened files=%d", went)

    def _is_due(self, now: float) -> bool:
        if self._done is None:
            return now - self._started >= AFTER_START
        if now - self._done >= LONGEST:
            return True
        return self._next is not None and self._is_trusted() and self.clock.now() >= self._next

    def _night_after(self) -> float | None:
        if not self._is_trusted():
            return None
        local = datetime.fromtimestamp(self.clock.now(), self.zone)
        night = local.replace(hour=self.hour, minute=0, second=0, microsecond=0, fold=0)
        return (night if night > local else night + timedelta(days=1)).timestamp()

    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock.now(), self.zone).date()

    def _is_trusted(self) -> bool:
        return self.clock.trust(self.inbox.last_event()) is Trust.TRUSTED

    @staticmethod
    def _quietly(what: str, do: Callable[[], object]) -> None:
        """Whatever goes wrong is told of, and tomorrow is another night."""
        try:
            do()
        except (KeeplineError, OSError):
            log.exception("night.failed what=%s", what)


def count(date: str, lines: Iterator[Line]) -> Day:
    """The day in numbers."""
    acts: dict[Act, int] = {}
    faxes = failed = 0
    for line in lines:
        acts[line.deed.act] = acts.get(line.deed.act, 0) + 1
        faxes += line.deed.act is Act.KEPT and line.deed.detail.get("kind") == Kind.FAX
        failed += _failed(line)
    return Day(
        date=date,
        voicemails=acts.get(Act.KEPT, 0) - faxes,
        faxes=faxes,
        log_ins=acts.get(Act.LOGGED_IN, 0),
        failed=failed,
        opened=acts.get(Act.LOOKED, 0) + acts.get(Act.PLAYED, 0),
        removed=acts.get(Act.REMOVED, 0),
    )


def _failed(line: Line) -> int:
    """How many failed log-ins this line tells of: where there were many, one line stands for their number."""
    if line.deed.act is not Act.LOG_IN_FAILED:
        return 0
    told = line.deed.detail.get("further") or line.deed.detail.get("refused", "")
    return int(told) if told.isdecimal() else 1
