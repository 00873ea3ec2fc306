"""The inbox: the one door to what is kept, on the daemon's side. It takes messages in, tells which there are, and lets them go.

Nothing here can open a message: the inbox holds public keys only. One lock, held for single changes of the index and never while a message is sealed, so that
several lines deliver at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from appliance.clock import Clock
from appliance.deeds import Act, Deed
from appliance.errors import HoldChangedError, MessageChangedError, MessageHeldError, MessageNotFoundError, NoRoomError
from appliance.messages import Envelope, Kind, Row
from appliance.notes import NoteStamp
from appliance.store import epochs, exchange, notebook, telling
from appliance.store.delivery import Delivery
from appliance.store.disk import lock_folder
from appliance.store.exchange import NextKey
from appliance.store.ground import MARGIN, Ground
from appliance.store.intake import Intake
from appliance.store.notebook import Notebook
from appliance.store.removal import Removal
from appliance.store.rings import Rings, RingSet
from appliance.store.slots import PIECE
from appliance.store.values import Receipt
from appliance.store.witness import NoWitness, Witness

__all__ = ["PIECE", "Delivery", "Inbox", "Receipt", "RingSet"]


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
        ground = Ground(folder, clock, witness or NoWitness(folder), on_change)
        self._ground = ground
        self._disk = ground.disk
        self._index = ground.index
        self._lock = ground.lock
        sets = {Kind.VOICEMAIL: voicemails} | ({Kind.FAX: faxes} if faxes else {})
        self._removal = Removal(ground)
        self._intake = Intake(ground, Rings(folder, ground.disk, sets), self._removal)
        self._notebook = Notebook(ground)
        self._anchored = 0  # number of the record's line that the index was last told of without need
        self.remembered = (0, "")  # the record's head as the index remembered it at the start
        self._lock_descriptor = -1  # descriptor: while it is open no other daemon works on this store

    @property
    def storage_good(self) -> bool:
        """False for ever after the disk has refused to keep something."""
        return self._disk.good

    def start(self) -> int:
        """Makes ready what is needed and takes up what a power cut left; how many messages came back. Makes no keys.

        Raises `StoreError`, and `StoreInUseError` while another daemon works here: to take up what that one is recording would tear it.
        """
        with self._lock:
            self._disk.make_folder(self._ground.folder)
            with self._disk.writing():
                self._lock_descriptor = lock_folder(self._ground.folder)
            try:
                return self._make_ready()
            except BaseException:
                self._let_go()
                raise

    def remember_record(self) -> None:
        """Should the record be cut back from here on, the index knows how far it had come."""
        with self._lock:
            if not self._ground.closed and self._ground.witness.anchor()[0] != self._anchored:
                self._index.remember_record()
                self._anchored = self._ground.witness.anchor()[0]

    def close(self) -> None:
        """Nothing more is written. Deliveries that have not ended are recovered by the next start."""
        with self._lock:
            self._ground.closed = True
            self._index.close()
            self._intake.close()
            self._let_go()

    def must_take(self, kind: Kind) -> None:
        """Could a message of this kind begin now? Blocks on the disk, makes nothing, raises what `begin` would."""
        self._intake.must_take(kind)

    def begin(self, kind: Kind, mailbox: str, envelope: Envelope) -> Delivery:
        """A message arrives. Blocks on the disk. Raises `NoRoomError`, `BadStorageError`, and `NotFoundedError` before the practice has keys."""
        return self._intake.begin(kind, mailbox, envelope)

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
        now, at = self._ground.now()
        with self._lock:
            self._disk.must_be_good()
            row = self._index.row(id)
            if not heard:
                self._index.set([id], at, heard_at=None, heard_trusted=True)
            elif row.heard_at is None or (at is not None and not row.heard_trusted):
                self._index.set([id], at, heard_at=now, heard_trusted=at is not None)
        self._ground.on_change()

    def note(self, stamp: NoteStamp, sealed: bytes) -> None:
        """Somebody wrote a note, sealed already. Raises as `Notebook.add` does."""
        self._notebook.add(stamp, sealed)

    def must_erase(self, id: str) -> str:
        """`id` again, when that message may be erased; raises what `erase` would."""
        with self._lock:
            row = self._index.row(id)
            if row.held:
                raise MessageHeldError
            return row.stamp.id

    def erase(self, id: str, undo: float) -> None:
        """Somebody erased it: for `undo` seconds it can be had back. Raises `MessageNotFoundError`, `MessageHeldError`."""
        now, at = self._ground.now()
        with self._lock:
            self._disk.must_be_good()
            found = self._index.set_once(self.must_erase(id), at, "erase_at", now + undo)
        self._changed(found)

    def undo_erase(self, id: str) -> None:
        """It was not meant. Raises `MessageNotFoundError`, also when it is gone."""
        _, at = self._ground.now()
        with self._lock:
            found = self._index.set([id], at, erase_at=None)
        self._changed(found)

    def must_hold(self, id: str, held: bool) -> str:
        """`id` again, when that message can be put on hold, or its hold be lifted; raises what `hold` would."""
        with self._lock:
            row = self._index.row(id)
            if id in dict(self._index.removals()):
                raise MessageNotFoundError  # the row is only what a full card has left of it
            if row.held == held:
                raise HoldChangedError
            return row.stamp.id

    def hold(self, id: str, held: bool) -> None:
        """It stays, whatever its time, and nobody erases it; or it goes its way again, and not without a new warning.

        What was erased and can still be had back, a hold brings back. Raises `MessageNotFoundError`, and `HoldChangedError` when it is so already.
        """
        _, at = self._ground.now()
        with self._lock:
            self._disk.must_be_good()
            also = {"erase_at": None} if held else {"warned_at": None}
            found = self._index.set([self.must_hold(id, held)], at, held=held, **also)
        self._changed(found)

    def warn(self, ids: Sequence[str]) -> None:
        """Staff are told that these are old and unheard, once that is on record. Those that have gone meanwhile are passed over."""
        here = {row.stamp.id for row in self.list()}
        self._ground.witness.write_all(telling.warned(id) for id in ids if id in here)
        now, at = self._ground.now()
        with self._lock:
            self._index.set(ids, at, warned_at=now)
        self._ground.on_change()

    def borne_out(self, rows: Sequence[Row]) -> frozenset[str]:
        """Ids of those that may go because their rows say what they say: the record says so, too. Reads the record; raises `StoreError`."""
        return self._ground.witness.borne_out(rows)

    def remove(self, id: str, reason: str, as_seen: Row | None = None) -> Receipt:
        """The message goes: file, row, what is left of the row, and the key of its epoch with the last message of a past day.

        A power cut in the middle does not bring it back. Raises `MessageNotFoundError`, `MessageHeldError`, `BadStorageError`, and `MessageChangedError` when
        the row is no longer `as_seen`: whoever decided by that row has to decide again.
        """
        with self._lock:
            self._disk.must_be_good()
            row = self._index.row(id)
            if as_seen is not None and row != as_seen:
                raise MessageChangedError
            if row.held:
                raise MessageHeldError
            receipt = self._removal.remove(row, reason)
            self._intake.take_up_stranded()
        self._ground.on_change()
        return receipt

    def last_event(self) -> float:
        """The latest time that a trusted clock gave, s since 1970, UTC; 0 when none did."""
        return self._ground.last_event

    def changes(self) -> int:
        """How often the index has changed: an older one that is put back has changed less often."""
        with self._lock:
            return self._index.progress().changes

    def begin_exchange(self, key: NextKey, deed: Deed) -> None:
        """The practice key is being exchanged for `key`, once `deed` is on record: epochs made from then on are sealed to both. Raises `RotatingError`."""
        with self._lock:
            exchange.begin(self._ground.folder, self._disk, self._ground.witness, key, deed)

    def put_exchanged(self, sealed: Mapping[str, bytes]) -> None:
        """Epochs' secrets that are now sealed to the new key. Raises `NotRotatingError`, `ControlError`."""
        with self._lock:
            exchange.put(self._ground.folder, self._disk, sealed)

    def give_up_keys(self, names: tuple[str, ...], by: str) -> None:
        """At the wish of `by` the exchange goes on without these keys, which cannot be opened. Raises `NotRotatingError`, `ControlError`."""
        with self._lock:
            exchange.give_up(self._ground.folder, self._ground.witness, names, by)
            self._ground.epochs.retire(names)

    def commit_exchange(self, by: str) -> None:
        """At the wish of `by`: the new practice key is in use, and the old one opens nothing. Raises `NotRotatingError`, `RotationOwesError`."""
        with self._lock:
            if self._ground.room() < MARGIN:
                raise NoRoomError("There is no room to exchange keys. Erase messages first; the exchange goes on then.")
            exchange.commit(self._ground.folder, self._disk, self._ground.witness, by)

    def drop_exchange(self, by: str) -> None:
        """At the wish of `by`: the practice key stays."""
        with self._lock:
            exchange.drop(self._ground.folder, self._disk, self._ground.witness, by)

    def _make_ready(self) -> int:
        for name in ("vault", "journal", "epochs", notebook.FOLDER):
            self._disk.make_folder(self._ground.folder / name)
        self._ground.witness.settle()
        exchange.finish(self._ground.folder, self._disk, self._ground.witness)
        self._index.open()
        progress = self._index.progress()
        self.remembered = progress.record_sequence, progress.record_hash
        if not progress.record_sequence and not self._ground.witness.has(Act.STARTED, ""):
            self._introduce()
        count = self._intake.recover()
        self._notebook.take_up()
        self._removal.destroy_unused_epochs()
        self._removal.empty_log()
        return count

    def _introduce(self) -> None:
        """A store that is older than its record: what lies there is taken as it is, once."""
        for row in reversed(self._index.list()):
            if not self._ground.witness.has(Act.KEPT, row.stamp.id):
                self._ground.witness.write(telling.kept(row, how=telling.FOUND))
        for name in sorted(self._ground.epochs.names()):
            sealed = epochs.file_of(self._ground.folder, name).read_bytes()
            self._ground.witness.write(Deed(Act.EPOCH_MADE, subject=name, detail=epochs.made(sealed)))

    def _let_go(self) -> None:
        if self._lock_descriptor >= 0:
            os.close(self._lock_descriptor)
            self._lock_descriptor = -1

    def _changed(self, found: int) -> None:
        if not found:
            raise MessageNotFoundError
        self._ground.on_change()
