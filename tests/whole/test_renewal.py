"""Months go by: the running daemon renews the certificate, the running page takes it up, and whoever is logged in stays so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509

from appliance.access.certificates import DAY, LEAF_DAYS
from tests.fakes import faketime
from tests.rig import program
from tests.rig.speech import hush
from tests.web.page_process import PageProcess, wait_for
from tests.web.practice import Practice

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME: this test's own clock stays where it is
SETTINGS = """
[store]
folder = "{folder}"
[voice]
agi_port = 0
audio_port = 0
[panel]
board = "mock"
pins = "{root}/hardware/pins.toml"
[page]
names = ["localhost", "127.0.0.1"]
[control]
path = "{folder}/control.sock"
[time]
marker = "{folder}/marker"
"""


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """A practice whose store is nobody's: the real daemon takes it."""
    with Practice(tmp_path / "store") as practice:
        practice.inbox.close()
        hush(practice.folder / "prompts")
        yield practice


@pytest.fixture
def offset(tmp_path: Path) -> Path:
    """By how much the daemon's wall clock is off."""
    file = tmp_path / "offset"
    file.write_text("+0", encoding="ascii")
    return file


@pytest.fixture
def daemon(practice: Practice, offset: Path) -> Iterator[subprocess.Popen[bytes]]:
    settings = practice.folder / "daemon.toml"
    settings.write_text(SETTINGS.format(folder=practice.folder, root=program.ROOT), encoding="utf-8")
    process = program.start(
        program.command(settings, "run"),
        practice.folder / "daemon.log",
        LD_PRELOAD=str(faketime.LIBRARY),
        FAKETIME_TIMESTAMP_FILE=str(offset),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        NO_FAKE_STAT="1",
    )
    try:
        wait_for((practice.folder / "control.sock").exists)
        wait_for((practice.folder / "tls" / "chain.pem").exists)
        yield process
    finally:
        program.end(process)


def served(page: PageProcess) -> x509.Certificate:
    page.trust.verify_flags |= NO_CHECK_TIME
    with closing(page.secured()) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")


def test_months_later_another_certificate_is_served_and_nobody_was_logged_off(
    practice: Practice, daemon: subprocess.Popen[bytes], offset: Path
) -> None:
    with PageProcess(practice) as page:
        page.log_in()
        ca, first = page.tls.ca_pem.read_bytes(), served(page)
        lasts = first.not_valid_after_utc - first.not_valid_before_utc
        assert lasts.total_seconds() <= 398 * DAY  # the most that Apple's systems take
        offset.write_text(f"+{LEAF_DAYS - 20}d", encoding="ascii")
        wait_for(lambda: (served(page).not_valid_after_utc - first.not_valid_after_utc).days >= LEAF_DAYS - 30)
        assert page.logged_in()
        assert page.tls.ca_pem.read_bytes() == ca  # what the practice's computers trust is still the same
        assert daemon.poll() is None
