"""The index: its tables, who may read it, and that what was removed is in no octet of it."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from appliance.errors import BadStorageError, NoRoomError, StoreError
from appliance.messages import Kind
from appliance.store.disk import Disk
from appliance.store.index import tables
from appliance.store.index.writer import REVISION, Index
from appliance.store.values import Extent, Receipt
from tests.store.boxes import CALLER, Box, second

ROOT = Path(__file__).parents[2]

#: Everything is loaded before the user changes: this folder may be closed to others.
READ = """
import os, sys
from pathlib import Path
import sqlalchemy
from appliance.store.reader import Reader
sqlalchemy.create_engine("sqlite://").connect().close()
group = int(sys.argv[2])
os.setgroups([])
os.setgid(group)
os.setuid(65534)
reader = Reader(Path(sys.argv[1]))
print(len(reader.list()), reader.version())
"""


def files(box: Box) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in box.folder.glob("index.sqlite*")}


def test_the_steps_lead_to_the_tables_that_the_code_uses(box: Box) -> None:
    engine = sa.create_engine(f"sqlite:///{box.folder / 'index.sqlite'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.TABLES) == []
    engine.dispose()


def test_the_newest_step_is_the_one_that_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "appliance" / "store" / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_the_steps_are_part_of_what_is_installed() -> None:
    code = "import setuptools; print(*setuptools.find_packages())"
    found = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, cwd=ROOT, check=True)
    assert {"appliance.store.migrations", "appliance.store.migrations.versions"} <= set(found.stdout.split())


def test_an_index_of_a_later_version_is_left_alone(box: Box) -> None:
    box.inbox.close()
    with sqlite3.connect(box.folder / "index.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="later version"):
        Index(box.folder / "index.sqlite", Disk()).open()


def test_a_file_that_is_no_index_is_bad_storage(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(os.urandom(20_000))
    disk = Disk()
    with pytest.raises(BadStorageError):
        Index(tmp_path / "index.sqlite", disk).open()
    assert not disk.good


def test_a_start_without_news_does_without_alembic(box: Box) -> None:
    box.inbox.close()
    code = f"""
import sys
from pathlib import Path
from appliance.store.disk import Disk
from appliance.store.index.writer import Index
Index(Path({str(box.folder / "index.sqlite")!r}), Disk()).open()
print([name for name in sys.modules if "alembic" in name])
"""
    assert subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_log_is_flushed_with_every_change_and_what_is_deleted_is_overwritten(box: Box) -> None:
    with box.inbox._index._engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


def test_what_was_removed_is_in_no_octet_of_the_index(box: Box) -> None:
    """The id stays in the receipt and nowhere else; the mailbox, the hash and the epoch stay nowhere."""
    canaries = []
    for _ in range(120):
        mailbox = f"canary-{secrets.token_hex(8)}"
        delivery = box.inbox.begin(Kind.VOICEMAIL, mailbox, CALLER)
        delivery.append(second(0))
        row = delivery.finish(CALLER)
        box.inbox.mark_heard(row.stamp.id, True)
        canaries.append((row.stamp.id, mailbox, row.sha256))
    before = b"".join(files(box).values())
    assert all(mailbox.encode() in before and sha256.encode() in before for _, mailbox, sha256 in canaries)
    for id, _, _ in canaries:
        box.inbox.remove(id, "purged")
    after = files(box)
    assert after["index.sqlite-wal"] == b""
    rest = b"".join(after.values())
    for id, mailbox, sha256 in canaries:
        assert mailbox.encode() not in rest
        assert sha256.encode() not in rest
        assert rest.count(id.encode()) == 1


def test_a_log_that_a_reader_keeps_is_emptied_later(box: Box) -> None:
    row = box.deliver()
    reading = sqlite3.connect(f"file:{box.folder / 'index.sqlite'}?mode=ro", uri=True, isolation_level=None)
    reading.execute("BEGIN")
    reading.execute("SELECT * FROM messages").fetchall()
    box.inbox.remove(row.stamp.id, "erased")
    assert row.sha256.encode() in b"".join(files(box).values())
    reading.close()
    deadline = time.monotonic() + 20
    while row.sha256.encode() in b"".join(files(box).values()):
        assert time.monotonic() < deadline, "the log was never emptied"
        time.sleep(0.05)


def test_a_full_disk_is_no_room(tmp_path: Path) -> None:
    disk = Disk()
    index = Index(tmp_path / "index.sqlite", disk)
    index.open()
    with index._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    receipt = Receipt("0" * 32, Kind.FAX, 0.0, "a reason " * 1000, Extent.DELETED, False)
    with pytest.raises(NoRoomError):
        index.end_removal(receipt, None)
    assert disk.good
    assert index.receipts() == ()
    index.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try it as another user")
@pytest.mark.parametrize("daemon", ["running", "just started", "ended", "killed", "killed in a fresh log"])
def test_the_pages_user_reads_without_the_right_to_write(box: Box, daemon: str, tmp_path: Path) -> None:
    group = 64999
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    row = box.deliver()
    if daemon == "killed in a fresh log":
        box.inbox.remove(row.stamp.id, "erased")
    if daemon == "just started":
        box.restart()
    box.deliver()
    if daemon == "ended":
        box.inbox.close()
    for file in (box.folder, *box.folder.rglob("*")):
        os.chown(file, -1, group)
    folder = box.folder
    if daemon.startswith("killed"):  # what a killed daemon leaves: its files without the locks
        folder = tmp_path / "killed"
        subprocess.run(("cp", "-a", box.folder, folder), check=True)
    command = (sys.executable, "-c", READ, str(folder), str(group))
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout == f"{len(box.reader.list())} {box.reader.version()}\n", done.stderr
    assert len(box.reader.list()) == (1 if daemon == "killed in a fresh log" else 2)
