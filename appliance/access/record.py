"""The record's only writer: the daemon. One signed line a deed, on the disk before anybody goes on, and so before the deed itself.

Several who write at once share one flush. A line that a power cut tore in two was never promised to anybody; the next start cuts it off and says so.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.access import chain, papers, segments, standing, testimony, vouching
from appliance.access.chain import Head, Line
from appliance.access.papers import Said
from appliance.clock import Clock, Trust
from appliance.deeds import Act, Deed
from appliance.errors import KeeplineError, NoRoomError, RecordError, StoreError
from appliance.messages import Row
from appliance.store import changes, primitives
from appliance.store.changes import Change
from appliance.store.disk import FILE_MODE, Disk, keep_room, write_all
from appliance.store.primitives import SigningKey

KEY: Final = Path("keys/box.key")  # 32 octets, for the daemon's eyes only
SEGMENT: Final = 5000  # lines a file, some 4 MB
_TWO_LINES: Final = 16 * 1024  # octets; the longest line that may be asked for takes some 24 kB, those of `doing` one

log = logs.get(__name__)


class Record:
    """The record below the store's `folder`. Any thread may write."""

    def __init__(self, folder: Path, clock: Clock, disk: Disk | None = None, segment: int = SEGMENT) -> None:
        self.disk = disk or Disk()
        self._store = folder
        self._folder = folder / segments.FOLDER
        self._clock = clock
        self._segment = segment
        self._key: SigningKey | None = None
        self._head = Head()
        self._last_event = 0.0  # latest time that a trusted clock gave
        self._file = -1  # descriptor of the newest segment
        self._count = 0  # lines in it
        self._written = self._flushed = 0  # lines since the start
        self._adding = threading.RLock()
        self._flushing = threading.Lock()
        self._performing = threading.RLock()

    def open(self) -> int:
        """Make ready to write behind the last whole line; how many octets of a torn one were cut off. Raises `RecordError`, `BadStorageError`."""
        with self._adding:
            for folder in (self._store, self._folder, self._store / KEY.parent):
                self.disk.make_folder(folder)
            self._key = _key(self._store, self.disk)
            found = segments.files(self._store)
            torn = self._take_up(found[-1]) if found else 0
            if not found:
                self._begin_segment(1)
            return torn

    def close(self) -> None:
        """Nothing more is written."""
        with self._flushing, self._adding:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    @property
    def head(self) -> Head:
        """How far it has come."""
        return self._head

    def anchor(self) -> tuple[int, str]:
        """The head, for the index to remember."""
        return self._head.sequence, self._head.hash

    def write(self, deed: Deed) -> Line:
        """The deed's line, on the disk when this returns. Raises `BadStorageError`, `NoRoomError`."""
        (line,) = self.write_all([deed])
        return line

    def write_all(self, deeds: Iterable[Deed]) -> list[Line]:
        """Their lines, all on the disk with one flush when this returns; lines of others may stand between them. Raises as `write` does."""
        lines, mine = [], 0
        for deed in deeds:
            with self._adding:
                lines.append(self._add(deed))
                self._written += 1
                mine = self._written
        with self._flushing:
            if self._flushed < mine:
                self._flush()
        return lines

    def perform(self, deed: Deed | None, change: Change) -> None:
        """The deed, which is `change`: it lies ready, its line is flushed, and only then it is made. Without a line (`NoRoomError`) nothing has happened; what
        comes in between, a power cut or a disk that fails (`BadStorageError`), is gone on with by `settle`. Without a deed only the change."""
        with self._performing:
            self.settle()
            self._make(deed, change)

    @contextmanager
    def doing(self, deed: Deed) -> Iterator[None]:
        """Around a deed that is no change of files: its line is flushed before the block. If the block fails, a further line says that it was not done."""
        with self._adding:
            self._reserve()
        line = self.write(deed)
        try:
            yield
        except KeeplineError:
            with suppress(StoreError):  # bad storage has been told of
                self.write(_failed(deed.by, deed.subject, deed.act.value, line.sequence))
            raise

    def restate(self, deed: Deed, said: Said, since: int) -> None:
        """Once a day: `deed`, and again what papers there are, so that nobody needs to look far back. `said` was heard up to the line `since`."""
        with self._performing:  # nobody changes one meanwhile
            newer = itertools.takewhile(
                lambda line: line.sequence > since, segments.readable(segments.read_backwards(self._store))
            )
            for line in reversed(list(newer)):
                said.hear(line, segments.public_key(self._store))
            self.write(papers.telling(deed, said.now) if said.last else deed)

    def settle(self) -> None:
        """What `perform` could not end: it is done where its line stands in the record, and otherwise forgotten. And the record has its key."""
        with self._performing:
            lost = changes.settle(self._store, self.disk, lambda promise: self._kept(promise) is not None)
            if lost is not None:
                line = self._kept(lost.promise)
                deed = line.deed if line else Deed(Act.FAILED)
                self.write(_failed(deed.by, deed.subject, deed.act.value, line.sequence if line else 0))
            if (key := testimony.plan_key(self._store)).steps:
                made = Deed(Act.KEYS_MENDED, detail={"made": str(testimony.PUBLIC)})
                self._make(made if vouching.speaks(self._store) else None, key)

    def seal(self, **words: str) -> bytes:
        """What is known of a patient, for the line's `sealed`. The record's key is made as soon as the practice has one."""
        self.must_seal()
        return testimony.seal(self._store, **words)

    def must_seal(self) -> None:
        """Could names be sealed now? Raises `RecordKeyError`."""
        if not (self._store / testimony.PUBLIC).exists():
            self.settle()
        testimony.recipient_of(self._store)

    def has(self, act: Act, subject: str) -> bool:
        """Does such a line stand in the record? Reads it from the end."""
        return any(self._of(act, subject))

    def told(self, act: Act, subject: str) -> tuple[Deed, ...]:
        """What such lines say, newest first."""
        return tuple(line.deed for line in segments.readable(self._of(act, subject)))

    def borne_out(self, rows: Iterable[Row]) -> frozenset[str]:
        """Ids of the messages that may go because their rows say what they say. Reads the record as far back as they were kept."""
        return standing.borne_out(self._store, rows)

    def must_hold(self, anchor: Head) -> bool:
        """The index remembers the record's head: does the record hold it, and end no earlier? If not, that is put on record.

        Earlier lines that were written behind it once more are no end: the record goes on behind the anchor.
        """
        holds = anchor.sequence == 0 or any(line.head == anchor for line in segments.near(self._store, anchor.sequence))
        if holds and self._head.sequence >= anchor.sequence:
            return True
        log.error("record.broken expected=%d found=%d", anchor.sequence, self._head.sequence)
        if holds:
            with self._adding:
                self._head = anchor
        self.write(Deed(Act.STARTED, detail={"broken": f"line {anchor.sequence} {anchor.hash} was expected"}))
        return False

    def shorten(self, before: float, needed: Callable[[Line], bool]) -> int:
        """Files of the record whose last line is older than `before` (s since 1970) go, after a line that says so; how many went.

        What is still `needed` of them, such as that a message was kept which still lies here, is written again first.
        """
        going = list(
            itertools.takewhile(lambda file: segments.ends_before(file, before), segments.files(self._store)[:-1])
        )
        if not going:
            return 0
        lines = [line for file in going for line in segments.readable(segments.of(file))]
        for line in lines:
            if needed(line):
                self.write(_again(line))
        last = lines[-1].head
        self.write(Deed(Act.SHORTENED, detail={"last": str(last.sequence), "hash": last.hash}))
        for file in going:
            self.disk.unlink(file)
        return len(going)

    def _make(self, deed: Deed | None, change: Change) -> None:
        if deed is None:
            changes.apply(self._store, self.disk, change)
            return
        deed = papers.with_papers(deed, change)
        staged = changes.stage(self._store, self.disk, change, _promise(self._head.sequence, deed))
        try:
            self.write(deed)
        except KeeplineError:
            with suppress(StoreError):  # of a disk that fails nobody knows whether the line is there
                staged.drop()
            raise
        staged.finish()

    def _of(self, act: Act, subject: str) -> Iterator[bytes]:
        marks = f'"act":"{act.value}",'.encode(), f'"subject":"{subject}",'.encode()
        return (line for line in segments.read_backwards(self._store) if all(mark in line for mark in marks))

    def _kept(self, promise: str) -> Line | None:
        """The line that was promised, if it was written."""
        after = int(promise.partition(" ")[0]) if promise[:1].isdecimal() else self._head.sequence
        newest = itertools.takewhile(
            lambda line: line.sequence > after, segments.readable(segments.read_backwards(self._store))
        )
        return next((line for line in newest if _promise(after, line.deed) == promise), None)

    def _reserve(self) -> None:
        """Room for a line and for one more that says that it was not done. Raises `NoRoomError`."""
        if self._file >= 0:
            with self.disk.writing():
                keep_room(self._file, os.fstat(self._file).st_size, _TWO_LINES)

    def _flush(self) -> None:
        with self._adding:
            all_of_them, file = self._written, os.dup(self._file)  # a segment that is full may be closed meanwhile
        try:
            self.disk.flush(file, os.fdatasync)
        finally:
            os.close(file)
        self._flushed = all_of_them

    def _add(self, deed: Deed) -> Line:
        if self._key is None or self._file < 0:
            raise RecordError
        self.disk.must_be_good()
        if self._count >= self._segment:
            self.disk.flush(self._file, os.fdatasync)
            full = self._file
            self._begin_segment(
                int(segments.files(self._store)[-1].stem) + 1
            )  # where there is no room, the full one stays open
            os.close(full)
        now = self._clock.now()
        trusted = self._clock.trust(self._last_event) is Trust.TRUSTED
        line = chain.add(self._head, now, trusted, deed, self._key)
        self._append(line.to_bytes())
        self._head = line.head
        self._count += 1
        if trusted:
            self._last_event = max(self._last_event, now)
        return line

    def _append(self, octets: bytes) -> None:
        place = os.fstat(self._file).st_size
        try:
            with self.disk.writing():
                write_all(self._file, octets)
        except NoRoomError:
            with self.disk.writing():
                os.ftruncate(self._file, place)
            raise

    def _begin_segment(self, number: int) -> None:
        file = self._folder / f"{number:06}.jsonl"
        with self.disk.writing():
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            self._file = os.open(file, flags, FILE_MODE)
            os.fchmod(self._file, FILE_MODE)
        self.disk.flush_folder(self._folder)
        self._count = 0

    def _take_up(self, file: Path) -> int:
        """Go on behind the last line of the newest segment."""
        with self.disk.writing():
            self._file = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
            octets = file.read_bytes()
        whole = octets[: octets.rfind(b"\n") + 1]
        torn = len(octets) - len(whole)
        if torn:
            with self.disk.writing():
                os.ftruncate(self._file, len(whole))
            self.disk.flush(self._file)
            log.warning("record.torn octets=%d", torn)
        self._count = whole.count(b"\n")
        for line in segments.readable(segments.read_backwards(self._store)):
            self._head = max(self._head, line.head, key=lambda head: head.sequence)
            if line.trusted:
                self._last_event = line.at
                break
        return torn


def _promise(after: int, deed: Deed) -> str:
    """Names the line that `deed` gets, behind the line `after`."""
    said = [deed.act.value, deed.by, deed.subject, sorted(deed.detail.items()), deed.sealed.hex()]
    return f"{after} {hashlib.sha256(json.dumps(said).encode()).hexdigest()}"


def _again(line: Line) -> Deed:
    """What is said once more, with the time when it was said first."""
    first = {standing.AGAIN: repr(line.at)} if line.trusted and standing.AGAIN not in line.deed.detail else {}
    return replace(line.deed, detail=line.deed.detail | first)


def _failed(by: str, subject: str, what: str, line: int) -> Deed:
    return Deed(Act.FAILED, by, subject, {"what": what, "line": str(line)})


def _key(folder: Path, disk: Disk) -> SigningKey:
    """The box's own key, made at its first start."""
    file = folder / KEY
    if file.exists():
        try:
            key = SigningKey.from_bytes(file.read_bytes())
        except (OSError, ValueError):
            raise RecordError("The box's key (keys/box.key) cannot be read. Restore it from the backup.") from None
    else:
        key = SigningKey.generate()
        secret = key.to_bytes()
        with primitives.forgetting(secret):
            disk.replace(file, secret, 0o600)
    if not (folder / segments.PUBLIC).exists():
        disk.replace(folder / segments.PUBLIC, key.point.hex().encode("ascii") + b"\n")
    return key
