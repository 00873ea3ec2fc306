"""The inbox as a reader sees it: the page and the `keepline` command. Read-only, and able to open messages when it is given the practice's key.

Content is opened piece by piece straight from the sealed file as it is asked for; nothing in clear is kept or written.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from io import BufferedReader
from itertools import accumulate
from pathlib import Path
from typing import Final, Protocol, Self

from appliance import notes
from appliance.errors import DamagedMessageError, MessageNotFoundError, SealError
from appliance.messages import Header, Row
from appliance.notes import LARGEST, Note, NoteStamp
from appliance.store import media, notebook, slots
from appliance.store.age_file import SealedFile, open_bytes, open_identity, seal
from appliance.store.epochs import open_epoch
from appliance.store.index.tables import FILE_NAME
from appliance.store.index.view import View
from appliance.store.keys import Identity
from appliance.store.slots import Recording, Word
from appliance.store.vault import file_of

RECOVERED: Final = "recovered after an interruption"

_LONGEST_HEADER: Final = 1 << 16  # octets


class Content(Protocol):
    """What a message holds behind its header."""

    size: int

    def read(self, start: int, length: int) -> bytes:
        """Octets from `start`, fewer at the end."""

    def close(self) -> None:
        """Forget the keys."""


class OpenMessage:
    """A message that was opened: its header, and its content as far as it is read. Close it, or use it in a `with`."""

    def __init__(self, header: Header, content: Content) -> None:
        self.header = header
        self.media_type = media.MEDIA_TYPES[header.stamp.kind]
        self.size = content.size  # octets of the content in clear
        self._content = content

    def read(self, start: int, length: int) -> bytes:
        """`length` octets of the content from `start`, fewer at the end. Raises `DamagedMessageError`."""
        if start < 0 or length < 0:
            raise ValueError("there is nothing before the start")
        try:
            return self._content.read(start, min(length, max(0, self.size - start)))
        except (SealError, OSError):
            raise DamagedMessageError from None

    def close(self) -> None:
        """Nothing more can be read; the keys are forgotten."""
        self._content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Reader:
    """The sealed store, read-only; may be used by several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._view = View(folder / FILE_NAME)

    def list(self) -> tuple[Row, ...]:
        """Every message, newest first, those being erased included. Raises `StoreError` while there is no index."""
        return self._view.list()

    def row(self, id: str) -> Row:
        """One message. Raises `MessageNotFoundError`."""
        return self._view.row(id)

    def notes(self, row: Row) -> tuple[Note, ...]:
        """What was written on a message, in the order of writing."""
        return self._view.notes(row.stamp.id) if row.notes else ()

    def version(self) -> str:
        """Differs whenever the list does."""
        return str(self._view.progress().changes)

    def open(self, row: Row, practice: Identity) -> OpenMessage:
        """The message of `row`, opened with the practice's key.

        Raises `MessageNotFoundError` when it went meanwhile, `DamagedMessageError` when it is not what the row says, `SealKeyError` for another practice's key.
        """
        with self.opening(practice) as opener:
            return opener.open(row)

    def opening(self, practice: Identity) -> Opener:
        """For a pass over many messages: use it in a `with`."""
        return Opener(self._folder, practice)


class Opener:
    """Opens many messages, and each day's key but once: those are kept while the pass lasts and wiped at its end, which is the end of the `with`."""

    def __init__(self, folder: Path, practice: Identity) -> None:
        self._folder = folder
        self._practice = practice
        self._epochs: dict[str, Identity] = {}

    def open(self, row: Row) -> OpenMessage:
        """As `Reader.open` does."""
        epoch = self._epoch(row.epoch)
        try:
            file = file_of(self._folder, row.stamp.id, row.recovered).open("rb")
        except FileNotFoundError:
            raise MessageNotFoundError from None
        try:
            message = _open_ring(file, row, epoch) if row.recovered else _open_sealed(file, epoch)
            _must_match(message, row)
        except SealError:
            file.close()
            raise DamagedMessageError from None
        except BaseException:
            file.close()
            raise
        return message

    def open_note(self, row: Row, note: Note) -> str:
        """The text of a note on the message of `row`. Raises `DamagedMessageError`, as `open` does for a message, and `SealKeyError`."""
        epoch = self._epoch(row.epoch)
        try:
            with notebook.file_of(self._folder, note.stamp.message, note.stamp.number).open("rb") as file:
                sealed = file.read(LARGEST + 1)
        except OSError:
            raise DamagedMessageError from None
        try:
            return notes.from_bytes(open_bytes(sealed, [epoch]), note.stamp)
        except SealError:
            raise DamagedMessageError from None

    def seal_note(self, row: Row, stamp: NoteStamp, text: str) -> bytes:
        """A new note on the message of `row`, sealed as the message is, for the daemon to keep."""
        return seal(notes.to_bytes(stamp, text), [self._epoch(row.epoch).recipient])

    def close(self) -> None:
        """The days' keys are wiped; what was opened stays open."""
        while self._epochs:
            self._epochs.popitem()[1].wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _epoch(self, name: str) -> Identity:
        if name not in self._epochs:
            self._epochs[name] = open_epoch(self._folder, name, self._practice)
        return self._epochs[name]


def _must_match(message: OpenMessage, row: Row) -> None:
    if message.header.stamp != row.stamp or message.size != row.content_bytes:
        raise DamagedMessageError


def _open_sealed(file: BufferedReader, epoch: Identity) -> OpenMessage:
    sealed = SealedFile(file, [epoch])
    line = sealed.readline(_LONGEST_HEADER)
    return OpenMessage(Header.from_bytes(line), _Sealed(sealed, len(line)))


def _open_ring(file: BufferedReader, row: Row, epoch: Identity) -> OpenMessage:
    recording = slots.read_recording(file)
    if recording is None:
        raise DamagedMessageError
    content = _Parts(file, recording, open_identity(recording.opening.sealed_key, [epoch]))
    header = content.header(recording)
    notes = (*header.envelope.notes, RECOVERED)
    if recording.missing:
        notes += (f"{recording.missing} damaged parts are missing",)
    envelope = replace(header.envelope, notes=notes, duration=row.duration, pages=row.pages)
    return OpenMessage(replace(header, envelope=envelope), content)


class _Sealed:
    """The content of `<id>.age`."""

    def __init__(self, sealed: SealedFile, start: int) -> None:
        self._sealed = sealed
        self._start = start
        self.size = sealed.size - start

    def read(self, start: int, length: int) -> bytes:
        self._sealed.seek(self._start + start)
        return self._sealed.read(length) or b""

    def close(self) -> None:
        self._sealed.close()


class _Parts:
    """The content of `<id>.ring`: what stands before the parts, and the parts, opened one at a time."""

    def __init__(self, file: BufferedReader, recording: Recording, key: Identity) -> None:
        self._file = file
        self._key = key
        self._generation = recording.opening.generation
        self._numbers = [number for number, _ in recording.parts]
        self._recording = recording
        self._head = media.head(recording.opening.stamp.kind, recording.parts_bytes, recording.lacks_start)
        self._starts = [*accumulate((clear for _, clear in recording.parts), initial=len(self._head))]
        self.size = self._starts[-1]
        self._corrections: list[tuple[int, bytes]] | None = None  # found when first read

    def header(self, recording: Recording) -> Header:
        """The last envelope that was written."""
        sealed = recording.closing.sealed_header if recording.closing else recording.sealed_header
        try:
            if sealed is None:
                raise DamagedMessageError
            return Header.from_bytes(open_bytes(sealed, [self._key]))
        except BaseException:
            self._key.wipe()
            raise

    def read(self, start: int, length: int) -> bytes:
        if self._corrections is None:
            self._corrections = self._find_corrections()
        piece = self._read(start, length)
        for at, octets in self._corrections:
            piece = media.laid_over(piece, start, at, octets)
        return piece

    def _find_corrections(self) -> list[tuple[int, bytes]]:
        pages, place = [], 0
        for parts in self._recording.pages:
            start, end = (self._starts[place], self._starts[place + parts])
            pages.append((start, end - start))
            place += parts
        if self._recording.missing and pages:
            return media.relocations(self._read, pages)
        return media.corrections(self._recording.opening.stamp.kind, self._read, self.size)

    def _read(self, start: int, length: int) -> bytes:
        """As it came; fewer octets at the end."""
        length = min(length, max(0, self.size - start))
        read = bytearray(self._head[start : start + length])
        while len(read) < length:
            place = bisect_right(self._starts, start + len(read)) - 1
            part = self._part(place)
            skip = start + len(read) - self._starts[place]
            read += part[skip : skip + length - len(read)]
        return bytes(read)

    def _part(self, place: int) -> bytes:
        slot = slots.read_slot(self._file, self._numbers[place])
        if slot is None or slot.word not in {Word.PART, Word.PAGE} or slot.generation != self._generation:
            raise DamagedMessageError
        part = open_bytes(slot.payload, [self._key])
        if len(part) != self._starts[place + 1] - self._starts[place]:
            raise DamagedMessageError
        return part

    def close(self) -> None:
        self._key.wipe()
        self._file.close()
