"""How messages come in: the ring and the epoch for each, the row at its end, and what a power cut or a full disk left in the rings.

Takes the inbox's lock for single steps and never while a message is sealed, so that several lines deliver at once.
"""

from __future__ import annotations

import secrets

from appliance import logs
from appliance.deeds import Act
from appliance.errors import NoRoomError, StoreError
from appliance.messages import Envelope, Kind, Row, Stamp
from appliance.store import journal, slots, telling
from appliance.store.delivery import Arrival, Delivery
from appliance.store.epochs import Epoch
from appliance.store.ground import MARGIN, Coming, Ground
from appliance.store.journal import Ring
from appliance.store.recovery import Recovery
from appliance.store.removal import Removal
from appliance.store.rings import Rings

log = logs.get(__name__)


class Intake:
    """Who takes messages in. `removal` lets go of a past day's key when a new day's is made."""

    def __init__(self, ground: Ground, rings: Rings, removal: Removal) -> None:
        self._ground = ground
        self._rings = rings
        self._removal = removal
        self._sequence = 0

    def recover(self) -> int:
        """What a power cut left becomes messages, before anything else writes; how many came back. No ring is free before this."""
        recovered = self._recovery()
        count = recovered.run()
        self._remember()
        self._removal.end_interrupted()  # only now it is known which epochs are needed
        self._rings.make_ready(recovered.stuck)
        return count

    def must_take(self, kind: Kind) -> None:
        """Could a message of this kind begin now? Makes nothing, raises what `begin` would."""
        with self._ground.lock:
            self._ground.disk.must_be_good()
            self.take_up_stranded()
            self._ring_with_room(kind)
            self._ground.epochs.must_have_practice()
            self._ground.witness.must_seal()

    def begin(self, kind: Kind, mailbox: str, envelope: Envelope) -> Delivery:
        """A message arrives. Raises `NoRoomError`, `BadStorageError`, `NotFoundedError` before the practice has keys, and `RecordKeyError`."""
        ground = self._ground
        with ground.lock:
            ground.disk.must_be_good()
            ground.witness.must_seal()  # else, in the end, its line could not name the caller
            self.take_up_stranded()
            ring = self._ring_with_room(kind)
            now, at = ground.now()
            epoch = self._current_epoch(now)
            self._rings.take(ring)
            self._sequence += 1
            stamp = Stamp(secrets.token_hex(16), kind, mailbox, now, self._sequence)
            ground.arriving[stamp.id] = Coming(epoch.name, ring.size)
        try:
            ring.prepare()
            return Delivery(
                Arrival(stamp, at is not None, epoch, ring), envelope, ground.vault, self._end_delivery, self._strand
            )
        except BaseException:
            with ground.lock:
                del ground.arriving[stamp.id]
                self._rings.give_back(ring)
            raise

    def take_up_stranded(self) -> None:
        """As the next start would, once there is room again for what a new ring takes."""
        while ring := self._rings.next_stranded(self._ground.room() - MARGIN):
            recovered = self._recovery()
            if recovered.take_up(ring.file):
                self._ground.on_change()
            if ring.file not in recovered.stuck:
                self._rings.give_back(ring)

    def close(self) -> None:
        """Nothing more is written."""
        self._rings.close()

    def _end_delivery(self, delivery: Delivery, row: Row | None, envelope: Envelope) -> None:
        """The row is what makes it a message, once the record knows of it; only then the ring lets go."""
        ground, arrival = self._ground, delivery.arrival
        if row is not None:
            _, at = ground.now()
            ground.witness.write(telling.kept(row, ground.witness.seal(**telling.words(envelope))))
            with ground.lock:
                ground.index.add(row, at)
        try:
            arrival.ring.free(arrival.stamp.sequence)
        except StoreError:
            if row is None:
                raise
            log.error("store.ring_not_freed")  # the message is safe; the next start tries again
        with ground.lock:
            del ground.arriving[delivery.id]
            if ground.disk.good:
                self._rings.give_back(arrival.ring)
        if row is not None:
            ground.on_change()

    def _strand(self, delivery: Delivery) -> None:
        with self._ground.lock:
            del self._ground.arriving[delivery.id]
            self._rings.strand(delivery.arrival.ring)
        log.error("store.stranded")

    def _ring_with_room(self, kind: Kind) -> Ring:
        """The ring whose turn it is. Each message being recorded may still become as long as its ring. Raises `NoRoomError`."""
        ring, coming = self._rings.next(kind), sum(coming.most for coming in self._ground.arriving.values())
        if ring is None or self._ground.room() < MARGIN + ring.size + coming:
            raise NoRoomError
        return ring

    def _current_epoch(self, now: float) -> Epoch:
        before = self._ground.epochs.name
        epoch = self._ground.epochs.current(now)
        if epoch.name != before:
            self._removal.destroy_unused_epochs()
        return epoch

    def _recovery(self) -> Recovery:
        ground = self._ground
        return Recovery(ground.folder, ground.index, ground.vault, ground.disk, self._take_back)

    def _take_back(self, row: Row) -> None:
        """A message that a power cut had left without its row. It may stand in the record already."""
        if not self._ground.witness.has(Act.KEPT, row.stamp.id):
            self._ground.witness.write(telling.kept(row, how="recovered"))
        self._ground.index.add(row, None)

    def _remember(self) -> None:
        progress = self._ground.index.progress()
        self._ground.last_event = progress.last_event
        self._sequence = progress.last_sequence
        for file in journal.rings(self._ground.folder):
            with file.open("rb") as ring:
                self._sequence = max(self._sequence, slots.last_sequence(ring))
        self._ground.index.remember_sequence(self._sequence)
