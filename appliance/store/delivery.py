"""One message on its way in: each part sealed and on the disk as it comes, and at the end one sealed file.

The key of the recording is made here, sealed to the epoch, and forgotten before the first sound: only its public half stays. What is in memory until the end
is the message itself, which the line has just delivered.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.errors import NoRoomError
from appliance.messages import Envelope, Header, Kind, Row, Stamp, State
from appliance.store import media
from appliance.store.age_file import seal, seal_identity
from appliance.store.epochs import Epoch
from appliance.store.journal import Ring
from appliance.store.keys import Identity, Recipient
from appliance.store.slots import PIECE, Closing, Opening, Word
from appliance.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is settled of a message when it begins."""

    stamp: Stamp
    clock_trusted: bool
    epoch: Epoch
    ring: Ring


class Delivery:
    """One message on its way in, used by one thread. Ends with `finish` or `abandon`; if neither comes, the next start recovers it."""

    def __init__(
        self,
        arrival: Arrival,
        envelope: Envelope,
        vault: Vault,
        ended: Callable[[Delivery, Row | None, Envelope], None],
        stranded: Callable[[Delivery], None],
    ) -> None:
        """Takes the ring. `stranded` is told when the message is whole in its ring and there is no room for more. Raises `NoRoomError`, `BadStorageError`."""
        self.id = arrival.stamp.id
        self.arrival = arrival
        self._vault = vault
        self._ended = ended
        self._stranded = stranded
        self._open = True
        self._parts: list[bytes] = []
        with Identity.generate() as key:
            self._recipient: Recipient = key.recipient
            sealed_key = seal_identity(key, [arrival.epoch.recipient])
        opening = Opening(arrival.stamp, arrival.clock_trusted, arrival.epoch.name, secrets.token_hex(8), sealed_key)
        arrival.ring.begin(opening, self._sealed_header(envelope))

    def append(self, part: bytes) -> None:
        """One second of sound (16,000 octets at most) or one page of a fax: sealed and on the disk when this returns.

        A part longer than that takes several slots. Raises `NoRoomError` when the ring is full, `BadStorageError`; `ValueError` for half a sample.
        """
        self._must_be_open()
        media.must_fit(self.arrival.stamp.kind, part)
        pieces = (part[start : start + PIECE] for start in range(0, len(part), PIECE))
        last = Word.PAGE if self.arrival.stamp.kind is Kind.FAX else Word.PART
        self.arrival.ring.append([(seal(piece, [self._recipient]), len(piece)) for piece in pieces], last)
        self._parts.append(part)

    def finish(self, envelope: Envelope) -> Row:
        """The whole message becomes one sealed file with a row. When this returns it is kept. Raises `NoRoomError`, `BadStorageError`."""
        self._must_be_open()
        self._open = False
        kind, size = self.arrival.stamp.kind, sum(map(len, self._parts))
        head = media.head(kind, size)
        envelope = replace(envelope, duration=media.duration(kind, size))
        closing = Closing(len(head) + size, envelope.duration, envelope.pages, self._sealed_header(envelope))
        self.arrival.ring.shut(closing)
        media.end(kind, self._parts)
        try:
            row = self._keep(head, closing, envelope)
            self._ended(self, row, envelope)
        except NoRoomError:
            self._parts.clear()
            self._stranded(self)
            raise
        return row

    def abandon(self) -> None:
        """There is no message: nothing of it opens for anybody from here on. Raises `BadStorageError`."""
        self._must_be_open()
        self._open = False
        self._parts.clear()
        self._ended(self, None, Envelope())

    def _keep(self, head: bytes, closing: Closing, envelope: Envelope) -> Row:
        stamp, epoch = self.arrival.stamp, self.arrival.epoch
        kept = self._vault.keep(self.id, epoch.recipient, (Header(stamp, envelope).to_bytes(), head, *self._parts))
        self._parts.clear()
        return Row(
            stamp=stamp,
            clock_trusted=self.arrival.clock_trusted,
            state=State.NEW,
            epoch=epoch.name,
            content_bytes=closing.content_bytes,
            sealed_bytes=kept.sealed_bytes,
            sha256=kept.sha256,
            duration=closing.duration,
            pages=closing.pages,
            recovered=False,
        )

    def _sealed_header(self, envelope: Envelope) -> bytes:
        return seal(Header(self.arrival.stamp, envelope).to_bytes(), [self._recipient])

    def _must_be_open(self) -> None:
        if not self._open:
            raise ValueError("this delivery has ended")
