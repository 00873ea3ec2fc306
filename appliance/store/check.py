"""Is what lies in the vault what was put there? Compares every file with its row; needs nobody's key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from appliance.messages import Row
from appliance.store import epochs, vault
from appliance.store.values import Finding, Trouble


def findings(
    folder: Path, rows: Callable[[], tuple[Row, ...]], arriving: Callable[[], frozenset[str]]
) -> tuple[Finding, ...]:
    """What is wrong below `folder`. `rows` and `arriving` are asked before and after: a message may come or go while we look."""
    before = {row.stamp.id: row for row in rows()}
    suspects = [(row.stamp.id, finding) for row in before.values() for finding in _of_row(folder, row)]
    on_its_way = arriving()
    suspects += [(file.stem, finding) for file, finding in _foreign(folder, before) if file.stem not in on_its_way]
    after = {row.stamp.id for row in rows()}
    return tuple(finding for id, finding in suspects if (id in before) == (id in after))


def _of_row(folder: Path, row: Row) -> list[Finding]:
    found = []
    file = vault.file_of(folder, row.stamp.id, row.recovered)
    name = str(file.relative_to(folder))
    try:
        if vault.measure(file) != vault.Kept(row.sealed_bytes, row.sha256):
            found.append(Finding(name, Trouble.CHANGED))
    except OSError:
        found.append(Finding(name, Trouble.MISSING))
    key = epochs.file_of(folder, row.epoch)
    if not key.is_file():
        found.append(Finding(str(key.relative_to(folder)), Trouble.NO_KEY))
    return found


def _foreign(folder: Path, rows: dict[str, Row]) -> list[tuple[Path, Finding]]:
    known = {vault.file_of(folder, row.stamp.id, row.recovered) for row in rows.values()}
    strange = [file for file in vault.files(folder) if file not in known]
    return [(file, Finding(str(file.relative_to(folder)), Trouble.FOREIGN)) for file in strange]
