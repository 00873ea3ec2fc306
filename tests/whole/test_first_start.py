"""A box as it is unpacked: daemon and page as processes, claimed in Chromium; then the recovery sheet alone opens it, and the keys are exchanged."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from appliance.access import claim
from tests.rig import program
from tests.rig.ports import free_port
from tests.rig.program import ROOT, START
from tests.web.browser import chromium, somebody
from tests.web.page_process import wait_for
from tests.web.paper import groups_on, type_back
from tests.web.practice import wait_for_port

pytestmark = pytest.mark.browser
SETTINGS = """
[store]
folder = "{folder}/store"
work_factor = 15
[voice]
agi_port = 0
audio_port = 0
[page]
host = "127.0.0.1"
port = {port}
names = ["localhost"]
[control]
path = "{folder}/control.sock"
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A new box that runs."""

    address: str
    store: Path


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    port = free_port()
    settings = tmp_path / "keepline.toml"
    settings.write_text(SETTINGS.format(folder=tmp_path, port=port), encoding="utf-8")
    subprocess.run(program.command(settings, "prompts"), check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    with ExitStack() as parts:
        for verb, is_there in (("run", tmp_path / "store/tls/chain.pem"), ("web", settings)):
            process = program.start(program.command(settings, verb), tmp_path / f"{verb}.log")
            parts.callback(program.end, process)
            wait_for(is_there.exists)
        wait_for_port(port, START)
        yield Box(f"https://localhost:{port}", tmp_path / "store")


def claimed(page: Page, box: Box) -> list[str]:
    """The four steps; the groups of the sheet."""
    page.goto(box.address)
    page.get_by_label("Claim code").fill(claim.show(box.store))
    page.get_by_role("button", name="Claim this box").click()
    page.get_by_label("Your name").fill("Ana")
    page.get_by_role("button", name="Use these").click()
    page.get_by_role("button", name="Make the keys").click()
    groups = groups_on(page)
    page.get_by_role("button", name="I have it on paper").click()
    type_back(page, groups)
    page.get_by_role("button", name="Found the practice").click()
    expect(page.get_by_text("This box is yours now")).to_be_visible()
    return groups


def test_a_new_box_is_claimed_opened_with_its_sheet_and_gets_another_key(box: Box) -> None:
    with chromium() as browser:
        page = somebody(browser).new_page()
        groups = claimed(page, box)
        assert not (box.store / claim.FILE).exists()
        before = (box.store / "keys/practice.pub").read_text()
        page.get_by_role("link", name="Use the recovery sheet").click()
        page.get_by_label("Why is it used?").fill("Nobody remembers the password.")
        page.get_by_label("The groups of the sheet").fill(" ".join(groups))
        page.get_by_role("button", name="Open with the sheet").click()
        page.get_by_role("link", name="To the keys").click()
        page.get_by_role("button", name="Exchange the key").click()
        new = groups_on(page)
        page.get_by_role("button", name="I have it on paper").click()
        type_back(page, new)
        page.get_by_role("button", name="Exchange the key").click()
        expect(page.get_by_text("The practice key was exchanged")).to_be_visible()
    assert new != groups
    assert (box.store / "keys/practice.pub").read_text() != before
    assert not (box.store / "keys/next").exists()
