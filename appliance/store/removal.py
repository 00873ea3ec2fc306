"""How a message goes: its file, the notes on it, its row, what is left of the row, and the key of its day with the last message of that day.

Used under the inbox's lock.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Final

from appliance import logs
from appliance.deeds import Act
from appliance.errors import RecordError, StoreError
from appliance.messages import Row
from appliance.store import journal, notebook, telling, vault
from appliance.store.ground import Ground
from appliance.store.values import Extent, Receipt

_AGAIN: Final = 1.0  # s until the log is emptied again when a reader kept it

log = logs.get(__name__)


class Removal:
    """Takes messages away, and the keys that nothing needs any more."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def remove(self, row: Row, reason: str) -> Receipt:
        """The message goes. A power cut in the middle does not bring it back."""
        self._ground.index.begin_removal(row.stamp.id, reason)
        receipt = self._end(row, reason)
        self.empty_log()
        return receipt

    def end_interrupted(self) -> None:
        """What a power cut left half removed goes now. What still lies here whole stays: whoever let it go decides again. So does what the record does not
        let go, for anybody with the card can write into the list; and what is left of that, `store check` names."""
        ground = self._ground
        rows, left = {row.stamp.id: row for row in ground.index.list()}, ground.index.removals()
        try:
            let_go = ground.witness.borne_out(rows[id] for id, _ in left if id in rows)
        except RecordError:
            log.exception("store.record_unreadable")
            return
        for id, _ in left:
            if id not in let_go and not ground.witness.has(Act.REMOVED, id):
                log.error("store.removal_refused id=%s", id)
                ground.witness.write(telling.not_removed(id))
            elif id in rows and not vault.file_of(ground.folder, id, rows[id].recovered).exists():
                continue
            ground.index.drop_removal(id)
        for id, reason in ground.index.removals():
            self._end(rows[id], reason, again=True)

    def destroy_unused_epochs(self) -> None:
        """The keys go that nothing is sealed to."""
        for name in self._unused_epochs():
            self._ground.epochs.destroy(name)

    def empty_log(self) -> None:
        """Deleted rows live on in the log until it is emptied. A reader may keep it a while."""
        if not self._ground.index.truncate_log():
            later = threading.Timer(_AGAIN, self._empty_log_again)
            later.daemon = True
            later.start()

    def _empty_log_again(self) -> None:
        with self._ground.lock, suppress(StoreError):  # bad storage has been told of
            if not self._ground.closed:
                self.empty_log()

    def _end(self, row: Row, reason: str, again: bool = False) -> Receipt:
        ground = self._ground
        ground.vault.remove(row.stamp.id)
        notebook.remove(ground.folder, ground.disk, row.stamp.id)
        last = row.epoch in self._unused_epochs(without=row.stamp.id)
        if last:
            ground.epochs.destroy(row.epoch)
        now, at = ground.now()
        receipt = Receipt(row.stamp.id, row.stamp.kind, now, reason, Extent.DELETED, last)
        if not (again and ground.witness.has(Act.REMOVED, row.stamp.id)):
            ground.witness.write(telling.removed(receipt))
        ground.index.end_removal(receipt, at)
        return receipt

    def _unused_epochs(self, without: str = "") -> frozenset[str]:
        """Epochs that nothing is sealed to, or only the message `without`.

        None while a message lies here that no row knows: the index may be the one that is wrong."""
        ground = self._ground
        rows = [row for row in ground.index.list() if row.stamp.id != without]
        known = {row.stamp.id for row in rows} | ground.arriving.keys()
        with ground.disk.writing():  # reading may be what shows that the disk fails
            if not vault.ids(ground.folder) <= known:
                return frozenset()
            arriving = {opening.epoch for opening in journal.openings(ground.folder)}
        # a delivery that has only begun stands in no ring yet
        arriving |= {coming.epoch for coming in ground.arriving.values()}
        return ground.epochs.names() - arriving - {row.epoch for row in rows} - {ground.epochs.name}
