"""Pictures of every page, on desk and telephone, light and dark: `python -m tests.web.pictures FOLDER`. To be looked at by people, before others are."""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from appliance.condition import FaxFacts, Modem
from appliance.control.values import Fault
from appliance.fax import records
from appliance.fax.records import CallRecord, Outcome
from appliance.messages import Envelope
from tests.web.browser import Size, chromium, live, log_in, somebody
from tests.web.faxes import leave_fax, letter
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble

TRANSCRIPT = Path(__file__).parents[1] / "transcripts" / "fax" / "efax-three-pages.t30"
HOUR, DAY = 3600.0, 86_400.0
HEARD = (
    (16 * DAY, 14, "+442079460000", ""),
    (5 * DAY, 55, "5552340187", "Dr. Alexandra Featherstonehaugh-Montgomery, Westside Orthodontics"),
    (2 * DAY, 9, "5558675309", "JENNY PARK"),
    (26 * HOUR, 72, "5551230000", "Harborview Pharmacy"),
)
NEW = ((22 * HOUR, 21, "", ""), (1.3 * HOUR, 42, "5551234567", "MARIA LOPEZ"))


def main() -> None:
    """Every picture, or those of one screen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        sizes: tuple[Size, ...] = ("desk", "phone")
        for size, scheme in itertools.product(sizes, ("light", "dark")):
            with album(browser, size, scheme, folder) as pictures:
                tell_the_story(pictures)


@dataclass
class Album:
    """The pictures of one screen in one scheme."""

    practice: Practice
    page: Page
    address: str
    name: str
    folder: Path

    def take(self, what: str, whole: bool = False) -> None:
        """Once everything has come to rest."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_timeout(400)
        self.page.screenshot(path=self.folder / f"{self.name}-{what}.png", full_page=whole)

    def go(self, path: str) -> None:
        """To another page."""
        self.page.goto(self.address + path)


@contextmanager
def album(browser: Browser, size: Size, scheme: str, folder: Path) -> Iterator[Album]:
    """A practice of its own for each."""
    with tempfile.TemporaryDirectory() as store, Practice(Path(store)) as practice, Served(practice) as served:
        options: dict[str, Any] = {"color_scheme": scheme, "reduced_motion": "reduce"}
        context = somebody(browser, size, **options)
        yield Album(practice, context.new_page(), served.address, f"{size}-{scheme}", folder)
        context.close()


def tell_the_story(pictures: Album) -> None:
    """From the door to the end of the session."""
    practice, page = pictures.practice, pictures.page
    pictures.go("/login")
    pictures.take("log-in")
    page.get_by_label("Your name").fill(NAME)
    page.get_by_label("Password").fill("not the right one")
    page.get_by_role("button", name="Log in", exact=True).click()
    pictures.take("wrong-password")
    log_in(page, pictures.address, NAME, PASSWORD)
    pictures.take("empty")
    practice.facts = {"fax": FaxFacts(Modem.READY)}
    practice.clock.advance(2)
    pictures.go("/status")
    pictures.take("status-good", whole=True)
    fill(practice)
    pictures.go("/")
    live(page)
    pictures.take("list")
    look_at_faxes(pictures)
    hear_and_erase(pictures)
    pictures.go(f"/messages/{'0' * 32}")
    pictures.take("gone")
    pictures.go("/nowhere")
    pictures.take("no-such-page")
    trouble(pictures)
    practice.clock.advance(practice.idle - 60)
    pictures.page.wait_for_selector("#ending:not([hidden])")
    pictures.take("ending")
    practice.sessions.close_all()
    page.wait_for_selector(".note")
    pictures.take("locked")


def fill(practice: Practice) -> None:
    """A week's messages: heard ones, new ones, one nearly forgotten, one that a power cut broke off."""
    now = practice.clock.now()
    forgotten = practice.leave(babble(38, 1), "5551239911", at=now - 58 * DAY)
    heard = [practice.leave(babble(length, length), *who, at=now - ago) for ago, length, *who in HEARD]
    for ago, length, *who in NEW:
        practice.leave(babble(length, length), *who, at=now - ago)
    practice.lose_power_during(babble(17, 8), "5559871234", "Samuel Okafor")
    practice.leave(babble(33, 9), "5554443210")
    westside = Envelope("5550102001", "WESTSIDE ORTHODONTICS", sender_id="+1 555 010 2001")
    damaged = replace(letter(3), damaged=4, worst_run=2)
    leave_fax(practice, [letter(1), letter(2, 98), damaged], replace(westside, notes=("page 3: 4 damaged lines",)))
    partial = ("partial: the sending machine hung up after 20 pages",)
    leave_fax(practice, [letter(number) for number in range(4, 24)], Envelope(sender_id="CITY LAB 7788", notes=partial))
    for id in heard:
        practice.hear(id)
    practice.inbox.warn([forgotten])
    practice.clock.advance(2)


def look_at_faxes(pictures: Album) -> None:
    """Open, enlarge, turn; then what was said on the line."""
    page = pictures.page
    page.locator("#rows .row-fax > a", has_text="Westside").click()
    page.wait_for_selector(".sheet img")
    pictures.take("fax")
    pictures.go("/")
    live(page)
    page.locator("#rows .row > a", has_text="CITY LAB").click()
    page.get_by_role("button", name="Larger").click()
    pictures.take("fax-larger")
    page.get_by_role("button", name="Fit to the width").click()
    page.get_by_role("button", name="Turn all pages right").click()
    page.wait_for_selector(".sheet[data-mark='90']")
    page.locator(".fax-jump select").select_option("7")
    page.wait_for_function("() => document.querySelector('#page-7 img').complete")
    pictures.take("fax-turned")
    now = pictures.practice.clock.now()
    said = TRANSCRIPT.read_text(encoding="utf-8").splitlines()[1:-1]
    for ago, call in (
        (30 * HOUR, CallRecord(0, Outcome.NOTHING, 0, 31.2, "NoFaxError", ())),
        (2 * HOUR, CallRecord(0, Outcome.PARTIAL, 20, 931.0, "CallerHungUpError", tuple(said))),
        (1 * HOUR, CallRecord(0, Outcome.COMPLETE, 3, 163.4, "", tuple(said))),
    ):
        records.add(pictures.practice.folder, replace(call, arrived_at=now - ago))
    pictures.go("/fax-calls")
    pictures.take("fax-calls")
    page.locator(".call a").first.click()
    pictures.take("fax-call", whole=True)
    pictures.go("/")
    live(page)


def hear_and_erase(pictures: Album) -> None:
    """Open, play, hear, erase, search."""
    page = pictures.page
    page.locator("#rows .row > a", has_text="Maria Lopez").click()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 1.5")
    pictures.take("playing")
    page.get_by_role("button", name="Erase").click()
    page.wait_for_selector(".toast")
    pictures.take("erased")
    pictures.go("/")
    live(page)
    page.get_by_label("Search by name or number").fill("okafor")
    page.wait_for_selector(".found")
    pictures.take("found")
    page.locator("#rows .row > a").first.click()
    page.wait_for_selector("[data-player]")
    pictures.take("partial")
    page.keyboard.press("?")
    pictures.take("keys")


def trouble(pictures: Album) -> None:
    """When something does not work."""
    practice = pictures.practice
    last = Fault(
        practice.clock.now() - 2 * HOUR, "Calls could not be answered: the telephone part (Asterisk) did not run."
    )
    practice.facts = {"asterisk_answers": False, "free_bytes": 5, "last_fault": last}
    practice.clock.advance(2)
    pictures.go("/status")
    pictures.take("status-fault", whole=True)
    practice.facts = {}
    practice.daemon.silent = True
    practice.clock.advance(2)
    pictures.go("/")
    live(pictures.page)
    pictures.take("silent")
    practice.daemon.silent = False
    practice.clock.advance(2)


if __name__ == "__main__":
    main()
