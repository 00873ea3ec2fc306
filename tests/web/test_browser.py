"""The page in a real Chromium, as people use it: at a desk and on a telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from appliance.messages import State
from tests.web.browser import Complaints, Size, chromium, live, log_in, somebody
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble

pytestmark = pytest.mark.browser

CALLERS = (
    ("5551110001", "Harborview Pharmacy"),
    ("5551110002", "Samuel Okafor"),
    ("", ""),
    ("5551234567", "Maria Lopez"),
)
SIZES: tuple[Size, ...] = ("desk", "phone")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all; each test has cookies of its own."""
    with chromium() as started:
        yield started


@dataclass
class Desk:
    """Somebody logged in at a served practice with four messages, the newest from Maria Lopez."""

    practice: Practice
    page: Page
    address: str
    ids: list[str]
    complaints: Complaints

    @property
    def rows(self) -> list[str]:
        return [row.inner_text().split("\n")[0] for row in self.page.locator(".row-who").all()]

    def open(self, who: str) -> None:
        self.page.locator("#rows .row > a", has_text=who).click()
        expect(self.page.get_by_role("heading", level=2, name=who, exact=True)).to_be_visible()

    def state(self, id: str) -> State:
        return self.practice.services.reader.row(id).state

    def audio(self, expression: str) -> float:
        return float(self.page.evaluate(f"document.querySelector('audio').{expression}"))

    def wait_until(self, expression: str) -> None:
        self.page.wait_for_function(f"() => {{ const audio = document.querySelector('audio'); return {expression}; }}")


@pytest.fixture
def served(practice: Practice) -> Iterator[Served]:
    """The practice's page on a port."""
    with Served(practice) as server:
        yield server


@pytest.fixture
def ids(practice: Practice) -> list[str]:
    """Four messages, oldest first."""
    return [
        practice.leave(babble(6, seed), *caller, at=practice.clock.now() - 3600 + 60 * seed)
        for seed, caller in enumerate(CALLERS)
    ]


def enter(browser: Browser, served: Served, practice: Practice, ids: list[str], size: Size) -> Iterator[Desk]:
    context: BrowserContext = somebody(browser, size)
    page = context.new_page()
    complaints = Complaints(page)
    log_in(page, served.address, NAME, PASSWORD)
    live(page)
    yield Desk(practice, page, served.address, ids, complaints)
    context.close()


@pytest.fixture
def desk(browser: Browser, served: Served, practice: Practice, ids: list[str]) -> Iterator[Desk]:
    """At 1280 px."""
    yield from enter(browser, served, practice, ids, "desk")


@pytest.fixture
def phone(browser: Browser, served: Served, practice: Practice, ids: list[str]) -> Iterator[Desk]:
    """At 390 px."""
    yield from enter(browser, served, practice, ids, "phone")


@pytest.fixture(params=SIZES)
def either(
    request: pytest.FixtureRequest, browser: Browser, served: Served, practice: Practice, ids: list[str]
) -> Iterator[Desk]:
    """Both, one after the other."""
    yield from enter(browser, served, practice, ids, request.param)


def test_a_message_is_heard_from_its_own_octets(either: Desk) -> None:
    fetched: list[int] = []

    def note(answer: Response) -> None:
        if answer.url.endswith("/content"):
            fetched.append(answer.status)

    either.page.on("response", note)
    either.open("Maria Lopez")
    either.page.get_by_role("button", name="Play").click()
    either.wait_until("audio.currentTime > 1")
    assert fetched[0] == 206
    assert either.audio("duration") == pytest.approx(6, abs=0.01)
    script = "async (address) => Array.from(new Uint8Array(await (await fetch(address)).arrayBuffer()))"
    octets = bytes(either.page.evaluate(script, f"/messages/{either.ids[3]}/content"))
    assert octets[44:] == babble(6, 3)
    expect(either.page.locator("article[data-state=heard]")).to_be_visible()  # after three seconds of listening
    assert either.state(either.ids[3]) is State.HEARD
    either.wait_until("audio.ended")
    assert either.complaints.heard == []


def test_seeking_on_the_waveform_and_ten_seconds_back(either: Desk) -> None:
    either.open("Maria Lopez")
    wave = either.page.locator(".wave-seek")
    box = wave.bounding_box()
    assert box is not None
    either.wait_until("audio.readyState >= 1")
    either.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert either.audio("currentTime") == pytest.approx(3, abs=0.2)
    expect(either.page.locator(".player-at")).to_have_text("0:03")
    assert (
        wave.get_attribute("aria-valuetext") == "3 of 6 seconds"
        or wave.get_attribute("aria-valuetext") == "2 of 6 seconds"
    )
    either.page.get_by_role("button", name="10 seconds back").click()
    assert either.audio("currentTime") == 0
    assert either.complaints.heard == []


def test_the_speed_stays_from_message_to_message(either: Desk) -> None:
    either.open("Maria Lopez")
    either.page.get_by_label("Speed").select_option("2")
    assert either.audio("playbackRate") == 2
    either.page.get_by_role("button", name="Play").click()
    either.wait_until("audio.ended")
    if either.page.locator(".back").is_visible():
        either.page.locator(".back").click()
    either.open("Samuel Okafor")
    either.wait_until("audio.readyState >= 1 && audio.playbackRate === 2")


def test_erasing_and_undoing(either: Desk) -> None:
    either.open("Maria Lopez")
    either.page.get_by_role("button", name="Erase").click()
    toast = either.page.locator(".toast")
    expect(toast).to_contain_text("Erased: Maria Lopez, 0:06.")
    assert either.state(either.ids[3]) is State.ERASING
    expect(either.page.locator(f"#m-{either.ids[3]}")).to_contain_text("Maria Lopez erased")
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_have_count(0)
    expect(either.page.locator(f"#m-{either.ids[3]} .row-who")).to_have_text("Maria Lopez")
    assert either.state(either.ids[3]) is State.NEW
    assert either.complaints.heard == []


def test_after_erasing_the_next_message_is_open_at_a_desk_and_the_list_on_a_phone(either: Desk) -> None:
    either.open("Samuel Okafor")
    either.page.get_by_role("button", name="Erase").click()
    expect(either.page.locator(".toast")).to_be_visible()
    if either.page.locator(".list-pane").is_visible() and either.page.locator(".message-pane").is_visible():
        expect(either.page.get_by_role("heading", level=2, name="Harborview Pharmacy")).to_be_visible()
    else:
        expect(either.page.get_by_role("heading", level=1, name="Messages")).to_be_visible()


def test_what_arrives_is_there_within_two_seconds_and_disturbs_nobody(desk: Desk) -> None:
    desk.open("Maria Lopez")
    desk.page.get_by_role("button", name="Play").click()
    desk.wait_until("audio.currentTime > 0.3")
    kept = desk.page.locator(f"#m-{desk.ids[1]} > a")
    kept.focus()
    desk.page.evaluate("id => { document.querySelector(`#m-${id}`).dataset.same = 'yes' }", desk.ids[1])
    desk.practice.leave(babble(1), "5559999999", "Nora Quist")
    expect(desk.page.locator(".row-who").first).to_have_text("Nora Quist", timeout=2000)
    expect(kept).to_be_focused()
    assert desk.page.locator(f"#m-{desk.ids[1]}").get_attribute("data-same") == "yes"
    assert desk.audio("paused") == 0
    expect(desk.page).to_have_title(re.compile(r"^5 new · "))
    expect(desk.page.locator("#news")).to_have_text("A new message came in.")
    assert desk.complaints.heard == []


def test_a_message_that_somebody_else_erases_says_so(desk: Desk) -> None:
    desk.open("Maria Lopez")
    desk.practice.inbox.erase(desk.ids[3], 30)
    expect(desk.page.get_by_role("button", name="Undo: have it back")).to_be_visible()


def test_every_action_has_a_key(desk: Desk) -> None:
    keyboard = desk.page.keyboard
    heading = desk.page.get_by_role("heading", level=2)
    keyboard.press("j")
    expect(desk.page.locator("#message-who")).to_have_text("Maria Lopez")
    keyboard.press("j")
    expect(desk.page.locator("#message-who")).to_have_text("Unknown caller")
    keyboard.press("k")
    expect(desk.page.locator("#message-who")).to_have_text("Maria Lopez")
    keyboard.press(" ")
    desk.wait_until("!audio.paused")
    keyboard.press("ArrowRight")
    desk.wait_until("audio.currentTime >= 5")
    keyboard.press("ArrowLeft")
    desk.wait_until("audio.currentTime < 5")
    keyboard.press(" ")
    desk.wait_until("audio.paused")
    keyboard.press("h")
    expect(desk.page.locator("article[data-state=heard]")).to_be_visible()
    keyboard.press("e")
    expect(desk.page.locator(".toast")).to_contain_text("Maria Lopez")
    keyboard.press("u")
    expect(desk.page.locator(".toast")).to_have_count(0)
    expect(desk.page.locator("#message-who")).to_have_text("Maria Lopez")
    keyboard.press("/")
    expect(desk.page.locator("#search")).to_be_focused()
    keyboard.type("okafor e")
    keyboard.press("Backspace")
    expect(desk.page.locator(".row-who")).to_have_text(["Samuel Okafor"])
    keyboard.press("Escape")
    expect(desk.page.locator(".row-who")).to_have_count(4)
    keyboard.press("?")
    expect(desk.page.get_by_role("dialog", name="Keys")).to_be_visible()
    keyboard.press("Escape")
    expect(desk.page.get_by_role("dialog", name="Keys")).to_be_hidden()
    keyboard.press("Escape")
    expect(desk.page.get_by_text("Choose a message to hear it.")).to_be_visible()
    assert heading.first.is_visible()
    assert desk.complaints.heard == []


def test_everything_is_reached_with_the_tab_key_and_has_a_name(desk: Desk) -> None:
    desk.open("Maria Lopez")
    seen = []
    for _ in range(40):
        desk.page.keyboard.press("Tab")
        name = desk.page.evaluate(
            "(() => { const it = document.activeElement; return it === document.body ? '' :"
            " (it.getAttribute('aria-label') || it.labels?.[0]?.innerText || it.innerText || it.title || '').trim() || `nameless ${it.outerHTML}`; })()"
        )
        seen.append(str(name))
    told = " | ".join(seen)
    assert "nameless" not in told
    for name in (
        "Messages",
        "Status",
        "Log off",
        "Maria Lopez",
        "Play",
        "10 seconds back",
        "Speed",
        "Volume",
        "Mark as heard",
        "Erase",
        "Place in the message",
    ):
        assert name in told


def test_back_and_forward_lead_through_messages(phone: Desk) -> None:
    page = phone.page
    phone.open("Maria Lopez")
    expect(page.locator(".list-pane")).to_be_hidden()
    page.go_back()
    expect(page.locator(".list-pane")).to_be_visible()
    expect(page.locator(".message-pane")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#message-who")).to_have_text("Maria Lopez")
    page.locator(".back").click()
    expect(page.locator(".list-pane")).to_be_visible()
    assert page.url == f"{phone.address}/"
    assert phone.complaints.heard == []


def test_nothing_is_wider_than_the_screen(phone: Desk) -> None:
    phone.practice.leave(babble(1), "5550000000", "Wolfeschlegelsteinhausenbergerdorff-" * 4)
    for path in ("/", f"/messages/{phone.ids[3]}", "/status", "/nowhere"):
        phone.page.goto(phone.address + path)
        assert phone.page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_end_of_a_session_is_announced_and_a_key_keeps_it(desk: Desk) -> None:
    desk.practice.clock.advance(550)
    ending = desk.page.locator("#ending")
    expect(ending).to_contain_text("You will be logged off in")
    desk.page.keyboard.press("Shift")
    expect(ending).to_be_hidden()
    desk.practice.clock.advance(550)
    expect(ending).to_be_visible()
    desk.page.get_by_role("button", name="Stay logged in").click()
    expect(ending).to_be_hidden()


def test_nobody_there_means_logged_off_and_nothing_left_to_see(either: Desk) -> None:
    with either.page.expect_response("**/stay"):
        either.open("Maria Lopez")
    either.wait_until("audio.readyState >= 3")  # the last sign of a person has reached the box
    either.practice.clock.advance(599)
    expect(either.page.locator("#ending")).to_be_visible()
    either.practice.clock.advance(2)
    expect(either.page.get_by_text("nobody used the page for a while")).to_be_visible()
    assert "Maria" not in either.page.content()
    either.page.go_back()
    expect(either.page.get_by_label("Password")).to_be_visible()
    assert "Maria" not in either.page.content()


def test_the_lock_button_is_felt_at_once(either: Desk) -> None:
    either.practice.sessions.close_all()
    expect(either.page.get_by_text("Somebody pressed the lock button")).to_be_visible(timeout=3000)


def test_logging_off(either: Desk) -> None:
    either.page.get_by_role("button", name="Log off").click()
    expect(either.page.get_by_text("You are logged off.")).to_be_visible()
    either.page.goto(either.address)
    expect(either.page.get_by_label("Password")).to_be_visible()


def test_the_status_page_keeps_itself_fresh(either: Desk) -> None:
    either.page.get_by_role("link", name="Status").click()
    expect(either.page.get_by_role("heading", level=1)).to_have_text("All is well.")
    either.practice.facts = {"asterisk_answers": False}
    either.practice.clock.advance(2)
    expect(either.page.get_by_role("heading", level=1)).to_have_text("Something does not work.")
    expect(either.page.locator("#strip")).to_contain_text("Calls cannot be answered")
    assert either.complaints.heard == []


def test_a_daemon_that_is_silent_is_told_in_words(desk: Desk) -> None:
    desk.open("Maria Lopez")
    desk.practice.daemon.silent = True
    desk.page.get_by_role("button", name="Erase").click()
    expect(desk.page.locator(".toast")).to_contain_text("Nothing was changed.")
    assert desk.state(desk.ids[3]) is State.NEW


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_works_without_scripts(
    browser: Browser, served: Served, practice: Practice, ids: list[str], size: Size
) -> None:
    context = somebody(browser, size, java_script_enabled=False)
    page = context.new_page()
    log_in(page, served.address, NAME, PASSWORD)
    page.locator("#rows .row > a", has_text="Maria Lopez").click()
    expect(page.locator("audio[controls]")).to_be_visible()
    page.get_by_role("button", name="Mark as heard").click()
    expect(page.get_by_role("button", name="Mark as new")).to_be_visible()
    page.get_by_role("button", name="Erase").click()
    expect(page.locator(".toast")).to_contain_text("Erased: Maria Lopez")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Erase")).to_be_visible()
    page.goto(served.address)
    page.get_by_label("Search by name or number").fill("okafor")
    page.get_by_label("Search by name or number").press("Enter")
    expect(page.locator(".row-who")).to_have_text(["Samuel Okafor"])
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All is well.")
    page.get_by_role("button", name="Log off").click()
    expect(page.get_by_text("You are logged off.")).to_be_visible()
    context.close()


def test_the_browser_keeps_nothing_on_its_disk(
    browser: Browser, served: Served, ids: list[str], tmp_path: Path
) -> None:
    context = somebody(browser)
    page = context.new_page()
    log_in(page, served.address, NAME, PASSWORD)
    page.goto(f"{served.address}/messages/{ids[3]}")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("document.cookie") == ""
    context.close()
