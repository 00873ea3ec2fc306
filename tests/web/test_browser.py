"""Messages in a real Chromium, as people use them: at a desk and on a telephone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Response, expect

from appliance.messages import State
from tests.web.desk import IN_TIME, Desk
from tests.web.practice import babble

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


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
    either.page.get_by_role("button", name="Play").click()
    either.wait_until("audio.currentTime > 0.2 && audio.playbackRate === 2")


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
    desk.page.evaluate("document.querySelector('audio').playbackRate = 0.1")  # it is neither heard nor over for a while
    kept = desk.page.locator(f"#m-{desk.ids[1]} > a")
    kept.focus()
    desk.page.evaluate("id => { document.querySelector(`#m-${id}`).dataset.same = 'yes' }", desk.ids[1])
    desk.practice.leave(babble(1), "5559999999", "Nora Quist")
    since = desk.mark()
    expect(desk.page.locator(".row-who").first).to_have_text("Nora Quist")
    assert desk.pulses(since, "/parts/list") <= IN_TIME
    expect(kept).to_be_focused()
    assert desk.page.locator(f"#m-{desk.ids[1]}").get_attribute("data-same") == "yes"
    assert desk.audio("paused") == 0
    expect(desk.page).to_have_title(re.compile(r"^5 new · "))
    expect(desk.page.locator("#news")).to_have_text("A new message came in.")
    assert desk.complaints.heard == []


def test_the_page_asks_often_enough_for_that() -> None:
    pause = re.search(r"EVERY = (\d+); // ms", (ROOT / "web/static/session.js").read_text(encoding="utf-8"))
    assert pause is not None
    assert int(pause[1]) < 1500


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
    keyboard.press("h")
    expect(desk.page.locator("article[data-state=heard]")).to_be_visible()
    keyboard.press(" ")
    desk.wait_until("!audio.paused")
    keyboard.press("ArrowRight")
    desk.wait_until("audio.currentTime >= 5")
    keyboard.press("ArrowLeft")
    desk.wait_until("audio.currentTime < 5")
    keyboard.press(" ")
    desk.wait_until("audio.paused")
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
    expect(desk.page.get_by_text("Choose a message to open it.")).to_be_visible()
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
    expect(page.locator("#list")).to_be_hidden()
    page.go_back()
    expect(page.locator("#list")).to_be_visible()
    expect(page.locator(".message-pane")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#message-who")).to_have_text("Maria Lopez")
    page.locator(".back").click()
    expect(page.locator("#list")).to_be_visible()
    assert page.url == f"{phone.address}/"
    assert phone.complaints.heard == []


def test_nothing_is_wider_than_the_screen(phone: Desk) -> None:
    phone.practice.leave(babble(1), "5550000000", "Wolfeschlegelsteinhausenbergerdorff-" * 4)
    for path in ("/", f"/messages/{phone.ids[3]}", "/status", "/nowhere"):
        phone.page.goto(phone.address + path)
        assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
