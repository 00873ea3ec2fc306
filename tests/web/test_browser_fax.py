"""Faxes in a real Chromium, as people use them: looked at, enlarged, turned, saved, erased; at a desk, on a telephone, with keys alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from appliance.fax import tiff
from appliance.fax.tiff import Strip
from appliance.messages import Envelope, State
from tests.web.browser import Size, log_in, somebody
from tests.web.desk import SIZES, Desk, enter
from tests.web.faxes import leave_fax, leave_file, letter
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble

pytestmark = pytest.mark.browser

LONG = [letter(number) for number in range(1, 6)] * 4
SHORT = [letter(1), letter(2, down=98), replace(letter(3), damaged=4, worst_run=2)]
WESTSIDE, LAB, VOICE = 0, 1, 2  # places in `Desk.ids`


@pytest.fixture
def ids(practice: Practice) -> list[str]:
    """Three pages from Westside Orthodontics, twenty from a machine, and a voicemail."""
    now = practice.clock.now()
    westside = Envelope(caller_name="Westside Orthodontics", notes=("page 3: 4 damaged lines",))
    return [
        leave_fax(practice, SHORT, westside, at=now - 300),
        leave_fax(practice, LONG, Envelope(sender_id="CITY LAB 7788"), at=now - 200),
        practice.leave(babble(6), "5551234567", "Maria Lopez", at=now - 100),
    ]


@pytest.fixture(params=SIZES)
def either(
    request: pytest.FixtureRequest, browser: Browser, served: Served, practice: Practice, ids: list[str]
) -> Iterator[Desk]:
    """At both sizes of screen."""
    yield from enter(browser, served, practice, ids, request.param)


def wait_drawn(picture: Locator) -> None:
    """Until the picture is there."""
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def width_of(picture: Locator) -> float:
    box = picture.bounding_box()
    assert box is not None
    return box["width"]


def sheet(page: Page, number: int) -> Locator:
    return page.locator(f"#page-{number} img")


def address(desk: Desk, number: int) -> str:
    """Of the first fax's page, unscaled."""
    return f"/messages/{desk.ids[WESTSIDE]}/pages/{number}.png?turn=0"


def saved(page: Page, button: str) -> tuple[str, bytes]:
    """Name and content of what the button saves."""
    page.get_by_role("link", name=button).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    page.get_by_role("link", name="Message", exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def dots(strip: Strip) -> bytes:
    return Image.open(io.BytesIO(tiff.assemble([strip]))).tobytes()


def test_a_fax_stands_in_the_list_with_a_sketch_of_its_first_page(either: Desk) -> None:
    row = either.page.locator(f"#m-{either.ids[WESTSIDE]}")
    expect(row).to_contain_text("Fax, 3 pages")
    expect(row).to_contain_text("4 damaged lines")
    wait_drawn(row.locator("img"))
    expect(either.page.locator(f"#m-{either.ids[LAB]} .claimed")).to_have_text("Sent by CITY LAB 7788")
    assert either.complaints.heard == []


def test_every_page_is_seen_at_full_width_in_right_proportion(either: Desk) -> None:
    either.open("Westside Orthodontics")
    for number in (1, 2, 3):
        picture = sheet(either.page, number)
        wait_drawn(picture)
        box = picture.bounding_box()
        assert box is not None
        assert box["height"] / box["width"] == pytest.approx(2244 / 1728, abs=0.01)
        assert box["width"] >= 0.88 * width_of(either.page.locator("#message"))
    expect(either.page.locator("#page-3")).to_contain_text("4 damaged lines, 2 of them in a row")
    assert either.complaints.heard == []


def test_looking_at_it_makes_it_read(either: Desk) -> None:
    either.open("Westside Orthodontics")
    expect(either.page.locator("article[data-state=heard]")).to_be_visible()  # after two seconds
    expect(either.page.locator(".message-state")).to_have_text("Read")
    expect(either.page.get_by_role("button", name="Mark as new")).to_be_visible()
    assert either.state(either.ids[WESTSIDE]) is State.HEARD
    assert either.state(either.ids[LAB]) is State.NEW
    assert sheet(either.page, 1).is_visible()


def test_larger_smaller_and_fit(either: Desk) -> None:
    either.open("Westside Orthodontics")
    picture = sheet(either.page, 1)
    wait_drawn(picture)
    fit = width_of(picture)
    for _ in range(4):
        either.page.get_by_role("button", name="Larger").click()
    assert width_of(picture) == pytest.approx(4 * fit, rel=0.02)
    expect(either.page.get_by_role("button", name="Fit to the width")).to_have_text("400 %")
    expect(picture).to_have_js_property("currentSrc", f"{either.address}{address(either, 1)}")  # each dot as it came
    either.page.get_by_role("button", name="Fit to the width").click()
    assert width_of(picture) == pytest.approx(fit, rel=0.02)
    either.page.get_by_role("button", name="Smaller").click()
    assert width_of(picture) == pytest.approx(0.75 * fit, rel=0.02)
    assert either.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert either.complaints.heard == []


def test_what_is_in_the_middle_stays_there_when_it_grows(desk: Desk) -> None:
    desk.open("Sent by CITY LAB 7788")
    desk.page.locator(".fax-jump select").select_option("7")
    wait_drawn(sheet(desk.page, 7))
    for _ in range(2):
        desk.page.get_by_role("button", name="Larger").click()
    expect(desk.page.locator(".fax-jump select")).to_have_value("7")
    box = sheet(desk.page, 7).bounding_box()
    assert box is not None
    assert box["y"] < 450 < box["y"] + box["height"]


def test_a_large_page_is_drawn_about_with_the_mouse(desk: Desk) -> None:
    desk.open("Westside Orthodontics")
    wait_drawn(sheet(desk.page, 1))
    for _ in range(2):
        desk.page.get_by_role("button", name="Larger").click()
    sheets = desk.page.locator(".sheets")
    before = sheets.evaluate("it => it.scrollLeft"), desk.page.locator("#message").evaluate("it => it.scrollTop")
    desk.page.mouse.move(900, 700)
    desk.page.mouse.down()
    desk.page.mouse.move(800, 600, steps=4)
    desk.page.mouse.up()
    after = sheets.evaluate("it => it.scrollLeft"), desk.page.locator("#message").evaluate("it => it.scrollTop")
    assert (after[0] - before[0], after[1] - before[1]) == (100, 100)


def test_two_fingers_enlarge_it_and_the_picture_grows_sharp(phone: Desk) -> None:
    phone.open("Westside Orthodontics")
    picture = sheet(phone.page, 1)
    wait_drawn(picture)
    expect(picture).to_have_js_property("currentSrc", f"{phone.address}{address(phone, 1)}&width=800")
    devtools = phone.page.context.new_cdp_session(phone.page)
    for spread in range(0, 120, 10):
        fingers = [{"x": x, "y": 650, "id": number} for number, x in enumerate((180 - spread, 210 + spread))]
        devtools.send(
            "Input.dispatchTouchEvent", {"type": "touchMove" if spread else "touchStart", "touchPoints": fingers}
        )
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.page.wait_for_function("window.visualViewport.scale > 2")
    expect(picture).to_have_js_property("currentSrc", f"{phone.address}{address(phone, 1)}")


def test_turning_all_pages_and_one_is_remembered(either: Desk) -> None:
    page = either.page
    either.open("Westside Orthodontics")
    wait_drawn(sheet(page, 1))
    page.get_by_role("button", name="Turn all pages right").click()
    expect(page.locator(".sheet[data-mark='90']")).to_have_count(3)
    page.get_by_role("button", name="Turn page 2 left").click()
    expect(page.locator("#page-2")).to_have_attribute("data-mark", "0")
    wait_drawn(sheet(page, 1))
    box = sheet(page, 1).bounding_box()
    assert box is not None
    assert box["width"] > box["height"]
    page.reload()
    marks = [page.locator(f"#page-{number}").get_attribute("data-mark") for number in (1, 2, 3)]
    assert marks == ["90", "0", "90"]


def test_the_page_that_is_looked_at_stays_when_all_are_turned(either: Desk) -> None:
    either.open("Sent by CITY LAB 7788")
    choice = either.page.locator(".fax-jump select")
    choice.select_option("9")
    wait_drawn(sheet(either.page, 9))
    expect(choice).to_have_value("9")
    either.page.get_by_role("button", name="Turn all pages right").click()
    expect(either.page.locator(".sheet[data-mark='90']")).to_have_count(20)
    expect(choice).to_have_value("9")
    expect(sheet(either.page, 9)).to_be_in_viewport()
    assert either.complaints.heard == []


def test_of_twenty_pages_one_is_chosen_and_only_those_near_are_fetched(either: Desk) -> None:
    fetched: set[str] = set()
    either.page.on("request", lambda request: fetched.add(request.url) if "/pages/" in request.url else None)
    either.open("Sent by CITY LAB 7788")
    choice = either.page.locator(".fax-jump select")
    expect(choice).to_have_value("1")
    wait_drawn(sheet(either.page, 1))
    assert len(fetched) < 8
    choice.select_option("20")
    wait_drawn(sheet(either.page, 20))
    expect(choice).to_have_value("20")
    assert either.complaints.heard == []


def test_pdf_and_tiff_are_saved_dot_for_dot_under_a_name_that_tells_nobodys(either: Desk) -> None:
    either.open("Westside Orthodontics")
    name, octets = saved(either.page, "Download PDF")
    assert name == "fax-2025-11-21-1155.pdf"
    images = [next(iter(page.get_objects())).get_bitmap().to_pil() for page in pypdfium2.PdfDocument(octets)]
    assert [image.convert("1").tobytes() for image in images] == [dots(strip) for strip in SHORT]
    name, octets = saved(either.page, "Download TIFF")
    assert name == "fax-2025-11-21-1155.tiff"
    assert octets == tiff.assemble(SHORT)
    assert either.complaints.heard == []


def test_erasing_a_fax_and_having_it_back(either: Desk) -> None:
    either.open("Westside Orthodontics")
    either.page.get_by_role("button", name="Erase").click()
    toast = either.page.locator(".toast")
    expect(toast).to_contain_text("Erased: Westside Orthodontics, 3 pages.")
    assert either.state(either.ids[WESTSIDE]) is State.ERASING
    toast.get_by_role("button", name="Undo").click()
    expect(either.page.locator(f"#m-{either.ids[WESTSIDE]} .row-who")).to_have_text("Westside Orthodontics")
    assert either.state(either.ids[WESTSIDE]) is State.NEW
    assert either.complaints.heard == []


def test_a_fax_needs_no_mouse(desk: Desk) -> None:
    keyboard, choice = desk.page.keyboard, desk.page.locator(".fax-jump select")
    keyboard.press("j")
    keyboard.press("j")
    expect(desk.page.locator("#message-who")).to_have_text("Sent by CITY LAB 7788")
    wait_drawn(sheet(desk.page, 1))
    expect(desk.page.locator("article[data-state=heard]")).to_be_visible()  # by itself, once it was looked at
    for state in ("new", "heard"):
        keyboard.press("h")
        expect(desk.page.locator(f"article[data-state={state}]")).to_be_visible()
    for number in ("2", "3"):
        keyboard.press("ArrowRight")
        expect(choice).to_have_value(number)
    keyboard.press("ArrowLeft")
    expect(choice).to_have_value("2")
    before = float(desk.page.locator("#message").evaluate("it => it.scrollTop"))
    keyboard.press(" ")
    desk.page.wait_for_function("(before) => document.querySelector('#message').scrollTop > before + 200", arg=before)
    keyboard.press("+")
    expect(desk.page.locator(".fax-fit")).to_have_text("150 %")
    aside = float(desk.page.locator(".sheets").evaluate("it => it.scrollLeft"))
    keyboard.press("ArrowRight")
    desk.page.wait_for_function("(aside) => document.querySelector('.sheets').scrollLeft > aside + 50", arg=aside)
    keyboard.press("-")
    keyboard.press("-")
    expect(desk.page.locator(".fax-fit")).to_have_text("75 %")
    keyboard.press("0")
    expect(desk.page.locator(".fax-fit")).to_have_text("Fit")
    keyboard.press("r")
    expect(desk.page.locator(".sheet[data-mark='90']")).to_have_count(20)
    keyboard.press("l")
    expect(desk.page.locator(".sheet[data-mark='0']")).to_have_count(20)
    keyboard.press("e")
    expect(desk.page.locator(".toast")).to_contain_text("CITY LAB 7788, 20 pages")
    keyboard.press("u")
    expect(desk.page.locator(".toast")).to_have_count(0)
    assert desk.complaints.heard == []


def test_everything_about_a_fax_has_a_name_and_shows_when_it_has_the_focus(desk: Desk) -> None:
    desk.page.goto(f"{desk.address}/messages/{desk.ids[WESTSIDE]}")
    seen = set()
    for _ in range(45):
        desk.page.keyboard.press("Tab")
        name, outline = desk.page.evaluate(
            "(() => { const it = document.activeElement; if (it === document.body) return ['', 'solid'];"
            " const name = (it.getAttribute('aria-label') || it.labels?.[0]?.innerText || it.innerText || '').trim();"
            " return [name || `nameless ${it.outerHTML}`, getComputedStyle(it).outlineStyle]; })()"
        )
        assert outline != "none", name
        assert "nameless" not in name
        seen.add(" ".join(str(name).split()))
    wanted = {"Smaller", "Fit to the width", "Larger", "Turn all pages left", "Turn all pages right"}
    wanted |= {"Turn page 2 left", "Turn page 2 right", "Download PDF", "Download TIFF"}
    assert wanted <= seen
    unnamed = desk.page.evaluate("[...document.querySelectorAll('.sheet img')].filter((it) => !it.alt).length")
    assert unnamed == 0


def test_a_page_that_cannot_be_drawn_says_so_beside_the_others(
    browser: Browser, served: Served, practice: Practice
) -> None:
    id = leave_fax(practice, [letter(number) for number in range(1, 9)])
    file = practice.folder / "vault" / f"{id}.age"
    sealed = bytearray(file.read_bytes())
    sealed[len(sealed) // 2] ^= 1
    file.write_bytes(sealed)
    context = somebody(browser)
    page = context.new_page()
    log_in(page, served.address, NAME, PASSWORD)
    page.goto(f"{served.address}/messages/{id}")
    wait_drawn(sheet(page, 1))
    last = page.locator(".sheet").last
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("This page cannot be shown")
    expect(page.get_by_text("the file is damaged there")).to_be_attached()
    context.close()


def test_what_is_no_fax_can_be_opened_and_erased(browser: Browser, served: Served, practice: Practice) -> None:
    id = leave_file(practice, b"GIF89a nothing of ours", Envelope(pages=1))
    context = somebody(browser)
    page = context.new_page()
    log_in(page, served.address, NAME, PASSWORD)
    page.goto(f"{served.address}/messages/{id}")
    expect(page.get_by_text("No whole page of this fax can be shown")).to_be_visible()
    expect(page.get_by_role("link", name="Download PDF")).to_have_count(0)
    page.get_by_role("button", name="Erase").click()
    expect(page.locator(".toast")).to_contain_text("Erased: Unknown sender")
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_fax_is_seen_turned_and_saved_without_scripts(
    browser: Browser, served: Served, ids: list[str], size: Size
) -> None:
    context = somebody(browser, size, java_script_enabled=False)
    page = context.new_page()
    log_in(page, served.address, NAME, PASSWORD)
    page.locator("#rows .row > a", has_text="Westside Orthodontics").click()
    expect(page.locator(".sheet img")).to_have_count(3)
    expect(page.get_by_role("button", name="Larger")).to_be_hidden()
    page.get_by_role("button", name="Turn all pages right").click()
    expect(page.locator(".sheet[data-mark='90']")).to_have_count(3)
    assert saved(page, "Download PDF")[1].startswith(b"%PDF")
    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_role("button", name="Mark as new")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_about_a_fax_stand_out_from_their_ground(
    browser: Browser, served: Served, ids: list[str], scheme: str
) -> None:
    """WCAG 2.2 AA: 4.5 to 1."""
    options: dict[str, Any] = {"color_scheme": scheme}
    context = somebody(browser, **options)
    page = context.new_page()
    log_in(page, served.address, NAME, PASSWORD)
    page.goto(f"{served.address}/messages/{ids[WESTSIDE]}")
    for words in (".sheet-name", ".sheet-mark", ".callout span", ".fax-fit", ".fax-jump", ".row-note", ".row-what"):
        ratio = page.locator(words).first.evaluate(CONTRAST)
        assert float(ratio) >= 4.5, (words, ratio)
    context.close()


CONTRAST = """(it) => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let ground = it;
  while (/rgba\\(.*, 0\\)|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement ?? document.documentElement;
  const pair = [light(getComputedStyle(it).color), light(getComputedStyle(ground).backgroundColor)].sort((a, b) => b - a);
  return (pair[0] + 0.05) / (pair[1] + 0.05);
}"""
