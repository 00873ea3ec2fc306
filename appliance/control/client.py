"""The other side of the control socket: what page, console and command ask of the daemon."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from appliance import errors
from appliance.control.values import Due, Event, Fingerprint, Status, Verb, pack, unpack
from appliance.deeds import Deed
from appliance.errors import ControlError, DaemonSilentError, KeeplineError
from appliance.notes import NoteStamp

PATIENCE: Final = 15.0  # s for an answer; a purge of many messages is the longest


class Client:
    """Asks the daemon at `path`; a connection for each question. Every method raises `DaemonSilentError` when nobody answers."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def status(self) -> Status:
        """How the box is."""
        status: Status = unpack(Status, self._ask(Verb.STATUS))
        return status

    def record(self, deed: Deed) -> None:
        """Put a deed on record. When this returns its line is on the disk: only then go on with what it tells of."""
        self._ask(Verb.RECORD, deed=deed)

    # in all that follows `by` is the log-in name of whoever wants it

    def mark_heard(self, id: str, heard: bool, by: str) -> None:
        """Say that a message was heard, or was not."""
        self._ask(Verb.MARK_HEARD, id=id, heard=heard, by=by)

    def note(self, stamp: NoteStamp, sealed: bytes) -> None:
        """Have a note kept that is sealed already. Raises `NoteOvertakenError`, `NoteRefusedError`, `MessageNotFoundError`."""
        self._ask(Verb.NOTE, id=stamp.message, number=stamp.number, at=stamp.at, sealed=sealed, by=stamp.by)

    def erase(self, id: str, by: str) -> None:
        """Erase a message; for a while `undo_erase` brings it back."""
        self._ask(Verb.ERASE, id=id, by=by)

    def undo_erase(self, id: str, by: str) -> None:
        """Have an erased message back."""
        self._ask(Verb.UNDO_ERASE, id=id, by=by)

    def hold(self, id: str, sealed: bytes, by: str) -> None:
        """Put a message on hold; `sealed` says why (`access.testimony.seal`). Raises `HoldChangedError`."""
        self._ask(Verb.HOLD, id=id, sealed=sealed, by=by)

    def release(self, id: str, sealed: bytes, by: str) -> None:
        """Lift the hold of a message, likewise."""
        self._ask(Verb.RELEASE, id=id, sealed=sealed, by=by)

    def lock(self, by: str) -> None:
        """End every session of the page, as the panel's lock button does."""
        self._ask(Verb.LOCK, by=by)

    def purge(self, dry_run: bool, by: str) -> tuple[Due, ...]:
        """Purge what is due now, or only say what that is."""
        due: tuple[Due, ...] = unpack(tuple[Due, ...], self._ask(Verb.PURGE, dry_run=dry_run, by=by))
        return due

    def put_person(self, files: Any, by: str) -> None:
        """Hand over the files of a new or changed person (`access.people.PersonFiles`)."""
        self._ask(Verb.PUT_PERSON, files=files, by=by)

    def remove_person(self, removal: Any, by: str) -> None:
        """Take a person away (`access.people.Removal`)."""
        self._ask(Verb.REMOVE_PERSON, removal=removal, by=by)

    def show_claim(self) -> str:
        """The code that claims this box. Raises `FoundedError` when it is claimed; the page may not ask."""
        code: str = unpack(str, self._ask(Verb.SHOW_CLAIM))
        return code

    def check_claim(self, code: str, address: str) -> None:
        """Is this the code? `address`: where it was typed. Raises `WrongClaimError`, `TooSoonError`, `FoundedError`."""
        self._ask(Verb.CHECK_CLAIM, code=code, address=address)

    def claim(self, code: str, address: str, founding: Any) -> None:
        """The box gets its practice (`access.people.Founding`); raises as `check_claim` does."""
        self._ask(Verb.CLAIM, code=code, address=address, founding=founding)

    def begin_rotation(self, exchange: Any, by: str) -> None:
        """The practice key is being exchanged (`access.rotation.Exchange`). This and the next four are asked by `access.rotation` alone."""
        self._ask(Verb.BEGIN_ROTATION, exchange=exchange, by=by)

    def put_epochs(self, resealed: Any, by: str) -> None:
        """Keys of days that are now sealed to the new one (`access.rotation.Resealed`)."""
        self._ask(Verb.PUT_EPOCHS, resealed=resealed, by=by)

    def give_up_keys(self, names: Sequence[str], proof: bytes, by: str) -> None:
        """The exchange goes on without these keys, which cannot be opened: at its end they are destroyed."""
        self._ask(Verb.GIVE_UP_KEYS, names=list(names), proof=proof, by=by)

    def commit_rotation(self, proof: bytes, by: str) -> None:
        """The old practice key goes out of use, and every session ends."""
        self._ask(Verb.COMMIT_ROTATION, proof=proof, by=by)

    def drop_rotation(self, proof: bytes, by: str) -> None:
        """The practice key stays."""
        self._ask(Verb.DROP_ROTATION, proof=proof, by=by)

    def mend_keys(self, mended: Any, by: str) -> tuple[str, ...]:
        """Have what is missing beside the practice key made anew (`access.mending.Mended`); says what it was. Only at the box itself."""
        found: tuple[str, ...] = unpack(tuple[str, ...], self._ask(Verb.MEND_KEYS, mended=mended, by=by))
        return found

    def note_emergency(self, why: str, proof: bytes) -> None:
        """The recovery sheet is being used. Only when this returns may anything be opened. Raises `ReasonError`, `NoProofError`."""
        self._ask(Verb.NOTE_EMERGENCY, why=why, proof=proof)

    def note_trial(self, proof: bytes) -> None:
        """It is being tried what the recovery sheet opens. Only when this returns may it be. Only at the box itself. Raises `NoProofError`."""
        self._ask(Verb.NOTE_TRIAL, proof=proof)

    def told(self, numbers: Sequence[int], by: str) -> None:
        """The admin `by` has seen these uses of the recovery sheet."""
        self._ask(Verb.TOLD, numbers=list(numbers), by=by)

    def fingerprint(self) -> Fingerprint:
        """Of the certificate that browsers are to trust. Raises `CertificateError` when there is none yet."""
        found: Fingerprint = unpack(Fingerprint, self._ask(Verb.FINGERPRINT))
        return found

    def decide(self, choice: Any) -> None:
        """Have a decision kept (`access.decisions.Choice`)."""
        self._ask(Verb.DECIDE, choice=choice)

    def set_policy(self, by: str, language: str, text: str) -> None:
        """Put the practice's own policy sheet in force; an empty `text` brings the shipped one back."""
        self._ask(Verb.SET_POLICY, by=by, language=language, text=text)

    def acknowledge_policy(self, by: str, version: str) -> None:
        """Say that `by` has read this version of the policy sheet and agrees."""
        self._ask(Verb.ACKNOWLEDGE_POLICY, by=by, version=version)

    def put_factors(self, files: Any, by: str) -> None:
        """Hand over a person's changed second factors (`access.factors.FactorFiles`)."""
        self._ask(Verb.PUT_FACTORS, files=files, by=by)

    def reset_factors(self, name: str, by: str, proof: bytes) -> None:
        """Take all of a person's second factors away: they set up new ones when they next log in. `proof`: `access.practice.proof_of` the practice key, or
        one's own key where it is oneself. Raises `OwnAccountError`, `NoProofError`."""
        self._ask(Verb.RESET_FACTORS, name=name, by=by, proof=proof)

    def subscribe(self, on_start: Callable[[], None] = lambda: None) -> Iterator[Event]:
        """Events as they happen, until the daemon goes away. `on_start` is called once the daemon has promised to tell them."""
        with self._connected() as connection:
            connection.settimeout(PATIENCE)  # the daemon sends an empty line well within
            stream = _request(connection, Verb.SUBSCRIBE, {})
            _answer(stream.readline())
            on_start()
            try:
                for line in stream:
                    if line.strip():
                        yield Event(json.loads(line)["event"])
            except (OSError, ValueError, KeyError):
                pass
        raise DaemonSilentError

    def _ask(self, verb: Verb, **arguments: Any) -> Any:
        with self._connected() as connection:
            return _answer(_request(connection, verb, arguments).readline())

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            try:
                connection.connect(str(self._path))
                yield connection
            except OSError:
                raise DaemonSilentError from None


def _request(connection: socket.socket, verb: Verb, arguments: dict[str, Any]) -> Any:
    line = json.dumps({"verb": verb.value, "arguments": pack(arguments)}, separators=(",", ":")) + "\n"
    connection.sendall(line.encode())
    return connection.makefile("rb")


def _answer(line: bytes) -> Any:
    if not line:
        raise DaemonSilentError
    try:
        reply = json.loads(line)
        if "ok" in reply:
            return reply["ok"]
        kind, message = reply["error"]["kind"], reply["error"]["message"]
    except (ValueError, KeyError, TypeError):
        raise ControlError("the daemon's answer cannot be read; are page and daemon of one version?") from None
    family = getattr(errors, kind, ControlError)
    raise family(message) if isinstance(family, type) and issubclass(family, KeeplineError) else ControlError(message)
