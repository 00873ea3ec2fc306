"""From a patient's mouth to a receptionist's ear: a real call, the real appliance, a real browser, at a desk and on a telephone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from appliance.control.client import Client
from tests.rig.appliance import NAME, PASSWORD, Appliance
from tests.rig.compare import correlation
from tests.rig.patient import Patient
from tests.rig.speech import speech
from tests.web.browser import Complaints, Size, chromium, log_in, somebody

pytestmark = [pytest.mark.rig, pytest.mark.browser]

WORDS = "Hello, this is Maria Lopez. Please call me back about Friday. My number is five five five, zero one four two."
ALIKE = 0.99
WAV_HEAD = 44  # octets
FETCH = "async (address) => Array.from(new Uint8Array(await (await fetch(address)).arrayBuffer()))"


@pytest.fixture(scope="module")
def appliance() -> Iterator[Appliance]:
    with Appliance() as appliance:
        yield appliance


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def speak(appliance: Appliance, number: str, name: str) -> bytes:
    """A patient calls, presses the key that skips the greeting, speaks and hangs up; the sound."""
    spoken = speech(WORDS)
    with Patient(number, name).call(appliance.company) as call:
        call.wait(1.0)
        call.press("#")
        call.wait_for_tone()
        call.wait(1.0)
        call.say(spoken)
    return spoken


@pytest.mark.parametrize(("size", "name"), [("desk", "Maria Desk"), ("phone", "Maria Phone")])
def test_a_call_is_heard_on_the_page_erased_and_had_back(
    appliance: Appliance, browser: Browser, size: Size, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = somebody(browser, size).new_page()
    complaints = Complaints(page)
    log_in(page, appliance.address, NAME, PASSWORD)
    spoken = speak(appliance, "5550142", name)
    hung_up = time.monotonic()
    row = page.locator("#rows .row > a", has_text=name)
    expect(row).to_be_visible()  # nobody reloads
    fresh = time.monotonic() - hung_up
    with capsys.disabled():
        print(f"\n{size}: in the list {fresh:.2f} s after the caller hung up")

    row.click()
    expect(page.get_by_role("heading", level=2, name=name, exact=True)).to_be_visible()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 1")
    source = page.evaluate("document.querySelector('audio').currentSrc")
    assert correlation(spoken, bytes(page.evaluate(FETCH, source))[WAV_HEAD:]) > ALIKE

    seek_to_the_middle(page)
    expect(page.locator("article[data-state=heard]")).to_be_visible()

    page.get_by_role("button", name="Erase").first.click()
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()
    page.get_by_role("button", name="Undo").first.click()
    page.goto(appliance.address)
    expect(page.locator("#rows .row > a", has_text=name)).to_be_visible()
    assert complaints.heard == []
    page.context.close()


def seek_to_the_middle(page: Page) -> None:
    box = page.locator(".wave-seek").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    length = float(page.evaluate("document.querySelector('audio').duration"))
    assert float(page.evaluate("document.querySelector('audio').currentTime")) > length / 3


def test_the_lock_ends_every_session_at_once(appliance: Appliance, browser: Browser) -> None:
    page = somebody(browser, "desk").new_page()
    log_in(page, appliance.address, NAME, PASSWORD)
    Client(appliance.folder / "control.sock").lock(by="root")
    page.wait_for_url("**/login?why=locked")
    page.context.close()


def test_nobody_there_is_logged_off(browser: Browser) -> None:
    with Appliance(idle_minutes=0.1) as appliance:
        page = somebody(browser, "phone").new_page()
        log_in(page, appliance.address, NAME, PASSWORD)
        page.wait_for_url("**/login?why=idle")  # the page's own asking is no sign of a person
        page.goto(appliance.address)
        expect(page.get_by_label("Password")).to_be_visible()
        page.context.close()


def test_four_calls_at_once_are_each_whole(appliance: Appliance) -> None:
    before = len(appliance.messages())
    callers = [threading.Thread(target=speak, args=(appliance, f"555016{n}", f"Caller {n}")) for n in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    rows = appliance.wait_for_messages(before + 4)[:4]
    length = len(speech(WORDS)) / 16_000
    assert all(row["row"]["duration"] > length for row in rows)
