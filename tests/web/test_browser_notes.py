"""Notes in a real Chromium, at a desk and on a telephone: written, kept while one is logged off, seen by others at once, and nothing but letters."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.web.browser import Complaints, Size, live, log_in, somebody
from tests.web.desk import SIZES, Desk
from tests.web.faxes import leave_fax, letter
from tests.web.practice import NAME, PASSWORD, Practice, Served
from tests.web.test_attacks_words import OVERRIDE, WORDS

pytestmark = pytest.mark.browser

TEXT = "She asked for a Friday.\nCall her brother first."
TYPED = "You had typed this earlier and not sent it."


def field(page: Page) -> str:
    return page.get_by_label("New note").input_value()


def type_note(page: Page, text: str) -> None:
    """Until the box has it as a draft."""
    with page.expect_response(lambda answer: answer.url.endswith("/drafts") and answer.request.method == "POST"):
        page.get_by_label("New note").press_sequentially(text)


def test_a_note_is_written_and_stands_under_the_message_and_in_the_list(either: Desk) -> None:
    either.open("Maria Lopez")
    page = either.page
    page.get_by_label("New note").fill(TEXT)
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".jotting")).to_have_count(1)
    expect(page.locator(".jotting-text")).to_have_text(TEXT)
    expect(page.locator(".jotting-by")).to_contain_text("Ana")
    expect(page.get_by_label("New note")).to_have_value("")
    expect(page.locator("#news")).to_have_text("The note is kept.")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_label("New note").fill("Called back.")
    page.get_by_label("New note").press("Control+Enter")
    expect(page.locator(".jotting-text")).to_have_text([TEXT, "Called back."])
    page.goto(either.address)
    expect(page.locator("#rows .row", has_text="Maria Lopez")).to_contain_text("2 notes")
    assert either.complaints.heard == []


def test_a_typed_note_is_there_after_a_log_off_and_the_next_log_in(either: Desk, served: Served) -> None:
    """With the very last letters, though nobody waited before pressing the button."""
    either.open("Maria Lopez")
    page = either.page
    type_note(page, "She asked for")
    page.get_by_label("New note").press_sequentially(" a Friday")
    page.get_by_role("button", name="Log off").click()
    expect(page.get_by_text("You are logged off.")).to_be_visible()
    assert "Friday" not in page.content()
    log_in(page, served.address, NAME, PASSWORD)
    live(page)
    either.open("Samuel Okafor")
    expect(page.get_by_label("New note")).to_have_value("")
    page.goto(served.address)
    live(page)
    either.open("Maria Lopez")
    expect(page.get_by_label("New note")).to_have_value("She asked for a Friday")
    expect(page.get_by_text(TYPED)).to_be_visible()
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".jotting-text")).to_have_text("She asked for a Friday")
    expect(page.get_by_text(TYPED)).to_have_count(0)
    page.reload()
    live(page)
    expect(page.locator(".jotting")).to_have_count(1)
    assert field(page) == ""
    assert either.complaints.heard == []


def test_the_lock_button_takes_no_typed_note_away(desk: Desk, served: Served) -> None:
    desk.open("Maria Lopez")
    type_note(desk.page, TEXT)
    desk.practice.sessions.close_all()
    desk.page.wait_for_url(lambda url: "/login" in url)
    log_in(desk.page, served.address, NAME, PASSWORD)
    desk.page.goto(f"{served.address}/messages/{desk.ids[3]}")
    expect(desk.page.get_by_label("New note")).to_have_value(TEXT)


def test_a_note_that_is_being_typed_stays_with_its_message(desk: Desk) -> None:
    """Whoever goes on to another message finds an empty field there, and the text where they left it."""
    desk.open("Maria Lopez")
    page = desk.page
    page.get_by_label("New note").press_sequentially(TEXT)
    with page.expect_response(lambda answer: answer.url.endswith("/drafts") and answer.request.method == "POST"):
        page.locator("#rows .row > a", has_text="Samuel Okafor").click()
        expect(page.locator("#message-who")).to_have_text("Samuel Okafor")
    assert field(page) == ""
    desk.open("Maria Lopez")
    expect(page.get_by_label("New note")).to_have_value(TEXT)


def test_others_see_a_note_at_once_and_keep_what_they_type(
    desk: Desk, browser: Browser, served: Served, practice: Practice
) -> None:
    practice.add_staff()
    desk.open("Maria Lopez")
    desk.page.get_by_label("New note").press_sequentially("I am still typing")
    with somebody(browser) as context:
        sam = context.new_page()
        log_in(sam, served.address, "sam", "velvet harbor kettle moon")
        sam.goto(f"{served.address}/messages/{desk.ids[3]}")
        live(sam)
        sam.get_by_label("New note").fill("Called back.")
        sam.get_by_role("button", name="Keep the note").click()
        expect(desk.page.locator(".jotting-text")).to_have_text("Called back.")
    expect(desk.page.locator(".jotting-by")).to_contain_text("Sam")
    expect(desk.page.locator("#rows .row", has_text="Maria Lopez")).to_contain_text("1 note")
    assert field(desk.page) == "I am still typing"
    expect(desk.page.get_by_label("New note")).to_be_focused()
    assert desk.complaints.heard == []


def test_a_key_leads_to_the_note_and_letters_in_it_are_letters(desk: Desk) -> None:
    desk.open("Maria Lopez")
    desk.page.keyboard.press("n")
    expect(desk.page.get_by_label("New note")).to_be_focused()
    desk.page.keyboard.type("hej, ju! 5 / 3?")
    assert field(desk.page) == "hej, ju! 5 / 3?"
    desk.page.keyboard.press("Control+Enter")
    expect(desk.page.locator(".jotting-text")).to_have_text("hej, ju! 5 / 3?")
    assert desk.practice.services.reader.row(desk.ids[3]).erase_at is None


def test_from_a_fax_of_many_pages_a_button_leads_to_its_notes(either: Desk, practice: Practice) -> None:
    fax = leave_fax(practice, [letter(number) for number in range(1, 7)])
    page = either.page
    page.goto(f"{either.address}/messages/{fax}")
    live(page)
    page.get_by_role("link", name="Note").click()
    expect(page.get_by_label("New note")).to_be_in_viewport()
    expect(page.get_by_label("New note")).to_be_focused()
    page.get_by_label("New note").fill(TEXT)
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".jotting-text")).to_have_text(TEXT)
    expect(page.locator(".to-notes")).to_contain_text("1 note")
    assert either.complaints.heard == []


def test_what_the_box_cannot_keep_stays_where_it_was_typed(desk: Desk, served: Served) -> None:
    desk.open("Maria Lopez")
    page = desk.page
    desk.practice.daemon.silent = True
    page.get_by_label("New note").fill(TEXT)
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_role("alert").get_by_text("The note could not be kept")).to_be_visible()
    expect(page.get_by_label("New note")).to_have_value(TEXT)
    expect(page.get_by_label("New note")).to_be_focused()
    desk.practice.daemon.silent = False
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".jotting-text")).to_have_text(TEXT)
    expect(page.get_by_label("New note")).to_have_value("")
    expect(page.get_by_text("The note could not be kept")).to_have_count(0)


def test_an_erased_message_takes_no_note_until_it_is_had_back(desk: Desk) -> None:
    desk.open("Maria Lopez")
    desk.page.get_by_label("New note").press_sequentially("half a")
    desk.practice.inbox.erase(desk.ids[3], 600.0)
    expect(desk.page.get_by_label("New note")).to_be_hidden()
    desk.practice.inbox.undo_erase(desk.ids[3])
    expect(desk.page.get_by_label("New note")).to_be_visible()
    assert field(desk.page) == "half a"


@pytest.mark.parametrize("size", SIZES)
def test_it_goes_without_scripts(
    browser: Browser, served: Served, practice: Practice, ids: list[str], size: Size
) -> None:
    with somebody(browser, size, java_script_enabled=False, locale="es-MX") as context:
        page = context.new_page()
        practice.agree(NAME)
        page.goto(f"{served.address}/login")
        page.locator("#name").fill(NAME)
        page.locator("#password").fill(PASSWORD)
        page.locator("#password").press("Enter")
        page.goto(f"{served.address}/messages/{ids[3]}")
        note = page.get_by_label("Nota nueva")
        note.fill("   ")
        page.get_by_role("button", name="Guardar la nota").click()
        expect(page.get_by_text("Escriba algo primero.")).to_be_visible()
        note.fill("Llamó su hermano. ¿Viernes?")
        page.get_by_role("button", name="Guardar la nota").click()
        expect(page.locator(".jotting-text")).to_have_text("Llamó su hermano. ¿Viernes?")
        expect(page.get_by_role("heading", name="Notas")).to_be_visible()
        page.goto(served.address)
        expect(page.locator("#rows .row", has_text="Maria Lopez")).to_contain_text("1 nota")


def test_a_note_of_nasty_words_is_letters_and_nothing_happens(
    browser: Browser, served: Served, practice: Practice, ids: list[str]
) -> None:
    with somebody(browser) as context:
        page, dialogs = context.new_page(), list[str]()

        def heard(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", heard)
        complaints = Complaints(page)
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/messages/{ids[3]}")
        live(page)
        for words in WORDS:
            page.get_by_label("New note").fill(words)
            page.get_by_role("button", name="Keep the note").click()
            expect(page.get_by_label("New note")).to_have_value("")
        shown = [words.replace(OVERRIDE, "") for words in WORDS]
        expect(page.locator(".jotting-text")).to_have_text(shown)
        type_note(page, WORDS[0])
        page.reload()
        live(page)
        expect(page.get_by_label("New note")).to_have_value(WORDS[0])
        expect(page.locator(".jotting-text")).to_have_text(shown)
        assert page.locator("main script, main [onerror], main [onload], main [onfocus], main img[src=x]").count() == 0
        assert dialogs == []
        assert complaints.heard == []
