"""Callers and faxes that choose their names badly: what strangers send is shown as the letters it is made of, in a real browser, and nothing happens."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Dialog, expect

from appliance.messages import Envelope
from tests.web.browser import Complaints, live, log_in, somebody
from tests.web.faxes import leave_fax, letter
from tests.web.practice import NAME, PASSWORD, Practice, Served, babble
from tests.web.staff import Staff

pytestmark = pytest.mark.browser

OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"  # turns letters around; it is left out
WORDS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '"><svg/onload=alert(3)>',
    "' onfocus=alert(4) autofocus='",
    "{{7*7}}",
    "{% print(config) %}",
    "'; DROP TABLE messages; --",
    "javascript:alert(5)",
    "%s%n%(name)s",
    "</title><h1>owned",
    f"{OVERRIDE}gnp.exe",
)


@pytest.fixture
def ids(practice: Practice) -> list[str]:
    """A voicemail and a fax of each of these."""
    now, found = practice.clock.now(), []
    for count, words in enumerate(WORDS):
        found.append(practice.leave(babble(1, count), words, words, at=now - 2000 + 60 * count))
    fax = Envelope(caller_number=WORDS[1], caller_name=WORDS[0], sender_id=WORDS[2])
    found.append(leave_fax(practice, [letter(1)], replace(fax), at=now - 60))
    return found


def test_what_a_stranger_chose_is_shown_as_letters_and_nothing_happens(
    practice: Practice, served: Served, browser: Browser, ids: list[str]
) -> None:
    context = somebody(browser)
    page, dialogs = context.new_page(), list[str]()

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    complaints = Complaints(page)
    practice.agree(NAME)
    log_in(page, served.address, NAME, PASSWORD)
    live(page)
    listed = page.locator("#rows").inner_text()
    for words in WORDS[:5]:
        assert words in listed
    for id, words in zip(ids, WORDS, strict=False):
        page.goto(f"{served.address}/messages/{id}")
        live(page)
        expect(page.locator("main")).to_contain_text(words.lstrip(OVERRIDE))
        assert page.locator("main script, main [onerror], main [onload], main [onfocus], main img[src=x]").count() == 0
        assert "49" not in page.locator("h2").first.inner_text(), "nobody has multiplied"
    page.goto(f"{served.address}/messages/{ids[-1]}")
    live(page)
    expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")
    assert dialogs == []
    assert complaints.heard == []
    context.close()


def test_neither_a_search_nor_a_files_name_is_anything_but_words(practice: Practice, ids: list[str]) -> None:
    ana = Staff(practice).log_in()
    for words in (*WORDS, "%", "_", "\\", "' OR '1'='1", ".*", "("):
        assert ana.post("/search", search=words).status_code == 303
        page = ana.get("/")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    assert len(practice.inbox.list()) == len(ids), "nothing was dropped"
    for path in (f"/messages/{ids[-1]}/fax.pdf", f"/messages/{ids[-1]}/fax.tiff", f"/messages/{ids[0]}/voicemail.wav"):
        for answer in (ana.get(path), ana.post(path, goes="own")):
            name = answer.headers.get("Content-Disposition", "")
            assert not any(sign in name for sign in ("<", "script", "{{", "DROP", "\r", "\n"))
