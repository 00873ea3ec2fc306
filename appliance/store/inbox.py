"""The inbox: the one door to what is kept, on the daemon's side. It takes messages in, tells which there are, and lets them go.

Nothing here can open a message: the inbox holds public keys only. One lock, held for single changes of the index and never while a message is sealed, so that
several lines deliver at once.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import logs
from appliance.clock import Clock, Trust
from appliance.deeds import Act, Deed
from appliance.errors import MessageChangedError, MessageNotFoundError, NoRoomError, StoreError
from appliance.messages import Envelope, Kind, Row, Stamp
from appliance.store import epochs, exchange, journal, recovery, slots, telling, vault
from appliance.store.delivery import Arrival, Delivery
from appliance.store.disk import hold
from appliance.store.epochs import Epoch, Epochs
from appliance.store.exchange import NextKey
from appliance.store.index.tables import FILE_NAME
from appliance.store.index.writer import Index
from appliance.store.inspection import inspect
from appliance.store.journal import Ring
from appliance.store.rings import Rings, RingSet
from appliance.store.slots import PIECE
from appliance.store.values import Extent, Finding, Receipt, Trouble
from appliance.store.vault import Vault
from appliance.store.witness import NoWitness, Witness

__all__ = ["PIECE", "Delivery", "Extent", "Finding", "Inbox", "Receipt", "RingSet", "Trouble"]

_MARGIN: Final = 1 << 20  # octets kept free for the index and the epochs
_AGAIN: Final = 1.0  # s until the log is emptied again when a reader kept it

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class _Coming:
    """A message on its way in."""

    epoch: str  # its name
    most: int  # octets it may become


class Inbox:
    """What the daemon knows of the sealed store. Everything that writes raises `BadStorageError` once the disk has failed."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it stands on
        self,
        folder: Path,
        voicemails: RingSet,
        clock: Clock,
        on_change: Callable[[], None] = lambda: None,
        faxes: RingSet | None = None,
        witness: Witness | None = None,
    ) -> None:
        """Without rings of their own `faxes` share those of voicemails. `on_change` is called after each change, from the thread that made it. `witness` keeps
        the record: nothing is a message, and no message is gone, before that is written down."""
        self._folder = folder
        self._witness = witness or NoWitness()
        self._clock = clock
        self._on_change = on_change
        self._disk = self._witness.disk
        self._index = Index(folder / FILE_NAME, self._disk, self._witness.anchor)
        self._vault = Vault(folder, self._disk)
        self._epochs = Epochs(folder, self._disk, self._witness)
        sets = {Kind.VOICEMAIL: voicemails} | ({Kind.FAX: faxes} if faxes else {})
        self._rings = Rings(folder, self._disk, sets)
        self._arriving: dict[str, _Coming] = {}  # deliveries that have not ended, by id
        self._sequence = 0
        self._last_event = 0.0
        self._anchored = 0  # number of the record's line that the index was last told of without need
        self.remembered = (0, "")  # the record's head as the index remembered it at the start
        self._lock = threading.RLock()
        self._closed = False
        self._held = -1  # descriptor: while it is open no other daemon works on this store

    @property
    def storage_good(self) -> bool:
        """False for ever after the disk has refused to keep something."""
        return self._disk.good

    def start(self) -> int:
        """Makes ready what is needed and takes up what a power cut left; how many messages came back. Makes no keys.

        Raises `StoreError`, and `StoreInUseError` while another daemon works here: to take up what that one is recording would tear it.
        """
        with self._lock:
            self._disk.make_folder(self._folder)
            with self._disk.writing():
                self._held = hold(self._folder)
            try:
                return self._make_ready()
            except BaseException:
                self._let_go()
                raise

    def remember_record(self) -> None:
        """Should the record be cut back from here on, the index knows how far it had come."""
        with self._lock:
            if not self._closed and self._witness.anchor()[0] != self._anchored:
                self._index.remember_record()
                self._anchored = self._witness.anchor()[0]

    def close(self) -> None:
        """Nothing more is written. Deliveries that have not ended are recovered by the next start."""
        with self._lock:
            self._closed = True
            self._index.close()
            self._rings.close()
            self._let_go()

    def must_take(self, kind: Kind) -> None:
        """Could a message of this kind begin now? Blocks on the disk, makes nothing, raises what `begin` would."""
        with self._lock:
            self._disk.must_be_good()
            self._take_up_stranded()
            self._ring_with_room(kind)
            self._epochs.must_have_practice()

    def begin(self, kind: Kind, mailbox: str, envelope: Envelope) -> Delivery:
        """A message arrives. Blocks on the disk. Raises `NoRoomError`, `BadStorageError`, and `NotFoundedError` before the practice has keys."""
        with self._lock:
            self._disk.must_be_good()
            self._take_up_stranded()
            ring = self._ring_with_room(kind)
            now, at = self._now()
            epoch = self._current_epoch(now)
            self._rings.take(ring)
            self._sequence += 1
            stamp = Stamp(secrets.token_hex(16), kind, mailbox, now, self._sequence)
            self._arriving[stamp.id] = _Coming(epoch.name, ring.size)
        try:
            ring.prepare()
            return Delivery(
                Arrival(stamp, at is not None, epoch, ring), envelope, self._vault, self._end_delivery, self._strand
            )
        except BaseException:
            with self._lock:
                del self._arriving[stamp.id]
                self._rings.give_back(ring)
            raise

    def list(self) -> tuple[Row, ...]:
        """Every message, newest first, those being erased included."""
        with self._lock:
            return self._index.list()

    def known(self, id: str) -> str:
        """`id` again, when there is such a message; raises `MessageNotFoundError`."""
        with self._lock:
            return self._index.row(id).stamp.id

    def mark_heard(self, id: str, heard: bool) -> None:
        """Somebody heard it, or wants it to count as new. The first hearing whose time can be trusted counts. Raises `MessageNotFoundError`."""
        now, at = self._now()
        with self._lock:
            self._disk.must_be_good()
            row = self._index.row(id)
            if not heard:
                self._index.set([id], at, heard_at=None, heard_trusted=True)
            elif row.heard_at is None or (at is not None and not row.heard_trusted):
                self._index.set([id], at, heard_at=now, heard_trusted=at is not None)
        self._on_change()

    def erase(self, id: str, undo: float) -> None:
        """Somebody erased it: for `undo` seconds it can be had back. Raises `MessageNotFoundError`."""
        now, at = self._now()
        with self._lock:
            found = self._index.set_once(id, at, "erase_at", now + undo)
        self._changed(found)

    def undo_erase(self, id: str) -> None:
        """It was not meant. Raises `MessageNotFoundError`, also when it is gone."""
        _, at = self._now()
        with self._lock:
            found = self._index.set([id], at, erase_at=None)
        self._changed(found)

    def warn(self, ids: Sequence[str]) -> None:
        """Staff have been told that these are old and unheard. Those that have gone meanwhile are passed over."""
        now, at = self._now()
        with self._lock:
            self._index.set(ids, at, warned_at=now)
        self._on_change()

    def remove(self, id: str, reason: str, as_seen: Row | None = None) -> Receipt:
        """The message goes: file, row, what is left of the row, and the key of its epoch with the last message of a past day.

        A power cut in the middle does not bring it back. Raises `MessageNotFoundError`, `BadStorageError`, and `MessageChangedError` when the row is no
        longer `as_seen`: whoever decided by that row has to decide again.
        """
        with self._lock:
            self._disk.must_be_good()
            row = self._index.row(id)
            if as_seen is not None and row != as_seen:
                raise MessageChangedError
            self._index.begin_removal(id, reason)
            receipt = self._end_removal(row, reason)
            self._empty_log()
            self._take_up_stranded()
        self._on_change()
        return receipt

    def receipts(self) -> tuple[Receipt, ...]:
        """What went, oldest first."""
        with self._lock:
            return self._index.receipts()

    def last_event(self) -> float:
        """The latest time that a trusted clock gave, s since 1970, UTC; 0 when none did."""
        return self._last_event

    def changes(self) -> int:
        """How often the index has changed: an older one that is put back has changed less often."""
        with self._lock:
            return self._index.progress().changes

    def check(self) -> tuple[Finding, ...]:
        """Every file against its row. Reads the whole vault."""
        return inspect(self._folder)

    def begin_exchange(self, key: NextKey) -> None:
        """The practice key is being exchanged for `key`: epochs made from here on are sealed to both. Raises `RotatingError`."""
        with self._lock:
            exchange.begin(self._folder, self._disk, key)

    def put_exchanged(self, sealed: Mapping[str, bytes]) -> None:
        """Epochs' secrets that are now sealed to the new key. Raises `NotRotatingError`, `ControlError`."""
        with self._lock:
            exchange.put(self._folder, self._disk, sealed)

    def commit_exchange(self, by: str) -> None:
        """At the wish of `by`: the new practice key is in use, and the old one opens nothing. Raises `NotRotatingError`, `RotationOwesError`."""
        with self._lock:
            if self._room() < _MARGIN:
                raise NoRoomError("There is no room to exchange keys. Erase messages first; the exchange goes on then.")
            exchange.commit(self._folder, self._disk, self._witness, by)

    def drop_exchange(self) -> None:
        """The practice key stays."""
        with self._lock:
            exchange.drop(self._folder, self._disk)

    def _make_ready(self) -> int:
        for name in ("vault", "journal", "epochs"):
            self._disk.make_folder(self._folder / name)
        exchange.finish(self._folder, self._disk, self._witness)
        self._index.open()
        progress = self._index.progress()
        self.remembered = progress.record_sequence, progress.record_hash
        if not progress.record_sequence and not self._witness.has(Act.STARTED, ""):
            self._introduce()
        recovered = self._recovery()
        count = recovered.run()
        self._remember()
        self._end_removals()  # only now it is known which epochs are needed
        self._rings.make_ready(recovered.stuck)
        self._destroy_unused_epochs()
        self._empty_log()
        return count

    def _introduce(self) -> None:
        """A store that is older than its record: what lies there is taken as it is, once."""
        for row in reversed(self._index.list()):
            if not self._witness.has(Act.KEPT, row.stamp.id):
                self._witness.write(telling.kept(row, how="found"))
        for name in sorted(self._epochs.names()):
            sealed = epochs.file_of(self._folder, name).read_bytes()
            self._witness.write(Deed(Act.EPOCH_MADE, subject=name, detail=epochs.made(sealed)))

    def _recovery(self) -> recovery.Recovery:
        return recovery.Recovery(self._folder, self._index, self._vault, self._disk, self._take_back)

    def _take_back(self, row: Row) -> None:
        """A message that a power cut had left without its row. It may stand in the record already."""
        if not self._witness.has(Act.KEPT, row.stamp.id):
            self._witness.write(telling.kept(row, how="recovered"))
        self._index.add(row, None)

    def _let_go(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _end_delivery(self, delivery: Delivery, row: Row | None, envelope: Envelope) -> None:
        """The row is what makes it a message, once the record knows of it; only then the ring lets go."""
        arrival = delivery.arrival
        if row is not None:
            _, at = self._now()
            self._witness.write(telling.kept(row, self._witness.seal(**telling.words(envelope))))
            with self._lock:
                self._index.add(row, at)
        try:
            arrival.ring.free(arrival.stamp.sequence)
        except StoreError:
            if row is None:
                raise
            log.error("store.ring_not_freed")  # the message is safe; the next start tries again
        with self._lock:
            del self._arriving[delivery.id]
            if self._disk.good:
                self._rings.give_back(arrival.ring)
        if row is not None:
            self._on_change()

    def _strand(self, delivery: Delivery) -> None:
        with self._lock:
            del self._arriving[delivery.id]
            self._rings.strand(delivery.arrival.ring)
        log.error("store.stranded")

    def _take_up_stranded(self) -> None:
        """As the next start would, once there is room again for what a new ring takes."""
        while ring := self._rings.next_stranded(self._room() - _MARGIN):
            recovered = self._recovery()
            if recovered.take_up(ring.file):
                self._on_change()
            if ring.file not in recovered.stuck:
                self._rings.give_back(ring)

    def _room(self) -> int:
        status = os.statvfs(self._folder)
        return status.f_bavail * status.f_frsize

    def _now(self) -> tuple[float, float | None]:
        """The time, and the time again if it can be trusted; then it is the latest event."""
        now = self._clock.now()
        with self._lock:
            if self._clock.trust(self._last_event) is not Trust.TRUSTED:
                return now, None
            self._last_event = max(self._last_event, now)
            return now, now

    def _ring_with_room(self, kind: Kind) -> Ring:
        """The ring whose turn it is. Each message being recorded may still become as long as its ring. Raises `NoRoomError`."""
        ring = self._rings.next(kind)
        if ring is None or self._room() < _MARGIN + ring.size + sum(coming.most for coming in self._arriving.values()):
            raise NoRoomError
        return ring

    def _current_epoch(self, now: float) -> Epoch:
        before = self._epochs.name
        epoch = self._epochs.current(now)
        if epoch.name != before:
            self._destroy_unused_epochs()
        return epoch

    def _unused_epochs(self) -> frozenset[str]:
        """Epochs that nothing is sealed to. None while a message lies here that no row knows: the index may be the one that is wrong."""
        going = {id for id, _ in self._index.removals()}
        rows = [row for row in self._index.list() if row.stamp.id not in going]
        known = {row.stamp.id for row in rows} | self._arriving.keys()
        with self._disk.writing():  # reading may be what shows that the disk fails
            if not vault.ids(self._folder) <= known:
                return frozenset()
            arriving = {opening.epoch for opening in journal.openings(self._folder)}
        # a delivery that has only begun stands in no ring yet
        arriving |= {coming.epoch for coming in self._arriving.values()}
        return self._epochs.names() - arriving - {row.epoch for row in rows} - {self._epochs.name}

    def _destroy_unused_epochs(self) -> None:
        for name in self._unused_epochs():
            self._epochs.destroy(name)

    def _end_removals(self) -> None:
        for id, reason in self._index.removals():
            self._end_removal(self._index.row(id), reason, again=True)

    def _end_removal(self, row: Row, reason: str, again: bool = False) -> Receipt:
        self._vault.remove(row.stamp.id)
        last = row.epoch in self._unused_epochs()
        if last:
            self._epochs.destroy(row.epoch)
        now, at = self._now()
        receipt = Receipt(row.stamp.id, row.stamp.kind, now, reason, Extent.DELETED, last)
        if not (again and self._witness.has(Act.REMOVED, row.stamp.id)):
            self._witness.write(telling.removed(receipt))
        self._index.end_removal(receipt, at)
        return receipt

    def _empty_log(self) -> None:
        """Deleted rows live on in the log until it is emptied. A reader may keep it a while."""
        if not self._index.truncate_log():
            later = threading.Timer(_AGAIN, self._empty_log_again)
            later.daemon = True
            later.start()

    def _empty_log_again(self) -> None:
        with self._lock, suppress(StoreError):  # bad storage has been told of
            if not self._closed:
                self._empty_log()

    def _remember(self) -> None:
        progress = self._index.progress()
        self._last_event = progress.last_event
        self._sequence = progress.last_sequence
        for file in journal.rings(self._folder):
            with file.open("rb") as ring:
                self._sequence = max(self._sequence, slots.last_sequence(ring))
        self._index.remember_sequence(self._sequence)

    def _changed(self, found: int) -> None:
        if not found:
            raise MessageNotFoundError
        self._on_change()
