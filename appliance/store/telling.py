"""What the store tells its witness: the words of the record's lines about messages, and their way back for whoever compares."""

from __future__ import annotations

from typing import Final

from appliance.deeds import Act, Deed
from appliance.messages import Envelope, Row
from appliance.notes import Note, NoteStamp
from appliance.store.values import Receipt

FOUND: Final = "found"  # how a message came on record that is older than it


def known(row: Row) -> dict[str, str]:
    """Everything of a message that nobody may change later, as the record holds it."""
    return {
        "kind": row.stamp.kind.value,
        "mailbox": row.stamp.mailbox,
        "arrived_at": repr(row.stamp.arrived_at),
        "number": str(row.stamp.sequence),
        "epoch": row.epoch,
        "bytes": str(row.sealed_bytes),
        "sha256": row.sha256,
        "clock_trusted": _yes(row.clock_trusted),
        "content": str(row.content_bytes),
        "duration": repr(float(row.duration)),
        "pages": str(row.pages),
        "recovered": _yes(row.recovered),
    }


def kept(row: Row, sealed: bytes = b"", how: str = "") -> Deed:
    """A message is kept. `how` says what is unusual about it: "recovered", "found"."""
    return Deed(Act.KEPT, subject=row.stamp.id, detail=known(row) | ({"how": how} if how else {}), sealed=sealed)


def warned(id: str) -> Deed:
    """Staff are told that a message is old and unheard."""
    return Deed(Act.WARNED, subject=id)


def not_removed(id: str) -> Deed:
    """Somebody wrote into the list that a message is being removed, and by the record nothing let it go."""
    return Deed(Act.FAILED, subject=id, detail={"what": Act.REMOVED.value, "how": "not on record"})


def removed(receipt: Receipt) -> Deed:
    """A message is gone."""
    return Deed(Act.REMOVED, subject=receipt.message_id, detail={"reason": receipt.reason, "extent": receipt.extent})


def known_note(note: Note) -> dict[str, str]:
    """Everything of a note but who wrote it and where, as the record holds it."""
    return {
        "number": str(note.stamp.number),
        "written_at": repr(note.stamp.at),
        "clock_trusted": _yes(note.clock_trusted),
        "bytes": str(note.sealed_bytes),
        "sha256": note.sha256,
    }


def noted(note: Note) -> Deed:
    """Somebody wrote a note."""
    return Deed(Act.NOTED, note.stamp.by, note.stamp.message, known_note(note))


def note_of(deed: Deed) -> Note | None:
    """The note that such a line tells of; None for one that cannot be read."""
    detail = deed.detail
    try:
        stamp = NoteStamp(deed.subject, int(detail["number"]), deed.by, float(detail["written_at"]))
        return Note(stamp, detail["clock_trusted"] == "yes", int(detail["bytes"]), detail["sha256"])
    except (KeyError, ValueError):
        return None


def words(envelope: Envelope) -> dict[str, str]:
    """Whose message it is, for `Witness.seal`."""
    return {"number": envelope.caller_number, "name": envelope.caller_name, "sender": envelope.sender_id}


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
