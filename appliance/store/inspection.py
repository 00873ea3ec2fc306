"""Is what lies in the vault what was put there? Compares every file with its row; needs nobody's key and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from appliance.messages import Row
from appliance.notes import Note
from appliance.store import epochs, journal, notebook, vault
from appliance.store.index.tables import FILE_NAME
from appliance.store.index.view import View
from appliance.store.values import Finding, Trouble


def inspect(folder: Path) -> tuple[Finding, ...]:
    """What is wrong below the store's `folder`. Messages may come and go meanwhile. Raises `StoreError` when the index cannot be read."""
    view = View(folder / FILE_NAME)
    before, notes = {row.stamp.id: row for row in view.list()}, view.notes()
    suspects = [(row.stamp.id, finding) for row in before.values() for finding in _of_row(folder, row)]
    suspects += [(note.stamp.message, finding) for note in notes for finding in _of_note(folder, note)]
    loose = list(_loose(folder, notes))
    foreign = [(file.stem, _finding(folder, file, Trouble.FOREIGN)) for file in _unknown(folder, before)]
    arriving = {opening.stamp.id for opening in journal.openings(folder)}  # their files may have a name and no row yet
    after = {row.stamp.id for row in view.list()}
    suspects += [(id, finding) for id, finding in foreign if id not in arriving]
    known = {notebook.file_of(folder, note.stamp.message, note.stamp.number) for note in view.notes()}
    suspects += [(file.stem, _finding(folder, file, Trouble.FOREIGN)) for file in loose if file not in known]
    return tuple(finding for id, finding in suspects if (id in before) == (id in after))


def _of_row(folder: Path, row: Row) -> Iterator[Finding]:
    file = vault.file_of(folder, row.stamp.id, row.recovered)
    try:
        if vault.measure(file) != vault.Kept(row.sealed_bytes, row.sha256):
            yield _finding(folder, file, Trouble.CHANGED)
    except OSError:
        yield _finding(folder, file, Trouble.MISSING)
    key = epochs.file_of(folder, row.epoch)
    if not key.is_file():
        yield _finding(folder, key, Trouble.NO_KEY)


def _of_note(folder: Path, note: Note) -> Iterator[Finding]:
    file = notebook.file_of(folder, note.stamp.message, note.stamp.number)
    try:
        if vault.measure(file) != vault.Kept(note.sealed_bytes, note.sha256):
            yield _finding(folder, file, Trouble.CHANGED)
    except OSError:
        yield _finding(folder, file, Trouble.MISSING)


def _loose(folder: Path, notes: tuple[Note, ...]) -> Iterator[Path]:
    """Notes' files that no row knows: of one that is being written, the row is on its way."""
    known = {notebook.file_of(folder, note.stamp.message, note.stamp.number) for note in notes}
    return (file for file in notebook.files(folder) if file not in known)


def _unknown(folder: Path, rows: dict[str, Row]) -> Iterator[Path]:
    known = {vault.file_of(folder, row.stamp.id, row.recovered) for row in rows.values()}
    return (file for file in vault.files(folder) if file not in known)


def _finding(folder: Path, file: Path, trouble: Trouble) -> Finding:
    return Finding(str(file.relative_to(folder)), trouble)
