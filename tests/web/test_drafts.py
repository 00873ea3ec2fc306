"""What somebody has typed survives a log-off, and nobody else can read it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from appliance.access import policy
from tests.web.browser import Complaints, live, log_in, somebody
from tests.web.practice import NAME, PASSWORD, Practice, Served
from tests.web.staff import OWN, SCRIPT, Staff
from web import drafts, requests

FIELD = "/switches/downloads:why"
TEXT = "Mrs. Okafor asked for her images"


def test_a_text_is_there_after_the_next_log_in(practice: Practice, ana: Staff) -> None:
    assert ana.script("/drafts", field=FIELD, text=TEXT).status_code == 204
    ana.post("/logout")
    assert ana.script("/drafts").status_code == 401
    assert Staff(practice).log_in().script("/drafts").get_json() == {FIELD: TEXT}


def test_a_text_that_was_sent_or_thrown_away_is_forgotten(ana: Staff) -> None:
    ana.script("/drafts", field=FIELD, text=TEXT)
    ana.script("/drafts", field=FIELD, text="")
    assert ana.script("/drafts").get_json() == {}


def test_what_the_page_holds_of_a_text_is_sealed(practice: Practice, ana: Staff) -> None:
    ana.script("/drafts", field=FIELD, text=TEXT)
    ana.post("/logout")
    (kept,) = practice.services.drafts._kept.values()
    assert TEXT.encode() not in kept.sealed
    assert kept.sealed.startswith(b"age-encryption.org/v1")
    assert not any(TEXT.encode() in path.read_bytes() for path in practice.folder.rglob("*") if path.is_file())


def test_the_longest_text_that_any_form_takes_is_kept_whole(ana: Staff) -> None:
    text = "ñ\n" * (policy.LONGEST // 2)
    form = {"field": FIELD, "text": text.replace("\n", "\r\n")}  # as browsers send it
    kept = ana.ask("POST", "/drafts", headers=SCRIPT, data=form, content_type="multipart/form-data")
    assert kept.status_code == 204
    assert ana.script("/drafts").get_json() == {FIELD: text}
    assert ana.post("/drafts", field=FIELD, text="x" * requests.LARGEST_TEXT).status_code == 413
    assert ana.post("/search", search="x" * requests.LARGEST_BODY).status_code == 413
    form = {"text": "ñ" * policy.LONGEST}
    put = ana.ask("POST", "/policy/text/es", headers=OWN, data=form, content_type="multipart/form-data")
    assert put.status_code == 303


@pytest.mark.parametrize("field", ["", "a" * 121, "why\n", "../<script>", "Ünicode"])
def test_a_field_has_a_plain_name(ana: Staff, field: str) -> None:
    assert ana.script("/drafts", field=field, text=TEXT).status_code == 400


def test_one_person_has_so_many_and_no_more(practice: Practice, ana: Staff) -> None:
    for number in range(drafts.MOST_EACH + 5):
        ana.script("/drafts", field=f"/a:{number}", text="x" * (drafts.LONGEST + 1))
    kept = ana.script("/drafts").get_json()
    assert len(kept) == drafts.MOST_EACH
    assert "/a:4" not in kept
    assert {len(text) for text in kept.values()} == {drafts.LONGEST}


def test_a_text_is_forgotten_after_a_day(practice: Practice, ana: Staff) -> None:
    ana.script("/drafts", field=FIELD, text=TEXT)
    practice.clock.advance(drafts.KEPT + 1)
    assert Staff(practice).log_in().script("/drafts").get_json() == {}


def test_what_was_typed_before_a_log_off_stands_in_the_form_again(
    browser: Browser, practice: Practice, served: Served
) -> None:
    with somebody(browser) as context:
        page = context.new_page()
        complaints = Complaints(page)
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/switches/take-messages")
        live(page)
        with page.expect_response(lambda answer: answer.url.endswith("/drafts") and answer.request.method == "POST"):
            page.get_by_label("Why?").press_sequentially(TEXT)
        practice.sessions.close_all()
        page.wait_for_url(lambda url: "/login" in url)
        assert TEXT not in page.content()

        complaints.heard.clear()
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/switches/take-messages")
        expect(page.get_by_label("Why?")).to_have_value(TEXT)
        note = page.get_by_text("You had typed this earlier and not sent it.")
        expect(note).to_be_visible()
        page.get_by_role("button", name="Throw it away").click()
        expect(page.get_by_label("Why?")).to_have_value("")
        expect(note).to_have_count(0)
        page.reload()
        live(page)
        expect(page.get_by_label("Why?")).to_have_value("")
        assert complaints.heard == []


def test_what_was_typed_into_a_field_that_had_a_text_comes_back_and_may_be_thrown_away(
    browser: Browser, practice: Practice, served: Served
) -> None:
    mine = "# Nuestras reglas\n\n" + "Nadie repite lo que oyó, aquí o después. " * 120
    assert 4_900 < len(mine) <= policy.LONGEST
    with somebody(browser) as context:
        page = context.new_page()
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/policy/text/es")
        live(page)
        text = page.get_by_label("Text", exact=True)
        shipped = text.input_value()
        with page.expect_response(lambda answer: answer.url.endswith("/drafts") and answer.request.method == "POST"):
            text.fill(mine)
        practice.sessions.close_all()
        page.wait_for_url(lambda url: "/login" in url)
        log_in(page, served.address, NAME, PASSWORD)
        page.goto(f"{served.address}/policy/text/es")
        expect(text).to_have_value(mine)
        page.get_by_role("button", name="Throw it away").click()
        expect(text).to_have_value(shipped)
        page.reload()
        live(page)
        expect(text).to_have_value(shipped)
        expect(page.get_by_role("button", name="Throw it away")).to_have_count(0)
